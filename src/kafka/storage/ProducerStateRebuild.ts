/**
 * Brings the producers' state to an offset: the latest snapshot at or below it, then the log from there
 * (UnifiedLog.rebuildProducerState).
 *
 * On the way a snapshot is taken at the bases of the last two segments, so that the next rebuild is short. Where a clean
 * start finds no snapshot at all the log was written by a version without producers: then nothing is replayed, and empty
 * snapshots say so.
 */
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import * as FileRecords from "./FileRecords.ts"
import type { LogSegment } from "./LogSegment.ts"
import * as Segment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as ProducerState from "./ProducerState.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import * as RecordBatch from "./RecordBatch.ts"

/** A batch whose producer is to be taken into account: legacy batches and those without a producer are not. */
export const hasProducer = (batch: FileRecords.FoundBatch): boolean =>
  !batch.isLegacy && RecordBatch.hasProducerId(batch.header)

/** Replays a piece of a segment; the state takes it over as a whole, at its end. */
const replay = (
  state: ProducerStateManager.ProducerStateManager,
  segment: LogSegment,
  { end, start }: Segment.Slice
): void => {
  const infos = new Map<number, ProducerState.AppendInfo>()
  const completed: Array<ProducerState.CompletedTransaction> = []
  for (const batch of FileRecords.batches(segment.log, start, end)) {
    if (!hasProducer(batch)) continue
    const { header } = batch
    const info = infos.get(header.producerId) ??
      ProducerStateManager.prepareUpdate(state, header.producerId, "replication")
    infos.set(header.producerId, info)
    const transaction = ProducerState.append(info, header, () => batch.records)
    if (transaction !== undefined) completed.push(transaction)
  }
  for (const info of infos.values()) ProducerStateManager.update(state, info)
  for (const transaction of completed) ProducerStateManager.complete(state, transaction)
}

/** Takes `state` to `lastOffset`. */
export function* rebuild(
  environment: Environment,
  state: ProducerStateManager.ProducerStateManager,
  segments: LogSegments.LogSegments,
  logStartOffset: number,
  lastOffset: number,
  isReloadFromCleanShutdown: boolean
): Durably<void> {
  const last = LogSegments.last(segments)
  const bases = last === undefined
    ? []
    : [LogSegments.lower(segments, last.baseOffset)?.baseOffset, last.baseOffset].filter((base) => base !== undefined)
  if (isReloadFromCleanShutdown && ProducerStateManager.latestSnapshotOffset(state) === undefined) {
    for (const offset of [...bases, lastOffset]) {
      state.lastMapOffset = offset
      yield* ProducerStateManager.takeSnapshot(environment, state)
    }
    return
  }
  const wasEmptyAndThere = ProducerStateManager.isEmpty(state) && state.lastMapOffset >= lastOffset
  ProducerStateManager.truncateAndReload(environment, state, logStartOffset, lastOffset)
  if (lastOffset > state.lastMapOffset && !wasEmptyAndThere) {
    const segmentOfLast = LogSegments.floor(segments, lastOffset)
    for (const segment of LogSegments.between(segments, state.lastMapOffset, lastOffset)) {
      const startOffset = Math.max(segment.baseOffset, state.lastMapOffset, logStartOffset)
      state.lastMapOffset = startOffset
      if ([...bases, lastOffset].includes(segment.baseOffset)) {
        yield* ProducerStateManager.takeSnapshot(environment, state)
      }
      const maxPosition = segment === segmentOfLast
        ? Segment.translateOffset(segment, lastOffset)?.position ?? segment.log.size
        : segment.log.size
      const piece = Segment.slice(segment, startOffset, 0x7fffffff, maxPosition)
      if (piece !== undefined) replay(state, segment, piece)
    }
  }
  state.lastMapOffset = lastOffset
  yield* ProducerStateManager.takeSnapshot(environment, state)
}
