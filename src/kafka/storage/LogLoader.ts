/**
 * Opens a partition directory after a stop, clean or not (LogLoader.load).
 *
 *     1 remove .deleted and .cleaned, and .swap files of an unfinished replacement
 *     2 remove the segments that a finished replacement was to replace     3 rename .swap to the final names
 *     4 load segments in order; one without an offset index is recovered at once
 *     5 after an unclean stop recover from the segment of the recovery point on; damage ends the log there
 *     6 log end, leader epochs and producers' state follow from what is left
 *
 * Nothing below the recovery point is looked at, and behind a clean-shutdown marker nothing at all: damage there stays.
 */
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import * as LeaderEpochs from "./LeaderEpochCheckpoint.ts"
import type { LogConfig } from "./LogConfig.ts"
import { cleaned, deleted, fileName, followed, isIndexFile, isLogFile, offsetOf, swap } from "./LogFileNames.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import { rebuild } from "./ProducerStateRebuild.ts"
import * as SegmentFiles from "./SegmentFiles.ts"
import { recover } from "./SegmentRecovery.ts"
import { isReason } from "./StorageError.ts"

/** What the checkpoints and the marker of the log directory say of a partition. */
export interface OpenOptions {
  readonly hadCleanShutdown: boolean
  /** Everything below was flushed, as far as anybody knows. */
  readonly recoveryPoint: number
  readonly logStartOffset: number
}

/** The parts of a log that loading fills. */
export interface Loading {
  readonly environment: Environment
  readonly directory: string
  readonly config: LogConfig
  readonly options: OpenOptions
  readonly segments: LogSegments.LogSegments
  readonly epochs: LeaderEpochs.LeaderEpochs
  readonly state: ProducerStateManager.ProducerStateManager
}

export interface Loaded {
  readonly logStartOffset: number
  readonly recoveryPoint: number
  readonly logEndOffset: number
}

/** A snapshot of KRaft's own log on its way out, which is no business of a partition's. */
const raftSnapshot = ".checkpoint.deleted"

/** Names of the files in the directory, ascending. */
const files = ({ directory, environment: { disk } }: Loading): ReadonlyArray<string> =>
  disk.list(directory).filter((name) => disk.stat(`${directory}/${name}`)?.kind === "file")

const exists = ({ directory, environment: { disk } }: Loading, name: string): boolean =>
  disk.stat(`${directory}/${name}`) !== undefined

const removeFile = ({ directory, environment: { disk } }: Loading, name: string): void =>
  disk.remove(`${directory}/${name}`)

/** Removes what a crash left of deletions and of unfinished replacements. Answers the .swap files that count. */
const removeTemporaryFiles = (loading: Loading): ReadonlyArray<string> => {
  const swaps: Array<string> = []
  const cleanedFiles: Array<string> = []
  let smallestCleaned = Infinity
  for (const name of files(loading)) {
    if (name.endsWith(deleted) && !name.endsWith(raftSnapshot)) removeFile(loading, name)
    else if (name.endsWith(cleaned)) {
      smallestCleaned = Math.min(offsetOf(name)!, smallestCleaned)
      cleanedFiles.push(name)
    } else if (name.endsWith(swap)) swaps.push(name)
  }
  const isUnfinished = (name: string) => offsetOf(name)! >= smallestCleaned
  for (const name of swaps.filter(isUnfinished)) removeFile(loading, name)
  for (const name of cleanedFiles) removeFile(loading, name)
  return swaps.filter((name) => !isUnfinished(name))
}

/** Carries a replacement through that had got as far as its .swap files. */
const completeSwaps = (loading: Loading, swaps: ReadonlyArray<string>): void => {
  const { config, directory, environment } = loading
  let smallest = Infinity
  let largest = -Infinity
  for (const name of swaps.filter((each) => isLogFile(each.slice(0, -swap.length)))) {
    const segment = LogSegment.open(environment, directory, offsetOf(name)!, config, swap)
    smallest = Math.min(segment.baseOffset, smallest)
    largest = Math.max(LogSegment.readNextOffset(segment), largest)
  }
  for (const name of files(loading)) {
    if (name.endsWith(swap)) continue
    const offset = offsetOrNone(name)
    if (offset !== undefined && offset >= smallest && offset < largest) removeFile(loading, name)
  }
  for (const name of files(loading)) {
    if (name.endsWith(swap)) {
      environment.disk.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -swap.length)}`)
    }
  }
}

/** The offset of a name that may have none. */
const offsetOrNone = (name: string): number | undefined => {
  try {
    return offsetOf(name)
  } catch (error) {
    if (isReason(error, "NumberFormat")) return undefined
    throw error
  }
}

function* recoverSegment(
  loading: Loading,
  segment: LogSegment.LogSegment,
  isRecoveredAgain: boolean
): Durably<number> {
  const { directory, environment, epochs, options, segments } = loading
  // A state of its own: that of the log is built once, when every segment is as it will stay.
  const state = ProducerStateManager.open(environment, directory, loading.state.expirationMillis)
  yield* rebuild(environment, state, segments, options.logStartOffset, segment.baseOffset, false)
  const truncated = yield* recover(segment, state, epochs, isRecoveredAgain)
  yield* ProducerStateManager.takeSnapshot(environment, state)
  return truncated
}

function* loadSegments(loading: Loading): Durably<void> {
  const { config, directory, environment, segments } = loading
  for (const name of files(loading)) {
    if (isIndexFile(name)) {
      if (!exists(loading, fileName(offsetOf(name)!, ".log"))) removeFile(loading, name)
    } else if (isLogFile(name)) {
      const baseOffset = offsetOf(name)!
      const isTimeIndexMissing = !exists(loading, fileName(baseOffset, ".timeindex"))
      const segment = LogSegment.open(environment, directory, baseOffset, config)
      // The next start finds an index there, and does not do it again.
      if (!isSane(segment, isTimeIndexMissing)) yield* recoverSegment(loading, segment, false)
      LogSegments.add(segments, segment)
    }
  }
}

const isSane = (segment: LogSegment.LogSegment, isTimeIndexMissing: boolean): boolean => {
  try {
    return LogSegment.sanityCheck(segment, isTimeIndexMissing)
  } catch (error) {
    if (isReason(error, "CorruptIndex")) return false
    throw error
  }
}

/** Runs a step of loading, splitting a segment and trying again where an offset does not fit into its indexes. */
function* retryOnOverflow<A>(loading: Loading, step: () => Durably<A>): Durably<A> {
  const { config, environment, segments, state } = loading
  for (;;) {
    try {
      return yield* step()
    } catch (error) {
      if (!(error instanceof LogSegment.SegmentOffsetOverflow)) throw error
      const gone = yield* SegmentFiles.splitOverflowed(environment, config, segments, error.segment)
      SegmentFiles.deleteSnapshotsLater(environment, config, state, gone)
    }
  }
}

function* recoverOne(loading: Loading, segment: LogSegment.LogSegment): Durably<number> {
  try {
    return yield* recoverSegment(loading, segment, true)
  } catch (error) {
    if (!isReason(error, "InvalidOffset")) throw error
    // Offsets that go back leave no telling which half is right, so the segment starts anew.
    return LogSegment.truncateTo(segment, segment.baseOffset)
  }
}

function* recoverUnflushed(loading: Loading): Durably<void> {
  const { config, environment, options, segments, state } = loading
  const unflushed = LogSegments.between(segments, options.recoveryPoint, Infinity)
  for (const [index, segment] of unflushed.entries()) {
    const truncated = yield* recoverOne(loading, segment)
    if (truncated <= 0 || !environment.behaviour.guards.DropSegmentsBehindCut) continue
    const rest = unflushed.slice(index + 1)
    if (rest.length > 0) {
      SegmentFiles.removeLater(environment, config, segments, rest)
      SegmentFiles.deleteSnapshotsLater(environment, config, state, rest)
    }
    return
  }
}

/** The log end, unless it lies below the log start: then nothing of the log is left. */
function* logEndOrNothing(loading: Loading): Durably<number | undefined> {
  const { config, environment, epochs, options, segments, state } = loading
  const last = LogSegments.last(segments)
  if (last === undefined) return undefined
  const logEndOffset = followed(LogSegment.readNextOffset(last))
  if (logEndOffset >= options.logStartOffset) return logEndOffset
  // Their snapshots are removed at once, with all others: the real log means to mark these, but by then it has none left.
  SegmentFiles.removeLater(environment, config, segments, segments.all)
  yield* LeaderEpochs.clear(environment, epochs)
  ProducerStateManager.truncateFullyAndStartAt(environment, state, options.logStartOffset)
  return undefined
}

function* recoverLog(loading: Loading): Durably<{ readonly recoveryPoint: number; readonly logEndOffset: number }> {
  const { config, directory, environment, options, segments } = loading
  if (!options.hadCleanShutdown && environment.behaviour.guards.RecoverAfterUncleanStop) {
    yield* recoverUnflushed(loading)
  }
  const found = yield* logEndOrNothing(loading)
  if (segments.all.length === 0) {
    LogSegments.add(segments, LogSegment.open(environment, directory, options.logStartOffset, config))
  }
  if (options.hadCleanShutdown && found !== undefined) return { recoveryPoint: found, logEndOffset: found }
  const logEndOffset = found ?? LogSegment.readNextOffset(LogSegments.last(segments)!)
  return { recoveryPoint: Math.min(options.recoveryPoint, logEndOffset), logEndOffset }
}

/** Loads the log. Fails by name as the real one does; a failure is the end of the start, or of the log directory. */
export function* load(loading: Loading): Durably<Loaded> {
  const { config, environment, epochs, options, segments, state } = loading
  const isBeingDeleted = loading.directory.endsWith("-delete")
  completeSwaps(loading, removeTemporaryFiles(loading))
  yield* retryOnOverflow(loading, function*() {
    for (const segment of segments.all) yield* LogSegment.close(segment)
    segments.all = []
    yield* loadSegments(loading)
  })
  if (isBeingDeleted && segments.all.length === 0) {
    LogSegments.add(segments, LogSegment.open(environment, loading.directory, 0, config))
  }
  const found = isBeingDeleted
    ? { recoveryPoint: 0, logEndOffset: 0 }
    : yield* retryOnOverflow(loading, () => recoverLog(loading))
  if (!isBeingDeleted) LogSegment.resizeIndexes(LogSegments.last(segments)!, config.segmentIndexBytes)
  LeaderEpochs.truncateFromEnd(environment, epochs, found.logEndOffset)
  const logStartOffset = Math.max(options.logStartOffset, segments.all[0]!.baseOffset)
  LeaderEpochs.truncateFromStart(environment, epochs, options.logStartOffset)
  ProducerStateManager.removeStraySnapshots(environment, state, segments.all.map(({ baseOffset }) => baseOffset))
  yield* rebuild(environment, state, segments, logStartOffset, found.logEndOffset, options.hadCleanShutdown)
  return { ...found, logStartOffset }
}
