/** The model ControllerElection for whoever walks along with nodes, or looks at the path that they were: no bounds, cuts. */
import { controllerElection } from "../../kafka/models/ControllerElection.ts"
import { type Constants, type State, unbounded } from "../../kafka/models/ControllerElectionState.ts"
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import type { Cluster } from "../../kafka/rules/Cluster.ts"
import type { Machine } from "../../machine/Machine.ts"

/** The model of a cluster whose guards these are, without bounds. */
export const electionModel = ({ assignment, brokers }: Cluster, guards: ElectionGuards): Machine<State> => {
  const constants: Constants = {
    ...unbounded,
    ...guards,
    Brokers: brokers.length,
    Partitions: assignment.length,
    Replicas: assignment[0]!.length
  }
  return controllerElection(constants)
}
