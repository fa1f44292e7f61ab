/**
 * What a leader checks in a client's batches, and what it writes into them (LogValidator; KIP-32, KIP-98).
 *
 *     refuse  wrong range or count · control records and sequences below 0 from a client · no key in a compacted topic
 *             · times outside the window · a batch that claims LogAppendTime
 *     assign  offsets without a gap from the log end · leader epoch · the append's time where the topic says so
 *
 * A batch keeps its bytes if its codec stays and its offsets are dense; then only what the checksum does not cover is
 * written, and the time if that must change. Otherwise it is written anew.
 */
import { writeInt64 } from "../../message/Int64.ts"
import type { Compression } from "./Compression.ts"
import type { LogConfig } from "./LogConfig.ts"
import type { Origin } from "./ProducerState.ts"
import type * as Record from "./Record.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { fail } from "./StorageError.ts"

/** A whole batch of an append. */
export interface Part {
  readonly bytes: Uint8Array
  readonly header: RecordBatch.Header
}

/** What is known of the batches of one append. */
export interface Validated {
  readonly bytes: Uint8Array
  /** The batches in them. */
  readonly parts: ReadonlyArray<Part>
  readonly lastOffset: number
  readonly maxTimestamp: number
  /** Last offset of the batch with the largest time. */
  readonly offsetOfMaxTimestamp: number
}

/** Cuts an append into batches; a cut one at the end is left out, as the real reader does. Positions start at 0. */
export const partsOf = (bytes: Uint8Array): ReadonlyArray<Part> => {
  const parts: Array<Part> = []
  for (let position = 0; position + RecordBatch.headerSize <= bytes.length;) {
    const header = RecordBatch.readHeader(bytes, position)
    const size = RecordBatch.sizeInBytes(header)
    if (size < RecordBatch.headerSize) {
      return fail("CorruptRecord", `Record batch of ${size} bytes is smaller than a batch header`)
    }
    if (position + size > bytes.length) break
    parts.push({ bytes: bytes.subarray(position, position + size), header })
    position += size
  }
  return parts
}

const checkBatch = ({ header }: Part, origin: Origin): void => {
  if (origin !== "client") return
  const range = header.lastOffsetDelta + 1
  if (range <= 0) {
    fail(
      "InvalidRecord",
      `Batch has an invalid offset range: [${header.baseOffset}, ${RecordBatch.lastOffset(header)}]`
    )
  }
  if (header.recordsCount <= 0) fail("InvalidRecord", `Invalid reported count for record batch: ${header.recordsCount}`)
  if (range !== header.recordsCount) {
    fail("InvalidRecord", `Inconsistent batch offset range of ${range} and count of records ${header.recordsCount}`)
  }
  if (RecordBatch.isControl(header)) fail("InvalidRecord", "Clients are not allowed to write control records")
  if (RecordBatch.hasProducerId(header) && header.baseSequence < 0) {
    fail(
      "InvalidRecord",
      `Invalid sequence number ${header.baseSequence} in record batch with producerId ${header.producerId}`
    )
  }
}

interface Refusal {
  readonly reason: "InvalidRecord" | "InvalidTimestamp"
  readonly message: string
}

/** What a batch is held to, record by record. Answers why one is refused; its offset and time are the client's. */
const recordCheck = (
  { header }: Part,
  config: LogConfig,
  now: number
): (record: Readonly<Record.Outline>, timestamp: number) => Refusal | undefined => {
  const needsKey = config.cleanupPolicies.includes("compact")
  const isCreateTime = config.messageTimestampType === "CreateTime"
  const isLogAppendTime = RecordBatch.isLogAppendTime(header)
  return ({ hasKey, offsetDelta }, timestamp) => {
    if (needsKey && !hasKey) {
      return { reason: "InvalidRecord", message: "Compacted topic cannot accept message without key" }
    }
    if (isCreateTime && timestamp !== -1) {
      const before = now - timestamp
      if (before > config.messageTimestampBeforeMaxMillis || -before > config.messageTimestampAfterMaxMillis) {
        const offset = header.baseOffset + offsetDelta
        const message = `Timestamp ${timestamp} of message with offset ${offset} is out of range`
        return { reason: "InvalidTimestamp", message }
      }
    } else if (isLogAppendTime) {
      return { reason: "InvalidTimestamp", message: "Producer should not set timestamp type to LogAppendTime." }
    }
    return undefined
  }
}

interface Checked {
  readonly count: number
  /** Are the offsets those that the leader would assign? */
  readonly isDense: boolean
  /** The largest time, in milliseconds since 1970; -1 for none. */
  readonly latest: number
}

/** Checks the records of a batch in one pass. One that cannot be read comes before one that is refused, wherever it is. */
const checkRecords = (part: Part, config: LogConfig, now: number): Checked => {
  const { header } = part
  const check = recordCheck(part, config, now)
  const appended = RecordBatch.isLogAppendTime(header) ? header.maxTimestamp : undefined
  let refusal: Refusal | undefined
  let count = 0
  let isDense = true
  let latest = -1
  RecordBatch.outlines(part.bytes, header, (record) => {
    const timestamp = appended ?? header.baseTimestamp + record.timestampDelta
    refusal ??= check(record, timestamp)
    if (record.offsetDelta !== count++) isDense = false
    if (timestamp > latest) latest = timestamp
  })
  if (refusal !== undefined) fail(refusal.reason, refusal.message)
  return { count, isDense, latest }
}

const targetOf = (parts: ReadonlyArray<Part>, config: LogConfig): Compression => {
  const compressed = parts.findLast(({ header }) => RecordBatch.compressionOf(header) !== "none")
  switch (config.compressionType) {
    case "producer":
      return compressed === undefined ? "none" : RecordBatch.compressionOf(compressed.header)
    case "uncompressed":
      return "none"
    case "gzip":
    case "snappy":
    case "lz4":
    case "zstd":
      return config.compressionType
  }
}

/** The same records as a batch of another codec, or with dense offsets. */
const rewritten = (
  { header }: Part,
  records: ReadonlyArray<RecordBatch.PlacedRecord>,
  compression: Compression
): Uint8Array => {
  const baseTimestamp = records[0]?.timestamp ?? header.baseTimestamp
  return RecordBatch.encode({
    ...header,
    compression,
    timestampType: "CreateTime",
    isTransactional: RecordBatch.isTransactional(header),
    isControl: RecordBatch.isControl(header),
    baseTimestamp,
    lastOffsetDelta: Math.max(0, records.length - 1),
    records: records.map(({ headers, key, timestamp, value }, offsetDelta) => ({
      offsetDelta,
      timestampDelta: timestamp - baseTimestamp,
      key,
      value,
      headers
    }))
  })
}

const setMaxTimestamp = (bytes: Uint8Array, timestamp: number): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, RecordBatch.headerSize)
  writeInt64(view, 35, timestamp)
  view.setUint32(17, RecordBatch.checksum(bytes, 0, bytes.length))
}

/** Where a batch is copied to before it is written: allocating for each append costs more than writing it. */
let scratch = new Uint8Array(64 * 1024)

const copyOf = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > scratch.length) scratch = new Uint8Array(2 * bytes.length)
  scratch.set(bytes)
  return scratch.subarray(0, bytes.length)
}

/**
 * Checks an append and answers the bytes to write, from `firstOffset` on. The bytes given are not changed; those answered
 * stand until the next call.
 *
 * Fails by name as the real leader does; throws `Malformed` for records that cannot be read, and `MissingCodec`.
 */
export const validateAndAssign = (
  parts: ReadonlyArray<Part>,
  config: LogConfig,
  { firstOffset, leaderEpoch, now, origin }: {
    readonly firstOffset: number
    readonly leaderEpoch: number
    readonly now: number
    readonly origin: Origin
  }
): Validated => {
  const target = targetOf(parts, config)
  if (target !== "none" && parts.length > 1) fail("InvalidRecord", "Compressed outer record has more than one batch")
  const written: Array<Part> = []
  let nextOffset = firstOffset
  let largest = { timestamp: -1, offset: -1 }
  for (const part of parts) {
    checkBatch(part, origin)
    const { header } = part
    const { count, isDense, latest } = checkRecords(part, config, now)
    const isKept = RecordBatch.compressionOf(header) === target && isDense
    const bytes = isKept
      ? parts.length === 1 ? copyOf(part.bytes) : part.bytes.slice()
      : rewritten(part, RecordBatch.records(part.bytes, header), target)
    const isStamped = config.messageTimestampType === "LogAppendTime"
    const timestamp = isStamped ? now : latest
    const isSame = isKept && !isStamped && header.maxTimestamp === timestamp
    if (isStamped) RecordBatch.stamp(bytes, 0, bytes.length, now)
    else if (!isSame && RecordBatch.readHeader(bytes).maxTimestamp !== timestamp) setMaxTimestamp(bytes, timestamp)
    RecordBatch.assign(bytes, 0, nextOffset, leaderEpoch)
    const assigned = isSame
      ? { ...header, baseOffset: nextOffset, partitionLeaderEpoch: leaderEpoch }
      : RecordBatch.readHeader(bytes)
    nextOffset += count
    if (timestamp > largest.timestamp) largest = { timestamp, offset: nextOffset - 1 }
    written.push({ bytes, header: assigned })
  }
  return {
    bytes: written.length === 1
      ? written[0]!.bytes
      : new Uint8Array(Buffer.concat(written.map(({ bytes }) => bytes))),
    parts: written,
    lastOffset: nextOffset - 1,
    maxTimestamp: largest.timestamp,
    offsetOfMaxTimestamp: largest.offset
  }
}
