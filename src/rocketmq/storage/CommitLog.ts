/**
 * The CommitLog: every message of every topic, in one order, in files of one size.
 *
 *     entry entry entry ... entry | blank: i32 bytes left, i32 magic | anything up to the end of the file
 *
 * The one decision: an entry never spans files and always leaves room for a blank, so a file ends where the next entry
 * and eight bytes would not fit; then the blank is written, the position jumps to the end and the entry goes to the next
 * file. The number of a message in its queue is taken from memory here, long before the queue has an entry for it
 * (CommitLog.asyncPutMessage, DefaultAppendMessageCallback.doAppend).
 */
import type * as Disk from "../../world/Disk.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as Files from "./MappedFileQueue.ts"
import * as Codec from "./MessageCodec.ts"

export interface CommitLog {
  readonly files: Files.MappedFileQueue
  /** Number of the next message of each "topic-queueId". */
  topicQueueTable: Map<string, number>
  /** Where gathered entries are put together; a write has copied it when it returns. */
  scratch: Uint8Array
}

export const make = (disk: Disk.Operations, directory: string, config: StoreConfig): CommitLog => ({
  files: Files.make({
    disk,
    directory,
    fileSize: config.mappedFileSizeCommitLog,
    preallocates: true,
    // As isTransientStorePoolEnable: only where flushing is asynchronous, and never on a slave.
    buffers: config.transientStorePoolEnable && config.flushDiskType === "ASYNC_FLUSH" && config.brokerRole !== "SLAVE",
    advancesOnFailedFlush: config.behaviour.advancesOnFailedFlush,
    commitsNames: config.behaviour.commitsNames,
    guards: config.guards
  }),
  topicQueueTable: new Map(),
  scratch: new Uint8Array(0)
})

/** Where messages that were appended together went. */
export interface Appended {
  /** Physical offset of each, in bytes. */
  readonly offsets: ReadonlyArray<number>
  /** Number in the queue of the first. */
  readonly queueOffset: number
  /** Offset after the last. */
  readonly nextOffset: number
  readonly storeTimestamp: number
}

const takesNumber = (log: CommitLog, sysFlag: number): boolean => {
  if (!log.files.guards.NumberOnlyVisible) return true
  const transaction = sysFlag & Codec.SysFlag.transaction
  return transaction !== Codec.SysFlag.prepared && transaction !== Codec.SysFlag.rollback
}

export const queueKey = (topic: string, queueId: number): string => `${topic}-${queueId}`

/** Why nothing was appended: the entries fit into no file, or the file that they would go to cannot be made. */
export type NotAppended = "too large" | "no file"

/** What entries that are appended together have in common. */
export interface Place {
  /** See `queueKey`. */
  readonly queue: string
  readonly sysFlag: number
  readonly storeTimestamp: number
  /** Whether they end with a checksum of the whole entry. */
  readonly sealed: boolean
}

/**
 * Appends encoded entries of one queue, all into one file.
 *
 * A half or rolled back message has number 0 and takes none. Where the next file cannot be made the last one has its blank
 * all the same, and is full.
 */
export const append = (
  log: CommitLog,
  entries: ReadonlyArray<Uint8Array>,
  place: Place
): Appended | NotAppended => {
  const { queue, sealed, storeTimestamp, sysFlag } = place
  const total = entries.reduce((sum, entry) => sum + entry.length, 0)
  if (total + Codec.blankBytes > log.files.fileSize) return "too large"
  const last = Files.lastOrCreate(log.files, 0n)
  const isLeft = last !== undefined && total + Codec.blankBytes > log.files.fileSize - last.wrote
  if (isLeft) endFile(log, last, storeTimestamp)
  const file = isLeft ? Files.lastOrCreate(log.files, 0n) : last
  if (file === undefined) return "no file"
  const numbered = takesNumber(log, sysFlag)
  const first = numbered ? log.topicQueueTable.get(queue) ?? 0 : 0
  const start = Number(file.base) + file.wrote
  const bytes = entries.length === 1 ? entries[0]! : new Uint8Array(total)
  const offsets: Array<number> = []
  let at = 0
  for (const [index, entry] of entries.entries()) {
    if (entries.length > 1) bytes.set(entry, at)
    Codec.stamp(bytes, at, { queueOffset: numbered ? first + index : 0, physicalOffset: start + at, storeTimestamp })
    if (sealed) Codec.seal(bytes, at, entry.length)
    offsets.push(start + at)
    at += entry.length
  }
  Files.append(log.files, file, bytes)
  file.storeTimestamp = storeTimestamp
  if (numbered) log.topicQueueTable.set(queue, first + entries.length)
  return { offsets, queueOffset: first, nextOffset: start + total, storeTimestamp }
}

/** One entry of many that are gathered. */
export interface Gathered {
  readonly entry: Codec.Measured
  /** See `queueKey`. */
  readonly queue: string
}

/**
 * Appends entries of any queues in order, those that go into one file with one write: what puts that are outstanding at
 * the same time cost together. Bytes and answers are those of one append after the other.
 */
export const appendGathered = (
  log: CommitLog,
  items: ReadonlyArray<Gathered>,
  place: Pick<Place, "storeTimestamp" | "sealed">
): ReadonlyArray<Appended | NotAppended> => {
  const { fileSize } = log.files
  const answers: Array<Appended | NotAppended> = []
  for (let next = 0; next < items.length;) {
    const file = Files.lastOrCreate(log.files, 0n)
    if (file === undefined) {
      answers.push(items[next]!.entry.size + Codec.blankBytes > fileSize ? "too large" : "no file")
      next++
      continue
    }
    const room = fileSize - file.wrote
    let bytes = 0
    let end = next
    // What fits into no file takes no room, and is answered so below.
    for (; end < items.length; end++) {
      const { size } = items[end]!.entry
      if (size + Codec.blankBytes > fileSize) continue
      if (bytes + size + Codec.blankBytes > room) break
      bytes += size
    }
    if (log.scratch.length < bytes) log.scratch = new Uint8Array(2 * bytes)
    const chunk = log.scratch.subarray(0, bytes)
    const writing: Writing = { log, numbers: new Map(), bytes: chunk, view: viewOf(chunk), at: 0 }
    const start = Number(file.base) + file.wrote
    for (let index = next; index < end; index++) {
      const item = items[index]!
      const fits = item.entry.size + Codec.blankBytes <= fileSize
      answers.push(fits ? placed(writing, item, start + writing.at, place) : "too large")
    }
    if (bytes > 0) {
      Files.append(log.files, file, chunk)
      file.storeTimestamp = place.storeTimestamp
      for (const [queue, number] of writing.numbers) log.topicQueueTable.set(queue, number)
    }
    if (end < items.length) endFile(log, file, place.storeTimestamp)
    next = end
  }
  return answers
}

/** A write that is being put together. */
interface Writing {
  readonly log: CommitLog
  /** Numbers that count as taken once the write has returned: one that fails stores nothing. */
  readonly numbers: Map<string, number>
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Writes an entry in its place, and takes its number. */
const placed = (
  writing: Writing,
  { entry, queue }: Gathered,
  physicalOffset: number,
  { sealed, storeTimestamp }: Pick<Place, "storeTimestamp" | "sealed">
): Appended => {
  const { at, bytes, log, numbers, view } = writing
  const numbered = takesNumber(log, entry.sysFlag)
  const queueOffset = numbered ? numbers.get(queue) ?? log.topicQueueTable.get(queue) ?? 0 : 0
  Codec.write(bytes, view, at, entry, { queueOffset, physicalOffset, storeTimestamp })
  if (sealed) Codec.seal(bytes, at, entry.size)
  if (numbered) numbers.set(queue, queueOffset + 1)
  writing.at += entry.size
  return { offsets: [physicalOffset], queueOffset, nextOffset: physicalOffset + entry.size, storeTimestamp }
}

/** Writes the blank that ends a file, and moves the position behind it. */
const endFile = (log: CommitLog, file: Files.MappedFile, storeTimestamp: number): void => {
  if (log.files.guards.WriteBlank) Files.write(file, Codec.blank(log.files.fileSize - file.wrote))
  file.wrote = log.files.fileSize
  file.storeTimestamp = storeTimestamp
}

/** Appends bytes as they are, where the log ends: what a slave does with what its master sends. */
export const appendData = (log: CommitLog, startOffset: number, bytes: Uint8Array): boolean => {
  const file = Files.lastOrCreate(log.files, BigInt(startOffset))
  return file !== undefined && Files.append(log.files, file, bytes)
}

export const minOffset = (log: CommitLog): bigint => Files.minOffset(log.files)
export const maxOffset = (log: CommitLog): bigint => Files.maxOffset(log.files)

/** Start of the file after the one that holds an offset. */
export const rollNextFile = (log: CommitLog, offset: bigint): bigint => {
  const size = BigInt(log.files.fileSize)
  return offset + size - offset % size
}

/** What can be read from an offset to the end of its file, and the offset it really begins at. */
export const dataFrom = (
  log: CommitLog,
  offset: bigint,
  firstIfNone: boolean
): { readonly start: bigint; readonly bytes: Uint8Array } | undefined => {
  const file = Files.find(log.files, offset, firstIfNone)
  if (file === undefined) return undefined
  const position = Number(offset % BigInt(log.files.fileSize))
  const bytes = Files.readFrom(file, position)
  return bytes === undefined ? undefined : { start: file.base + BigInt(position), bytes }
}

/**
 * The bytes of an entry that a queue points at; `undefined` where the log does not reach so far, "illegal size" where
 * Java throws IllegalArgumentException.
 *
 * Java adds position and size as 32-bit integers: a damaged size wraps around, passes the first check, and is refused
 * by the second.
 */
export const messageAt = (log: CommitLog, offset: bigint, size: number): Uint8Array | "illegal size" | undefined => {
  const file = Files.find(log.files, offset, offset === 0n)
  if (file === undefined) return undefined
  const position = Number(offset % BigInt(log.files.fileSize))
  if (((position + size) | 0) > Files.readable(file)) return undefined
  if (size < 0 || position + size > log.files.fileSize) return "illegal size"
  return Files.mapped(file.file, position, size)
}
