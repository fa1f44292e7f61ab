/** The model ControllerElection for whoever walks along with nodes, or looks at the path that they were: no bounds, cuts. */
import { controllerElection } from "../../kafka/models/ControllerElection.ts"
import { type Constants, type State, unbounded } from "../../kafka/models/ControllerElectionState.ts"
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import type { Cluster } from "../../kafka/rules/Cluster.ts"
import { twoInSync } from "../../kafka/rules/FollowerFetch.ts"
import type { Machine } from "../../machine/Machine.ts"

/** The model of a cluster whose guards and min.insync.replicas these are, without bounds. */
export const electionModel = (
  { assignment, brokers }: Cluster,
  guards: ElectionGuards,
  minInSync = twoInSync
): Machine<State> => {
  const constants: Constants = {
    ...unbounded,
    ...guards,
    MinInSync: minInSync,
    Brokers: brokers.length,
    Partitions: assignment.length,
    Replicas: assignment[0]!.length
  }
  return controllerElection(constants)
}
