/**
 * Removes old segments from the front of a log (UnifiedLog.deleteOldSegments).
 *
 *     reason in turn   log start offset above the segment · size of the log · age of the segment
 *
 * Only whole segments go, oldest first, as long as each has the reason and lies below the high watermark. The last one
 * goes only when it is rolled before, so that a log always has a segment to append to. With `cleanup.policy=compact`
 * alone only the first reason counts.
 */
import type { Durably } from "./Durably.ts"
import { guarded } from "./LogDirectory.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as PartitionLog from "./PartitionLog.ts"
import * as SegmentFiles from "./SegmentFiles.ts"

type Predicate = (segment: LogSegment.LogSegment, next: LogSegment.LogSegment | undefined) => boolean

/** The longest run of segments from the front that may go and for which the predicate holds. */
const deletable = (log: PartitionLog.PartitionLog, predicate: Predicate): ReadonlyArray<LogSegment.LogSegment> => {
  const { all } = log.segments
  const kept = all.findIndex((segment, index) => {
    const next = all[index + 1]
    const isBelowHighWatermark = log.highWatermark >= (next?.baseOffset ?? log.logEndOffset)
    const isLastAndEmpty = next === undefined && segment.log.size === 0
    return !(isBelowHighWatermark && predicate(segment, next) && !isLastAndEmpty)
  })
  return kept < 0 ? all : all.slice(0, kept)
}

function* remove(log: PartitionLog.PartitionLog, predicate: Predicate): Durably<number> {
  const { config, environment, producers, segments } = log
  const chosen = deletable(log, predicate)
  if (chosen.length === 0) return 0
  if (chosen.length === segments.all.length) yield* PartitionLog.roll(log)
  const next = LogSegments.higher(segments, chosen.at(-1)!.baseOffset)
  PartitionLog.incrementLogStartOffset(log, next!.baseOffset)
  SegmentFiles.removeLater(environment, config, segments, chosen)
  SegmentFiles.deleteSnapshotsLater(environment, config, producers, chosen)
  return chosen.length
}

const bySize = (log: PartitionLog.PartitionLog): Durably<number> => {
  const { retentionBytes } = log.config
  const size = PartitionLog.size(log)
  let excess = retentionBytes < 0 || size < retentionBytes ? -1 : size - retentionBytes
  return remove(log, (segment) => {
    if (excess - segment.log.size < 0) return false
    excess -= segment.log.size
    return true
  })
}

const byAge = (log: PartitionLog.PartitionLog): Durably<number> => {
  const { retentionMillis } = log.config
  const now = log.environment.now()
  return remove(log, (segment) => retentionMillis >= 0 && now - LogSegment.largestTimestamp(segment) > retentionMillis)
}

/** Removes the segments that have a reason to go. Answers how many. */
export const deleteOldSegments = (log: PartitionLog.PartitionLog): Durably<number> =>
  guarded(log.environment.logDirectory, function*() {
    let removed = yield* remove(log, (_, next) => next !== undefined && next.baseOffset <= log.logStartOffset)
    if (!log.config.cleanupPolicies.includes("delete")) return removed
    removed += yield* bySize(log)
    removed += yield* byAge(log)
    return removed
  })
