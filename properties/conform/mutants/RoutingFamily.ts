/** What is mutated of routing by NameServers, who judges that, and which mutants are the same program. */
import type { Family } from "./Family.ts"

/** Why each is the same program. */
const equal: Family["equal"] = {
  "RouteTables register: guard dropped: !isSame || !own.addrs.includes(broker) => (!isSame)":
    "who is in the live table is in the address table: register enters both, a removal leaves both, a scan leaves the first",
  "RouteTables isFresh: guard dropped: own.accepted[broker - 1]! && isLive(own, broker) => (own.accepted[broker - 1]!)":
    "it is asked with the guard on only, and then an open channel is that of an entry: a scan closes it, a removal keeps it",
  "RouteTables unregister: guard dropped: own.addrs.includes(broker) && !addrs.some((address) => nameOf(deployment, address) === name) => (!addrs.some((address) => nameOf(deployment, address) === name))":
    "a removal is decided of who is in the live table, so in the address table, and only the removal leaves that",
  "NameServerRouting Heartbeat: guard dropped: at(s.status, b) !== \"up\" || !at(at(s.dialed, b), n) => (!at(at(s.dialed, b), n))":
    "a broker that is down has dialed nobody: KillBroker forgets it",
  "NameServerRouting Connect: guard dropped: at(at(s.cut, b), n) && !at(at(s.dialed, b), n) => (!at(at(s.dialed, b), n))":
    "who has not dialed is cut off: both begin so, and whatever ends a connection cuts it before the broker notices",
  "NameServerRouting Notice: guard dropped: at(s.status, b) === \"up\" && at(at(s.dialed, b), n) => (at(at(s.dialed, b), n))":
    "a broker that is down has dialed nobody",
  "NameServerRouting Register: guard dropped: !at(s.serverUp, n) || message === undefined => (message === undefined)":
    "nothing is in flight to a NameServer that is down: KillServer drops it, and a connection to it is cut",
  "NameServerRouting ChannelClosed: guard dropped: at(s.serverUp, n) && isOver => (isOver)":
    "a NameServer that is down has accepted nobody",
  "NameServerRouting Unregister: guard dropped: if (!at(s.serverUp, n)) return undefined => {}":
    "a NameServer that is down has no removal pending",
  "NameServerRouting AnswerRoute: guard dropped: !at(s.serverUp, n) || !at(at(s.asked, k), n) => (!at(at(s.asked, k), n))":
    "nobody has asked a NameServer that is down: KillServer drops the question, and Poll needs it up",
  "NameServerRoutingTimed isServerIdle: guard dropped: age === undefined || !mustBeTooOld(c, age) => (!mustBeTooOld(c, age))":
    "no age is greater than none: a comparison with undefined is false",
  "NameServerRoutingTimed isFresh: guard dropped: at2(s.age, n, b).length > 0 && at(s.accepted, n).includes(b) => (at(s.accepted, n).includes(b))":
    "it is asked with the guard on only, and then a channel that is open has an entry: a scan ends both, a removal keeps both",
  "NameServerRoutingTimed isFresh: comparison flipped: at2(s.age, n, b).length > 0 => at2(s.age, n, b).length >= 0":
    "a channel that is open has an entry where the guard is on",
  "NameServerRoutingTimed Expire: guard dropped: !at(s.runs, n) || age === undefined => (!at(s.runs, n))":
    "no age is at least none: a comparison with undefined is false",
  "ProducerRouting hasQueues: comparison flipped: queuesOf(c, masters, s).length > 0 => queuesOf(c, masters, s).length >= 0":
    "a cached route is never empty: Refresh keeps the last one that was not",
  "ProducerRouting Send: guard dropped: v !== s.next || s.sending.length > 0 || !hasQueues(s) => (v !== s.next || s.sending.length > 0)":
    "a cached route is never empty",
  "ProducerRouting Resend: guard dropped: s.sending.length > 0 || !hasQueues(s) => (s.sending.length > 0)":
    "a cached route is never empty",
  "ProducerRouting GiveUp: guard dropped: if (sending === undefined) return undefined => {}":
    "with nothing under way nothing was refused, and no try is late: who ends one forgets that",
  "ProducerRouting Retry: guard dropped: failed === undefined || c.ByKey || failed.tries >= c.MaxTries || !hasQueues(s) => (failed === undefined || c.ByKey || failed.tries >= c.MaxTries)":
    "a cached route is never empty"
}

/** What is mutated of routing, and who judges that. */
export const routing: Family = {
  name: "NameServerRouting",
  modules: ["NameServerRouting", "NameServerRoutingTimed", "ProducerRouting"],
  mostStates: 100_000,
  mixed: ["MCNameServerRoutingBrokers", "MCNameServerRoutingTimedClients", "MCProducerRoutingFaulty"],
  files: [
    "src/rocketmq/rules/Deployment.ts",
    "src/rocketmq/rules/QueueSelection.ts",
    "src/rocketmq/rules/RouteCache.ts",
    "src/rocketmq/rules/RoutePeriods.ts",
    "src/rocketmq/rules/RouteTables.ts",
    "src/rocketmq/models/NameServerRouting.ts",
    "src/rocketmq/models/NameServerRoutingState.ts",
    "src/rocketmq/models/NameServerRoutingTimed.ts",
    "src/rocketmq/models/NameServerRoutingTimedState.ts",
    "src/rocketmq/models/ProducerRouting.ts"
  ],
  reloaded: [
    "src/rocketmq/",
    "src/simulate/routing/",
    "src/cli/Twins.ts",
    "properties/rocketmq/routing/Judges.ts",
    "properties/rocketmq/routing/Schedule.ts",
    "test/rocketmq/"
  ],
  judges: "properties/rocketmq/routing/Judges.ts",
  ownJudges: ["example", "real trace", "replayed path", "refinement"],
  // Bounds are the codec's to check; a property is compared with the specification's in every state of every graph.
  except: ["variablesOf", "propertiesOf", "always", "alwaysStep", "sometimes"],
  opposites: [["including", "excluding"]],
  byHand: [
    {
      file: "src/rocketmq/models/ProducerRouting.ts",
      what: "a reply for a request that nobody waits for",
      from: "told: isWaitedFor ? owed : s.told,",
      to: "told: s.sending[0]?.value === owed[0] ? owed : s.told,"
    },
    {
      file: "src/rocketmq/models/ProducerRouting.ts",
      what: "a reply before the append",
      from: "stored: put(s.stored, m, [...at(s.stored, m), value]),\n      owed",
      to: "stored: s.told.length === 0 ? s.stored : put(s.stored, m, [...at(s.stored, m), value]),\n      owed"
    },
    {
      file: "src/rocketmq/rules/RouteTables.ts",
      what: "a registration that takes a decided removal back",
      from: "own.queues,\n    pending: own.pending",
      to: "own.queues,\n    pending: excluding(own.pending, broker)"
    }
  ],
  equal
}
