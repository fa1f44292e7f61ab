/**
 * What one broker process knows: of its session, of the controller's work if it is the controller, of its partitions.
 *
 *     starting ─▶ registering ⇄ checking ─▶ electing ─▶ reading ⇄ creating ─▶ claiming ─▶ loading ─▶ loadingStates
 *                                               ▲                                │ verifying, recounting    │
 *                                               └──── idle ◀─────────────────────┴──────────────────────────┤
 *                                                      └▶ changing ─▶ writing ⇄ refreshing ◀────────────────┘
 *
 * The decision: the thread of the controller's events waits for one reply of ZooKeeper at a time, and the phase says for
 * which; so all that it does between two replies is one turn.
 *
 * Authority: ControllerEventManager, KafkaController (its fields and ControllerContext), ReplicaManager, Partition (3.9).
 */
import type { Cluster, Maybe } from "./Cluster.ts"
import type { ControllerTask } from "./ControllerTask.ts"
import type {
  ControllerOrder,
  EpochView,
  LeaderView,
  VersionedState,
  WatchKind,
  ZkQuestion
} from "./CoordinationMessages.ts"

/** For which reply the thread waits; `unregistered` is a broker that gave up registering (K21). */
export type Phase =
  | "starting"
  | "registering"
  | "checking"
  | "unregistered"
  | "electing"
  | "reading"
  | "creating"
  | "claiming"
  | "verifying"
  | "recounting"
  | "counting"
  | "raising"
  | "loading"
  | "loadingStates"
  | "idle"
  | "changing"
  | "writing"
  | "refreshing"

/** A partition at one of its replicas. */
export interface ReplicaState {
  /** The leader epoch of the last order that was taken. */
  readonly epoch: number
  /** The epoch of the order whose role the replica plays: another one only after an order that was half taken (K22). */
  readonly role: number
  readonly leader: Maybe<number>
  readonly isr: ReadonlyArray<number>
  /** Of the znode that holds this state. */
  readonly version: number
  /** Followers that were seen to have all of the leader's log, ascending. */
  readonly synced: ReadonlyArray<number>
}

/** In-sync replicas that a leader asked for and that are not decided. */
export interface Proposal {
  readonly partition: number
  readonly isr: ReadonlyArray<number>
  /** It was refused for good: the leader waits for a later order. */
  readonly final: boolean
}

export interface Knowledge {
  readonly session: Maybe<number>
  /** A session was asked for, or is being taken up again: nothing else is asked. */
  readonly connecting: boolean
  /** What the thread waits for the reply to. */
  readonly asks: Maybe<ZkQuestion>
  readonly phase: Phase
  /** Watch events that wait for the thread. */
  readonly events: ReadonlyArray<{ readonly _tag: WatchKind }>
  /** The broker epoch: the session whose znode is this broker's. */
  readonly registered: Maybe<number>
  /** The controller epoch that was read, or that it holds. */
  readonly view: Maybe<EpochView>
  readonly active: boolean
  /** The broker epoch of each broker that the controller takes for alive. */
  readonly live: ReadonlyArray<Maybe<number>>
  readonly states: ReadonlyArray<Maybe<VersionedState>>
  /** Brokers in controlled shutdown, ascending. */
  readonly shutting: ReadonlyArray<number>
  readonly todo: ReadonlyArray<ControllerTask>
  /** The leader whose proposal is being written. */
  readonly judging: Maybe<number>
  /** Orders to each broker that were not answered, the oldest first. */
  readonly queues: ReadonlyArray<ReadonlyArray<ControllerOrder>>
  /** The highest controller epoch that it took an order of. */
  readonly known: number
  /** Whose order that was. */
  readonly boss: Maybe<number>
  /** Brokers that metadata calls alive, ascending. */
  readonly alive: ReadonlyArray<number>
  readonly meta: ReadonlyArray<Maybe<LeaderView>>
  readonly parts: ReadonlyArray<Maybe<ReplicaState>>
  readonly proposed: Maybe<Proposal>
}

/** What a process knows when it starts, and what stands for it while it is down. */
export const startOf = ({ assignment, brokers }: Cluster): Knowledge => ({
  session: [],
  connecting: false,
  asks: [],
  phase: "starting",
  events: [],
  registered: [],
  view: [],
  active: false,
  live: brokers.map(() => []),
  states: assignment.map(() => []),
  shutting: [],
  todo: [],
  judging: [],
  queues: brokers.map(() => []),
  known: 0,
  boss: [],
  alive: [],
  meta: assignment.map(() => []),
  parts: assignment.map(() => []),
  proposed: []
})

/** Brokers that the controller takes for alive, ascending. */
export const liveBrokers = ({ live }: Knowledge): ReadonlyArray<number> =>
  live.flatMap((epoch, i) => epoch.length > 0 ? [i + 1] : [])

/** A controller that is one no longer forgets all that a controller knows. */
export const resign = (cluster: Cluster, own: Knowledge): Knowledge => {
  const { judging, live, queues, shutting, states, todo, view } = startOf(cluster)
  return { ...own, active: false, view, live, states, shutting, todo, judging, queues }
}
