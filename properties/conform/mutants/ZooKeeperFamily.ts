/** What is mutated of ZooKeeper, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {}

/** What is mutated of ZooKeeper, and who judges that. */
export const zooKeeper: Family = {
  name: "ZooKeeper",
  modules: ["ZooKeeper", "ZooKeeperSessionsTimed"],
  mostStates: 30_000,
  mixed: ["MCZooKeeper", "MCZooKeeperWrites", "MCZooKeeperSessionsTimedDefault"],
  files: [
    "src/kafka/rules/ZooKeeperTree.ts",
    "src/kafka/rules/ZooKeeperServer.ts",
    "src/kafka/rules/ZooKeeperClient.ts",
    "src/kafka/rules/ZooKeeperRequests.ts",
    "src/kafka/rules/ZooKeeperSessions.ts",
    "src/kafka/models/ZooKeeper.ts",
    "src/kafka/models/ZooKeeperState.ts",
    "src/kafka/models/ZooKeeperSessionsTimed.ts"
  ],
  reloaded: [
    "src/kafka/",
    "src/simulate/coordination/",
    "src/cli/Twins.ts",
    "properties/kafka/zookeeper/Judges.ts",
    "properties/kafka/zookeeper/Schedule.ts",
    "properties/kafka/zookeeper/SessionLives.ts",
    "properties/kafka/zookeeper/ZooKeeperRun.ts",
    "test/kafka/"
  ],
  judges: "properties/kafka/zookeeper/Judges.ts",
  ownJudges: ["example", "real trace", "replayed path", "refinement", "life of a session", "coordinated brokers"],
  // Bounds are the codec's to check.
  except: ["variablesOf"],
  opposites: [],
  byHand: [],
  oneInCi: 8,
  equal
}
