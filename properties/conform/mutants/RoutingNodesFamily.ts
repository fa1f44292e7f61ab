/** What is mutated of the nodes of routing, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {}

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
  ownJudges: ["replayed path", "refinement", "followed producer", "failover", "sends", "wishes", "kept tables"],
  except: [],
  opposites: [],
  byHand: [],
  oneInCi: 4,
  equal
}
