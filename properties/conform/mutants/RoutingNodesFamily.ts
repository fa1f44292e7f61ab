/** What is mutated of the nodes of routing, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {
  "BrokerRegistration register: constant flipped: true => false (3)":
    "the fiber that watches a connection starts in the event that made it either way",
  "NameServer nameServer: constant flipped: true => false (2)":
    "the fiber of a channel starts in the event of its first message either way",
  "NameServer nameServer: constant flipped: true => false (4)":
    "the fiber of a question starts in the event of its first message either way",
  "Producer channel: constant flipped: true => false":
    "the fiber that hears answers starts in the event that opened the channel either way, before a request is sent",
  "Producer producer: constant flipped: true => false":
    "heartbeats begin in the event in which the process starts either way",
  "Producer queues: guard dropped: selection._tag === \"ByKey\" && selection.isOrderStatic => (selection.isOrderStatic)":
    "who sends in turn has no configured order",
  "QueueServer serve: constant flipped: true => false (2)":
    "the fiber of a connection starts in the event of its first message either way"
}

const node = (name: string): string => `src/rocketmq/nodes/${name}.ts`

/** What is mutated of NameServers, of a broker's registration and its queue, and of clients. */
export const routingNodes: Family = {
  name: "NameServerRoutingNodes",
  modules: [],
  mostStates: 0,
  files: ["BrokerRegistration", "Consumer", "NameServer", "Producer", "QueueServer", "RouteClient", "RoutingMessages"]
    .map(node),
  // Rules and models are the program's own: the shadow of a run is whole, whatever the nodes do.
  reloaded: [
    "src/rocketmq/nodes/",
    "src/rocketmq/projections/",
    "src/simulate/routing/",
    "properties/rocketmq/routing/Judges.ts",
    "properties/rocketmq/routing/NodeJudges.ts",
    "properties/rocketmq/routing/Schedule.ts",
    "properties/rocketmq/routing/SendsDuring.ts",
    "properties/rocketmq/routing/Wishes.ts",
    "test/rocketmq/routing/NodeFailover.ts"
  ],
  judges: "properties/rocketmq/routing/NodeJudges.ts",
  ownJudges: [
    "replayed path",
    "refinement",
    "followed producer",
    "timed refinement",
    "failover",
    "sends",
    "wishes",
    "kept tables"
  ],
  except: [],
  opposites: [],
  byHand: [],
  oneInCi: 8,
  equal
}
