/**
 * What a log remembers of one producer, and how a batch changes it (ProducerStateEntry, ProducerAppendInfo; KIP-98, 360).
 *
 *     sequence of the next batch, same epoch:  last + 1, and 0 after 2^31 - 1
 *     a batch among the last five, same epoch and sequences: a duplicate, answered and not appended
 *     a higher epoch: begins at sequence 0, forgets the batches;  a lower epoch: fenced
 *
 * Replication and recovery take batches as they come: what was accepted once is not judged again.
 */
import * as ControlRecord from "./ControlRecord.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { fail } from "./StorageError.ts"

/** The batches of a producer that are remembered. */
const batchesToRetain = 5

export interface BatchMetadata {
  readonly lastSequence: number
  readonly lastOffset: number
  /** Last offset minus first. */
  readonly offsetDelta: number
  readonly timestamp: number
}

export interface ProducerEntry {
  readonly producerId: number
  /** -1 where none was seen. */
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  /** Milliseconds since 1970 of the last batch or marker. */
  readonly lastTimestamp: number
  /** Where the open transaction began. */
  readonly currentTxnFirstOffset: number | undefined
  /** The last batches, oldest first, at most five. */
  readonly batches: ReadonlyArray<BatchMetadata>
}

/** A transaction that its marker ended. */
export interface CompletedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of the marker. */
  readonly lastOffset: number
  readonly isAborted: boolean
}

/** Where a batch comes from, which decides how it is judged (AppendOrigin). */
export type Origin = "client" | "coordinator" | "replication"

export const emptyEntry = (producerId: number): ProducerEntry => ({
  producerId,
  producerEpoch: -1,
  coordinatorEpoch: -1,
  lastTimestamp: -1,
  currentTxnFirstOffset: undefined,
  batches: []
})

/** A sequence some records back: 2^31 - 1 precedes 0. */
export const decrementSequence = (sequence: number, decrement: number): number =>
  sequence < decrement ? 0x7fffffff - (decrement - sequence) + 1 : sequence - decrement

export const firstSequence = (batch: BatchMetadata): number => decrementSequence(batch.lastSequence, batch.offsetDelta)
export const firstOffset = (batch: BatchMetadata): number => batch.lastOffset - batch.offsetDelta
export const lastSequence = (entry: ProducerEntry): number => entry.batches.at(-1)?.lastSequence ?? -1

/** The remembered batch that this one repeats. */
export const findDuplicate = (entry: ProducerEntry, header: RecordBatch.Header): BatchMetadata | undefined =>
  header.producerEpoch !== entry.producerEpoch ?
    undefined :
    entry.batches.find((batch) =>
      firstSequence(batch) === header.baseSequence && batch.lastSequence === RecordBatch.lastSequence(header)
    )

/** A producer's entry as it was, and as it grows while the batches of one append are looked at. */
export interface AppendInfo {
  readonly origin: Origin
  readonly before: ProducerEntry
  /** Holds only batches of this append. */
  updated: ProducerEntry
  readonly startedAt: Array<number>
}

export const prepare = (before: ProducerEntry, origin: Origin): AppendInfo => ({
  origin,
  before,
  updated: { ...before, batches: [] },
  startedAt: []
})

const isInSequence = (last: number, next: number): boolean => next === last + 1 || (next === 0 && last === 0x7fffffff)

const checkEpoch = ({ origin, updated }: AppendInfo, epoch: number, offset: number): void => {
  if (epoch >= updated.producerEpoch || origin === "replication") return
  fail(
    "InvalidProducerEpoch",
    `Epoch of producer ${updated.producerId} at offset ${offset} is ${epoch}, which is smaller than the last seen epoch ` +
      `${updated.producerEpoch}`
  )
}

const checkSequence = ({ before, updated }: AppendInfo, epoch: number, first: number, offset: number): void => {
  const who = `producer ${updated.producerId} at offset ${offset}`
  if (epoch !== updated.producerEpoch) {
    if (first !== 0 && updated.producerEpoch !== -1) {
      fail(
        "OutOfOrderSequence",
        `Invalid sequence number for new epoch of ${who}: ${epoch} (request epoch), ${first} (seq. number), ` +
          `${updated.producerEpoch} (current producer epoch)`
      )
    }
    return
  }
  const last = updated.batches.length > 0
    ? lastSequence(updated)
    : epoch === before.producerEpoch
    ? lastSequence(before)
    : -1
  if (before.producerEpoch !== -1 && !isInSequence(last, first)) {
    fail(
      "OutOfOrderSequence",
      `Out of order sequence number for ${who}: ${first} (incoming seq. number), ${last} (current end sequence number)`
    )
  }
}

const retained = (batches: ReadonlyArray<BatchMetadata>): ReadonlyArray<BatchMetadata> =>
  batches.slice(-batchesToRetain)

const appendData = (info: AppendInfo, header: RecordBatch.Header): void => {
  const offset = header.baseOffset
  const lastOffset = RecordBatch.lastOffset(header)
  checkEpoch(info, header.producerEpoch, offset)
  if (info.origin === "client") checkSequence(info, header.producerEpoch, header.baseSequence, offset)
  const kept = header.producerEpoch === info.updated.producerEpoch ? info.updated.batches : []
  const batch = {
    lastSequence: RecordBatch.lastSequence(header),
    lastOffset,
    offsetDelta: (lastOffset - offset) | 0,
    timestamp: header.maxTimestamp
  }
  info.updated = {
    ...info.updated,
    producerEpoch: header.producerEpoch,
    lastTimestamp: header.maxTimestamp,
    batches: retained([...kept, batch])
  }
  const isOpen = info.updated.currentTxnFirstOffset !== undefined
  if (isOpen && !RecordBatch.isTransactional(header)) {
    fail(
      "InvalidTxnState",
      `Expected transactional write from producer ${info.updated.producerId} at offset ${offset}`
    )
  }
  if (!isOpen && RecordBatch.isTransactional(header)) {
    info.updated = { ...info.updated, currentTxnFirstOffset: offset }
    info.startedAt.push(offset)
  }
}

const appendMarker = (
  info: AppendInfo,
  marker: ControlRecord.EndMarker,
  epoch: number,
  offset: number,
  timestamp: number
): CompletedTransaction | undefined => {
  const { producerId } = info.updated
  checkEpoch(info, epoch, offset)
  if (info.updated.coordinatorEpoch > marker.coordinatorEpoch && info.origin !== "replication") {
    fail(
      "TransactionCoordinatorFenced",
      `Invalid coordinator epoch for producerId ${producerId} at offset ${offset}: ${marker.coordinatorEpoch} (zombie), ` +
        `${info.updated.coordinatorEpoch} (current)`
    )
  }
  const begun = info.updated.currentTxnFirstOffset
  info.updated = {
    ...info.updated,
    producerEpoch: epoch,
    batches: epoch === info.updated.producerEpoch ? info.updated.batches : [],
    coordinatorEpoch: marker.coordinatorEpoch,
    currentTxnFirstOffset: undefined,
    lastTimestamp: timestamp
  }
  return begun === undefined
    ? undefined
    : { producerId, firstOffset: begun, lastOffset: offset, isAborted: marker.type === "abort" }
}

/**
 * Takes a batch into account. `readRecords` is called for a control batch only, whose record says what it ends.
 *
 * Fails by name as the real log does; a marker that cannot be read throws `Malformed`.
 */
export const append = (
  info: AppendInfo,
  header: RecordBatch.Header,
  readRecords: () => ReadonlyArray<RecordBatch.PlacedRecord>
): CompletedTransaction | undefined => {
  if (!RecordBatch.isControl(header)) {
    appendData(info, header)
    return undefined
  }
  const record = readRecords()[0]
  if (record === undefined) return undefined
  const marker = ControlRecord.read(record.key, record.value)
  return appendMarker(info, marker, header.producerEpoch, header.baseOffset, record.timestamp)
}

/** The entry after an append: what it was, then what the append added (ProducerStateEntry.update). */
export const merge = (current: ProducerEntry | undefined, updated: ProducerEntry): ProducerEntry => {
  if (current === undefined) return updated
  const kept = current.producerEpoch === updated.producerEpoch ? current.batches : []
  return { ...updated, batches: retained([...kept, ...updated.batches]) }
}
