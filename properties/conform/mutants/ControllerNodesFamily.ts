/** What is mutated of the nodes of the controller's election, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {}

/** What is mutated of brokers, of their controllers, of replicas, and of how they stand to ZooKeeper. */
export const controllerNodes: Family = {
  name: "ControllerElectionNodes",
  modules: [],
  mostStates: 0,
  files: [
    "Broker",
    "BrokerMemory",
    "Controller",
    "Coordination",
    "ElectionMessages",
    "ReplicaManager",
    "ZooKeeperCoordination"
  ].map((name) => `src/kafka/nodes/${name}.ts`),
  // Rules and models are the program's own: the shadow of a run is whole, whatever the nodes do.
  reloaded: [
    "src/kafka/nodes/",
    "src/kafka/projections/",
    "src/simulate/coordination/",
    "src/guarantee/KafkaFailoverExpectations.ts",
    "properties/kafka/coordination/Judges.ts",
    "test/kafka/coordination/"
  ],
  judges: "properties/kafka/coordination/Judges.ts",
  ownJudges: ["replayed path", "failover", "refinement", "real trace"],
  except: [],
  opposites: [],
  byHand: [],
  equal
}
