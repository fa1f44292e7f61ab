/**
 * The twin of spec/rocketmq/NameServerRoutingTimed.tla: same variables, actions, parameters and property names.
 *
 * The decision: time is counts that a `Tick` changes, and a tick waits until nothing is due, so how long a route may be
 * untrue is a property of states.
 */
import { action, type Machine } from "../../machine/Machine.ts"
import * as S from "../../machine/StateSchema.ts"
import { upTo } from "../rules/Deployment.ts"
import { less, mayBeTooOld, mustBeTooOld, older, type Periods } from "../rules/RoutePeriods.ts"
import type { RoutingGuards } from "../rules/RouteTables.ts"

/** Faults of the module, by the action that strikes. */
export type TimedFaultKind = "Freeze" | "Kill" | "CutLink" | "PauseServer"

/** The module's constants. */
export interface TimedConstants extends RoutingGuards, Periods {
  readonly NameServerCount: number
  readonly BrokerCount: number
  readonly ClientCount: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<TimedFaultKind>
}

type Numbers = ReadonlyArray<number>
/** Absent, or units. */
type Age = readonly [] | readonly [number]

/** The module's variables; arrays count from broker, NameServer and client 1, sets of brokers ascend. */
export interface TimedState {
  readonly status: ReadonlyArray<"up" | "frozen" | "dead">
  readonly beat: Numbers
  readonly arriving: ReadonlyArray<Numbers>
  readonly link: ReadonlyArray<ReadonlyArray<boolean>>
  readonly runs: ReadonlyArray<boolean>
  readonly age: ReadonlyArray<ReadonlyArray<Numbers>>
  readonly routed: ReadonlyArray<Numbers>
  readonly closing: ReadonlyArray<Numbers>
  readonly pending: ReadonlyArray<Numbers>
  readonly poll: Numbers
  readonly cache: ReadonlyArray<Numbers>
  readonly since: ReadonlyArray<Numbers>
  readonly faults: number
}

const at = <A>(array: ReadonlyArray<A>, i: number): A => array[i - 1]!
const put = <A>(array: ReadonlyArray<A>, i: number, value: A): ReadonlyArray<A> => array.with(i - 1, value)
const put2 = <A>(table: ReadonlyArray<ReadonlyArray<A>>, i: number, j: number, value: A) =>
  put(table, i, put(at(table, i), j, value))
const including = (set: Numbers, b: number): Numbers => set.includes(b) ? set : [...set, b].sort((x, y) => x - y)
const excluding = (set: Numbers, b: number): Numbers => set.filter((other) => other !== b)
const none: Age = []

const serverOf = (c: TimedConstants, client: number): number => client <= c.NameServerCount ? client : 1
const mostSince = (c: TimedConstants): number => c.Expiry + c.Poll + 3

/** Every way to pick one of `0..most` for each of so many. */
const choices = (count: number, most: number): ReadonlyArray<Numbers> =>
  upTo(count).reduce<ReadonlyArray<Numbers>>(
    (all) => all.flatMap((one) => [0, ...upTo(most)].map((k) => [...one, k])),
    [[]]
  )

const initialOf = (c: TimedConstants): ReadonlyArray<TimedState> => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  return choices(c.BrokerCount, c.Heartbeat).flatMap((beat) =>
    choices(c.ClientCount, c.Poll).map((poll) => ({
      status: brokers.map(() => "up" as const),
      beat,
      arriving: servers.map(() => []),
      link: brokers.map(() => servers.map(() => true)),
      runs: servers.map(() => true),
      age: servers.map(() => beat.map((units) => [c.Heartbeat - units])),
      routed: servers.map(() => brokers),
      closing: servers.map(() => []),
      pending: servers.map(() => []),
      poll,
      cache: poll.map(() => brokers),
      since: brokers.map(() => servers.map(() => mostSince(c))),
      faults: 0
    }))
  )
}

const variablesOf = (c: TimedConstants): S.RecordSchema<TimedState> => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const clients = upTo(c.ClientCount)
  const sets = S.functionOver(servers, S.subset(brokers))
  return S.record({
    status: S.functionOver(brokers, S.oneOf("up", "frozen", "dead")),
    beat: S.functionOver(brokers, S.range(0, c.Heartbeat)),
    arriving: sets,
    link: S.functionOver(brokers, S.functionOver(servers, S.boolean)),
    runs: S.functionOver(servers, S.boolean),
    age: S.functionOver(servers, S.functionOver(brokers, S.sequence(1, S.range(0, c.Expiry + 1)))),
    routed: sets,
    closing: sets,
    pending: sets,
    poll: S.functionOver(clients, S.range(0, c.Poll)),
    cache: S.functionOver(clients, S.subset(brokers)),
    since: S.functionOver(brokers, S.functionOver(servers, S.range(0, mostSince(c)))),
    faults: S.range(0, c.MaxFaults)
  })
}

/** Whether nothing has to happen before the clock moves. */
const nothingIsDue = (c: TimedConstants, s: TimedState): boolean =>
  s.status.every((status, i) => status !== "up" || s.beat[i]! > 0) &&
  s.runs.every((runs, i) => {
    const isQuiet = s.arriving[i]!.length === 0 && s.pending[i]!.length === 0
    const reads = s.closing[i]!.some((b) => s.link[b - 1]![i])
    return !runs || (isQuiet && !reads && s.age[i]!.every(([age]) => age === undefined || !mustBeTooOld(c, age)))
  }) &&
  s.poll.every((units, i) => !at(s.runs, serverOf(c, i + 1)) || units > 0)

const steps = (c: TimedConstants) => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  return {
    Beat: action([brokers], (s: TimedState, b) =>
      at(s.status, b) !== "up" || at(s.beat, b) > 0 ? undefined : {
        ...s,
        arriving: s.arriving.map((set, i) => at(s.link, b)[i] ? including(set, b) : set),
        beat: put(s.beat, b, c.Heartbeat)
      }),
    Register: action(
      [servers, brokers],
      (s: TimedState, n, b) =>
        !at(s.runs, n) || !at(s.arriving, n).includes(b) ? undefined : {
          ...s,
          arriving: put(s.arriving, n, excluding(at(s.arriving, n), b)),
          age: put2(s.age, n, b, [0]),
          routed: put(s.routed, n, including(at(s.routed, n), b))
        }
    ),
    ChannelClosed: action([servers, brokers], (s: TimedState, n, b) => {
      const reads = at(s.closing, n).includes(b) && !at(s.arriving, n).includes(b) && at(at(s.link, b), n)
      return !at(s.runs, n) || !reads ? undefined : {
        ...s,
        closing: put(s.closing, n, excluding(at(s.closing, n), b)),
        age: put2(s.age, n, b, none),
        pending: put(s.pending, n, including(at(s.pending, n), b))
      }
    }),
    Expire: action([servers, brokers], (s: TimedState, n, b) => {
      const [age] = at(at(s.age, n), b)
      return !at(s.runs, n) || age === undefined || !mayBeTooOld(c, age) ? undefined : {
        ...s,
        age: put2(s.age, n, b, none),
        pending: put(s.pending, n, including(at(s.pending, n), b))
      }
    }),
    Unregister: action([servers, brokers], (s: TimedState, n, b) => {
      if (!at(s.runs, n) || !at(s.pending, n).includes(b)) return undefined
      const pending = put(s.pending, n, excluding(at(s.pending, n), b))
      if (c.RecheckFreshnessOnUnregister && at(at(s.age, n), b).length > 0) return { ...s, pending }
      return {
        ...s,
        pending,
        age: put2(s.age, n, b, none),
        routed: put(s.routed, n, excluding(at(s.routed, n), b))
      }
    }),
    PollRoute: action([upTo(c.ClientCount)], (s: TimedState, k) => {
      const n = serverOf(c, k)
      return at(s.poll, k) > 0 || !at(s.runs, n) ? undefined : {
        ...s,
        cache: put(s.cache, k, at(s.routed, n)),
        poll: put(s.poll, k, c.Poll)
      }
    }),
    Tick: action([], (s: TimedState) =>
      !nothingIsDue(c, s) ? undefined : {
        ...s,
        age: s.age.map((ages) => ages.map((age) => age.map((units) => older(c, units)))),
        beat: s.beat.map(less),
        poll: s.poll.map(less),
        since: s.since.map((units) => units.map((count) => Math.min(mostSince(c), count + 1)))
      })
  }
}

const environment = (c: TimedConstants) => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const mayStrike = (s: TimedState, kind: TimedFaultKind) => s.faults < c.MaxFaults && c.FaultKinds.includes(kind)
  const becomes = (s: TimedState, b: number, status: TimedState["status"][number], faults: number): TimedState => ({
    ...s,
    status: put(s.status, b, status),
    since: put(s.since, b, servers.map(() => 0)),
    faults
  })
  const isUp = (s: TimedState, b: number) => at(s.status, b) === "up"
  return {
    Freeze: action(
      [brokers],
      (s: TimedState, b) => mayStrike(s, "Freeze") && isUp(s, b) ? becomes(s, b, "frozen", s.faults + 1) : undefined
    ),
    Thaw: action(
      [brokers],
      (s: TimedState, b) => at(s.status, b) === "frozen" ? becomes(s, b, "up", s.faults) : undefined
    ),
    Kill: action([brokers], (s: TimedState, b) =>
      !mayStrike(s, "Kill") || !isUp(s, b) ? undefined : {
        ...becomes(s, b, "dead", s.faults + 1),
        closing: s.closing.map((set) => c.ChannelCloseDetected ? including(set, b) : set)
      }),
    CutLink: action(
      [brokers, servers],
      (s: TimedState, b, n) =>
        !mayStrike(s, "CutLink") || !at(at(s.link, b), n) ? undefined : {
          ...s,
          link: put2(s.link, b, n, false),
          arriving: put(s.arriving, n, excluding(at(s.arriving, n), b)),
          since: put2(s.since, b, n, 0),
          faults: s.faults + 1
        }
    ),
    HealLink: action(
      [brokers, servers],
      (s: TimedState, b, n) =>
        at(at(s.link, b), n) ? undefined : { ...s, link: put2(s.link, b, n, true), since: put2(s.since, b, n, 0) }
    ),
    PauseServer: action([servers], (s: TimedState, n) =>
      !mayStrike(s, "PauseServer") || !at(s.runs, n) ? undefined : {
        ...s,
        runs: put(s.runs, n, false),
        since: s.since.map((units) => put(units, n, 0)),
        faults: s.faults + 1
      }),
    ResumeServer: action([servers], (s: TimedState, n) =>
      at(s.runs, n) ? undefined : {
        ...s,
        runs: put(s.runs, n, true),
        since: s.since.map((units) => put(units, n, 0))
      })
  }
}

const propertiesOf = (c: TimedConstants) => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const isHeard = (s: TimedState, b: number, n: number) => at(s.status, b) === "up" && at(at(s.link, b), n)
  const isKilled = (s: TimedState, b: number, n: number) => at(s.status, b) === "dead" && at(at(s.link, b), n)
  const silent = (s: TimedState, b: number, n: number) => !isHeard(s, b, n)
  type When = (s: TimedState, b: number, n: number) => boolean
  /** After so many units of `when`, a broker is in the set, or is not. */
  const within = (bound: number, when: When, has: boolean, set: "routed" | "cache") => (s: TimedState) =>
    brokers.every((b) =>
      s[set].every((routes, i) => {
        const n = set === "routed" ? i + 1 : serverOf(c, i + 1)
        return !at(s.runs, n) || !when(s, b, n) || at(at(s.since, b), n) <= bound || routes.includes(b) === has
      })
    )
  return {
    always: {
      SilentLeavesRoute: within(c.Expiry + 1, silent, false, "routed"),
      SilentLeavesCache: within(c.Expiry + 1 + c.Poll, silent, false, "cache"),
      KilledLeavesRoute: within(0, isKilled, false, "routed"),
      KilledLeavesCache: within(c.Poll, isKilled, false, "cache"),
      LiveIsRouted: within(c.Heartbeat, isHeard, true, "routed"),
      LiveIsCached: within(c.Heartbeat + c.Poll, isHeard, true, "cache")
    },
    alwaysStep: {
      FreshIsKept: (s: TimedState, _: unknown, t: TimedState) =>
        servers.every((n) =>
          at(s.routed, n).every((b) => at(t.routed, n).includes(b) || at(at(s.age, n), b).length === 0)
        )
    }
  }
}

/** The machine of the module under a choice of its constants. */
export const nameServerRoutingTimed = (c: TimedConstants): Machine<TimedState> => ({
  name: "NameServerRoutingTimed",
  constants: { ...c },
  variables: variablesOf(c),
  initial: initialOf(c),
  actions: { ...steps(c), ...environment(c) },
  ...propertiesOf(c),
  sometimes: {},
  reachableFromAll: {}
})
