/** What is mutated of the nodes of ZooKeeper, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {
  "ZooKeeper zooKeeper: constant flipped: true => false (2)":
    "the fiber of a connection starts in the event of the connection either way, before anything can be read"
}

/** What is mutated of the server, of a client's session, and of how Kafka's registers stand in the tree. */
export const zooKeeperNodes: Family = {
  name: "ZooKeeperNodes",
  modules: [],
  mostStates: 0,
  files: [
    "src/kafka/nodes/ZooKeeper.ts",
    "src/kafka/nodes/ZooKeeperMessages.ts",
    "src/kafka/nodes/ZooKeeperPaths.ts",
    "src/kafka/nodes/ZooKeeperSession.ts"
  ],
  // Rules and models are the program's own: the shadow of a run is whole, whatever the nodes do.
  reloaded: [
    "src/kafka/nodes/",
    "src/kafka/projections/",
    "src/simulate/coordination/",
    "properties/kafka/zookeeper/Judges.ts",
    "properties/kafka/zookeeper/Schedule.ts",
    "properties/kafka/zookeeper/SessionLives.ts",
    "properties/kafka/zookeeper/ZooKeeperRun.ts",
    "test/kafka/coordination/SimulatedCluster.ts",
    "test/kafka/nodes/"
  ],
  judges: "properties/kafka/zookeeper/Judges.ts",
  ownJudges: ["example", "replayed path", "refinement", "life of a session", "coordinated brokers"],
  except: [],
  opposites: [],
  byHand: [],
  oneInCi: 8,
  equal
}
