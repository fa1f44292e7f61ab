/**
 * Constants and variables of the model NameServerRouting: their types, their bounds, and the state it begins in.
 *
 * The decision: what may be absent is a sequence of at most one element on both sides, and no value has a shape that
 * depends on a bound, so the same types serve a shadow whose bounds are infinite.
 */
import * as S from "../../machine/StateSchema.ts"
import { brokersOf, type Deployment, upTo } from "../rules/Deployment.ts"
import * as Cache from "../rules/RouteCache.ts"
import * as Tables from "../rules/RouteTables.ts"

/** Faults of the module, by the action that strikes. */
export type FaultKind = "Expire" | "WipeWritePerm" | "Reset" | "CutLink" | "KillBroker" | "KillServer"

/** The module's constants. */
export interface Constants extends Tables.RoutingGuards {
  readonly TablesSurviveRestart: boolean
  readonly LinksHeal: boolean
  readonly NameServerCount: number
  readonly MasterCount: number
  readonly SlaveCount: number
  readonly ClientCount: number
  readonly MaxVersion: number
  readonly MaxInFlight: number
  readonly MaxFaults: number
  readonly FaultKinds: ReadonlyArray<FaultKind>
}

type ByBroker<A> = ReadonlyArray<A>
type ByServer<A> = ReadonlyArray<A>
type ByClient<A> = ReadonlyArray<A>

/** The module's variables; arrays count from broker, NameServer and client 1. */
export interface State {
  readonly status: ByBroker<"up" | "down">
  readonly version: ByBroker<number>
  readonly dialed: ByBroker<ByServer<boolean>>
  readonly cut: ByBroker<ByServer<boolean>>
  readonly inFlight: ByBroker<ByServer<ReadonlyArray<Tables.Register>>>
  readonly link: ByBroker<ByServer<boolean>>
  readonly serverUp: ByServer<boolean>
  readonly accepted: ByServer<ByBroker<boolean>>
  readonly live: ByServer<ReadonlyArray<Tables.LiveEntry>>
  readonly addrs: ByServer<ReadonlyArray<number>>
  readonly queues: ByServer<ReadonlyArray<ReadonlyArray<Tables.QueueData>>>
  readonly pending: ByServer<ReadonlyArray<number>>
  readonly received: ByServer<ByBroker<number>>
  readonly server: ByClient<number>
  readonly polling: ByClient<boolean>
  readonly asked: ByClient<ByServer<boolean>>
  readonly told: ByClient<ReadonlyArray<Tables.RouteAnswer>>
  readonly cache: ByClient<ReadonlyArray<Tables.Route>>
  readonly faults: number
}

/** Bounds that nothing meets: what a shadow of a run takes. */
export const unbounded = {
  MaxVersion: Infinity,
  MaxInFlight: Infinity,
  MaxFaults: Infinity,
  FaultKinds: ["Expire", "WipeWritePerm", "Reset", "CutLink", "KillBroker", "KillServer"]
} as const satisfies Partial<Constants>

/** Element `i` of an array that counts from 1; `put` and `put2` replace one. */
export const at = <A>(array: ReadonlyArray<A>, i: number): A => array[i - 1]!
export const put = <A>(array: ReadonlyArray<A>, i: number, value: A): ReadonlyArray<A> => array.with(i - 1, value)
export const put2 = <A>(table: ReadonlyArray<ReadonlyArray<A>>, i: number, j: number, value: A) =>
  put(table, i, put(at(table, i), j, value))

/** What there is before anything happens: brokers run and have connected to nobody. */
export const initialOf = (c: Constants, deployment: Deployment): State => {
  const brokers = brokersOf(deployment)
  const servers = upTo(c.NameServerCount)
  const clients = upTo(c.ClientCount)
  const pairs = <A>(value: A) => brokers.map(() => servers.map(() => value))
  const empty = Tables.emptyTables(deployment)
  return {
    status: brokers.map(() => "up"),
    version: brokers.map(() => 1),
    dialed: pairs(false),
    cut: pairs(true),
    inFlight: pairs<ReadonlyArray<Tables.Register>>([]),
    link: pairs(true),
    serverUp: servers.map(() => true),
    accepted: servers.map(() => empty.accepted),
    live: servers.map(() => empty.live),
    addrs: servers.map(() => empty.addrs),
    queues: servers.map(() => empty.queues),
    pending: servers.map(() => empty.pending),
    received: servers.map(() => brokers.map(() => 0)),
    server: clients.map(() => Cache.emptyCache.server),
    polling: clients.map(() => Cache.emptyCache.polling),
    asked: clients.map(() => servers.map(() => false)),
    told: clients.map(() => []),
    cache: clients.map(() => Cache.emptyCache.cache),
    faults: 0
  }
}

/** The bounded variables. */
export const variablesOf = (c: Constants, deployment: Deployment): S.RecordSchema<State> => {
  const brokers = brokersOf(deployment)
  const servers = upTo(c.NameServerCount)
  const clients = upTo(c.ClientCount)
  const version = S.range(1, c.MaxVersion)
  const pairs = <A>(of: S.StateSchema<A>) => S.functionOver(brokers, S.functionOver(servers, of))
  const address = S.subset(brokers)
  const queues = S.functionOver(
    upTo(deployment.masters),
    S.sequence(1, S.record({ writeQueues: version, writable: S.boolean }))
  )
  return S.record({
    status: S.functionOver(brokers, S.oneOf("up", "down")),
    version: S.functionOver(brokers, version),
    dialed: pairs(S.boolean),
    cut: pairs(S.boolean),
    inFlight: pairs(S.sequence(c.MaxInFlight, S.union({ Register: { version } }))),
    link: pairs(S.boolean),
    serverUp: S.functionOver(servers, S.boolean),
    accepted: S.functionOver(servers, S.functionOver(brokers, S.boolean)),
    live: S.functionOver(
      servers,
      S.sequence(brokers.length, S.record({ broker: S.range(1, brokers.length), version }))
    ),
    addrs: S.functionOver(servers, address),
    queues: S.functionOver(servers, queues),
    pending: S.functionOver(servers, address),
    received: S.functionOver(servers, S.functionOver(brokers, S.range(0, c.MaxVersion))),
    server: S.functionOver(clients, S.range(1, c.NameServerCount)),
    polling: S.functionOver(clients, S.boolean),
    asked: S.functionOver(clients, S.functionOver(servers, S.boolean)),
    told: S.functionOver(clients, S.sequence(1, S.union({ Route: { addrs: address, queues }, NoRoute: {} }))),
    cache: S.functionOver(clients, S.sequence(1, S.record({ addrs: address, queues }))),
    faults: S.range(0, c.MaxFaults)
  })
}
