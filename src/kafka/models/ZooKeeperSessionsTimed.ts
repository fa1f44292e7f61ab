/**
 * The twin of spec/kafka/ZooKeeperSessionsTimed.tla: same variables, actions, parameters and property names.
 *
 * The decision: when a session expires is the rule's (rules/ZooKeeperSessions), with units of time for milliseconds; the
 * model has what is left until then.
 */
import { action, type Label, type Machine } from "../../machine/Machine.ts"
import * as S from "../../machine/StateSchema.ts"
import { at, put, upTo } from "../rules/Cluster.ts"
import { bucketOf } from "../rules/ZooKeeperSessions.ts"

type SessionFaultKind = "Kill" | "Freeze"

/** The module's constants; times in units. */
export interface SessionConstants {
  readonly RoundsUp: boolean
  readonly MessageExtends: boolean
  readonly Clients: number
  readonly TickTime: number
  readonly Timeout: number
  readonly Ping: number
  readonly Delay: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<SessionFaultKind>
}

type ByClient<A> = ReadonlyArray<A>

/** The module's variables; arrays count from client 1. */
export interface SessionState {
  readonly phase: number
  readonly left: ByClient<number>
  readonly live: ByClient<boolean>
  readonly quiet: ByClient<number>
  readonly flight: ByClient<number>
  readonly status: ByClient<"up" | "down" | "frozen">
  readonly silent: ByClient<number>
  readonly faults: number
}

const variablesOf = (c: SessionConstants): S.RecordSchema<SessionState> => {
  const by = <A>(of: S.StateSchema<A>) => S.functionOver(upTo(c.Clients), of)
  return S.record({
    phase: S.range(0, c.TickTime - 1),
    left: by(S.range(0, c.Timeout + c.TickTime)),
    live: by(S.boolean),
    quiet: by(S.range(0, c.Ping)),
    flight: by(S.range(0, c.Delay + 1)),
    status: by(S.oneOf("up", "down", "frozen")),
    silent: by(S.range(0, c.Timeout + 2 * c.TickTime)),
    faults: S.range(0, c.MaxFaults)
  })
}

const actionsOf = (c: SessionConstants, clients: ReadonlyArray<number>) => {
  const none = c.Delay + 1
  const untilBucket = (phase: number) =>
    bucketOf({ tickMillis: c.TickTime, timeoutMillis: c.Timeout }, phase, c) - phase
  const isDue = (s: SessionState, i: number) =>
    (s.live[i]! && s.left[i] === 0) || s.flight[i] === c.Delay || (s.status[i] === "up" && s.quiet[i] === c.Ping)
  const mayStrike = (s: SessionState, kind: SessionFaultKind) => s.faults < c.MaxFaults && c.FaultKinds.includes(kind)
  return {
    Tick: action([], (s: SessionState) =>
      clients.some((_, i) => isDue(s, i)) ? undefined : {
        ...s,
        phase: (s.phase + 1) % c.TickTime,
        left: s.left.map((time, i) => s.live[i] ? time - 1 : time),
        quiet: s.quiet.map((time, i) => s.status[i] === "down" || time === c.Ping ? time : time + 1),
        flight: s.flight.map((age) => age === none ? none : age + 1),
        silent: s.silent.map((time, i) => s.live[i] ? time + 1 : time)
      }),
    Beat: action([clients], (s: SessionState, client) => {
      const mayBeat = at(s.status, client) === "up" && at(s.quiet, client) === c.Ping && at(s.flight, client) === none
      return mayBeat ? { ...s, quiet: put(s.quiet, client, 0), flight: put(s.flight, client, 0) } : undefined
    }),
    Touch: action([clients], (s: SessionState, client) => {
      if (at(s.flight, client) === none) return undefined
      const heard = { ...s, flight: put(s.flight, client, none) }
      if (!at(s.live, client)) return heard
      const left = c.MessageExtends ? put(s.left, client, untilBucket(s.phase)) : s.left
      return { ...heard, left, silent: put(s.silent, client, 0) }
    }),
    Expire: action(
      [clients],
      (s: SessionState, client) =>
        at(s.live, client) && at(s.left, client) === 0 ? { ...s, live: put(s.live, client, false) } : undefined
    ),
    Kill: action([clients], (s: SessionState, client) =>
      mayStrike(s, "Kill") && at(s.status, client) !== "down"
        ? { ...s, status: put(s.status, client, "down"), faults: s.faults + 1 }
        : undefined),
    Freeze: action([clients], (s: SessionState, client) =>
      mayStrike(s, "Freeze") && at(s.status, client) === "up"
        ? { ...s, status: put(s.status, client, "frozen"), faults: s.faults + 1 }
        : undefined),
    Thaw: action(
      [clients],
      (s: SessionState, client) =>
        at(s.status, client) === "frozen" ? { ...s, status: put(s.status, client, "up") } : undefined
    )
  }
}

const ends = (s: SessionState, t: SessionState, client: number) => at(s.live, client) && !at(t.live, client)

/** The machine of the module under a choice of its constants. */
export const zooKeeperSessionsTimed = (c: SessionConstants): Machine<SessionState> => {
  const clients = upTo(c.Clients)
  const each = <A>(value: A): ByClient<A> => clients.map(() => value)
  const left = bucketOf({ tickMillis: c.TickTime, timeoutMillis: c.Timeout }, 0, c)
  return {
    name: "ZooKeeperSessionsTimed",
    constants: { ...c },
    variables: variablesOf(c),
    initial: [{
      phase: 0,
      left: each(left),
      live: each(true),
      quiet: each(0),
      flight: each(c.Delay + 1),
      status: each("up"),
      silent: each(0),
      faults: 0
    }],
    actions: actionsOf(c, clients),
    always: {
      EndsInTime: ({ live, silent }) => live.every((is, i) => !is || silent[i]! <= c.Timeout + c.TickTime)
    },
    alwaysStep: {
      LivesItsTimeout: (s: SessionState, _: Label, t) =>
        clients.every((client) => !ends(s, t, client) || at(s.silent, client) >= c.Timeout),
      OnlyTheSilentExpire: (s: SessionState, _: Label, t) =>
        clients.every((client) =>
          !ends(s, t, client) || at(s.status, client) !== "up" || at(s.silent, client) > c.Ping + c.Delay
        )
    },
    sometimes: {
      ComesBackInTime: ({ live, silent, status }) =>
        live.some((is, i) => is && status[i] === "up" && silent[i]! > c.Timeout),
      ComesBackTooLate: ({ live, status }) => live.some((is, i) => !is && status[i] === "up")
    },
    reachableFromAll: {}
  }
}
