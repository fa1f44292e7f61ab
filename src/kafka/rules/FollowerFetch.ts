/**
 * What a leader learns of a follower's fetch, as far as membership is concerned: who has all of its log, and when a record
 * is acknowledged.
 *
 * The decision: a record is acknowledged once every replica of the maximal in-sync set has it, which is the stored one and
 * the one that the leader has proposed, and never while fewer replicas are in sync than min.insync.replicas asks for.
 *
 * Authority: Partition.updateFollowerFetchState, checkEnoughReplicasReachOffset, maximalIsr of PendingPartitionChange
 * (3.9); KIP-497.
 */
import type { Knowledge, ReplicaState } from "./Knowledge.ts"

/** A follower fetched; `hasAll` when it asked from the leader's log end on. */
export const sawFetch = (part: ReplicaState, follower: number, hasAll: boolean): ReplicaState =>
  !hasAll || part.synced.includes(follower)
    ? part
    : { ...part, synced: [...part.synced, follower].sort((a, b) => a - b) }

/** In-sync replicas, and those of a proposal that is not decided. */
const maximalIsr = ({ proposed }: Knowledge, partition: number, { isr }: ReplicaState): ReadonlyArray<number> =>
  proposed[0]?.partition === partition ? [...isr, ...proposed[0].isr] : isr

/** min.insync.replicas of the model, and of a cluster that says nothing else. */
export const twoInSync = 2

/** Whether all of a leader's log is acknowledged, where that takes so many replicas in sync. */
export const acknowledges = (
  own: Knowledge,
  leader: number,
  partition: number,
  part: ReplicaState,
  minInSync: number
): boolean =>
  part.isr.length >= minInSync &&
  maximalIsr(own, partition, part).every((replica) => replica === leader || part.synced.includes(replica))

/** The partitions of which a leader that is alone in sync has acknowledged all, since it waits for nobody. */
export const acknowledgedAlone = (own: Knowledge, leader: number, minInSync: number): ReadonlyArray<number> =>
  own.parts.flatMap(([part], i) =>
    part !== undefined && part.leader[0] === leader && part.isr.length === 1 &&
      acknowledges(own, leader, i + 1, part, minInSync)
      ? [i + 1]
      : []
  )
