/**
 * After a power cut, which times a Kafka log must find.
 *
 *     segment ─ segment ─┃─ segment ─ segment ─ active        times are found in what was built anew, and in what came later
 *                  recovery point
 *
 * Below the recovery point nothing builds an index anew (LogLoader.recoverLog), and the last entry of a time index, which
 * a roll or a close adds, need not be durable: a roll flushes only where its offset is above the recovery point
 * (UnifiedLog.flush), a close forces the log and not the indexes (LogSegment.close, AbstractIndex.closeHandler). So such an
 * index may claim anything, and a look-up goes to the first segment that claims to reach the time (UnifiedLog.searchOffset):
 * a time is promised where none below the recovery point does.
 */
import * as LogSegment from "../kafka/storage/LogSegment.ts"
import * as LogSegments from "../kafka/storage/LogSegments.ts"
import type { PartitionLog } from "../kafka/storage/PartitionLog.ts"
import type { ReferenceBatch } from "../kafka/storage/ReferenceLog.ts"

/** Where the first segment begins whose indexes the start after a power cut built anew; behind a marker it builds none. */
export const rebuiltFrom = (
  { logEndOffset, recoveryPoint, segments }: PartitionLog,
  hadCleanShutdown: boolean
): number => hadCleanShutdown ? logEndOffset + 1 : LogSegments.floor(segments, recoveryPoint)?.baseOffset ?? 0

/** Whether the log must find this batch by its time, where the indexes of segments from offset `from` on are right. */
export const isSure = (
  { segments }: PartitionLog,
  from: number,
  { firstOffset, timestamp }: ReferenceBatch
): boolean => {
  if (from === 0) return true
  const own = LogSegments.floor(segments, firstOffset)
  return own !== undefined && own.baseOffset >= from &&
    segments.all.every((each) => each.baseOffset >= from || LogSegment.largestTimestamp(each) < timestamp)
}
