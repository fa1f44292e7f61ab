/** What is mutated of ZooKeeper, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {
  "ZooKeeper Serve: guard dropped: if (isNew && at(s.opened, client) >= c.MaxSessions) return undefined => {}":
    "a client asks for a session only while it may have one more, and its next connection waits until this one is over",
  "ZooKeeper Serve: comparison flipped: at(s.opened, client) >= c.MaxSessions => at(s.opened, client) > c.MaxSessions":
    "a client asks for a session only while it may have one more",
  "ZooKeeper ZxidsAreOrdered: guard dropped: before.session.length > 0 && before.session[0] === after.session[0] => (before.session[0] === after.session[0])":
    "who is in no session has seen nothing, and nobody sees less",
  "ZooKeeper ZxidsAreOrdered: comparison flipped: before.session.length > 0 => before.session.length >= 0":
    "who is in no session has seen nothing, and nobody sees less",
  "ZooKeeper seenAt: branch taken: zxid === 0 ? stampOf(initialTree, watchNames[watch]!) : s.history[zxid - 1]![watch]! => (s.history[zxid - 1]![watch]!)":
    "it is asked of clients with a watch, and the reply that left it came after the transaction that opened their session",
  "ZooKeeper seenAt: off by one: 0 => 1":
    "nobody with a watch has seen transaction 0, and the first one opens a session, which leaves the tree as it was",
  "ZooKeeper MeetsItself: guard dropped: session !== undefined && at(s.won, client).length === 0 => (at(s.won, client).length === 0)":
    "a znode that a client owns is owned by a session",
  "ZooKeeper OneWriteSucceeds: quantifier flipped: every => some": "of two clients it is broken for both or for neither"
}

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
  oneInCi: 20,
  equal
}
