/**
 * The log of one partition: segments, leader epochs, producers and the offsets between them (UnifiedLog, LocalLog).
 *
 *     log start ─── segment ─── segment ─── active segment ──▶ log end
 *         │             │           │            │
 *         │        recovery point: flushed below │
 *         └── high watermark: replicated below ──┴── last stable offset: decided below
 *
 * This file opens, rolls, flushes, cuts and closes it; appending is in LogAppend, reading in LogRead, deleting old
 * segments in LogRetention. What the real broker leaves to background threads is scheduled in the environment, so that
 * whoever runs the log decides when it happens.
 */
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import * as LeaderEpochs from "./LeaderEpochCheckpoint.ts"
import type { LogConfig } from "./LogConfig.ts"
import { ensureOnline, guarded } from "./LogDirectory.ts"
import { fileName, segmentKinds } from "./LogFileNames.ts"
import * as LogLoader from "./LogLoader.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as PartitionMetadata from "./PartitionMetadata.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import { rebuild } from "./ProducerStateRebuild.ts"
import * as SegmentFiles from "./SegmentFiles.ts"
import { fail } from "./StorageError.ts"

export interface PartitionLog {
  readonly environment: Environment
  /** The partition directory; its parent is the log directory. */
  readonly directory: string
  readonly config: LogConfig
  readonly segments: LogSegments.LogSegments
  readonly epochs: LeaderEpochs.LeaderEpochs
  readonly producers: ProducerStateManager.ProducerStateManager
  /** Base64url, where it is known. */
  topicId: string | undefined
  logStartOffset: number
  /** The offset of the next record. */
  logEndOffset: number
  /** Offsets below were flushed. */
  recoveryPoint: number
  highWatermark: number
  /** Milliseconds since 1970 of the last flush. */
  lastFlushed: number
}

export interface OpenOptions extends LogLoader.OpenOptions {
  /** Written to the directory if it holds none. */
  readonly topicId?: string
}

/** Opens a partition directory, which is made where there is none, and recovers it. Fails by name as the real log does. */
export function* open(
  environment: Environment,
  directory: string,
  config: LogConfig,
  options: OpenOptions
): Durably<PartitionLog> {
  const { disk } = environment
  if (disk.stat(directory) === undefined) disk.makeDirectory(directory)
  const epochs = LeaderEpochs.open(environment, directory)
  const producers = ProducerStateManager.open(environment, directory, config.producerIdExpirationMillis)
  const segments = LogSegments.empty()
  const loading = { environment, directory, config, options, segments, epochs, state: producers }
  const loaded = yield* LogLoader.load(loading)
  const log: PartitionLog = {
    environment,
    directory,
    config,
    segments,
    epochs,
    producers,
    topicId: undefined,
    logStartOffset: loaded.logStartOffset,
    logEndOffset: loaded.logEndOffset,
    // What lies below the log start is gone, so it need not be flushed.
    recoveryPoint: Math.max(loaded.recoveryPoint, loaded.logStartOffset),
    highWatermark: loaded.logStartOffset,
    lastFlushed: environment.now()
  }
  const unstable = firstUnstableOffset(log)
  if (unstable !== undefined) lookUp(log, unstable)
  log.topicId = PartitionMetadata.read(disk, directory)
  const { topicId } = options
  if (log.topicId === undefined && topicId !== undefined) assignTopicId(log, topicId)
  else if (topicId !== undefined && log.topicId !== topicId) {
    fail("InconsistentTopicId", `Tried to assign topic ID ${topicId} to log, but log already contained ${log.topicId}`)
  }
  return log
}

/**
 * Finds where an offset lies, as a read of one byte does: it is refused in an offline directory, and damage on the way
 * ends it by name. An offset outside the log is left as it is (UnifiedLog.maybeConvertToOffsetMetadata).
 */
const lookUp = ({ environment, logEndOffset, segments }: PartitionLog, offset: number): void => {
  ensureOnline(environment.logDirectory)
  if (offset >= logEndOffset) return
  let segment = LogSegments.floor(segments, offset)
  while (segment !== undefined && LogSegment.slice(segment, offset, 1, segment.log.size) === undefined) {
    segment = LogSegments.higher(segments, segment.baseOffset)
  }
}

const assignTopicId = (log: PartitionLog, topicId: string): void => {
  const { environment, directory } = log
  log.topicId = topicId
  environment.schedule({
    name: "flush-metadata-file",
    delayMillis: 0,
    run: () => PartitionMetadata.write(environment.disk, directory, topicId)
  })
}

export const activeSegment = (log: PartitionLog): LogSegment.LogSegment => LogSegments.last(log.segments)!

/** Bytes of all segments. */
export const size = (log: PartitionLog): number => LogSegments.sizeInBytes(log.segments)

/** Moves the high watermark, never outside the log. Answers where it is. */
export const updateHighWatermark = (log: PartitionLog, offset: number): number => {
  log.highWatermark = Math.min(Math.max(offset, log.logStartOffset), log.logEndOffset)
  ProducerStateManager.onHighWatermarkUpdated(log.producers, log.highWatermark)
  return log.highWatermark
}

/** A truncation or a roll may leave the high watermark beyond the log end. */
export const keepHighWatermarkInLog = (log: PartitionLog): void => {
  if (log.highWatermark >= log.logEndOffset) updateHighWatermark(log, log.logEndOffset)
}

/** Where the first transaction begins that a reader of committed data must not pass. */
export const firstUnstableOffset = (log: PartitionLog): number | undefined => {
  const first = ProducerStateManager.firstUnstableOffset(log.producers)
  return first === undefined ? undefined : Math.max(first, log.logStartOffset)
}

/** Offsets below are committed, and their transactions decided. */
export const lastStableOffset = (log: PartitionLog): number =>
  Math.min(log.highWatermark, firstUnstableOffset(log) ?? Infinity)

export const setLogEndOffset = (log: PartitionLog, offset: number): void => {
  log.logEndOffset = offset
  const { guards } = log.environment.behaviour
  if (guards.LowerRecoveryPoint && log.recoveryPoint > offset) log.recoveryPoint = offset
}

/** Opens the segment that is appended to from here on; files of that name that are left over from elsewhere go. */
const openSegment = (log: PartitionLog, baseOffset: number): LogSegment.LogSegment => {
  const segment = LogSegment.open(log.environment, log.directory, baseOffset, log.config)
  LogSegments.add(log.segments, segment)
  return segment
}

/** Puts a segment in the place of another one, whose files are removed later. */
const replaceSegment = (log: PartitionLog, baseOffset: number, old: LogSegment.LogSegment): LogSegment.LogSegment => {
  if (baseOffset === old.baseOffset) LogSegment.changeSuffix(old, ".deleted")
  const segment = openSegment(log, baseOffset)
  if (baseOffset !== old.baseOffset) LogSegments.remove(log.segments, old.baseOffset)
  SegmentFiles.deleteLater(log.environment, log.config, [old])
  return segment
}

const rollSegment = (log: PartitionLog, baseOffset: number): LogSegment.LogSegment => {
  const active = activeSegment(log)
  if (LogSegments.get(log.segments, baseOffset) !== undefined) {
    if (active.baseOffset === baseOffset && active.log.size === 0) return replaceSegment(log, baseOffset, active)
    return fail("Kafka", `Trying to roll a new log segment with start offset ${baseOffset} while it already exists`)
  }
  if (baseOffset < active.baseOffset) {
    return fail(
      "Kafka",
      `Trying to roll a new log segment at ${baseOffset}, below the active segment ${active.baseOffset}`
    )
  }
  const { disk } = log.environment
  for (const kind of segmentKinds) {
    const path = `${log.directory}/${fileName(baseOffset, kind)}`
    if (disk.stat(path) !== undefined) disk.remove(path)
  }
  LogSegment.becomeInactive(active)
  return openSegment(log, baseOffset)
}

/** Closes the active segment and begins another, at the log end or at `expectedOffset` above it. */
export function* roll(log: PartitionLog, expectedOffset = 0): Durably<LogSegment.LogSegment> {
  const segment = rollSegment(log, Math.max(expectedOffset, log.logEndOffset))
  setLogEndOffset(log, log.logEndOffset)
  log.producers.lastMapOffset = segment.baseOffset
  const snapshot = yield* ProducerStateManager.takeSnapshot(log.environment, log.producers, false)
  keepHighWatermarkInLog(log)
  log.environment.schedule({
    name: "flush-log",
    delayMillis: 0,
    *run() {
      if (snapshot !== undefined && log.environment.disk.stat(snapshot) !== undefined) {
        const file = log.environment.disk.open(snapshot, "existing")
        yield [file]
        file.close()
      }
      yield* flushUpTo(log, segment.baseOffset, false)
    }
  })
  return segment
}

function* flushUpTo(log: PartitionLog, offset: number, isIncluding: boolean): Durably<void> {
  const flushOffset = isIncluding ? offset + 1 : offset
  if (flushOffset <= log.recoveryPoint) return
  const { guards } = log.environment.behaviour
  const unflushed = LogSegments.between(log.segments, log.recoveryPoint, flushOffset)
  const segments = guards.FlushEverySegment ? unflushed : unflushed.slice(-1)
  // A segment that is not known to be flushed may have been made since, and so may its name.
  const mayBeNew = segments.some(({ baseOffset }) => baseOffset >= log.recoveryPoint)
  if (guards.AnswerFlushAfterCommit) yield segments.flatMap(LogSegment.filesToFlush)
  if (mayBeNew && guards.CommitDirectory) yield [log.directory]
  if (offset > log.recoveryPoint) {
    log.recoveryPoint = offset
    log.lastFlushed = log.environment.now()
  }
}

/** Makes everything up to the log end durable, and the recovery point tell so. `force` takes an empty active segment too. */
export const flush = (log: PartitionLog, force = false): Durably<void> =>
  guarded(log.environment.logDirectory, () => flushUpTo(log, log.logEndOffset, force))

/** Closes the log: a snapshot of its producers, indexes trimmed, every segment's log durable. */
export const close = (log: PartitionLog): Durably<void> =>
  guarded(log.environment.logDirectory, function*() {
    yield* ProducerStateManager.takeSnapshot(log.environment, log.producers)
    for (const segment of log.segments.all) yield* LogSegment.close(segment)
  })

/** Forgets everything and goes on from `offset`. */
export function* truncateFullyAndStartAt(log: PartitionLog, offset: number, logStartOffset = offset): Durably<void> {
  const { config, environment, segments } = log
  const all = segments.all
  SegmentFiles.removeLater(environment, config, segments, all.slice(0, -1))
  replaceSegment(log, offset, all.at(-1)!)
  setLogEndOffset(log, offset)
  yield* LeaderEpochs.clear(environment, log.epochs)
  ProducerStateManager.truncateFullyAndStartAt(environment, log.producers, offset)
  log.logStartOffset = logStartOffset
  yield* rebuild(environment, log.producers, segments, log.logStartOffset, offset, false)
  updateHighWatermark(log, log.logEndOffset)
}

/** Drops the records of `offset` and above. Answers whether there were any. */
export const truncateTo = (log: PartitionLog, offset: number): Durably<boolean> =>
  guarded(log.environment.logDirectory, () => truncate(log, offset))

function* truncate(log: PartitionLog, offset: number): Durably<boolean> {
  const { config, environment, epochs, producers, segments } = log
  if (offset < 0) fail("IllegalArgument", `Cannot truncate partition to a negative offset (${offset}).`)
  if (offset >= log.logEndOffset) {
    LeaderEpochs.truncateFromEnd(environment, epochs, log.logEndOffset)
    return false
  }
  if (segments.all[0]!.baseOffset > offset) {
    yield* truncateFullyAndStartAt(log, offset)
    return true
  }
  const gone = segments.all.filter(({ baseOffset }) => baseOffset > offset)
  SegmentFiles.removeLater(environment, config, segments, gone)
  LogSegment.truncateTo(activeSegment(log), offset)
  setLogEndOffset(log, offset)
  SegmentFiles.deleteSnapshotsLater(environment, config, producers, gone)
  if (environment.behaviour.guards.TruncateEpochs) LeaderEpochs.truncateFromEnd(environment, epochs, offset)
  log.logStartOffset = Math.min(offset, log.logStartOffset)
  if (environment.behaviour.guards.RebuildProducers) {
    yield* rebuild(environment, producers, segments, log.logStartOffset, offset, false)
  }
  keepHighWatermarkInLog(log)
  return true
}

/** Records below `offset` are no longer part of the log. Fails with `OffsetOutOfRange` above the high watermark. */
export const incrementLogStartOffset = (log: PartitionLog, offset: number): boolean => {
  if (offset > log.highWatermark) {
    fail(
      "OffsetOutOfRange",
      `Cannot increment the log start offset to ${offset} since it is larger than the high watermark ${log.highWatermark}`
    )
  }
  if (offset <= log.logStartOffset) return false
  log.logStartOffset = offset
  if (log.recoveryPoint < offset) log.recoveryPoint = offset
  LeaderEpochs.truncateFromStart(log.environment, log.epochs, offset)
  ProducerStateManager.onLogStartOffsetIncremented(log.producers, offset)
  return true
}
