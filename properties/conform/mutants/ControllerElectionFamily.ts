/** What is mutated of the controller's election, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {
  "ControllerElectionBroker Settled: guard dropped: message._tag === \"Refused\" && message.code === \"NotController\" => (message.code === \"NotController\")":
    "a verdict that is no refusal has no code",
  "ControllerElectionBroker SendFetch: guard dropped: part === undefined || leader === undefined => (part === undefined)":
    "nobody is up who is no broker, and that is asked next",
  "ControllerElectionZooKeeper treeOf: field not set: , pzxid: 0 => nothing":
    "the model keeps no numbers of transactions: none is taken back out of the tree"
}

const rule = (name: string): string => `src/kafka/rules/${name}.ts`
const model = (part: string): string => `src/kafka/models/ControllerElection${part}.ts`

/** What is mutated of the rules and the model, and who judges that. */
export const controllerElection: Family = {
  name: "ControllerElection",
  modules: ["ControllerElection"],
  mostStates: 25_000,
  files: [
    ...[
      "AlterPartition",
      "BrokerChange",
      "BrokerOrders",
      "Cluster",
      "ControllerTask",
      "ControllerThread",
      "ControllerTurn",
      "CoordinationMessages",
      "Election",
      "FollowerFetch",
      "Knowledge"
    ].map(rule),
    ...["", "Broker", "Controller", "State", "ZooKeeper"].map(model)
  ],
  reloaded: [
    "src/kafka/",
    "src/simulate/coordination/",
    "src/guarantee/KafkaFailoverExpectations.ts",
    "src/cli/Twins.ts",
    "properties/kafka/coordination/Judges.ts",
    "properties/kafka/coordination/Settled.ts",
    "test/kafka/"
  ],
  judges: "properties/kafka/coordination/Judges.ts",
  ownJudges: ["example", "real trace", "replayed path", "failover", "refinement"],
  // Bounds are the codec's to check.
  except: ["variablesOf"],
  opposites: [],
  byHand: [],
  equal
}
