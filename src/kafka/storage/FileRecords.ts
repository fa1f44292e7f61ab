/**
 * The `.log` file of a segment: record batches one behind the other, found by walking from a position where one begins
 * (FileRecords, FileLogInputStream).
 *
 * The walk stops in silence where less than a header, 17 bytes and one more, is left, and where a batch reaches beyond
 * the end: that is what a torn tail looks like. A length that no batch can have is a corrupt record. Nothing else is
 * checked on the way; a batch is checked when somebody asks (`ensureValid`).
 */
import { crc32 } from "node:zlib"
import { roundInt64, viewOf } from "../../message/Int64.ts"
import type { File } from "../../world/Disk.ts"
import * as RecordBatch from "./RecordBatch.ts"
import { fail } from "./StorageError.ts"

/** An open log file. */
export interface FileRecords {
  readonly file: File
  /** Bytes, as far as this process knows: what it opened and what it appended. */
  size: number
}

/** A batch as the walk finds it. Its bytes are read when they are asked for. */
interface Batch {
  readonly position: number
  /** Bytes, with the 12 before those that its length counts. */
  readonly size: number
  readonly magic: number
  readonly baseOffset: number
}

/** Offset, length, epoch and magic: what the walk reads of every batch. */
const walkedHeader = 17
/** The smallest size that any version of the format can have, without the 12 bytes before it. */
const smallestRecord = 14
const windowBytes = 256 * 1024

export const open = (file: File): FileRecords => ({ file, size: file.size() })

/** Appends bytes, and answers the position they stand at. */
export const append = (records: FileRecords, bytes: Uint8Array): number => {
  const position = records.size
  records.file.write(position, bytes)
  records.size = position + bytes.length
  return position
}

/** Cuts the file, and answers the bytes that went. */
export const truncateTo = (records: FileRecords, size: number): number => {
  const before = records.size
  if (size > before || size < 0) {
    fail("Kafka", `Attempt to truncate log segment ${records.file.path} to ${size} bytes failed, size is ${before}`)
  }
  if (size < records.file.size()) {
    records.file.truncate(size)
    records.size = size
  }
  return before - size
}

/** What a walk has read ahead, in large pieces, so that it does not read small batches one by one. */
interface Window {
  readonly file: File
  readonly end: number
  /** Position of the first byte. */
  start: number
  /** Where every piece is read to, one over the other: fresh memory costs more than what is read into it. */
  room: Uint8Array
  bytes: Uint8Array
  view: DataView
}

const none = new Uint8Array(0)

const windowOver = (file: File, end: number): Window => ({
  file,
  end,
  start: 0,
  room: none,
  bytes: none,
  view: viewOf(none)
})

/** Sees to it that `length` bytes from `position` are in the window, unless the file ends; answers where they begin. */
const reach = (window: Window, position: number, length: number): number => {
  const { bytes, end, file, start } = window
  if (position >= start && position + length <= start + bytes.length) return position - start
  const wanted = Math.max(length, Math.min(windowBytes, end - position))
  if (window.room.length < wanted) window.room = new Uint8Array(wanted)
  window.start = position
  window.bytes = file.read(position, wanted, window.room)
  window.view = viewOf(window.bytes)
  return 0
}

/** Bytes of the window, fewer where the file ends. */
const read = (window: Window, position: number, length: number): Uint8Array => {
  const at = reach(window, position, length)
  return window.bytes.subarray(at, at + length)
}

/**
 * The batches from `start` to before `end`, a walk that may stop early.
 *
 * Fails with `CorruptRecord` at a length below any batch's, with `IllegalArgument` where `start` is negative.
 */
export function* batches(records: FileRecords, start = 0, end = records.size): Generator<FoundBatch, void> {
  const { file } = records
  if (start < 0) fail("IllegalArgument", "Negative position")
  const window = windowOver(file, end)
  for (let position = start; position < end - walkedHeader;) {
    const at = reach(window, position, walkedHeader)
    const { view } = window
    if (view.byteLength < at + walkedHeader) return
    const length = view.getInt32(at + 8)
    if (length < smallestRecord) {
      fail(
        "CorruptRecord",
        `Found record size ${length} smaller than minimum record overhead (${smallestRecord}) in file ${file.path}.`
      )
    }
    const size = RecordBatch.logOverhead + length
    if (position > end - size) return
    yield new FoundBatch(window, position, size, view.getInt8(at + 16), roundInt64(view, at))
    position += size
  }
}

/** A batch of the walk with the means to read it. */
export class FoundBatch implements Batch {
  readonly position: number
  readonly size: number
  readonly magic: number
  readonly baseOffset: number
  readonly #window: Window
  #header: RecordBatch.Header | undefined

  constructor(window: Window, position: number, size: number, magic: number, baseOffset: number) {
    this.#window = window
    this.position = position
    this.size = size
    this.magic = magic
    this.baseOffset = baseOffset
  }

  /** Versions 0 and 1 of the format, and what damage makes of a magic: such a batch has a header of its own. */
  get isLegacy(): boolean {
    return this.magic < 2
  }

  /** The header of a batch of magic 2 or above. Fails with `Kafka` where the file ends inside it. */
  get header(): RecordBatch.Header {
    if (this.#header === undefined) {
      const at = reach(this.#window, this.position, RecordBatch.headerSize)
      if (this.#window.bytes.length < at + RecordBatch.headerSize) {
        fail("Kafka", `Failed to load record batch at position ${this.position}`)
      }
      this.#header = RecordBatch.readHeader(this.#window.bytes, at)
    }
    return this.#header
  }

  get lastOffset(): number {
    return this.isLegacy ? this.baseOffset : RecordBatch.lastOffset(this.header)
  }

  get partitionLeaderEpoch(): number {
    return this.isLegacy ? -1 : this.header.partitionLeaderEpoch
  }

  /** Milliseconds since 1970, -1 for none. */
  get maxTimestamp(): number {
    if (!this.isLegacy) return this.header.maxTimestamp
    if (this.magic !== 1 || this.size < 26) return -1
    return roundInt64(viewOf(read(this.#window, this.position, 26)), 18)
  }

  /** The whole batch. Neither to be changed nor kept: it stands until the next batch of the walk is looked at. */
  get bytes(): Uint8Array {
    return read(this.#window, this.position, this.size)
  }

  /** The records, each with its offset and time; keys and values stand as long as `bytes`. Throws `Malformed` and `MissingCodec`. */
  get records(): ReadonlyArray<RecordBatch.PlacedRecord> {
    return RecordBatch.records(this.bytes, this.header)
  }

  /** Fails with `CorruptRecord` where length or checksum are wrong. The magic is taken as it is, as the real log does. */
  ensureValid(): void {
    if (this.isLegacy) {
      const { bytes } = this
      if (crc32(bytes.subarray(16)) !== viewOf(bytes).getUint32(12)) fail("CorruptRecord", "Record is corrupt")
      return
    }
    if (this.size < RecordBatch.headerSize) {
      fail(
        "CorruptRecord",
        `Record batch is corrupt (the size ${this.size} is smaller than the minimum allowed overhead ` +
          `${RecordBatch.headerSize})`
      )
    }
    // Checked where it lies in the window: a view of each batch costs as much as the checksum of a small one.
    const at = reach(this.#window, this.position, this.size)
    const stored = this.#window.view.getUint32(at + 17)
    const computed = RecordBatch.checksum(this.#window.bytes, at, this.size)
    if (stored !== computed) {
      fail("CorruptRecord", `Record is corrupt (stored crc = ${stored}, computed crc = ${computed})`)
    }
  }
}

/** The first batch from `position` on that reaches `offset` (searchForOffsetWithSize). */
export const searchForOffset = (records: FileRecords, offset: number, position: number): FoundBatch | undefined => {
  for (const batch of batches(records, position)) if (batch.lastOffset >= offset) return batch
  return undefined
}

/** The end of a slice of `size` bytes from `position`, never beyond the file (FileRecords.slice). */
export const sliceEnd = (records: FileRecords, position: number, size: number): number => {
  if (position < 0) fail("IllegalArgument", `Invalid position: ${position} in read from ${records.file.path}`)
  if (position > records.size) {
    fail("IllegalArgument", `Slice from position ${position} exceeds end position of the log`)
  }
  if (size < 0) fail("IllegalArgument", `Invalid size: ${size} in read from ${records.file.path}`)
  return Math.min(position + size, records.size)
}
