/**
 * What the bytes of a segment say, in the fields in which the real log was asked about its own (`segments` in the
 * expected.json of a real partition directory).
 *
 * Every batch is checked as it is read: length, checksum, each record. Bytes after the last whole batch are named, not
 * skipped, because a reader of a log stops there in silence (FileLogInputStream.nextBatch).
 */
import { createHash } from "node:crypto"
import * as RecordBatch from "./RecordBatch.ts"

export interface RecordDescription {
  readonly offset: number
  readonly timestamp: number
  readonly sequence: number
  /** Base64; null where there is no key. */
  readonly key: string | null
  /** Bytes; -1 where there is no value. */
  readonly valueLength: number
  /** Hex; null where there is no value. */
  readonly valueSha256: string | null
  /** Name and base64 value. */
  readonly headers: ReadonlyArray<readonly [string, string | null]>
}

export interface BatchDescription {
  /** Bytes from the start of the segment. */
  readonly position: number
  readonly size: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly compression: string
  readonly timestampType: string
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly deleteHorizonMs: number | null
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly count: number
  readonly records: ReadonlyArray<RecordDescription>
}

export interface SegmentDescription {
  readonly baseOffset: number
  readonly size: number
  readonly batches: ReadonlyArray<BatchDescription>
}

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString("base64")
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const describeRecord = (record: RecordBatch.PlacedRecord): RecordDescription => ({
  offset: record.offset,
  timestamp: record.timestamp,
  sequence: record.sequence,
  key: base64(record.key),
  valueLength: record.value === null ? -1 : record.value.length,
  valueSha256: record.value === null ? null : sha256(record.value),
  headers: record.headers.map((header) => [header.key, base64(header.value)] as const)
})

/** The batch at `position`, checked. Throws `Malformed` and `MissingCodec`. */
export const describeBatch = (bytes: Uint8Array, position: number): BatchDescription => {
  const header = RecordBatch.decode(bytes, position)
  return {
    position,
    size: RecordBatch.sizeInBytes(header),
    baseOffset: header.baseOffset,
    lastOffset: RecordBatch.lastOffset(header),
    leaderEpoch: header.partitionLeaderEpoch,
    magic: header.magic,
    crc: header.crc,
    compression: RecordBatch.compressionOf(header),
    timestampType: RecordBatch.isLogAppendTime(header) ? "LogAppendTime" : "CreateTime",
    isTransactional: RecordBatch.isTransactional(header),
    isControl: RecordBatch.isControl(header),
    deleteHorizonMs: RecordBatch.deleteHorizon(header) ?? null,
    maxTimestamp: header.maxTimestamp,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: RecordBatch.lastSequence(header),
    count: header.recordsCount,
    records: RecordBatch.records(bytes, header, position).map(describeRecord)
  }
}

/** A whole segment, every batch checked. Throws `Malformed`, positions counted in the segment, and `MissingCodec`. */
export const describeSegment = (baseOffset: number, bytes: Uint8Array): SegmentDescription => {
  const batches: Array<BatchDescription> = []
  for (let position = 0; position < bytes.length;) {
    const batch = describeBatch(bytes, position)
    batches.push(batch)
    position += batch.size
  }
  return { baseOffset, size: bytes.length, batches }
}
