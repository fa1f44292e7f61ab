/**
 * A Kafka log directory on a disk that never waits, for whoever runs histories of one: opened as a broker's start does,
 * fed with batches of short texts, read as a consumer does.
 *
 * The one decision: reading decodes every batch and so compares its checksum, as a consumer does with `check.crcs`, and
 * fetches a few hundred bytes at a time, so that every fetch begins with a look-up in the offset index.
 */
import { Cause, Effect, Exit } from "effect"
import type { Compression } from "../kafka/storage/Compression.ts"
import * as ControlRecord from "../kafka/storage/ControlRecord.ts"
import type { Durably } from "../kafka/storage/Durably.ts"
import type { Environment, Task } from "../kafka/storage/Environment.ts"
import type { Behaviour, LogConfig } from "../kafka/storage/LogConfig.ts"
import { ensureOnline, online } from "../kafka/storage/LogDirectory.ts"
import * as LogManager from "../kafka/storage/LogManager.ts"
import * as LogRead from "../kafka/storage/LogRead.ts"
import type { PartitionLog } from "../kafka/storage/PartitionLog.ts"
import * as RecordBatch from "../kafka/storage/RecordBatch.ts"
import type { ReferenceBatch } from "../kafka/storage/ReferenceLog.ts"
import { DiskError, type Operations } from "../world/Disk.ts"

/** The log directory. */
export const root = "/logs"

/** Segments of two to four small batches, so that every kind of file rolls within ten steps. */
export const smallSegments = { segmentBytes: 420, indexIntervalBytes: 90, segmentIndexBytes: 120, retentionMillis: -1 }

/** Runs a step to its end on a disk whose commits end at once; a crash inside it passes through. */
export const carry = <A>(disk: Operations, step: () => Durably<A>): A => {
  const steps = step()
  let next = steps.next()
  while (next.done !== true) {
    const exit = Effect.runSyncExit(disk.commit(next.value))
    if (Exit.isSuccess(exit)) next = steps.next()
    else {
      const error = Cause.squash(exit.cause)
      if (!(error instanceof DiskError)) throw error
      next = steps.throw(error)
    }
  }
  return next.value
}

export interface Start {
  readonly disk: Operations
  readonly behaviour: Behaviour
  readonly now: () => number
}

/** What a log needs around it; its scheduled work gathers in `tasks`. */
export const surroundings = (
  { behaviour, disk, now }: Start
): { readonly environment: Environment; readonly tasks: Array<Task> } => {
  const tasks: Array<Task> = []
  const logDirectory = online(root, behaviour.guards.GoOffline)
  return { environment: { logDirectory, disk, now, behaviour, schedule: (task) => void tasks.push(task) }, tasks }
}

/** A log directory that is served. */
export interface Opened {
  readonly manager: LogManager.LogManager
  readonly tasks: Array<Task>
}

/** Opens the log directory. Fails as a broker's start does, also where the directory is offline after it. */
export const openDirectory = (start: Start, config: LogConfig): Opened => {
  const { environment, tasks } = surroundings(start)
  const manager = carry(start.disk, () => LogManager.open(environment, () => config))
  ensureOnline(environment.logDirectory)
  return { manager, tasks }
}

/** Does the work that was scheduled, whatever its delay. */
export const doScheduled = (disk: Operations, tasks: Array<Task>): void => {
  for (const task of tasks.splice(0)) carry(disk, task.run)
}

/** A batch before it has an offset and an epoch, without its records. */
interface Envelope {
  /** Milliseconds since 1970, from which the times of its records count. */
  readonly timestamp: number
  /** -1 if absent. */
  readonly producerId?: number
  readonly firstSequence?: number
  readonly isTransactional?: boolean
  readonly compression?: Compression
}

/** A batch of short texts. */
export interface Sent extends Envelope {
  readonly values: ReadonlyArray<string>
}

/** The bytes of a batch of any records, as a producer or a coordinator sends it. */
export const batchOfRecords = (
  { compression = "none", firstSequence = -1, isTransactional = false, producerId = -1, timestamp }: Envelope,
  records: RecordBatch.Contents["records"],
  isControl = false
): Uint8Array =>
  RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression,
    timestampType: "CreateTime",
    isTransactional,
    isControl,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp + Math.max(...records.map(({ timestampDelta }) => timestampDelta)),
    producerId,
    producerEpoch: producerId === -1 ? -1 : 0,
    baseSequence: firstSequence,
    lastOffsetDelta: records.length - 1,
    records
  })

const encoder = new TextEncoder()

/** The bytes that a producer sends. */
export const batchOf = (sent: Sent): Uint8Array =>
  batchOfRecords(
    sent,
    sent.values.map((value, offsetDelta) => ({
      offsetDelta,
      timestampDelta: 0,
      key: null,
      value: encoder.encode(value),
      headers: []
    }))
  )

/** The bytes that a transaction coordinator sends to end a transaction. */
export const markerOf = (
  producerId: number,
  type: "commit" | "abort",
  timestamp: number,
  coordinatorEpoch = 0
): Uint8Array => {
  const marker = ControlRecord.encode({ type, coordinatorEpoch })
  const records = [{ ...marker, offsetDelta: 0, timestampDelta: 0, headers: [] }]
  return batchOfRecords({ timestamp, producerId, isTransactional: true }, records, true)
}

type OffsetAndValue = readonly [offset: number, value: string]

const decoder = new TextDecoder()
const text = (value: Uint8Array | null): string => value === null ? "" : decoder.decode(value)

const referenceOf = (bytes: Uint8Array, header: RecordBatch.Header, position: number): ReferenceBatch => {
  const records = RecordBatch.records(bytes, header, position)
  const isControl = RecordBatch.isControl(header)
  const transaction = isControl
    ? ControlRecord.read(records[0]!.key, records[0]!.value).type
    : RecordBatch.isTransactional(header)
    ? "part"
    : "none"
  return {
    firstOffset: header.baseOffset,
    leaderEpoch: header.partitionLeaderEpoch,
    values: isControl ? [""] : records.map(({ value }) => text(value)),
    timestamp: header.maxTimestamp,
    producerId: header.producerId,
    firstSequence: header.baseSequence,
    transaction
  }
}

const fetchBytes = 150

/** Every batch and every record that a reader finds from the log start on, until it finds no more. */
export const readAll = (
  log: PartitionLog
): { readonly batches: ReadonlyArray<ReferenceBatch>; readonly records: ReadonlyArray<OffsetAndValue> } => {
  const batches: Array<ReferenceBatch> = []
  const records: Array<OffsetAndValue> = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const fetched = LogRead.read(log, offset, fetchBytes, "log end", true)
    for (const { position } of LogRead.wholeBatches(fetched.bytes)) {
      batches.push(referenceOf(fetched.bytes, RecordBatch.decode(fetched.bytes, position), position))
    }
    const { next, records: shown } = LogRead.visible(fetched, offset)
    for (const record of shown) records.push([record.offset, text(record.value)])
    if (next === offset) break
    offset = next
  }
  return { batches, records }
}

/** What a reader of committed data is shown. */
export const readCommitted = (log: PartitionLog): ReadonlyArray<OffsetAndValue> => {
  const records: Array<OffsetAndValue> = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const fetched = LogRead.read(log, offset, fetchBytes, "committed", true)
    const { next, records: shown } = LogRead.visible(fetched, offset)
    for (const record of shown) records.push([record.offset, text(record.value)])
    if (next === offset) break
    offset = next
  }
  return records
}
