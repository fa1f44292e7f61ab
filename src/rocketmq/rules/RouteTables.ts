/**
 * What a NameServer does to its tables: register, find a channel closed, find an entry too old, remove, answer.
 *
 *     Register ─▶ live, addrs, queues           closed, expired ─▶ pending ─▶ unregister ─▶ not in any table
 *
 * The decision: who is gone is decided in one step and removed in a later one. With `RecheckFreshnessOnUnregister` the
 * removal looks again, and keeps who has registered on a channel that is open; the real one does not look (R12).
 *
 * Authority: RouteInfoManager of 4.9.7: registerBroker, scanNotActiveBroker, onChannelDestroy, pickupTopicRouteData,
 * operateWritePermOfBroker. There the two steps are a read lock and a write lock of one thread; in 5.x they are two
 * threads with a queue between them (BatchUnregistrationService). One topic: topics do not meet in these tables.
 */
import { brokersOf, type Deployment, isMaster, nameOf, upTo } from "./Deployment.ts"

/** Guards of the routing, named as in scenarios.md R10 and R12. */
export interface RoutingGuards {
  readonly RecheckFreshnessOnUnregister: boolean
  readonly ChannelCloseDetected: boolean
}

/** The topic's queues at one broker name: QueueData, the permission reduced to whether it can be written to. */
export interface QueueData {
  readonly writeQueues: number
  readonly writable: boolean
}

/** An entry of brokerLiveTable: the address, and the DataVersion of the topic configuration that it sent. */
export interface LiveEntry {
  readonly broker: number
  readonly version: number
}

/** What a broker sends to each NameServer: REGISTER_BROKER. A topic configuration of version v has v write queues. */
export interface Register {
  readonly _tag: "Register"
  readonly version: number
}

/** The memory of a NameServer. `accepted` counts from address 1, `queues` from name 1; `live` has the oldest first. */
export interface NameServerState {
  readonly accepted: ReadonlyArray<boolean>
  readonly live: ReadonlyArray<LiveEntry>
  /** Addresses in brokerAddrTable, ascending. */
  readonly addrs: ReadonlyArray<number>
  /** Queue data of each name, or nothing. */
  readonly queues: ReadonlyArray<ReadonlyArray<QueueData>>
  /** Addresses whose removal is decided and not carried out, ascending. */
  readonly pending: ReadonlyArray<number>
}

/** A route of the topic: TopicRouteData. */
export interface Route {
  readonly addrs: ReadonlyArray<number>
  readonly queues: ReadonlyArray<ReadonlyArray<QueueData>>
}

/** The answer to GET_ROUTEINFO_BY_TOPIC; `NoRoute` is TOPIC_NOT_EXIST. */
export type RouteAnswer = ({ readonly _tag: "Route" } & Route) | { readonly _tag: "NoRoute" }

/** What a NameServer knows when it starts, and what stands for it while it is down. */
export const emptyTables = (deployment: Deployment): NameServerState => ({
  accepted: brokersOf(deployment).map(() => false),
  live: [],
  addrs: [],
  queues: upTo(deployment.masters).map(() => []),
  pending: []
})

const including = (addresses: ReadonlyArray<number>, address: number): ReadonlyArray<number> =>
  addresses.includes(address) ? addresses : [...addresses, address].sort((a, b) => a - b)
const excluding = (addresses: ReadonlyArray<number>, address: number): ReadonlyArray<number> =>
  addresses.filter((other) => other !== address)
const withoutEntry = (live: ReadonlyArray<LiveEntry>, address: number): ReadonlyArray<LiveEntry> =>
  live.filter(({ broker }) => broker !== address)

/** Whether an address has an entry in the live table. */
export const isLive = ({ live }: NameServerState, address: number): boolean =>
  live.some(({ broker }) => broker === address)

/** Takes a registration: queue data only from a master whose version changed, or whose address was not there. */
export const register = (
  deployment: Deployment,
  own: NameServerState,
  broker: number,
  { version }: Register
): NameServerState => {
  const isSame = own.live.some((entry) => entry.broker === broker && entry.version === version)
  const takes = isMaster(deployment, broker) && (!isSame || !own.addrs.includes(broker))
  return {
    accepted: own.accepted.with(broker - 1, true),
    live: [...withoutEntry(own.live, broker), { broker, version }],
    addrs: including(own.addrs, broker),
    queues: takes ? own.queues.with(broker - 1, [{ writeQueues: version, writable: true }]) : own.queues,
    pending: own.pending
  }
}

/** Reads the end of a broker's channel: who is in the live table by it is to be removed. */
export const channelClosed = (guards: RoutingGuards, own: NameServerState, broker: number): NameServerState => ({
  ...own,
  accepted: own.accepted.with(broker - 1, false),
  pending: guards.ChannelCloseDetected && isLive(own, broker) ? including(own.pending, broker) : own.pending
})

/** BROKER_CHANNEL_EXPIRED_TIME. */
export const expiryMillis = 120_000

/** Whether a scan finds an entry too old: strictly more than the expiry after its last registration. */
export const isTooOld = (lastUpdateMillis: number, nowMillis: number, expiry = expiryMillis): boolean =>
  lastUpdateMillis + expiry < nowMillis

/** A scan found the oldest entry too old: it leaves the live table at once, and its channel is closed. */
export const expire = (own: NameServerState, broker: number): NameServerState | undefined =>
  own.live[0]?.broker !== broker ? undefined : {
    ...own,
    accepted: own.accepted.with(broker - 1, false),
    live: own.live.slice(1),
    pending: including(own.pending, broker)
  }

/** Whether a removal that looks again keeps the broker: it has registered, on a channel that is open. */
const isFresh = (own: NameServerState, broker: number): boolean => own.accepted[broker - 1]! && isLive(own, broker)

/** Whether carrying out a decided removal removes, or keeps who is fresh. */
export const removes = (guards: RoutingGuards, own: NameServerState, broker: number): boolean =>
  !(guards.RecheckFreshnessOnUnregister && isFresh(own, broker))

/** Carries out a decided removal, by address: the name goes with its last address, its queues with the name. */
export const unregister = (
  deployment: Deployment,
  guards: RoutingGuards,
  own: NameServerState,
  broker: number
): NameServerState | undefined => {
  if (!own.pending.includes(broker)) return undefined
  const pending = excluding(own.pending, broker)
  if (!removes(guards, own, broker)) return { ...own, pending }
  const name = nameOf(deployment, broker)
  const addrs = excluding(own.addrs, broker)
  const isLast = own.addrs.includes(broker) && !addrs.some((address) => nameOf(deployment, address) === name)
  return {
    accepted: own.accepted,
    live: withoutEntry(own.live, broker),
    addrs,
    queues: isLast ? own.queues.with(name - 1, []) : own.queues,
    pending
  }
}

/** WIPE_WRITE_PERM_OF_BROKER and ADD_WRITE_PERM_OF_BROKER: lasts until the master's queue data is taken again. */
export const setWritable = (own: NameServerState, name: number, writable: boolean): NameServerState | undefined => {
  const [data] = own.queues[name - 1]!
  if (data === undefined || data.writable === writable) return undefined
  return { ...own, queues: own.queues.with(name - 1, [{ ...data, writable }]) }
}

/** The route of the topic: the names with queue data, and the addresses of those. */
export const routeOf = (deployment: Deployment, own: NameServerState): RouteAnswer =>
  own.queues.every((data) => data.length === 0) ? { _tag: "NoRoute" } : {
    _tag: "Route",
    addrs: own.addrs.filter((address) => own.queues[nameOf(deployment, address) - 1]!.length > 0),
    queues: own.queues
  }
