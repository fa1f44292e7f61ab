/**
 * The twin of spec/rocketmq/NameServerRoutingTimed.tla: same variables, actions, parameters and property names.
 *
 * The decision: time is counts that a `Tick` changes, and a tick waits until nothing is due, so how long a route may be
 * untrue is a property of states.
 */
import { action, type Machine } from "../../machine/Machine.ts"
import { upTo } from "../rules/Deployment.ts"
import { less, mayBeTooOld, mustBeTooOld, older } from "../rules/RoutePeriods.ts"
import {
  type Asking,
  at,
  at2,
  excluding,
  including,
  initialOf,
  mostSettled,
  mostSince,
  put,
  put2,
  type TimedConstants,
  type TimedFaultKind,
  type TimedState,
  variablesOf
} from "./NameServerRoutingTimedState.ts"

export type { TimedConstants, TimedState } from "./NameServerRoutingTimedState.ts"

/** Whether the last connection is over at both ends, so that the next one can be made. */
const reaches = (s: TimedState, b: number, n: number): boolean =>
  at2(s.link, b, n) && at(s.runs, n) && !at(s.accepted, n).includes(b) && at2(s.inFlight, b, n) === 0

/** Whether the end of a channel can be read: after what was on it. */
const isOver = (s: TimedState, n: number, b: number): boolean =>
  at(s.accepted, n).includes(b) && at2(s.cut, b, n) && at2(s.inFlight, b, n) === 0

const isFresh = (s: TimedState, n: number, b: number): boolean =>
  at2(s.age, n, b).length > 0 && at(s.accepted, n).includes(b)

/** Whether nothing has to happen before the clock moves. */
const nothingIsDue = (c: TimedConstants, s: TimedState): boolean => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const isBrokerIdle = (b: number, n: number): boolean => {
    const isDialing = at(s.dialing, b).includes(n)
    if (isDialing ? reaches(s, b, n) : at2(s.beat, b, n) === 0) return false
    return !at2(s.dialed, b, n) || !at2(s.cut, b, n)
  }
  const isServerIdle = (n: number, b: number): boolean => {
    const [age] = at2(s.age, n, b)
    const isQuiet = at2(s.inFlight, b, n) === 0 || !at2(s.link, b, n)
    const reads = isOver(s, n, b) && at2(s.link, b, n)
    return isQuiet && !reads && (age === undefined || !mustBeTooOld(c, age))
  }
  return brokers.every((b) => at(s.status, b) !== "up" || servers.every((n) => isBrokerIdle(b, n))) &&
    servers.every((n) =>
      !at(s.runs, n) || (at(s.pending, n).length === 0 && brokers.every((b) => isServerIdle(n, b)))
    ) &&
    s.asking.every((asking, i) => {
      if (s.told[i]!.length > 0) return false
      return asking === "no" ? s.poll[i]! > 0 : !at(s.runs, s.server[i]!)
    })
}

const brokerSteps = (c: TimedConstants) => {
  const pairs = [upTo(c.BrokerCount), upTo(c.NameServerCount)] as const
  const isDue = (s: TimedState, b: number, n: number) => at(s.status, b) === "up" && at2(s.beat, b, n) === 0
  const isDialing = (s: TimedState, b: number, n: number) => at(s.status, b) === "up" && at(s.dialing, b).includes(n)
  return {
    Beat: action(pairs, (s: TimedState, b, n) => {
      if (!isDue(s, b, n) || !at2(s.dialed, b, n)) return undefined
      const beat = put2(s.beat, b, n, c.Heartbeat)
      if (at2(s.cut, b, n)) return { ...s, beat }
      const inFlight = at2(s.inFlight, b, n)
      return inFlight < c.MaxInFlight ? { ...s, beat, inFlight: put2(s.inFlight, b, n, inFlight + 1) } : undefined
    }),
    Dial: action(
      pairs,
      (s: TimedState, b, n) =>
        !isDue(s, b, n) || at2(s.dialed, b, n) || at(s.dialing, b).includes(n) ? undefined : {
          ...s,
          beat: put2(s.beat, b, n, c.Heartbeat),
          dialing: put(s.dialing, b, including(at(s.dialing, b), n))
        }
    ),
    Connect: action(pairs, (s: TimedState, b, n) =>
      !isDialing(s, b, n) || !reaches(s, b, n) ? undefined : {
        ...s,
        dialing: put(s.dialing, b, excluding(at(s.dialing, b), n)),
        dialed: put2(s.dialed, b, n, true),
        cut: put2(s.cut, b, n, false),
        inFlight: put2(s.inFlight, b, n, 1)
      }),
    DialFails: action(pairs, (s: TimedState, b, n) =>
      !isDialing(s, b, n) || reaches(s, b, n)
        ? undefined
        : { ...s, dialing: put(s.dialing, b, excluding(at(s.dialing, b), n)) }),
    Notice: action(pairs, (s: TimedState, b, n) =>
      at(s.status, b) === "up" && at2(s.dialed, b, n) && at2(s.cut, b, n)
        ? { ...s, dialed: put2(s.dialed, b, n, false) }
        : undefined)
  }
}

const serverSteps = (c: TimedConstants) => {
  const servers = upTo(c.NameServerCount)
  const pairs = [servers, upTo(c.BrokerCount)] as const
  return {
    Register: action(pairs, (s: TimedState, n, b) => {
      const inFlight = at2(s.inFlight, b, n)
      return !at(s.runs, n) || !at2(s.link, b, n) || inFlight === 0 ? undefined : {
        ...s,
        inFlight: put2(s.inFlight, b, n, inFlight - 1),
        accepted: put(s.accepted, n, including(at(s.accepted, n), b)),
        age: put2(s.age, n, b, [0]),
        routed: put(s.routed, n, including(at(s.routed, n), b))
      }
    }),
    ChannelClosed: action(pairs, (s: TimedState, n, b) => {
      const isDetected = c.ChannelCloseDetected && at2(s.age, n, b).length > 0
      return !at(s.runs, n) || !isOver(s, n, b) ? undefined : {
        ...s,
        accepted: put(s.accepted, n, excluding(at(s.accepted, n), b)),
        pending: isDetected ? put(s.pending, n, including(at(s.pending, n), b)) : s.pending
      }
    }),
    Expire: action(pairs, (s: TimedState, n, b) => {
      const [age] = at2(s.age, n, b)
      const isAccepted = at(s.accepted, n).includes(b)
      return !at(s.runs, n) || age === undefined || !mayBeTooOld(c, age) ? undefined : {
        ...s,
        age: put2(s.age, n, b, []),
        pending: put(s.pending, n, including(at(s.pending, n), b)),
        accepted: put(s.accepted, n, excluding(at(s.accepted, n), b)),
        cut: isAccepted ? put2(s.cut, b, n, true) : s.cut,
        inFlight: isAccepted ? put2(s.inFlight, b, n, 0) : s.inFlight
      }
    }),
    Unregister: action(pairs, (s: TimedState, n, b) => {
      if (!at(s.runs, n) || !at(s.pending, n).includes(b)) return undefined
      const pending = put(s.pending, n, excluding(at(s.pending, n), b))
      if (c.RecheckFreshnessOnUnregister && isFresh(s, n, b)) return { ...s, pending }
      return {
        ...s,
        pending,
        age: put2(s.age, n, b, []),
        routed: put(s.routed, n, excluding(at(s.routed, n), b))
      }
    }),
    AnswerRoute: action([servers, upTo(c.ClientCount)], (s: TimedState, n, k) => {
      const isAsked = at(s.server, k) === n && at(s.asking, k) !== "no" && at(s.told, k).length === 0
      return at(s.runs, n) && isAsked ? { ...s, told: put(s.told, k, [at(s.routed, n)]) } : undefined
    })
  }
}

const clientSteps = (c: TimedConstants) => {
  const clients = upTo(c.ClientCount)
  return {
    PollRoute: action([clients], (s: TimedState, k) =>
      at(s.poll, k) > 0 || at(s.asking, k) !== "no" ? undefined : {
        ...s,
        poll: put(s.poll, k, c.Poll),
        asking: put<Asking>(s.asking, k, at(s.runs, at(s.server, k)) ? "yes" : "late")
      }),
    Learn: action([clients], (s: TimedState, k) => {
      const [route] = at(s.told, k)
      return route === undefined ? undefined : {
        ...s,
        cache: route.length === 0 ? s.cache : put(s.cache, k, route),
        asking: put<Asking>(s.asking, k, "no"),
        told: put(s.told, k, [])
      }
    }),
    SwitchServer: action([clients], (s: TimedState, k) =>
      at(s.asking, k) !== "late" ? undefined : {
        ...s,
        asking: put<Asking>(s.asking, k, "no"),
        told: put(s.told, k, []),
        server: put(s.server, k, at(s.server, k) === c.NameServerCount ? 1 : at(s.server, k) + 1),
        settled: put(s.settled, k, 0)
      }),
    Tick: action([], (s: TimedState) =>
      !nothingIsDue(c, s) ? undefined : {
        ...s,
        age: s.age.map((ages) => ages.map((age) => age.map((units) => older(c, units)))),
        beat: s.beat.map((units) => units.map(less)),
        poll: s.poll.map(less),
        since: s.since.map((units) => units.map((count) => Math.min(mostSince(c), count + 1))),
        settled: s.settled.map((units) => Math.min(mostSettled(c), units + 1))
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
      !mayStrike(s, "Kill") || at(s.status, b) === "dead" ? undefined : {
        ...becomes(s, b, "dead", s.faults + 1),
        beat: put(s.beat, b, servers.map(() => 0)),
        dialing: put(s.dialing, b, []),
        dialed: put(s.dialed, b, servers.map(() => false)),
        cut: put(s.cut, b, servers.map(() => true))
      }),
    Start: action([brokers], (s: TimedState, b) =>
      at(s.status, b) !== "dead" ? undefined : {
        ...becomes(s, b, "up", s.faults),
        beat: put(s.beat, b, servers.map(() => c.Heartbeat)),
        dialing: put(s.dialing, b, servers)
      }),
    CutLink: action(
      [brokers, servers],
      (s: TimedState, b, n) =>
        !mayStrike(s, "CutLink") || !at2(s.link, b, n) ? undefined : {
          ...s,
          link: put2(s.link, b, n, false),
          since: put2(s.since, b, n, 0),
          faults: s.faults + 1
        }
    ),
    Reset: action([brokers, servers], (s: TimedState, b, n) => {
      const waits = !at2(s.link, b, n) && !at2(s.cut, b, n) && at2(s.inFlight, b, n) > 0
      return !isUp(s, b) || !waits
        ? undefined
        : { ...s, cut: put2(s.cut, b, n, true), inFlight: put2(s.inFlight, b, n, 0) }
    }),
    HealLink: action(
      [brokers, servers],
      (s: TimedState, b, n) =>
        at2(s.link, b, n) ? undefined : { ...s, link: put2(s.link, b, n, true), since: put2(s.since, b, n, 0) }
    ),
    PauseServer: action([servers], (s: TimedState, n) =>
      !mayStrike(s, "PauseServer") || !at(s.runs, n) ? undefined : {
        ...s,
        runs: put(s.runs, n, false),
        since: s.since.map((units) => put(units, n, 0)),
        asking: s.asking.map((asking, i): Asking =>
          s.server[i] === n && asking === "yes" && s.told[i]!.length === 0 ? "late" : asking
        ),
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
  type When = (s: TimedState, b: number, n: number) => boolean
  const isHeard: When = (s, b, n) => at(s.status, b) === "up" && at2(s.link, b, n)
  const isKilled: When = (s, b, n) => at(s.status, b) === "dead" && at2(s.link, b, n)
  const silent: When = (s, b, n) => !isHeard(s, b, n)
  const somebodyStays = (s: TimedState, n: number) =>
    brokers.some((b) => isHeard(s, b, n) && at2(s.since, b, n) > c.Heartbeat + c.Poll)
  /** After so many units of `when`, a broker is in the route, or is not. */
  const routedWithin = (bound: number, when: When, has: boolean) => (s: TimedState) =>
    servers.every((n) =>
      !at(s.runs, n) ||
      brokers.every((b) => !when(s, b, n) || at2(s.since, b, n) <= bound || at(s.routed, n).includes(b) === has)
    )
  /** The same of what a client knows; it keeps a route in which nobody is left. */
  const cachedWithin = (bound: number, when: When, has: boolean) => (s: TimedState) =>
    s.cache.every((cache, i) => {
      const n = s.server[i]!
      const hasAsked = at(s.runs, n) && s.settled[i]! > c.Poll
      return !hasAsked || (!has && !somebodyStays(s, n)) ||
        brokers.every((b) => !when(s, b, n) || at2(s.since, b, n) <= bound || cache.includes(b) === has)
    })
  return {
    always: {
      SilentLeavesRoute: routedWithin(c.Expiry + 1, silent, false),
      SilentLeavesCache: cachedWithin(c.Expiry + 1 + c.Poll, silent, false),
      KilledLeavesRoute: routedWithin(0, isKilled, false),
      KilledLeavesCache: cachedWithin(c.Poll, isKilled, false),
      LiveIsRouted: routedWithin(c.Heartbeat, isHeard, true),
      LiveIsCached: cachedWithin(c.Heartbeat + c.Poll, isHeard, true)
    },
    alwaysStep: {
      FreshIsKept: (s: TimedState, _: unknown, t: TimedState) =>
        servers.every((n) => at(s.routed, n).every((b) => at(t.routed, n).includes(b) || !isFresh(s, n, b)))
    }
  }
}

/** The machine of the module under a choice of its constants. */
export const nameServerRoutingTimed = (c: TimedConstants): Machine<TimedState> => ({
  name: "NameServerRoutingTimed",
  constants: { ...c },
  variables: variablesOf(c),
  initial: initialOf(c),
  actions: { ...brokerSteps(c), ...serverSteps(c), ...clientSteps(c), ...environment(c) },
  ...propertiesOf(c),
  sometimes: {},
  reachableFromAll: {}
})
