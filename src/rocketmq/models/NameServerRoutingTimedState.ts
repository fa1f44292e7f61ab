/**
 * The state of NameServerRoutingTimed: constants, variables, where it begins, and what a value of each can be.
 *
 * The decision: the timers of one broker begin together, as those of a process do; only what fails sets them apart.
 */
import * as S from "../../machine/StateSchema.ts"
import { upTo } from "../rules/Deployment.ts"
import type { Periods } from "../rules/RoutePeriods.ts"
import type { RoutingGuards } from "../rules/RouteTables.ts"

/** Faults of the module, by the action that strikes. */
export type TimedFaultKind = "Freeze" | "Kill" | "CutLink" | "PauseServer"

/** The module's constants. */
export interface TimedConstants extends RoutingGuards, Periods {
  readonly NameServerCount: number
  readonly BrokerCount: number
  readonly ClientCount: number
  readonly MaxInFlight: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<TimedFaultKind>
}

type Numbers = ReadonlyArray<number>
export type Pairs<A> = ReadonlyArray<ReadonlyArray<A>>
export type Asking = "no" | "yes" | "late"

/** The module's variables; arrays count from broker, NameServer and client 1, sets ascend. */
export interface TimedState {
  readonly status: ReadonlyArray<"up" | "frozen" | "dead">
  readonly beat: Pairs<number>
  readonly dialing: ReadonlyArray<Numbers>
  readonly dialed: Pairs<boolean>
  readonly cut: Pairs<boolean>
  readonly inFlight: Pairs<number>
  readonly link: Pairs<boolean>
  readonly runs: ReadonlyArray<boolean>
  readonly accepted: ReadonlyArray<Numbers>
  readonly age: Pairs<Numbers>
  readonly routed: ReadonlyArray<Numbers>
  readonly pending: ReadonlyArray<Numbers>
  readonly poll: Numbers
  readonly server: Numbers
  readonly asking: ReadonlyArray<Asking>
  readonly told: Pairs<Numbers>
  readonly cache: ReadonlyArray<Numbers>
  readonly since: Pairs<number>
  readonly settled: Numbers
  readonly faults: number
}

export const at = <A>(array: ReadonlyArray<A>, i: number): A => array[i - 1]!
export const at2 = <A>(table: Pairs<A>, i: number, j: number): A => at(at(table, i), j)
export const put = <A>(array: ReadonlyArray<A>, i: number, value: A): ReadonlyArray<A> => array.with(i - 1, value)
export const put2 = <A>(table: Pairs<A>, i: number, j: number, value: A) => put(table, i, put(at(table, i), j, value))
export const including = (set: Numbers, b: number): Numbers => set.includes(b) ? set : [...set, b].sort((x, y) => x - y)
export const excluding = (set: Numbers, b: number): Numbers => set.filter((other) => other !== b)

const serverOf = (c: TimedConstants, client: number): number => client <= c.NameServerCount ? client : 1
export const mostSince = (c: TimedConstants): number => c.Expiry + c.Poll + 3
export const mostSettled = (c: TimedConstants): number => c.Poll + 1

/** Every way to pick one of `0..most` for each of so many. */
const choices = (count: number, most: number): ReadonlyArray<Numbers> =>
  upTo(count).reduce<ReadonlyArray<Numbers>>(
    (all) => all.flatMap((one) => [0, ...upTo(most)].map((k) => [...one, k])),
    [[]]
  )

export const initialOf = (c: TimedConstants): ReadonlyArray<TimedState> => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const pairs = <A>(value: A): Pairs<A> => brokers.map(() => servers.map(() => value))
  return choices(c.BrokerCount, c.Heartbeat).flatMap((first) =>
    choices(c.ClientCount, c.Poll).map((poll) => ({
      status: brokers.map(() => "up" as const),
      beat: first.map((units) => servers.map(() => units)),
      dialing: brokers.map(() => []),
      dialed: pairs(true),
      cut: pairs(false),
      inFlight: pairs(0),
      link: pairs(true),
      runs: servers.map(() => true),
      accepted: servers.map(() => brokers),
      age: servers.map(() => first.map((units) => [c.Heartbeat - units])),
      routed: servers.map(() => brokers),
      pending: servers.map(() => []),
      poll,
      server: poll.map((_, i) => serverOf(c, i + 1)),
      asking: poll.map(() => "no" as const),
      told: poll.map(() => []),
      cache: poll.map(() => brokers),
      since: pairs(mostSince(c)),
      settled: poll.map(() => mostSettled(c)),
      faults: 0
    }))
  )
}

export const variablesOf = (c: TimedConstants): S.RecordSchema<TimedState> => {
  const brokers = upTo(c.BrokerCount)
  const servers = upTo(c.NameServerCount)
  const clients = upTo(c.ClientCount)
  const sets = S.functionOver(servers, S.subset(brokers))
  const pairs = <A>(of: S.StateSchema<A>) => S.functionOver(brokers, S.functionOver(servers, of))
  return S.record({
    status: S.functionOver(brokers, S.oneOf("up", "frozen", "dead")),
    beat: pairs(S.range(0, c.Heartbeat)),
    dialing: S.functionOver(brokers, S.subset(servers)),
    dialed: pairs(S.boolean),
    cut: pairs(S.boolean),
    inFlight: pairs(S.range(0, c.MaxInFlight)),
    link: pairs(S.boolean),
    runs: S.functionOver(servers, S.boolean),
    accepted: sets,
    age: S.functionOver(servers, S.functionOver(brokers, S.sequence(1, S.range(0, c.Expiry + 1)))),
    routed: sets,
    pending: sets,
    poll: S.functionOver(clients, S.range(0, c.Poll)),
    server: S.functionOver(clients, S.range(1, c.NameServerCount)),
    asking: S.functionOver(clients, S.oneOf("no", "yes", "late")),
    told: S.functionOver(clients, S.sequence(1, S.subset(brokers))),
    cache: S.functionOver(clients, S.subset(brokers)),
    since: pairs(S.range(0, mostSince(c))),
    settled: S.functionOver(clients, S.range(0, mostSettled(c))),
    faults: S.range(0, c.MaxFaults)
  })
}
