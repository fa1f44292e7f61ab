/**
 * Who leads a partition and who is in sync with it, as the controller of the ZooKeeper era decides it.
 *
 * The decision: the first replica in the order of the assignment that is live and in sync leads, every change of leader
 * or of membership by the controller raises the leader epoch by one, and the in-sync replicas are never emptied.
 *
 * Authority: kafka.controller.Election, PartitionLeaderElectionAlgorithms, PartitionStateMachine,
 * ZkReplicaStateMachine.doRemoveReplicasFromIsr (3.9). Names are those of spec/kafka/ControllerElection.tla.
 */

import type { Maybe } from "./Cluster.ts"

/** What `/brokers/topics/T/partitions/P/state` holds; `leader` is absent (real: -1) or one broker. */
export interface PartitionState {
  readonly leader: Maybe<number>
  readonly epoch: number
  /** In the order in which they joined. */
  readonly isr: ReadonlyArray<number>
  readonly controllerEpoch: number
}

/** What an election needs to know of a partition and of the cluster. */
export interface Situation {
  /** Its replicas in the order of the assignment: the first is preferred. */
  readonly replicas: ReadonlyArray<number>
  readonly live: ReadonlySet<number>
  /** Brokers in controlled shutdown. */
  readonly shutting: ReadonlySet<number>
  /** The epoch of the controller that decides. */
  readonly controllerEpoch: number
}

/** Guards, named as in the catalogue of scenarios. */
export interface ElectionGuards {
  /** K11: a live replica that is not in sync may lead when none in sync can. */
  readonly UncleanElection: boolean
}

/** What the controller does to one partition. */
export type Task =
  /** The partition is created: the first live replica leads, all live ones are in sync. */
  | { readonly _tag: "New" }
  /** Elects where the leader is gone. */
  | { readonly _tag: "Offline" }
  | { readonly _tag: "Preferred" }
  /** Moves the leader off a broker that shuts down. */
  | { readonly _tag: "Shutdown" }
  /** Takes a replica whose broker is gone out of the in-sync replicas. */
  | { readonly _tag: "Drop"; readonly replica: number }
  /** The same for a follower whose broker shuts down. */
  | { readonly _tag: "Retire"; readonly replica: number }
  /** Stores the in-sync replicas that the leader asked for. */
  | { readonly _tag: "Alter"; readonly isr: ReadonlyArray<number> }

const firstOf = (replicas: ReadonlyArray<number>, fits: (broker: number) => boolean): PartitionState["leader"] => {
  const found = replicas.find(fits)
  return found === undefined ? [] : [found]
}

const elected = (
  before: PartitionState,
  by: Situation,
  leader: PartitionState["leader"],
  isr: ReadonlyArray<number>
): PartitionState => ({ leader, epoch: before.epoch + 1, isr, controllerEpoch: by.controllerEpoch })

const offline = (guards: ElectionGuards, before: PartitionState, by: Situation): PartitionState | undefined => {
  const [leader] = before.leader
  if (leader !== undefined && by.live.has(leader)) return undefined
  const clean = firstOf(by.replicas, (broker) => by.live.has(broker) && before.isr.includes(broker))
  if (clean.length > 0) return elected(before, by, clean, before.isr.filter((broker) => by.live.has(broker)))
  const unclean = firstOf(by.replicas, (broker) => guards.UncleanElection && by.live.has(broker))
  return unclean.length === 0 ? undefined : elected(before, by, unclean, unclean)
}

const preferred = (before: PartitionState, by: Situation): PartitionState | undefined => {
  const broker = by.replicas[0]
  if (broker === undefined || before.leader[0] === broker) return undefined
  return by.live.has(broker) && before.isr.includes(broker) ? elected(before, by, [broker], before.isr) : undefined
}

const shutdown = (before: PartitionState, by: Situation): PartitionState | undefined => {
  const [leaving] = before.leader
  if (leaving === undefined || !by.shutting.has(leaving)) return undefined
  const stays = (broker: number) => !by.shutting.has(broker)
  const leader = firstOf(by.replicas, (broker) => by.live.has(broker) && before.isr.includes(broker) && stays(broker))
  return leader.length === 0 ? undefined : elected(before, by, leader, before.isr.filter(stays))
}

const drop = (before: PartitionState, by: Situation, replica: number): PartitionState | undefined => {
  if (!before.isr.includes(replica)) return undefined
  const leader = before.leader[0] === replica ? [] as const : before.leader
  const isr = before.isr.length === 1 ? before.isr : before.isr.filter((broker) => broker !== replica)
  return elected(before, by, leader, isr)
}

/** The state that a task writes, or nothing where it leaves the partition as it is. */
export const decide = (
  guards: ElectionGuards,
  task: Task,
  before: PartitionState | undefined,
  by: Situation
): PartitionState | undefined => {
  if (before === undefined) {
    if (task._tag !== "New") return undefined
    const leader = firstOf(by.replicas, (broker) => by.live.has(broker))
    const isr = by.replicas.filter((broker) => by.live.has(broker))
    return leader.length === 0 ? undefined : { leader, epoch: 0, isr, controllerEpoch: by.controllerEpoch }
  }
  switch (task._tag) {
    case "New":
      return undefined
    case "Offline":
      return offline(guards, before, by)
    case "Preferred":
      return preferred(before, by)
    case "Shutdown":
      return shutdown(before, by)
    case "Drop":
      return drop(before, by, task.replica)
    case "Retire":
      return before.leader[0] === task.replica ? undefined : drop(before, by, task.replica)
    case "Alter":
      return { leader: before.leader, epoch: before.epoch, isr: task.isr, controllerEpoch: by.controllerEpoch }
  }
}
