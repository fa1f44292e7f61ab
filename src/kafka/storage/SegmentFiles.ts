/**
 * Segments leave a log, or are put in the place of others (LocalLog.deleteSegmentFiles, replaceSegments,
 * splitOverflowedSegment; KAFKA-6264).
 *
 *     delete   rename to .deleted ─────── file.delete.delay.ms ──────▶ remove
 *     replace  write .cleaned ─▶ rename all to .swap ─▶ old ones .deleted ─▶ rename to the final name ─▶ commit directory
 *
 * A crash in between is told apart by the suffixes: while a .cleaned is left the new files are thrown away, afterwards
 * the .swap files win.
 */
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import * as FileRecords from "./FileRecords.ts"
import * as IndexFile from "./IndexFile.ts"
import type { LogConfig } from "./LogConfig.ts"
import { cleaned, deleted, fileName, segmentKinds, swap } from "./LogFileNames.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogSegments from "./LogSegments.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import { fail } from "./StorageError.ts"

/** Renames the files of segments that are no longer part of a log, and removes them later. */
export const deleteLater = (
  environment: Environment,
  config: LogConfig,
  segments: ReadonlyArray<LogSegment.LogSegment>
): void => {
  if (segments.length === 0) return
  for (const segment of segments) if (segment.suffix !== deleted) LogSegment.changeSuffix(segment, deleted)
  environment.schedule({
    name: "delete-file",
    delayMillis: config.fileDeleteDelayMillis,
    *run() {
      for (const segment of segments) LogSegment.remove(segment)
    }
  })
}

/** Renames the snapshots at the bases of such segments, and removes them later. */
export const deleteSnapshotsLater = (
  environment: Environment,
  config: LogConfig,
  state: ProducerStateManager.ProducerStateManager,
  segments: ReadonlyArray<LogSegment.LogSegment>
): void => {
  const paths = segments.flatMap(({ baseOffset }) =>
    ProducerStateManager.removeAndMark(environment, state, baseOffset) ?? []
  )
  environment.schedule({
    name: "delete-producer-snapshot",
    delayMillis: config.fileDeleteDelayMillis,
    *run() {
      for (const path of paths) if (environment.disk.stat(path) !== undefined) environment.disk.remove(path)
    }
  })
}

/** Takes segments out of a log and has their files removed later. */
export const removeLater = (
  environment: Environment,
  config: LogConfig,
  segments: LogSegments.LogSegments,
  gone: ReadonlyArray<LogSegment.LogSegment>
): void => {
  for (const { baseOffset } of gone) LogSegments.remove(segments, baseOffset)
  deleteLater(environment, config, gone)
}

/** Puts segments whose files end in .cleaned in the place of one. Answers the old one if no new one has its base. */
function* replace(
  environment: Environment,
  config: LogConfig,
  segments: LogSegments.LogSegments,
  replacements: ReadonlyArray<LogSegment.LogSegment>,
  old: LogSegment.LogSegment
): Durably<ReadonlyArray<LogSegment.LogSegment>> {
  const ascending = [...replacements].sort((one, other) => one.baseOffset - other.baseOffset)
  const descending = ascending.toReversed()
  const isKnown = LogSegments.get(segments, old.baseOffset) !== undefined
  for (const segment of descending) LogSegment.changeSuffix(segment, swap)
  for (const segment of descending) LogSegments.add(segments, segment)
  if (isKnown) {
    if (old.baseOffset !== ascending[0]!.baseOffset) LogSegments.remove(segments, old.baseOffset)
    deleteLater(environment, config, [old])
  }
  for (const segment of ascending) LogSegment.changeSuffix(segment, "")
  yield [old.directory]
  return !isKnown || ascending.some(({ baseOffset }) => baseOffset === old.baseOffset) ? [] : [old]
}

const chunkBytes = 1024 * 1024

/** Copies batches from `position` on, as many as the segment can index and a buffer holds. Answers the bytes copied. */
const appendChunk = (segment: LogSegment.LogSegment, source: FileRecords.FileRecords, position: number): number => {
  let size = 0
  let lastOffset = -Infinity
  let maxTimestamp = -Infinity
  let offsetOfMaxTimestamp = -Infinity
  for (const batch of FileRecords.batches(source, position)) {
    const fits = IndexFile.fits(segment, batch.lastOffset) && (size === 0 || size + batch.size < chunkBytes)
    if (!fits) break
    if (batch.maxTimestamp > maxTimestamp) {
      maxTimestamp = batch.maxTimestamp
      offsetOfMaxTimestamp = batch.lastOffset
    }
    lastOffset = batch.lastOffset
    size += batch.size
  }
  if (size > 0) {
    const bytes = source.file.read(position, size)
    LogSegment.append(segment, { bytes, lastOffset, maxTimestamp, offsetOfMaxTimestamp })
  }
  return size
}

const appendFrom = (segment: LogSegment.LogSegment, source: FileRecords.FileRecords, start: number): number => {
  let position = start
  while (position < start + source.size) {
    const size = appendChunk(segment, source, position)
    if (size === 0) break
    position += size
  }
  return position - start
}

const openCleaned = (environment: Environment, config: LogConfig, directory: string, baseOffset: number) => {
  for (const kind of segmentKinds) {
    const path = `${directory}/${fileName(baseOffset, kind, cleaned)}`
    if (environment.disk.stat(path) !== undefined) environment.disk.remove(path)
  }
  return LogSegment.open(environment, directory, baseOffset, config, cleaned)
}

/**
 * Splits a segment in which an offset lies more than 2^31 - 1 above its base. Answers the segments that are gone.
 *
 * Fails with `IllegalArgument` where its end does not show an overflow, as for a batch below the base: a broker with such
 * a segment does not start.
 */
export function* splitOverflowed(
  environment: Environment,
  config: LogConfig,
  segments: LogSegments.LogSegments,
  segment: LogSegment.LogSegment
): Durably<ReadonlyArray<LogSegment.LogSegment>> {
  if (!LogSegment.hasOverflow(segment)) {
    const prefix = environment.behaviour.requireSaysSo ? "requirement failed: " : ""
    const path = LogSegment.pathOf(segment, ".log")
    fail(
      "IllegalArgument",
      `${prefix}Split operation is only permitted for segments with overflow, and the problem path is ${path}`
    )
  }
  const parts: Array<LogSegment.LogSegment> = []
  try {
    for (let position = 0; position < segment.log.size;) {
      const first = FileRecords.batches(segment.log, position).next().value
      if (first === undefined) return fail("IllegalState", `next on empty iterator at ${position}`)
      const part = openCleaned(environment, config, segment.directory, first.baseOffset)
      parts.push(part)
      const appended = appendFrom(part, segment.log, position)
      if (appended === 0) fail("IllegalState", `Failed to append records from position ${position}`)
      position += appended
    }
    for (const part of parts) {
      LogSegment.becomeInactive(part)
      yield LogSegment.filesToFlush(part)
    }
    return yield* replace(environment, config, segments, parts, segment)
  } catch (error) {
    for (const part of parts) LogSegment.remove(part)
    throw error
  }
}
