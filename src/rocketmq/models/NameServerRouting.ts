/**
 * The twin of spec/rocketmq/NameServerRouting.tla: same variables, actions, parameters and property names.
 *
 * The decision: an action is a guard on the environment, a rule (rules/RouteTables, rules/RouteCache), and putting what
 * the rule answers back into the state. Bounds appear in guards only, so a shadow passes them as Infinity.
 */
import { integers } from "../../machine/Domain.ts"
import { action, type Machine } from "../../machine/Machine.ts"
import { brokersOf, type Deployment, isMaster, nameOf, upTo } from "../rules/Deployment.ts"
import * as Cache from "../rules/RouteCache.ts"
import * as Tables from "../rules/RouteTables.ts"
import {
  at,
  type Constants,
  type FaultKind,
  initialOf,
  put,
  put2,
  type State,
  variablesOf
} from "./NameServerRoutingState.ts"

export { type Constants, type FaultKind, type State, unbounded } from "./NameServerRoutingState.ts"

const tablesOf = (s: State, n: number): Tables.NameServerState => ({
  accepted: at(s.accepted, n),
  live: at(s.live, n),
  addrs: at(s.addrs, n),
  queues: at(s.queues, n),
  pending: at(s.pending, n)
})
const withTables = (s: State, n: number, own: Tables.NameServerState | undefined): State | undefined =>
  own === undefined ? undefined : {
    ...s,
    accepted: put(s.accepted, n, own.accepted),
    live: put(s.live, n, own.live),
    addrs: put(s.addrs, n, own.addrs),
    queues: put(s.queues, n, own.queues),
    pending: put(s.pending, n, own.pending)
  }
const cacheOf = (s: State, c: number): Cache.RouteCache => ({
  server: at(s.server, c),
  polling: at(s.polling, c),
  cache: at(s.cache, c)
})
const withCache = (s: State, c: number, own: Cache.RouteCache): State => ({
  ...s,
  server: put(s.server, c, own.server),
  polling: put(s.polling, c, own.polling),
  cache: put(s.cache, c, own.cache)
})

const brokerActions = (c: Constants, brokers: ReadonlyArray<number>) => {
  const servers = upTo(c.NameServerCount)
  const registration = (s: State, b: number): Tables.Register => ({ _tag: "Register", version: at(s.version, b) })
  const inFlight = (s: State, b: number, n: number) => at(at(s.inFlight, b), n)
  const mayStrike = (s: State, kind: FaultKind) => s.faults < c.MaxFaults && c.FaultKinds.includes(kind)
  return {
    Configure: action([brokers], (s: State, b) =>
      at(s.status, b) === "up" && at(s.version, b) < c.MaxVersion
        ? { ...s, version: put(s.version, b, at(s.version, b) + 1) }
        : undefined),
    Heartbeat: action([brokers, servers], (s: State, b, n) => {
      if (at(s.status, b) !== "up" || !at(at(s.dialed, b), n)) return undefined
      if (inFlight(s, b, n).length >= c.MaxInFlight) return undefined
      if (at(at(s.cut, b), n)) return s
      return { ...s, inFlight: put2(s.inFlight, b, n, [...inFlight(s, b, n), registration(s, b)]) }
    }),
    Connect: action([brokers, servers], (s: State, b, n) => {
      const runs = at(s.status, b) === "up" && at(s.serverUp, n) && at(at(s.link, b), n)
      const isIdle = at(at(s.cut, b), n) && !at(at(s.dialed, b), n) && !at(at(s.accepted, n), b) &&
        inFlight(s, b, n).length === 0
      return !runs || !isIdle ? undefined : {
        ...s,
        dialed: put2(s.dialed, b, n, true),
        cut: put2(s.cut, b, n, false),
        inFlight: put2(s.inFlight, b, n, [registration(s, b)])
      }
    }),
    Notice: action(
      [brokers, servers],
      (s: State, b, n) =>
        at(s.status, b) === "up" && at(at(s.dialed, b), n) && at(at(s.cut, b), n)
          ? { ...s, dialed: put2(s.dialed, b, n, false) }
          : undefined
    ),
    Reset: action([brokers, servers, integers(0, c.MaxInFlight)], (s: State, b, n, i) => {
      if (!mayStrike(s, "Reset") || at(at(s.cut, b), n) || i > inFlight(s, b, n).length) return undefined
      return {
        ...s,
        cut: put2(s.cut, b, n, true),
        inFlight: put2(s.inFlight, b, n, inFlight(s, b, n).slice(0, i)),
        faults: s.faults + 1
      }
    }),
    CutLink: action([brokers, servers], (s: State, b, n) =>
      mayStrike(s, "CutLink") && at(at(s.link, b), n)
        ? { ...s, link: put2(s.link, b, n, false), faults: s.faults + 1 }
        : undefined),
    HealLink: action(
      [brokers, servers],
      (s: State, b, n) => c.LinksHeal && !at(at(s.link, b), n) ? { ...s, link: put2(s.link, b, n, true) } : undefined
    ),
    KillBroker: action(
      [brokers],
      (s: State, b) =>
        !mayStrike(s, "KillBroker") || at(s.status, b) !== "up" ? undefined : {
          ...s,
          status: put(s.status, b, "down"),
          dialed: put(s.dialed, b, servers.map(() => false)),
          cut: put(s.cut, b, servers.map(() => true)),
          faults: s.faults + 1
        }
    ),
    StartBroker: action(
      [brokers],
      (s: State, b) => at(s.status, b) === "down" ? { ...s, status: put(s.status, b, "up") } : undefined
    )
  }
}

const serverActions = (c: Constants, deployment: Deployment, brokers: ReadonlyArray<number>) => {
  const servers = upTo(c.NameServerCount)
  const names = upTo(deployment.masters)
  const clients = upTo(c.ClientCount)
  const inFlight = (s: State, b: number, n: number) => at(at(s.inFlight, b), n)
  const mayStrike = (s: State, kind: FaultKind) => s.faults < c.MaxFaults && c.FaultKinds.includes(kind)
  const written = (s: State, n: number, m: number, to: boolean) =>
    at(s.serverUp, n) ? withTables(s, n, Tables.setWritable(tablesOf(s, n), m, to)) : undefined
  return {
    Register: action([servers, brokers], (s: State, n, b) => {
      const [message, ...rest] = inFlight(s, b, n)
      if (!at(s.serverUp, n) || message === undefined || !at(at(s.link, b), n)) return undefined
      return withTables(
        {
          ...s,
          inFlight: put2(s.inFlight, b, n, rest),
          received: put2(s.received, n, b, message.version)
        },
        n,
        Tables.register(deployment, tablesOf(s, n), b, message)
      )
    }),
    ChannelClosed: action([servers, brokers], (s: State, n, b) => {
      const isOver = at(at(s.accepted, n), b) && at(at(s.cut, b), n) && inFlight(s, b, n).length === 0
      return at(s.serverUp, n) && isOver ? withTables(s, n, Tables.channelClosed(c, tablesOf(s, n), b)) : undefined
    }),
    Expire: action([servers, brokers], (s: State, n, b) => {
      if (!mayStrike(s, "Expire") || !at(s.serverUp, n)) return undefined
      const closes = at(at(s.accepted, n), b)
      return withTables(
        {
          ...s,
          cut: closes ? put2(s.cut, b, n, true) : s.cut,
          inFlight: closes ? put2(s.inFlight, b, n, []) : s.inFlight,
          faults: s.faults + 1
        },
        n,
        Tables.expire(tablesOf(s, n), b)
      )
    }),
    Unregister: action([servers, brokers], (s: State, n, b) => {
      if (!at(s.serverUp, n)) return undefined
      const own = tablesOf(s, n)
      const received = Tables.removes(c, own, b) ? put2(s.received, n, b, 0) : s.received
      return withTables({ ...s, received }, n, Tables.unregister(deployment, c, own, b))
    }),
    WipeWritePerm: action([servers, names], (s: State, n, m) => {
      const after = mayStrike(s, "WipeWritePerm") ? written(s, n, m, false) : undefined
      return after && { ...after, faults: s.faults + 1 }
    }),
    AddWritePerm: action([servers, names], (s: State, n, m) => written(s, n, m, true)),
    AnswerRoute: action([servers, clients], (s: State, n, k) => {
      if (!at(s.serverUp, n) || !at(at(s.asked, k), n)) return undefined
      const waits = at(s.polling, k) && at(s.server, k) === n
      return {
        ...s,
        asked: put2(s.asked, k, n, false),
        told: waits ? put(s.told, k, [Tables.routeOf(deployment, tablesOf(s, n))]) : s.told
      }
    }),
    KillServer: action([servers], (s: State, n) => {
      if (!mayStrike(s, "KillServer") || !at(s.serverUp, n)) return undefined
      const empty = Tables.emptyTables(deployment)
      const { addrs, live, queues } = c.TablesSurviveRestart ? tablesOf(s, n) : empty
      return withTables(
        {
          ...s,
          serverUp: put(s.serverUp, n, false),
          cut: s.cut.map((ends) => put(ends, n, true)),
          inFlight: s.inFlight.map((queue) => put(queue, n, [])),
          asked: s.asked.map((questions) => put(questions, n, false)),
          faults: s.faults + 1
        },
        n,
        { ...empty, addrs, live, queues }
      )
    }),
    StartServer: action(
      [servers],
      (s: State, n) => at(s.serverUp, n) ? undefined : { ...s, serverUp: put(s.serverUp, n, true) }
    )
  }
}

const clientActions = (c: Constants) => {
  const clients = upTo(c.ClientCount)
  return {
    Poll: action([clients], (s: State, k) => {
      const n = at(s.server, k)
      const own = at(s.serverUp, n) && !at(at(s.asked, k), n) ? Cache.poll(cacheOf(s, k)) : undefined
      return own && withCache({ ...s, asked: put2(s.asked, k, n, true) }, k, own)
    }),
    Learn: action([clients], (s: State, k) => {
      const [answer] = at(s.told, k)
      if (answer === undefined) return undefined
      return withCache({ ...s, told: put(s.told, k, []) }, k, Cache.learn(cacheOf(s, k), answer))
    }),
    SwitchServer: action(
      [clients],
      (s: State, k) =>
        withCache({ ...s, told: put(s.told, k, []) }, k, Cache.switchServer(cacheOf(s, k), c.NameServerCount))
    )
  }
}

const propertiesOf = (c: Constants, deployment: Deployment) => {
  const servers = upTo(c.NameServerCount)
  const brokers = brokersOf(deployment)
  const names = upTo(deployment.masters)
  const everyEntry = (holds: (n: number, b: number) => boolean) =>
    servers.every((n) => brokers.every((b) => holds(n, b)))
  const isAddress = (s: State, n: number, b: number) => at(s.addrs, n).includes(b)
  return {
    always: {
      TypeOK: (s: State) =>
        everyEntry((n, b) => at(s.live, n).filter(({ broker }) => broker === b).length <= 1) && s.faults <= c.MaxFaults,
      EntryIsLastRegistration: (s: State) =>
        servers.every((n) =>
          names.every((m) => !isAddress(s, n, m) || at(at(s.queues, n), m)[0]?.writeQueues === at(at(s.received, n), m))
        ),
      OpenChannelIsRouted: (s: State) => everyEntry((n, b) => !at(at(s.accepted, n), b) || isAddress(s, n, b)),
      NobodyIsForgotten: (s: State) =>
        everyEntry((n, b) => !at(s.serverUp, n) || at(at(s.received, n), b) === 0 || isAddress(s, n, b)),
      QueuesHaveAddresses: (s: State) =>
        servers.every((n) =>
          names.every((m) =>
            at(at(s.queues, n), m).length === 0 || at(s.addrs, n).some((b) => nameOf(deployment, b) === m)
          )
        ),
      NoWriteToSlave: (s: State) =>
        s.cache.flat().every((route) =>
          Cache.publishable(deployment, route).every((m) =>
            route.addrs.some((b) => nameOf(deployment, b) === m && isMaster(deployment, b))
          )
        )
    },
    alwaysStep: {
      ClosedChannelIsDecided: (s: State, _: unknown, t: State) =>
        everyEntry((n, b) => {
          const ends = at(at(s.accepted, n), b) && !at(at(t.accepted, n), b) && at(t.serverUp, n)
          return !ends || !Tables.isLive(tablesOf(t, n), b) || at(t.pending, n).includes(b)
        }),
      VersionGrows: (s: State, _: unknown, t: State) => brokers.every((b) => at(t.version, b) >= at(s.version, b))
    },
    sometimes: {
      OnlySlaveLeft: (s: State) =>
        servers.some((n) =>
          at(s.addrs, n).some((b) => {
            const name = nameOf(deployment, b)
            return b !== name && !isAddress(s, n, name) && at(at(s.queues, n), name).length > 0
          })
        ),
      TwoRoutes: (s: State) => {
        const routes = s.cache.flat().map((route) => JSON.stringify(route))
        return routes.some((route) => route !== routes[0])
      },
      NoRoute: (s: State) => s.told.some((told, k) => told[0]?._tag === "NoRoute" && s.cache[k]!.length > 0)
    }
  }
}

/** The machine of the module under a choice of its constants. */
export const nameServerRouting = (c: Constants): Machine<State> => {
  const deployment = { masters: c.MasterCount, slaves: c.SlaveCount }
  const brokers = brokersOf(deployment)
  return {
    name: "NameServerRouting",
    constants: { ...c },
    variables: variablesOf(c, deployment),
    initial: [initialOf(c, deployment)],
    actions: {
      ...brokerActions(c, brokers),
      ...serverActions(c, deployment, brokers),
      ...clientActions(c)
    },
    ...propertiesOf(c, deployment),
    reachableFromAll: {}
  }
}
