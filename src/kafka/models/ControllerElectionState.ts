/**
 * Constants and variables of the model ControllerElection: their types, their bounds, and the state it begins in.
 *
 * The decision: what a broker process knows is one value, the same that the rules turn, so the model adds only what lies
 * between processes: ZooKeeper, messages in flight, and what the environment did.
 */
import * as S from "../../machine/StateSchema.ts"
import type { AlterGuards } from "../rules/AlterPartition.ts"
import type { BrokerGuards } from "../rules/BrokerOrders.ts"
import { at, type Cluster, type Maybe, partitionsOf, ringOf } from "../rules/Cluster.ts"
import type { ControllerGuards } from "../rules/ControllerTurn.ts"
import type * as Messages from "../rules/CoordinationMessages.ts"
import { type Knowledge, startOf } from "../rules/Knowledge.ts"
import { schemasOf } from "./ControllerElectionSchema.ts"

/** What operators and clients ask for, by the action that does. */
export type AskKind = "CreatePartition" | "PreferLeader" | "ShutDown"

/** The module's constants. */
export interface Constants extends ControllerGuards, BrokerGuards, AlterGuards {
  readonly Brokers: number
  readonly Partitions: number
  readonly Replicas: number
  /** Connections between brokers are cut too, and take with them what was on the way. */
  readonly Cuts: boolean
  readonly Warm: boolean
  /** Where in the assignment the leader of a cluster that stands is: 1 is preferred. */
  readonly WarmLeader: number
  readonly ControllerStays: boolean
  readonly FaultsApart: boolean
  /** Brokers whose thread of controller events hears nothing, as in one long pause of it. */
  readonly Deaf: ReadonlyArray<number>
  readonly AskKinds: ReadonlyArray<AskKind>
  /** min.insync.replicas, 1 or 2. */
  readonly MinInSync: number
  readonly MaxRecords: number
  readonly MaxFaults: number
  readonly MaxDeletes: number
  readonly MaxAlters: number
  readonly MaxAsked: number
  readonly MaxSessions: number
  readonly MaxQueue: number
}

/** A znode; its owner is nobody, or a session: the broker and the number. */
export interface Znode {
  readonly data: Messages.ZnodeData
  readonly version: number
  readonly owner: ReadonlyArray<number>
}

/** What a broker sends to ZooKeeper; session 0 is none. */
export interface ToZooKeeper {
  readonly session: number
  readonly message:
    | Messages.ZkQuestion
    | { readonly _tag: "Connect"; readonly session: Maybe<number> }
    | { readonly _tag: "Close" }
}

export interface OrderSlot {
  /** Whether the controller still waits for the answer. */
  readonly open: boolean
  readonly message: { readonly _tag: "Order"; readonly order: Messages.ControllerOrder } | { readonly _tag: "Answer" }
}

export interface AlterSlot {
  readonly open: boolean
  readonly to: number
  readonly message:
    | ({ readonly _tag: "Alter" } & Messages.AlterPartition)
    | { readonly _tag: "Judging" }
    | Messages.Verdict
}

export interface FetchSlot {
  readonly open: boolean
  readonly to: number
  readonly message:
    | { readonly _tag: "Fetch" | "Fetched"; readonly epoch: number; readonly end: number }
    | { readonly _tag: "NotLeader" }
}

type ByBroker<A> = ReadonlyArray<A>
type ByPartition<A> = ReadonlyArray<A>

/** The module's variables; arrays count from broker and partition 1, `tree` is in the order of `pathsOf`. */
export interface State {
  readonly tree: ReadonlyArray<Maybe<Znode>>
  readonly sessions: ByBroker<ReadonlyArray<number>>
  readonly opened: ByBroker<number>
  readonly attached: ByBroker<Maybe<number>>
  readonly watches: ByBroker<ReadonlyArray<Messages.WatchKind>>
  readonly linked: ByBroker<boolean>
  readonly channel: ByBroker<Maybe<number>>
  readonly toZk: ByBroker<ReadonlyArray<ToZooKeeper>>
  readonly fromZk: ByBroker<ReadonlyArray<Messages.ZkReply>>
  readonly status: ByBroker<"up" | "down">
  readonly own: ByBroker<Knowledge>
  readonly orders: ByBroker<ByBroker<Maybe<OrderSlot>>>
  readonly alter: ByBroker<ReadonlyArray<AlterSlot>>
  readonly fetch: ByBroker<ByPartition<ReadonlyArray<FetchSlot>>>
  readonly log: ByBroker<ByPartition<number>>
  readonly acked: ByPartition<number>
  readonly faults: number
  readonly deletes: number
  readonly alters: number
  readonly asked: number
}

/** Every guard of the controller and its brokers is on. */
export const guarded = {
  CompareBrokerEpoch: true,
  RequestCarriesBrokerEpoch: true,
  AtomicRegister: true,
  FenceControllerWrites: true,
  BrokerChecksControllerEpoch: true,
  ZombieAlterCheck: true,
  RegisterRetries: true,
  AtomicBecomeFollower: true,
  UncleanElection: false
} as const satisfies ControllerGuards & BrokerGuards & AlterGuards

/** Bounds for whoever walks along with a run: none. */
export const unbounded = {
  Cuts: true,
  Warm: false,
  WarmLeader: 1,
  ControllerStays: false,
  FaultsApart: false,
  Deaf: [],
  AskKinds: ["CreatePartition", "PreferLeader", "ShutDown"],
  MinInSync: 2,
  MaxRecords: Infinity,
  MaxFaults: Infinity,
  MaxDeletes: Infinity,
  MaxAlters: Infinity,
  MaxAsked: Infinity,
  MaxSessions: Infinity,
  MaxQueue: Infinity
} as const satisfies Partial<Constants>

/** The cluster of these constants. */
export const clusterOf = (c: Constants): Cluster => ringOf(c.Brokers, c.Partitions, c.Replicas)

/** The znodes: `/controller`, `/controller_epoch`, one a broker, one a partition. */
export const pathsOf = (cluster: Cluster): ReadonlyArray<Messages.ZnodePath> => [
  ["controller", 0],
  ["controller_epoch", 0],
  ...cluster.brokers.map((broker) => ["ids", broker] as const),
  ...partitionsOf(cluster).map((partition) => ["state", partition] as const)
]

/** Where a path stands in `tree`. */
export const indexOf = ({ brokers }: Cluster, [kind, index]: Messages.ZnodePath): number => {
  switch (kind) {
    case "controller":
      return 0
    case "controller_epoch":
      return 1
    case "ids":
      return 1 + index
    case "state":
      return 1 + brokers.length + index
  }
}

const warmTree = (c: Constants, cluster: Cluster): State["tree"] =>
  pathsOf(cluster).map(([kind, index]): Maybe<Znode> => {
    switch (kind) {
      case "controller":
        return [{ data: { _tag: "Controller", broker: 1 }, version: 0, owner: [1, 1] }]
      case "controller_epoch":
        return [{ data: { _tag: "Epoch", value: 1 }, version: 1, owner: [] }]
      case "ids":
        return [{ data: { _tag: "Broker" }, version: 1, owner: [index, 1] }]
      case "state": {
        const isr = at(cluster.assignment, index)
        return [{
          data: { _tag: "State", leader: [at(isr, c.WarmLeader)], epoch: 0, isr, controllerEpoch: 1 },
          version: 0,
          owner: []
        }]
      }
    }
  })

/** What a broker knows in a cluster that stands: broker 1 is the controller. */
const warmKnowledge = (c: Constants, cluster: Cluster, broker: number): Knowledge => {
  const start = startOf(cluster)
  const known: Knowledge = {
    ...start,
    session: [1],
    phase: "idle",
    registered: [1],
    known: 1,
    boss: [1],
    alive: cluster.brokers,
    meta: cluster.assignment.map((isr) => [{ leader: [at(isr, c.WarmLeader)], epoch: 0 }]),
    parts: cluster.assignment.map((isr) =>
      isr.includes(broker)
        ? [{ epoch: 0, role: 0, leader: [at(isr, c.WarmLeader)], isr, version: 0, synced: [] }]
        : []
    )
  }
  if (broker !== 1) return known
  return {
    ...known,
    view: [{ epoch: 1, version: 1 }],
    active: true,
    live: cluster.brokers.map(() => [1]),
    states: cluster.assignment.map((isr) => [{
      leader: [at(isr, c.WarmLeader)],
      epoch: 0,
      isr,
      controllerEpoch: 1,
      version: 0
    }])
  }
}

/** What there is before anything happens: processes that have just started, or a cluster that stands. */
export const initialOf = (c: Constants): State => {
  const cluster = clusterOf(c)
  const { assignment, brokers } = cluster
  const each = <A>(value: A) => brokers.map(() => value)
  const none = <A>(): ReadonlyArray<A> => []
  return {
    tree: c.Warm ? warmTree(c, cluster) : pathsOf(cluster).map(none<Znode>),
    sessions: each(c.Warm ? [1] : []),
    opened: each(c.Warm ? 1 : 0),
    attached: each(c.Warm ? [1] : []),
    watches: brokers.map((broker) =>
      !c.Warm ? [] : broker === 1 ? ["ControllerChange", "BrokerChange"] : ["ControllerChange"]
    ),
    linked: each(c.Warm),
    channel: each(c.Warm ? [1] : []),
    toZk: each(none()),
    fromZk: each(none()),
    status: each("up"),
    own: brokers.map((broker) => c.Warm ? warmKnowledge(c, cluster, broker) : startOf(cluster)),
    orders: each(each(none())),
    alter: each(none()),
    fetch: each(assignment.map(none<FetchSlot>)),
    log: each(assignment.map(() => 0)),
    acked: assignment.map(() => 0),
    faults: 0,
    deletes: 0,
    alters: 0,
    asked: 0
  }
}

/** The bounded variables. */
export const variablesOf = (c: Constants): S.RecordSchema<State> => {
  const cluster = clusterOf(c)
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  const of = schemasOf(c, cluster)
  const byBroker = <A>(schema: S.StateSchema<A>) => S.functionOver(brokers, schema)
  const byPartition = <A>(schema: S.StateSchema<A>) => S.functionOver(partitions, schema)
  return S.record({
    tree: S.functionOver(pathsOf(cluster), of.maybe(of.znode)),
    sessions: byBroker(S.subset(of.sessionNumbers)),
    opened: byBroker(S.range(0, c.MaxSessions)),
    attached: byBroker(of.maybe(of.session)),
    watches: byBroker(of.watches),
    linked: byBroker(S.boolean),
    channel: byBroker(of.maybe(of.broker)),
    toZk: byBroker(S.sequence(of.questions, of.toZooKeeper)),
    fromZk: byBroker(S.sequence(of.tidings, of.reply)),
    status: byBroker(S.oneOf("up", "down")),
    own: byBroker(of.knowledge),
    orders: byBroker(byBroker(of.maybe(of.orderSlot))),
    alter: byBroker(S.sequence(c.Cuts ? c.Brokers : 1, of.alterSlot)),
    fetch: byBroker(byPartition(S.sequence(Math.max(1, c.Brokers - 1), of.fetchSlot))),
    log: byBroker(byPartition(S.range(0, c.MaxRecords))),
    acked: byPartition(S.range(0, c.MaxRecords)),
    faults: S.range(0, c.MaxFaults),
    deletes: S.range(0, c.MaxDeletes),
    alters: S.range(0, c.MaxAlters),
    asked: S.range(0, c.MaxAsked)
  })
}
