/** What is mutated of ZooKeeper, and who judges that (properties/conform/mutants). */
import type { Family } from "../../conform/mutants/Families.ts"

export const zooKeeperFamily: Family = {
  name: "ZooKeeper",
  modules: ["ZooKeeper", "ZooKeeperSessionsTimed"],
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
  reloaded: ["src/kafka/", "src/cli/Twins.ts", "properties/kafka/zookeeper/", "test/kafka/coordination/"],
  judges: "properties/kafka/zookeeper/Judges.ts",
  ownJudges: ["real trace", "replayed path", "refinement", "coordinated brokers"],
  // Bounds are the codec's to check; a property is compared with the specification's in every state of every graph.
  except: ["variablesOf", "propertiesOf"],
  opposites: [],
  byHand: [],
  equal: {}
}
