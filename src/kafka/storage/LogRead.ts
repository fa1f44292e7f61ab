/**
 * Reads a partition's log by offset and by time (UnifiedLog.read, fetchOffsetByTimestamp; LocalLog.read).
 *
 *     isolation     reads below            used by
 *     log end       log end offset         followers
 *     uncommitted   high watermark         consumers
 *     committed     last stable offset     consumers with isolation.level=read_committed
 *
 * A read answers whole segments' bytes as they stand, from the batch that holds the offset; so the first records may lie
 * below it, and the last batch may be cut. A gap that compaction left is passed over. For committed reads the aborted
 * transactions come along, and the reader leaves their records out (`visible`).
 */
import * as ControlRecord from "./ControlRecord.ts"
import * as FileRecords from "./FileRecords.ts"
import { ensureOnline } from "./LogDirectory.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as OffsetIndex from "./OffsetIndex.ts"
import { lastStableOffset, type PartitionLog } from "./PartitionLog.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { fail } from "./StorageError.ts"
import * as TimeIndex from "./TimeIndex.ts"
import * as TransactionIndex from "./TransactionIndex.ts"

export type Isolation = "log end" | "uncommitted" | "committed"

export interface Fetched {
  /** Batches, the last one perhaps cut. Empty where there is nothing yet. */
  readonly bytes: Uint8Array
  /** Transactions whose records a reader of committed data leaves out; with that isolation only. */
  readonly aborted?: ReadonlyArray<TransactionIndex.AbortedTransaction>
}

/** A place in the log: a segment and a byte in it. */
interface Place {
  readonly segment: LogSegment.LogSegment
  readonly position: number
}

const nothing = new Uint8Array(0)

/** Where the batch begins that holds `offset` or what follows it; the end of the log where none does. */
const placeOf = (log: PartitionLog, offset: number): Place => {
  const end = LogSegments.last(log.segments)!
  let segment = LogSegments.floor(log.segments, offset)
  while (segment !== undefined) {
    const position = LogSegment.translateOffset(segment, offset)?.position
    if (position !== undefined) return { segment, position }
    segment = LogSegments.higher(log.segments, segment.baseOffset)
  }
  return { segment: end, position: end.log.size }
}

/** The offset that a read of this isolation stops before. */
export const endOffsetOf = (log: PartitionLog, isolation: Isolation): number => {
  switch (isolation) {
    case "log end":
      return log.logEndOffset
    case "uncommitted":
      return log.highWatermark
    case "committed":
      return lastStableOffset(log)
  }
}

/** The aborted transactions that overlap the offsets from `offset` to before `upperBound`. */
const abortedBetween = (
  log: PartitionLog,
  from: LogSegment.LogSegment,
  offset: number,
  upperBound: number
): ReadonlyArray<TransactionIndex.AbortedTransaction> => {
  const found: Array<TransactionIndex.AbortedTransaction> = []
  for (const segment of log.segments.all.filter(({ baseOffset }) => baseOffset >= from.baseOffset)) {
    const { aborted, isComplete } = TransactionIndex.collect(segment.transactions, offset, upperBound)
    found.push(...aborted)
    if (isComplete) break
  }
  return found
}

const fetched = (
  log: PartitionLog,
  isolation: Isolation,
  offset: number,
  segment: LogSegment.LogSegment,
  slice: LogSegment.Slice
): Fetched => {
  const bytes = LogSegment.readSlice(segment, slice)
  if (isolation !== "committed") return { bytes }
  const upperBound = OffsetIndex.upperBound(LogSegment.offsetIndex(segment), slice.end) ??
    LogSegments.higher(log.segments, segment.baseOffset)?.baseOffset ?? log.logEndOffset
  return { bytes, aborted: abortedBetween(log, segment, offset, upperBound) }
}

/**
 * Up to `maxBytes` from the batch that holds `offset`, of one segment; at least that batch where `isOneBatchAtLeast`.
 *
 * Fails with `OffsetOutOfRange` outside the log, with `KafkaStorage` where the directory is offline.
 */
export const read = (
  log: PartitionLog,
  offset: number,
  maxBytes: number,
  isolation: Isolation,
  isOneBatchAtLeast: boolean
): Fetched => {
  ensureOnline(log.environment.logDirectory)
  const { logEndOffset, logStartOffset, segments } = log
  let segment = LogSegments.floor(segments, offset)
  if (offset < logStartOffset || offset > logEndOffset || segment === undefined) {
    return fail(
      "OffsetOutOfRange",
      `Offset ${offset} is not within the log, which has ${logStartOffset} to ${logEndOffset}`
    )
  }
  const endOffset = endOffsetOf(log, isolation)
  const empty: Fetched = isolation === "committed" ? { bytes: nothing, aborted: [] } : { bytes: nothing }
  if (offset >= endOffset) return empty
  const end = endOffset === logEndOffset ? undefined : placeOf(log, endOffset)
  while (segment !== undefined) {
    if (end !== undefined && segment.baseOffset > end.segment.baseOffset) return empty
    const maxPosition = segment === end?.segment ? end.position : segment.log.size
    const slice = LogSegment.slice(segment, offset, maxBytes, maxPosition, isOneBatchAtLeast)
    if (slice !== undefined) return fetched(log, isolation, offset, segment, slice)
    segment = LogSegments.higher(segments, segment.baseOffset)
  }
  return empty
}

/** The whole batches at the front of fetched bytes: each header and where it stands. */
export const wholeBatches = (
  bytes: Uint8Array
): ReadonlyArray<{ readonly header: RecordBatch.Header; readonly position: number }> => {
  const found: Array<{ readonly header: RecordBatch.Header; readonly position: number }> = []
  for (let position = 0; position + RecordBatch.headerSize <= bytes.length;) {
    const header = RecordBatch.readHeader(bytes, position)
    const size = RecordBatch.sizeInBytes(header)
    if (size < RecordBatch.headerSize || position + size > bytes.length) break
    found.push({ header, position })
    position += size
  }
  return found
}

const isAbortMarker = ([record]: ReadonlyArray<RecordBatch.PlacedRecord>): boolean =>
  record !== undefined && ControlRecord.read(record.key, record.value).type === "abort"

/**
 * What a consumer is shown of fetched bytes from `offset` on: no control records, and with aborted transactions given
 * none of theirs (Fetcher, CompletedFetch.nextFetchedRecord). `next` is the offset to fetch from next.
 */
export const visible = (
  { aborted, bytes }: Fetched,
  offset: number
): { readonly records: ReadonlyArray<RecordBatch.PlacedRecord>; readonly next: number } => {
  const pending = [...aborted ?? []].sort((one, other) => one.firstOffset - other.firstOffset)
  const inAborted = new Set<number>()
  const shown: Array<RecordBatch.PlacedRecord> = []
  let next = offset
  for (const { header, position } of wholeBatches(bytes)) {
    const last = RecordBatch.lastOffset(header)
    while (pending.length > 0 && pending[0]!.firstOffset <= last) inAborted.add(pending.shift()!.producerId)
    const records = RecordBatch.records(bytes, header, position)
    const isControl = RecordBatch.isControl(header)
    if (isControl && isAbortMarker(records)) inAborted.delete(header.producerId)
    const isDropped = isControl || (RecordBatch.isTransactional(header) && inAborted.has(header.producerId))
    if (!isDropped) shown.push(...records.filter((record) => record.offset >= offset))
    next = last + 1
  }
  return { records: shown, next }
}

/** The first record that is not older than `timestamp`, in milliseconds since 1970, if there is one. */
export const findByTimestamp = (
  log: PartitionLog,
  timestamp: number
): { readonly offset: number; readonly timestamp: number; readonly leaderEpoch: number } | undefined => {
  ensureOnline(log.environment.logDirectory)
  const segment = log.segments.all.find((each) => LogSegment.largestTimestamp(each) >= timestamp)
  if (segment === undefined) return undefined
  const indexed = TimeIndex.lookup(LogSegment.timeIndex(segment), timestamp)
  const from = Math.max(indexed.offset, log.logStartOffset)
  const { position } = OffsetIndex.lookup(LogSegment.offsetIndex(segment), from)
  for (const batch of FileRecords.batches(segment.log, position)) {
    if (batch.maxTimestamp < timestamp || batch.isLegacy) continue
    const record = batch.records.find((each) => each.timestamp >= timestamp && each.offset >= log.logStartOffset)
    if (record === undefined) continue
    return { offset: record.offset, timestamp: record.timestamp, leaderEpoch: batch.partitionLeaderEpoch }
  }
  return undefined
}
