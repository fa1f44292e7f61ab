/**
 * Appends batches to a partition's log (UnifiedLog.append).
 *
 *     check batches ─▶ assign offsets (leader) ─▶ leader epoch, durably ─▶ roll if full ─▶ producers: duplicate? in order?
 *       ─▶ write ─▶ log end ─▶ producers' state ─▶ aborted transactions ─▶ flush if due
 *
 * The order is the real one, and has consequences: a duplicate may roll a segment and write nothing, and an append that
 * is refused for its sequence may leave an empty segment and a leader epoch behind.
 */
import type { Durably } from "./Durably.ts"
import * as LeaderEpochs from "./LeaderEpochCheckpoint.ts"
import { guarded } from "./LogDirectory.ts"
import * as LogSegment from "./LogSegment.ts"
import * as LogValidator from "./LogValidator.ts"
import * as PartitionLog from "./PartitionLog.ts"
import * as ProducerState from "./ProducerState.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { noteAborted } from "./SegmentRecovery.ts"
import { fail } from "./StorageError.ts"

/** What became of an append. Offsets are those of the first append where this one repeats it. */
export interface Appended {
  readonly firstOffset: number
  readonly lastOffset: number
  readonly isDuplicate: boolean
  /** Milliseconds since 1970; -1 unless the topic carries the time of appends. */
  readonly logAppendTime: number
  readonly logStartOffset: number
}

type Parts = ReadonlyArray<LogValidator.Part>

const checkParts = (log: PartitionLog.PartitionLog, parts: Parts, origin: ProducerState.Origin): void => {
  for (const { bytes, header } of parts) {
    if (header.magic !== 2) fail("InvalidRecord", `Batches of magic ${header.magic} are not written any more`)
    if (origin === "client" && header.baseOffset !== 0) {
      fail(
        "InvalidRecord",
        `The baseOffset of the record batch in the append should be 0, but it is ${header.baseOffset}`
      )
    }
    // A follower takes what its leader took, so the limit is the leader's business.
    if (origin !== "replication" && bytes.length > log.config.maxMessageBytes) {
      fail(
        "RecordTooLarge",
        `The record batch size is ${bytes.length} bytes, above the ${log.config.maxMessageBytes} allowed`
      )
    }
    const computed = RecordBatch.checksum(bytes, 0, bytes.length)
    if (computed !== header.crc) fail("CorruptRecord", `Record is corrupt (stored crc = ${header.crc})`)
  }
}

/** A follower's batches are taken as they come, and must follow the log. */
const taken = (log: PartitionLog.PartitionLog, parts: Parts): LogValidator.Validated => {
  const [first] = parts
  let lastOffset = -1
  let largest = { timestamp: -1, offset: -1 }
  for (const { header } of parts) {
    if (lastOffset >= RecordBatch.lastOffset(header)) {
      fail(
        "OffsetsOutOfOrder",
        `Out of order offsets found in append: ${RecordBatch.lastOffset(header)} after ${lastOffset}`
      )
    }
    lastOffset = RecordBatch.lastOffset(header)
    if (header.maxTimestamp > largest.timestamp) largest = { timestamp: header.maxTimestamp, offset: lastOffset }
  }
  if (first!.header.baseOffset < log.logEndOffset) {
    fail(
      "UnexpectedAppendOffset",
      `First offset ${first!.header.baseOffset} is less than the next offset ${log.logEndOffset}`
    )
  }
  return {
    bytes: new Uint8Array(Buffer.concat(parts.map(({ bytes }) => bytes))),
    parts,
    lastOffset,
    maxTimestamp: largest.timestamp,
    offsetOfMaxTimestamp: largest.offset
  }
}

interface ProducerChanges {
  readonly infos: ReadonlyMap<number, ProducerState.AppendInfo>
  readonly completed: ReadonlyArray<ProducerState.CompletedTransaction>
  readonly duplicate?: ProducerState.BatchMetadata
}

const lookAtProducers = (
  log: PartitionLog.PartitionLog,
  parts: Parts,
  origin: ProducerState.Origin
): ProducerChanges => {
  const infos = new Map<number, ProducerState.AppendInfo>()
  const completed: Array<ProducerState.CompletedTransaction> = []
  const { guards } = log.environment.behaviour
  for (const { bytes, header } of parts) {
    if (!RecordBatch.hasProducerId(header)) continue
    const known = log.producers.producers.get(header.producerId)
    const duplicate = guards.AnswerDuplicates && origin === "client" && known !== undefined
      ? ProducerState.findDuplicate(known, header)
      : undefined
    if (duplicate !== undefined) return { infos, completed, duplicate }
    const info = infos.get(header.producerId) ??
      ProducerStateManager.prepareUpdate(
        log.producers,
        header.producerId,
        guards.CheckSequences ? origin : "replication"
      )
    infos.set(header.producerId, info)
    const transaction = ProducerState.append(info, header, () => RecordBatch.records(bytes, header))
    if (transaction !== undefined) completed.push(transaction)
  }
  return { infos, completed }
}

function* segmentFor(log: PartitionLog.PartitionLog, validated: LogValidator.Validated, firstOffset: number) {
  const { bytes, lastOffset, maxTimestamp } = validated
  const active = PartitionLog.activeSegment(log)
  const isFull = LogSegment.shouldRoll(active, { size: bytes.length, maxTimestamp, lastOffset })
  return isFull && log.environment.behaviour.guards.RollFullSegments
    ? yield* PartitionLog.roll(log, firstOffset)
    : active
}

function* write(
  log: PartitionLog.PartitionLog,
  validated: LogValidator.Validated,
  origin: ProducerState.Origin
): Durably<Appended> {
  const { config, environment, epochs, producers } = log
  const { parts } = validated
  const { baseOffset: firstOffset } = parts[0]!.header
  for (const { header } of parts) {
    yield* LeaderEpochs.assign(environment, epochs, header.partitionLeaderEpoch, header.baseOffset)
  }
  if (validated.bytes.length > config.segmentBytes) {
    fail(
      "RecordBatchTooLarge",
      `An append of ${validated.bytes.length} bytes exceeds the segment size ${config.segmentBytes}`
    )
  }
  const segment = yield* segmentFor(log, validated, firstOffset)
  const { completed, duplicate, infos } = lookAtProducers(log, parts, origin)
  const { logStartOffset } = log
  if (duplicate !== undefined) {
    return {
      firstOffset: ProducerState.firstOffset(duplicate),
      lastOffset: duplicate.lastOffset,
      isDuplicate: true,
      logAppendTime: duplicate.timestamp,
      logStartOffset
    }
  }
  LogSegment.append(segment, validated)
  PartitionLog.setLogEndOffset(log, validated.lastOffset + 1)
  PartitionLog.keepHighWatermarkInLog(log)
  for (const info of infos.values()) ProducerStateManager.update(producers, info)
  for (const transaction of completed) {
    const lastStableOffset = ProducerStateManager.lastStableOffset(producers, transaction)
    if (transaction.isAborted) noteAborted(segment, transaction, lastStableOffset)
    ProducerStateManager.complete(producers, transaction)
  }
  producers.lastMapOffset = validated.lastOffset + 1
  if (log.logEndOffset - log.recoveryPoint >= config.flushMessages) yield* PartitionLog.flush(log)
  const isStamped = origin !== "replication" && config.messageTimestampType === "LogAppendTime"
  return {
    firstOffset,
    lastOffset: validated.lastOffset,
    isDuplicate: false,
    logAppendTime: isStamped ? validated.maxTimestamp : -1,
    logStartOffset
  }
}

const nothing = (log: PartitionLog.PartitionLog): Appended => ({
  firstOffset: -1,
  lastOffset: -1,
  isDuplicate: false,
  logAppendTime: -1,
  logStartOffset: log.logStartOffset
})

// Named, since a generator that is made for each call is a function that the machine has to learn anew each time.
function* asLeader(
  log: PartitionLog.PartitionLog,
  bytes: Uint8Array,
  leaderEpoch: number,
  origin: Exclude<ProducerState.Origin, "replication">
): Durably<Appended> {
  const parts = LogValidator.partsOf(bytes)
  checkParts(log, parts, origin)
  if (parts.length === 0) return nothing(log)
  const assigned = { firstOffset: log.logEndOffset, leaderEpoch, now: log.environment.now(), origin }
  return yield* write(log, LogValidator.validateAndAssign(parts, log.config, assigned), origin)
}

function* asFollower(log: PartitionLog.PartitionLog, bytes: Uint8Array): Durably<Appended> {
  const parts = LogValidator.partsOf(bytes)
  checkParts(log, parts, "replication")
  if (parts.length === 0) return nothing(log)
  return yield* write(log, taken(log, parts), "replication")
}

/**
 * Appends a client's batches as leader of an epoch: offsets, epoch and times are assigned.
 *
 * When it returns the records are in the page cache; they are durable only after a flush. Fails by name as the real log
 * does, throws `Malformed` and `MissingCodec` for records that cannot be read.
 */
export const appendAsLeader = (
  log: PartitionLog.PartitionLog,
  bytes: Uint8Array,
  leaderEpoch: number,
  origin: Exclude<ProducerState.Origin, "replication"> = "client"
): Durably<Appended> => guarded(log.environment.logDirectory, () => asLeader(log, bytes, leaderEpoch, origin))

/** Appends what a follower fetched, as it is. */
export const appendAsFollower = (log: PartitionLog.PartitionLog, bytes: Uint8Array): Durably<Appended> =>
  guarded(log.environment.logDirectory, () => asFollower(log, bytes))
