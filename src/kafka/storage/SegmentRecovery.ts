/**
 * Recovers a segment: keeps its longest prefix of valid batches and builds its indexes anew from them (LogSegment.recover).
 *
 *     batch ─ ensureValid ─ offset in range ─ index entry if due ─ leader epoch if higher ─ producer ─▶ next
 *        └─ corrupt or invalid record: the log is cut here
 *
 * Only a corrupt or invalid record cuts. Any other failure passes through: an offset that is not above the last index
 * entry makes the caller empty the segment, an offset out of range makes it split it, and the rest stops the start. The
 * checksum does not cover base offset, leader epoch and magic, so damage to these is believed.
 */
import { Malformed } from "../../message/Malformed.ts"
import type { Durably } from "./Durably.ts"
import * as FileRecords from "./FileRecords.ts"
import * as IndexFile from "./IndexFile.ts"
import * as LeaderEpochs from "./LeaderEpochCheckpoint.ts"
import { isLogFile, offsetOf } from "./LogFileNames.ts"
import type { LogSegment } from "./LogSegment.ts"
import * as Segment from "./LogSegment.ts"
import * as OffsetIndex from "./OffsetIndex.ts"
import * as ProducerState from "./ProducerState.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import { hasProducer } from "./ProducerStateRebuild.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { isReason, StorageError } from "./StorageError.ts"
import * as TimeIndex from "./TimeIndex.ts"
import * as TransactionIndex from "./TransactionIndex.ts"

/** Takes a batch into the producers' state, and an aborted transaction that it ends into the transaction index. */
const updateProducer = (
  segment: LogSegment,
  state: ProducerStateManager.ProducerStateManager,
  batch: FileRecords.FoundBatch
): void => {
  if (hasProducer(batch)) {
    const info = ProducerStateManager.prepareUpdate(state, batch.header.producerId, "replication")
    const completed = ProducerState.append(info, batch.header, () => batch.records)
    ProducerStateManager.update(state, info)
    if (completed !== undefined) {
      const lastStableOffset = ProducerStateManager.lastStableOffset(state, completed)
      if (completed.isAborted) noteAborted(segment, completed, lastStableOffset)
      ProducerStateManager.complete(state, completed)
    }
  }
  state.lastMapOffset = batch.lastOffset + 1
}

/** Adds an aborted transaction to the index of the segment that holds its marker. */
export const noteAborted = (
  segment: LogSegment,
  { firstOffset, lastOffset, producerId }: ProducerState.CompletedTransaction,
  lastStableOffset: number
): void =>
  TransactionIndex.append(segment.transactions, segment.environment.disk, Segment.pathOf(segment, ".txnindex"), {
    producerId,
    firstOffset,
    lastOffset,
    lastStableOffset
  })

/**
 * Fails, as for an unreadable disk, where a valid batch or a segment lies behind `position`, at which none begins: a torn tail leaves
 * nothing valid behind it, so this is damage to records that may have been acknowledged.
 */
const refuseDamage = (segment: LogSegment, position: number): void => {
  const { directory, environment: { disk }, log: { file, size } } = segment
  const behind = firstValid(file.read(position, size - position))
  const later = disk.list(directory).filter(isLogFile).find((name) => {
    const stat = disk.stat(`${directory}/${name}`)
    return offsetOf(name)! > segment.baseOffset && stat?.kind === "file" && stat.size > 0
  })
  if (behind === undefined && later === undefined) return
  const what = behind === undefined ? `the segment ${later}` : `the valid batch at ${position + behind}`
  const message = `${Segment.pathOf(segment, ".log")} is damaged at ${position}, before ${what}`
  throw new StorageError({ reason: "KafkaStorage", message, cause: "IO" })
}

/** Where the first batch begins whose checksum is right, none at the very front. */
const firstValid = (bytes: Uint8Array): number | undefined => {
  for (let at = 1; at + RecordBatch.headerSize <= bytes.length; at++) {
    const header = RecordBatch.readHeader(bytes, at)
    const size = RecordBatch.sizeInBytes(header)
    if (header.magic !== 2 || size < RecordBatch.headerSize || at + size > bytes.length) continue
    if (RecordBatch.checksum(bytes, at, size) === header.crc) return at
  }
  return undefined
}

/**
 * Recovers the segment and answers the bytes that were cut off.
 *
 * The real indexes are mapped files, whose entries outlive the process one by one. That shows only where the next start
 * would not recover the segment again (`isRecoveredAgain`): elsewhere the entries are written together.
 */
export function* recover(
  segment: LogSegment,
  state: ProducerStateManager.ProducerStateManager,
  epochs: LeaderEpochs.LeaderEpochs,
  isRecoveredAgain: boolean
): Durably<number> {
  const offsets = Segment.offsetIndex(segment)
  const times = Segment.timeIndex(segment)
  const { guards } = segment.environment.behaviour
  if (guards.RebuildIndexes) {
    OffsetIndex.reset(offsets)
    TimeIndex.reset(times)
    if (isRecoveredAgain) { for (const { index } of [offsets, times]) IndexFile.gather(index) }
  }
  const writeIndexes = () => [offsets, times].forEach(({ index }) => IndexFile.writeGathered(index))
  TransactionIndex.reset(segment.transactions)
  segment.maxTimestamp = undefined
  let validBytes = 0
  let lastIndexEntry = 0
  try {
    for (const batch of FileRecords.batches(segment.log)) {
      if (guards.ChecksumBatches) batch.ensureValid()
      const { lastOffset } = batch
      Segment.ensureOffsetInRange(segment, lastOffset)
      if (batch.maxTimestamp > Segment.maxTimestampSoFar(segment).timestamp) {
        segment.maxTimestamp = { timestamp: batch.maxTimestamp, offset: lastOffset }
      }
      if (guards.RebuildIndexes && validBytes - lastIndexEntry > segment.config.indexIntervalBytes) {
        OffsetIndex.append(offsets, lastOffset, validBytes)
        TimeIndex.maybeAppend(times, Segment.maxTimestampSoFar(segment), false)
        lastIndexEntry = validBytes
      }
      validBytes += batch.size
      if (batch.isLegacy) continue
      const epoch = batch.partitionLeaderEpoch
      if (epoch >= 0 && epoch > (LeaderEpochs.latestEpoch(epochs) ?? -1)) {
        yield* LeaderEpochs.assign(segment.environment, epochs, epoch, batch.baseOffset)
      }
      updateProducer(segment, state, batch)
    }
  } catch (error) {
    const isEnd = isReason(error, "CorruptRecord", "InvalidRecord") || error instanceof Malformed
    if (!isEnd) {
      // What the log itself shows leaves the entries so far, as in the real one; a disk that failed is not written to.
      if (error instanceof StorageError || error instanceof Segment.SegmentOffsetOverflow) writeIndexes()
      throw error
    }
  }
  writeIndexes()
  const truncated = segment.log.size - validBytes
  if (segment.environment.behaviour.hardened && truncated > 0) refuseDamage(segment, validBytes)
  if (guards.CutTornTail) FileRecords.truncateTo(segment.log, validBytes)
  if (!guards.RebuildIndexes) return truncated
  IndexFile.trim(offsets.index)
  TimeIndex.maybeAppend(times, Segment.maxTimestampSoFar(segment), true)
  IndexFile.trim(times.index)
  return truncated
}
