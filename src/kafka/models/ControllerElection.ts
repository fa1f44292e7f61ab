/**
 * ZooKeeper elects one controller among the brokers, the controller decides every partition's leader and in-sync replicas:
 * twin of spec/kafka/ControllerElection.tla.
 *
 *     ZooKeeper    Serve, Expire, DeleteController; Reconnect, Disconnect
 *     controller   Hear, CreatePartition, PreferLeader, ShutDown, Dial, Answered, Judge
 *     network      LoseOrder, LoseAlter, LoseFetch, LoseChannel
 *     broker       Obey, ObeyHalf, Propose, Settled, Forgotten, Produce, SendFetch, ServeFetch, Fetched
 *     process      Kill, PowerLoss, Terminate, Restart
 *
 * The decision: all decisions are the rules', with the guards as they stand in the constants; the model moves messages.
 */
import type { Machine } from "../../machine/Machine.ts"
import { brokerActions } from "./ControllerElectionBroker.ts"
import { controllerActions } from "./ControllerElectionController.ts"
import { propertiesOf } from "./ControllerElectionProperties.ts"
import { clusterOf, type Constants, initialOf, type State, variablesOf } from "./ControllerElectionState.ts"
import { zooKeeperActions } from "./ControllerElectionZooKeeper.ts"

/** The machine of the module under a choice of its constants. */
export const controllerElection = (c: Constants): Machine<State> => {
  const cluster = clusterOf(c)
  return {
    name: "ControllerElection",
    constants: { ...c },
    variables: variablesOf(c),
    initial: [initialOf(c)],
    actions: {
      ...zooKeeperActions(c, cluster),
      ...controllerActions(c, cluster),
      ...brokerActions(c, cluster)
    },
    ...propertiesOf(c, cluster)
  }
}
