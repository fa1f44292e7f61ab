/**
 * A segment: the log from one base offset to the next, with its three indexes (LogSegment).
 *
 *     00000000000000000042.log         the batches
 *     00000000000000000042.index       offset ─▶ position          opened when first needed, and created then
 *     00000000000000000042.timeindex   time ─▶ offset              (LazyIndex): a file that nobody asks for
 *     00000000000000000042.txnindex    aborted transactions        is never looked at
 *
 * Indexes are opened late on purpose: whether a damaged or missing index file is noticed at all depends on it.
 */
import type { File } from "../../world/Disk.ts"
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import * as FileRecords from "./FileRecords.ts"
import * as IndexFile from "./IndexFile.ts"
import type { LogConfig } from "./LogConfig.ts"
import { fileName, type SegmentKind, segmentKinds } from "./LogFileNames.ts"
import * as OffsetIndex from "./OffsetIndex.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { StorageError } from "./StorageError.ts"
import * as TimeIndex from "./TimeIndex.ts"
import * as TransactionIndex from "./TransactionIndex.ts"

export interface LogSegment {
  readonly environment: Environment
  readonly directory: string
  readonly baseOffset: number
  readonly config: LogConfig
  readonly log: FileRecords.FileRecords
  readonly transactions: TransactionIndex.TransactionIndex
  /** What stands behind the names of its files: "" while it is part of the log. */
  suffix: string
  /** `undefined` until it is needed. */
  offsets: OffsetIndex.OffsetIndex | undefined
  times: TimeIndex.TimeIndex | undefined
  /** The largest time so far and the last offset of its batch; `undefined` until it is read from the index. */
  maxTimestamp: TimeIndex.TimestampOffset | undefined
  /** Largest time of the first batch, from which the age of the segment counts. */
  rollingBasedTimestamp: number | undefined
  created: number
  bytesSinceLastIndexEntry: number
}

/** The segment that holds more offsets than an index can say; recovery splits it. */
export class SegmentOffsetOverflow extends Error {
  readonly segment: LogSegment
  constructor(segment: LogSegment, offset: number) {
    super(`Detected offset overflow at offset ${offset} in segment ${pathOf(segment, ".log")}`)
    this.segment = segment
  }
}

export const pathOf = (segment: LogSegment, kind: SegmentKind, suffix = segment.suffix): string =>
  `${segment.directory}/${fileName(segment.baseOffset, kind, suffix)}`

/** Opens the segment at a base offset; its log file is made where there is none. */
export const open = (
  environment: Environment,
  directory: string,
  baseOffset: number,
  config: LogConfig,
  suffix = ""
): LogSegment => {
  const { disk, now } = environment
  const at = (kind: SegmentKind) => `${directory}/${fileName(baseOffset, kind, suffix)}`
  return {
    environment,
    directory,
    baseOffset,
    config,
    log: FileRecords.open(disk.open(at(".log"), "either")),
    transactions: TransactionIndex.open(disk, at(".txnindex"), baseOffset),
    suffix,
    offsets: undefined,
    times: undefined,
    maxTimestamp: undefined,
    rollingBasedTimestamp: undefined,
    created: now(),
    bytesSinceLastIndexEntry: 0
  }
}

export const offsetIndex = (segment: LogSegment): OffsetIndex.OffsetIndex =>
  segment.offsets ??= OffsetIndex.open(
    segment.environment.disk,
    pathOf(segment, ".index"),
    segment.baseOffset,
    segment.config.segmentIndexBytes
  )

export const timeIndex = (segment: LogSegment): TimeIndex.TimeIndex =>
  segment.times ??= TimeIndex.open(
    segment.environment.disk,
    pathOf(segment, ".timeindex"),
    segment.baseOffset,
    segment.config.segmentIndexBytes
  )

/** The largest time so far; from the last entry of the time index where nothing better is known. */
export const maxTimestampSoFar = (segment: LogSegment): TimeIndex.TimestampOffset =>
  segment.maxTimestamp ??= timeIndex(segment).last

/** The time by which retention judges a segment; where no record has one, that of its making. */
export const largestTimestamp = (segment: LogSegment): number => {
  const { timestamp } = maxTimestampSoFar(segment)
  return timestamp >= 0 ? timestamp : segment.created
}

export const ensureOffsetInRange = (segment: LogSegment, offset: number): void => {
  if (!IndexFile.fits(offsetIndex(segment).index, offset)) throw new SegmentOffsetOverflow(segment, offset)
}

/** What is to be appended: whole batches, and what is known of them. */
export interface Appended {
  readonly bytes: Uint8Array
  readonly lastOffset: number
  readonly maxTimestamp: number
  /** Last offset of the batch that has the largest time. */
  readonly offsetOfMaxTimestamp: number
}

const noteMaxTimestamp = (segment: LogSegment, timestamp: number, offset: number): void => {
  if (timestamp > maxTimestampSoFar(segment).timestamp) segment.maxTimestamp = { timestamp, offset }
}

const indexEntry = (segment: LogSegment, lastOffset: number, position: number): void => {
  OffsetIndex.append(offsetIndex(segment), lastOffset, position)
  TimeIndex.maybeAppend(timeIndex(segment), maxTimestampSoFar(segment), false)
}

/** Appends batches, and index entries where enough bytes went by since the last one. */
export const append = (segment: LogSegment, appended: Appended): void => {
  if (appended.bytes.length === 0) return
  if (segment.log.size === 0) segment.rollingBasedTimestamp = appended.maxTimestamp
  ensureOffsetInRange(segment, appended.lastOffset)
  const position = FileRecords.append(segment.log, appended.bytes)
  if (!segment.environment.behaviour.indexesEachBatch) {
    noteMaxTimestamp(segment, appended.maxTimestamp, appended.offsetOfMaxTimestamp)
    noteBytes(segment, appended.lastOffset, position, appended.bytes.length)
    return
  }
  for (let at = 0; at < appended.bytes.length;) {
    const header = RecordBatch.readHeader(appended.bytes, at)
    const lastOffset = RecordBatch.lastOffset(header)
    noteMaxTimestamp(segment, header.maxTimestamp, lastOffset)
    noteBytes(segment, lastOffset, position + at, RecordBatch.sizeInBytes(header))
    at += RecordBatch.sizeInBytes(header)
  }
}

const noteBytes = (segment: LogSegment, lastOffset: number, position: number, size: number): void => {
  if (segment.bytesSinceLastIndexEntry > segment.config.indexIntervalBytes) {
    indexEntry(segment, lastOffset, position)
    segment.bytesSinceLastIndexEntry = 0
  }
  segment.bytesSinceLastIndexEntry += size
}

/** Fails with `CorruptIndex` where the transaction index does not belong; answers whether there is an offset index. */
export const sanityCheck = (segment: LogSegment, isTimeIndexMissing: boolean): boolean => {
  if (segment.environment.disk.stat(pathOf(segment, ".index")) === undefined) return false
  if (isTimeIndexMissing) {
    const times = timeIndex(segment)
    if (IndexFile.resize(times.index, 0)) times.last = { timestamp: -1, offset: segment.baseOffset }
  }
  TransactionIndex.sanityCheck(segment.transactions)
  return true
}

/** Preallocates the indexes of the segment that is appended to. */
export const resizeIndexes = (segment: LogSegment, size: number): void => {
  IndexFile.resize(offsetIndex(segment).index, size)
  IndexFile.resize(timeIndex(segment).index, size)
}

/** Where the batch begins that holds `offset` or what follows it. */
export const translateOffset = (segment: LogSegment, offset: number): FileRecords.FoundBatch | undefined =>
  FileRecords.searchForOffset(segment.log, offset, OffsetIndex.lookup(offsetIndex(segment), offset).position)

/** A piece of a segment's log, from a batch's beginning. */
export interface Slice {
  readonly start: number
  readonly end: number
  /** Size of the first batch, which may be larger than the piece. */
  readonly firstBatchSize: number
}

/**
 * The piece from the batch that holds `offset`, of at most `maxSize` bytes and not beyond `maxPosition`; `undefined`
 * where no batch reaches that offset.
 */
export const slice = (
  segment: LogSegment,
  offset: number,
  maxSize: number,
  maxPosition: number,
  isOneBatchAtLeast = false
): Slice | undefined => {
  const first = translateOffset(segment, offset)
  if (first === undefined) return undefined
  const size = isOneBatchAtLeast ? Math.max(maxSize, first.size) : maxSize
  const start = first.position
  if (size === 0) return { start, end: start, firstBatchSize: first.size }
  const end = FileRecords.sliceEnd(segment.log, start, Math.min(maxPosition - start, size))
  return { start, end, firstBatchSize: first.size }
}

/** The offset behind the last batch that can be found from the last index entry on. */
export const readNextOffset = (segment: LogSegment): number => {
  const found = slice(segment, offsetIndex(segment).lastOffset, segment.log.size, segment.log.size)
  if (found === undefined) return segment.baseOffset
  let next = segment.baseOffset
  for (const batch of FileRecords.batches(segment.log, found.start, found.end)) next = batch.lastOffset + 1
  return next
}

export const hasOverflow = (segment: LogSegment): boolean => {
  const next = readNextOffset(segment)
  return next > segment.baseOffset && !IndexFile.fits(segment, next - 1)
}

/** The largest time from the last entry of the time index on. */
const readLargestTimestamp = (segment: LogSegment): TimeIndex.TimestampOffset => {
  const { last } = timeIndex(segment)
  let largest: TimeIndex.TimestampOffset = { timestamp: -1, offset: -1 }
  const { position } = OffsetIndex.lookup(offsetIndex(segment), last.offset)
  for (const batch of FileRecords.batches(segment.log, position)) {
    if (batch.maxTimestamp > largest.timestamp) largest = { timestamp: batch.maxTimestamp, offset: batch.lastOffset }
  }
  return largest.timestamp > last.timestamp ? largest : last
}

/** Cuts the segment where the batch begins that holds `offset`. Answers the bytes that went. */
export const truncateTo = (segment: LogSegment, offset: number): number => {
  const found = translateOffset(segment, offset)
  const offsets = offsetIndex(segment)
  const times = timeIndex(segment)
  if (segment.environment.behaviour.guards.TruncateIndexes) {
    OffsetIndex.truncateTo(offsets, offset)
    TimeIndex.truncateTo(times, offset)
  }
  TransactionIndex.truncateTo(segment.transactions, offset)
  IndexFile.resize(offsets.index, offsets.index.maxSize)
  IndexFile.resize(times.index, times.index.maxSize)
  const truncated = found === undefined ? 0 : FileRecords.truncateTo(segment.log, found.position)
  if (segment.log.size === 0) {
    segment.created = segment.environment.now()
    segment.rollingBasedTimestamp = undefined
  }
  segment.bytesSinceLastIndexEntry = 0
  if (maxTimestampSoFar(segment).timestamp >= 0) segment.maxTimestamp = readLargestTimestamp(segment)
  return truncated
}

/** How long records have been waiting in the segment for it to be rolled, by their own times where they have some. */
const timeWaitedForRoll = (segment: LogSegment, now: number, messageTimestamp: number): number => {
  if (segment.rollingBasedTimestamp === undefined) {
    for (const batch of FileRecords.batches(segment.log)) {
      segment.rollingBasedTimestamp = batch.maxTimestamp
      break
    }
  }
  const based = segment.rollingBasedTimestamp ?? -1
  return based >= 0 ? messageTimestamp - based : now - segment.created
}

/** Must the next append go to a segment of its own? `maxTimestamp` and `lastOffset` are those of the append. */
export const shouldRoll = (
  segment: LogSegment,
  { lastOffset, maxTimestamp, size }: {
    readonly size: number
    readonly maxTimestamp: number
    readonly lastOffset: number
  }
): boolean => {
  const { config, environment, log } = segment
  const isOld = timeWaitedForRoll(segment, environment.now(), maxTimestamp) > config.segmentMillis
  return log.size > config.segmentBytes - size || (log.size > 0 && isOld) || OffsetIndex.isFull(offsetIndex(segment)) ||
    TimeIndex.isFull(timeIndex(segment)) || !IndexFile.fits(segment, lastOffset)
}

/** The last time entry is forced and the indexes are trimmed: nothing will be appended any more. */
export const becomeInactive = (segment: LogSegment): void => {
  TimeIndex.maybeAppend(timeIndex(segment), maxTimestampSoFar(segment), true)
  IndexFile.trim(offsetIndex(segment).index)
  IndexFile.trim(timeIndex(segment).index)
}

/** What a flush of the segment makes durable. Indexes are opened for it, which creates missing ones. */
export const filesToFlush = (segment: LogSegment): ReadonlyArray<File> => {
  const { file } = segment.transactions
  return [
    segment.log.file,
    offsetIndex(segment).index.file,
    timeIndex(segment).index.file,
    ...(file === undefined ? [] : [file])
  ]
}

/** Gives the files back, indexes trimmed; the log file is durable when it returns. */
export function* close(segment: LogSegment): Durably<void> {
  const { log, transactions } = segment
  if (segment.maxTimestamp !== undefined) {
    try {
      TimeIndex.maybeAppend(timeIndex(segment), segment.maxTimestamp, true)
    } catch (error) {
      // The real log swallows this one: it would rather close with a time index that lacks an entry.
      if (!(error instanceof StorageError)) throw error
    }
  }
  for (const index of [segment.offsets?.index, segment.times?.index]) {
    if (index === undefined) continue
    IndexFile.trim(index)
    index.file.close()
  }
  yield [log.file]
  log.file.close()
  transactions.file?.close()
}

/** Renames all files of the segment to another suffix; an index that has no file stays without one. */
export const changeSuffix = (segment: LogSegment, suffix: string): void => {
  const { disk } = segment.environment
  for (const kind of segmentKinds) {
    const from = pathOf(segment, kind)
    if (kind === ".log" || disk.stat(from) !== undefined) disk.rename(from, pathOf(segment, kind, suffix))
  }
  segment.suffix = suffix
}

/** Closes and removes all files of the segment that are there. */
export const remove = (segment: LogSegment): void => {
  const { disk } = segment.environment
  segment.log.file.close()
  segment.offsets?.index.file.close()
  segment.times?.index.file.close()
  segment.transactions.file?.close()
  for (const kind of segmentKinds) {
    const path = pathOf(segment, kind)
    if (disk.stat(path) !== undefined) disk.remove(path)
  }
}

/** Reads a piece of the log. Fails where the disk does. */
export const readSlice = (segment: LogSegment, { end, start }: Slice): Uint8Array =>
  segment.log.file.read(start, end - start)
