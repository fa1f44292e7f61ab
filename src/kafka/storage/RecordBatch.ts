/**
 * A record batch of magic 2, the unit in which Kafka's log is written, checked and replicated (DefaultRecordBatch; KIP-98).
 *
 *      0 baseOffset i64             21 attributes i16         43 producerId i64
 *      8 batchLength i32            23 lastOffsetDelta i32    51 producerEpoch i16
 *     12 partitionLeaderEpoch i32   27 baseTimestamp i64      53 baseSequence i32
 *     16 magic i8                   35 maxTimestamp i64       57 recordsCount i32
 *     17 crc u32                                              61 records, plain or one compressed block
 *
 * `batchLength` counts the bytes after itself. The checksum (CRC-32C) covers byte 21 to the end: what the leader assigns,
 * offset and epoch, is outside it. So damage to these two and to the magic passes, here as in the real log.
 *
 *     attributes: 0-2 compression · 3 timestamp type · 4 transactional · 5 control · 6 base timestamp is a delete horizon
 */
import { crc32c } from "../../message/Crc32c.ts"
import { readInt64, roundInt64, viewOf, writeInt64 } from "../../message/Int64.ts"
import { Malformed, malformed } from "../../message/Malformed.ts"
import { type Cursor, cursor } from "../../message/Varint.ts"
import { compress, type Compression, decompress, names } from "./Compression.ts"
import * as Record from "./Record.ts"

/** Bytes before the records. */
export const headerSize = 61
/** Bytes before those that `batchLength` counts. */
export const logOverhead = 12
const crcPosition = 17
const attributesPosition = 21
const maximumSequence = 0x7fffffff

/** What a reader inflates of one batch at most, in bytes, unless it says otherwise. */
export const defaultLimit = 64 * 1024 * 1024

export interface Header {
  readonly baseOffset: number
  readonly batchLength: number
  readonly partitionLeaderEpoch: number
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  /** Milliseconds since 1970 of the first record, or the delete horizon; -1 where there is none. */
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordsCount: number
}

/** A record with what its batch says of it. */
export interface PlacedRecord {
  readonly offset: number
  readonly timestamp: number
  /** -1 where the batch has no sequence. */
  readonly sequence: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: ReadonlyArray<Record.Header>
}

export const sizeInBytes = (header: Header): number => logOverhead + header.batchLength
export const lastOffset = (header: Header): number => header.baseOffset + header.lastOffsetDelta
export const isLogAppendTime = (header: Header): boolean => (header.attributes & 0x08) !== 0
export const isTransactional = (header: Header): boolean => (header.attributes & 0x10) !== 0
export const isControl = (header: Header): boolean => (header.attributes & 0x20) !== 0
export const hasProducerId = (header: Header): boolean => header.producerId > -1
/** When a compacted batch's tombstones and markers may go, in milliseconds since 1970. */
export const deleteHorizon = (header: Header): number | undefined =>
  (header.attributes & 0x40) === 0 ? undefined : header.baseTimestamp

/** The codec; ids 5 to 7 are nobody's and `Malformed`. */
export const compressionOf = (header: Header): Compression =>
  names[header.attributes & 7] ?? malformed(22, `the compression id ${header.attributes & 7}`, "0 to 4")

/** A sequence some records on: 2^31 - 1 is followed by 0. */
export const incrementSequence = (sequence: number, increment: number): number =>
  sequence > maximumSequence - increment ? increment - (maximumSequence - sequence) - 1 : sequence + increment

export const lastSequence = (header: Header): number =>
  header.baseSequence === -1 ? -1 : incrementSequence(header.baseSequence, header.lastOffsetDelta)

/**
 * Reads the header at `position`, checking nothing, as a scan does that trusts what was flushed.
 *
 * The caller knows that 61 bytes are there. Integers beyond 2^53 are rounded: the checksum fails for all of them but the
 * base offset, and that one is refused where it would become an offset of the log.
 */
export const readHeader = (bytes: Uint8Array, position = 0): Header => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, headerSize)
  return {
    baseOffset: roundInt64(view, 0),
    batchLength: view.getInt32(8),
    partitionLeaderEpoch: view.getInt32(12),
    magic: view.getInt8(16),
    crc: view.getUint32(crcPosition),
    attributes: view.getInt16(attributesPosition),
    lastOffsetDelta: view.getInt32(23),
    baseTimestamp: roundInt64(view, 27),
    maxTimestamp: roundInt64(view, 35),
    producerId: roundInt64(view, 43),
    producerEpoch: view.getInt16(51),
    baseSequence: view.getInt32(53),
    recordsCount: view.getInt32(57)
  }
}

/** The checksum of the batch of `size` bytes at `position`. */
export const checksum = (bytes: Uint8Array, position: number, size: number): number =>
  crc32c(bytes, position + attributesPosition, position + size)

const int64Positions = [0, 27, 35, 43]

/**
 * Reads and checks the batch at `position`: its length, magic and checksum, but not its records.
 *
 * Throws `Malformed` where the length does not fit, the magic is not 2, the checksum differs or a field is beyond 2^53.
 */
export const decode = (bytes: Uint8Array, position = 0): Header => {
  const left = bytes.length - position
  if (left < headerSize) malformed(position, `${left} bytes`, `a batch header of ${headerSize} bytes`)
  const header = readHeader(bytes, position)
  const size = sizeInBytes(header)
  if (size < headerSize || size > left) {
    malformed(position + 8, `a batch of ${size} bytes`, `${headerSize} to ${left}, what is left`)
  }
  if (header.magic !== 2) malformed(position + 16, `magic ${header.magic}`, "magic 2")
  const computed = checksum(bytes, position, size)
  if (computed !== header.crc) {
    malformed(position + crcPosition, `the checksum ${header.crc}`, `${computed}, the CRC-32C of its contents`)
  }
  for (const at of int64Positions) readInt64(viewOf(bytes), position + at)
  return header
}

/** Tells of a byte inside a compressed block by the position of the block. */
const placing = <A>(header: Header, position: number, read: () => A): A => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Malformed) || (header.attributes & 7) === 0 || (header.attributes & 7) >= names.length) {
      throw error
    }
    const within = `${error.found} at byte ${error.position} of its ${compressionOf(header)} records`
    throw new Malformed({ position: position + headerSize, found: within, expected: error.expected })
  }
}

/**
 * The records of the batch at `position`, inflated to at most `limit` bytes.
 *
 * Throws `Malformed`, and `MissingCodec` where the package that inflates them is not installed. In a compressed batch
 * the position is that of the compressed block, and the byte that is wrong inside it is told beside it.
 */
export const records = (
  bytes: Uint8Array,
  header: Header,
  position = 0,
  limit = defaultLimit
): ReadonlyArray<PlacedRecord> =>
  placing(header, position, () => {
    const record = placed(header)
    const read: Array<PlacedRecord> = []
    walk(bytes, header, position, limit, (from) => read.push(record(from)))
    return read
  })

/**
 * Checks the records as much as `records` does, and tells `each` as little of them as an append needs: an outline that
 * stands until the next record. Throws as `records` does, and what `each` throws.
 */
export const outlines = (bytes: Uint8Array, header: Header, each: (outline: Readonly<Record.Outline>) => void): void =>
  placing(header, 0, () => {
    const outline = { offsetDelta: 0, timestampDelta: 0, hasKey: false }
    walk(bytes, header, 0, defaultLimit, (from) => {
      Record.outline(from, outline)
      each(outline)
    })
  })

/** Walks the records of a batch; `each` reads one at the cursor. */
const walk = (
  bytes: Uint8Array,
  header: Header,
  position: number,
  limit: number,
  each: (from: Cursor) => void
): void => {
  const { recordsCount } = header
  const end = position + sizeInBytes(header)
  if (recordsCount < 0) malformed(position + 57, `${recordsCount} records`, "0 or more")
  const compression = compressionOf(header)
  if (recordsCount === 0) return
  const from = compression === "none"
    ? cursor(bytes, position + headerSize, end)
    : cursor(decompress(compression, bytes.subarray(position + headerSize, end), limit))
  for (let index = 0; index < recordsCount; index++) each(from)
  if (from.position !== from.end) {
    malformed(from.position, `${from.end - from.position} bytes after the records`, "none")
  }
}

const placed = (header: Header) => {
  const appended = isLogAppendTime(header) ? header.maxTimestamp : undefined
  return (from: Cursor): PlacedRecord => {
    const { headers, key, offsetDelta, timestampDelta, value } = Record.read(from)
    return {
      offset: header.baseOffset + offsetDelta,
      timestamp: appended ?? header.baseTimestamp + timestampDelta,
      sequence: header.baseSequence < 0 ? -1 : incrementSequence(header.baseSequence, offsetDelta),
      key,
      value,
      headers
    }
  }
}

/** What a batch is made of. `maxTimestamp` and the counts follow from it. */
export interface Contents {
  readonly baseOffset: number
  readonly partitionLeaderEpoch: number
  readonly compression: Compression
  readonly timestampType: "CreateTime" | "LogAppendTime"
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** Milliseconds since 1970; then it stands in the place of the base timestamp. */
  readonly deleteHorizon?: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Also counts records that compaction took away. */
  readonly lastOffsetDelta: number
  readonly records: ReadonlyArray<Record.Record>
}

const attributesOf = (contents: Contents): number =>
  names.indexOf(contents.compression) | (contents.timestampType === "LogAppendTime" ? 0x08 : 0) |
  (contents.isTransactional ? 0x10 : 0) | (contents.isControl ? 0x20 : 0) |
  (contents.deleteHorizon === undefined ? 0 : 0x40)

const joined = (contents: Contents): Uint8Array => {
  const parts = contents.records.map(Record.encode)
  const plain = Buffer.concat(parts)
  return parts.length === 0 ? plain : compress(contents.compression, plain)
}

/**
 * The bytes of a batch, checksum and all: `decode` and `records` of them give the contents again.
 *
 * Throws `MissingCodec`, and a `RangeError` for what the format cannot hold.
 */
export const encode = (contents: Contents): Uint8Array => {
  const deltas = contents.records.map((record) => record.offsetDelta)
  if (
    deltas.some((delta, index) => delta < 0 || delta > contents.lastOffsetDelta || delta <= (deltas[index - 1] ?? -1))
  ) {
    throw new RangeError(`offset deltas ${deltas.join()} do not rise within 0 to ${contents.lastOffsetDelta}`)
  }
  const body = joined(contents)
  const bytes = new Uint8Array(headerSize + body.length)
  const view = viewOf(bytes)
  writeInt64(view, 0, contents.baseOffset)
  view.setInt32(8, bytes.length - logOverhead)
  view.setInt32(12, contents.partitionLeaderEpoch)
  view.setInt8(16, 2)
  view.setInt16(attributesPosition, attributesOf(contents))
  view.setInt32(23, contents.lastOffsetDelta)
  writeInt64(view, 27, contents.deleteHorizon ?? contents.baseTimestamp)
  writeInt64(view, 35, contents.maxTimestamp)
  writeInt64(view, 43, contents.producerId)
  view.setInt16(51, contents.producerEpoch)
  view.setInt32(53, contents.baseSequence)
  view.setInt32(57, contents.records.length)
  bytes.set(body, headerSize)
  view.setUint32(crcPosition, checksum(bytes, 0, bytes.length))
  return bytes
}

/** Writes what a leader assigns into a batch's bytes, in place. The checksum does not cover them. */
export const assign = (bytes: Uint8Array, position: number, baseOffset: number, leaderEpoch: number): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, headerSize)
  writeInt64(view, 0, baseOffset)
  view.setInt32(12, leaderEpoch)
}

/** Makes the batch at `position` carry the time of its append, in milliseconds since 1970, and its checksum agree. */
export const stamp = (bytes: Uint8Array, position: number, size: number, timestamp: number): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + position, headerSize)
  view.setInt16(attributesPosition, view.getInt16(attributesPosition) | 0x08)
  writeInt64(view, 35, timestamp)
  view.setUint32(crcPosition, checksum(bytes, position, size))
}
