/**
 * The queue of one (topic, queue id): for each of its messages where it is in the CommitLog.
 *
 *     entry n at byte 20·n     commitLogOffset i64 | size i32 | tagsCode i64
 *
 * The one decision: everything here is derived, and nothing here is checked. Recovery takes any entry with offset ≥ 0 and
 * size > 0 for a good one; entries that a late first message leaves free are filled with (0, 2^31-1, 0); a message that
 * ends at or before what the queue has reached is taken for a repetition (ConsumeQueue of 4.9.7 and 5.5.0).
 */
import type * as Disk from "../../world/Disk.ts"
import type { Guards } from "./Guards.ts"
import * as Files from "./MappedFileQueue.ts"

/** Bytes of an entry. */
export const unitSize = 20
const unit = BigInt(unitSize)

export interface ConsumeQueue {
  readonly topic: string
  readonly queueId: number
  readonly files: Files.MappedFileQueue
  /** End of the last message that the queue knows, -1 before it knows one. */
  maxPhysicOffset: bigint
  /** Where the first entry is that points into the CommitLog, in bytes. */
  minLogicOffset: bigint
  /** What it was before the entries that are still to be written; absent where there are none. */
  settled: { readonly maxPhysicOffset: bigint; readonly minLogicOffset: bigint } | undefined
}

export interface Entry {
  readonly offset: bigint
  readonly size: number
  readonly tagsCode: bigint
}

/** Where queues are and how their files are made. */
export interface Options {
  readonly disk: Disk.Operations
  readonly directory: string
  /** Bytes of a file, rounded up to whole entries. */
  readonly fileSize: number
  /** See `Behaviour.advancesOnFailedFlush`. */
  readonly advancesOnFailedFlush: boolean
  /** See `Behaviour.commitsNames`. */
  readonly commitsNames: boolean
  readonly guards: Guards
}

export const make = (options: Options, topic: string, queueId: number): ConsumeQueue => ({
  topic,
  queueId,
  files: Files.make({
    disk: options.disk,
    directory: Files.join(Files.join(options.directory, topic), String(queueId)),
    fileSize: Math.ceil(options.fileSize / unitSize) * unitSize,
    advancesOnFailedFlush: options.advancesOnFailedFlush,
    commitsNames: options.commitsNames,
    guards: options.guards,
    preallocates: false,
    buffers: false
  }),
  maxPhysicOffset: -1n,
  minLogicOffset: 0n,
  settled: undefined
})

const entryAt = (view: DataView, position: number): Entry => ({
  offset: view.getBigInt64(position),
  size: view.getInt32(position + 8),
  tagsCode: view.getBigInt64(position + 12)
})

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const written = new Uint8Array(unitSize)
const writtenView = viewOf(written)

/** The bytes of an entry, until the next one is asked for: whoever appends them copies them. */
const encode = (entry: Entry): Uint8Array => {
  writtenView.setBigInt64(0, entry.offset)
  writtenView.setInt32(8, entry.size)
  writtenView.setBigInt64(12, entry.tagsCode)
  return written
}

const preBlank = encode({ offset: 0n, size: 0x7fffffff, tagsCode: 0n }).slice()

const endOf = (entry: Entry): bigint => BigInt.asIntN(64, entry.offset + BigInt(entry.size))
const looksGood = (entry: Entry): boolean => entry.offset >= 0n && entry.size > 0

/** Finds the end: scans from the third last file to the first entry that does not look good, and cuts there. */
export const recover = (queue: ConsumeQueue): void => {
  const { files } = queue
  if (files.files.length === 0) return
  let index = Math.max(0, files.files.length - 3)
  let position = 0
  for (;;) {
    const view = viewOf(Files.readAll(files, files.files[index]!))
    position = 0
    while (position < files.fileSize) {
      const entry = entryAt(view, position)
      if (!looksGood(entry)) break
      position += unitSize
      queue.maxPhysicOffset = endOf(entry)
    }
    if (position < files.fileSize || index + 1 >= files.files.length) break
    index++
  }
  const end = files.files[index]!.base + BigInt(position)
  files.flushedWhere = end
  files.committedWhere = end
  Files.truncateDirtyFiles(files, end)
}

/**
 * Drops entries that point at or past `physicalOffset`.
 *
 * The first entry of a file is kept whenever it points before it, whether or not it looks good: so a queue whose file is
 * all zeros has one entry afterwards, as in the real one.
 */
export const truncateDirtyLogicFiles = (queue: ConsumeQueue, physicalOffset: bigint): void => {
  const { files } = queue
  queue.maxPhysicOffset = physicalOffset
  for (let file = Files.last(files); file !== undefined; file = Files.last(files)) {
    const view = viewOf(Files.readAll(files, file))
    const head = entryAt(view, 0)
    if (head.offset >= physicalOffset) {
      Files.setPosition(file, 0)
      Files.destroy(files, file)
      continue
    }
    Files.setPosition(file, unitSize)
    queue.maxPhysicOffset = endOf(head)
    for (let position = unitSize; position < files.fileSize; position += unitSize) {
      const entry = entryAt(view, position)
      if (!looksGood(entry) || entry.offset >= physicalOffset) return
      Files.setPosition(file, position + unitSize)
      queue.maxPhysicOffset = endOf(entry)
    }
    return
  }
}

/** Looks for the first entry that points into the log, from the least physical offset that there is. */
export const correctMinOffset = (queue: ConsumeQueue, minPhysical: bigint, searches: boolean): void =>
  searches ? searchMinOffset(queue, minPhysical) : scanMinOffset(queue, minPhysical)

const scanMinOffset = (queue: ConsumeQueue, minPhysical: bigint): void => {
  const file = Files.first(queue.files)
  const bytes = file === undefined ? undefined : Files.readFrom(file, 0)
  if (file === undefined || bytes === undefined) return
  const view = viewOf(bytes)
  for (let position = 0; position + unitSize <= bytes.length; position += unitSize) {
    if (view.getBigInt64(position) >= minPhysical) {
      queue.minLogicOffset = file.base + BigInt(position)
      return
    }
  }
}

/** 5.x: nothing to do where the last answer still holds; past the end where no entry points into the log. */
const searchMinOffset = (queue: ConsumeQueue, minPhysical: bigint): void => {
  const tail = Files.last(queue.files)
  if (queue.minLogicOffset >= Files.maxOffset(queue.files) || tail === undefined) return
  const end = Files.readable(tail)
  if (end >= unitSize && viewOf(Files.mapped(tail.file, end - unitSize, unitSize)).getBigInt64(0) < minPhysical) {
    queue.minLogicOffset = tail.base + BigInt(end)
    return
  }
  const file = Files.first(queue.files)!
  const intact = queue.minLogicOffset >= file.base
  const start = intact ? Number(queue.minLogicOffset - file.base) : 0
  const bytes = Files.readFrom(file, start)
  if (bytes === undefined) return
  const view = viewOf(bytes)
  if (intact && view.getBigInt64(0) >= minPhysical) return
  let low = 0
  let high = bytes.length - unitSize
  while (high - low > unitSize) {
    const middle = Math.floor(Math.floor((low + high) / 2) / unitSize) * unitSize
    const offset = view.getBigInt64(middle)
    if (offset >= minPhysical) high = middle
    if (offset <= minPhysical) low = middle
    if (offset === minPhysical) break
  }
  for (let position = low; position <= high; position += unitSize) {
    if (view.getBigInt64(position) >= minPhysical) {
      queue.minLogicOffset = file.base + BigInt(start + position)
      return
    }
  }
}

/** What became of an entry that was put. */
export type Put = "appended" | "repeated" | "no room" | "no file"

/**
 * Adds the entry of a message whose number in the queue is `queueOffset`.
 *
 * The entry is in the queue once `settle` has written it. A number below the next one is a repetition; one above it is written at the next place all the same, with a complaint
 * in the real one's log.
 */
export const put = (queue: ConsumeQueue, entry: Entry, queueOffset: bigint): Put => {
  const end = endOf(entry)
  const { IgnoreRepeatedEntries } = queue.files.guards
  if (IgnoreRepeatedEntries && end <= queue.maxPhysicOffset) return "repeated"
  const expected = BigInt.asIntN(64, queueOffset * unit)
  const file = Files.lastOrCreate(queue.files, expected)
  if (file === undefined) return "no file"
  queue.settled ??= { maxPhysicOffset: queue.maxPhysicOffset, minLogicOffset: queue.minLogicOffset }
  if (queueOffset !== 0n) {
    if (file.firstInQueue && file.wrote === 0) {
      queue.minLogicOffset = expected
      queue.files.flushedWhere = expected
      queue.files.committedWhere = expected
      const until = Number(expected % BigInt(queue.files.fileSize))
      for (let position = 0; position < until; position += unitSize) Files.appendLater(queue.files, file, preBlank)
    }
    if (IgnoreRepeatedEntries && expected < file.base + BigInt(file.wrote)) return "repeated"
  }
  queue.maxPhysicOffset = end
  return Files.appendLater(queue.files, file, encode(entry)) ? "appended" : "no room"
}

/** Writes the entries that were put since the last time, a write a file. */
export const settle = (queue: ConsumeQueue): void => {
  Files.writeOut(queue.files)
  queue.settled = undefined
}

/** Forgets them instead, where not all could be written: they are to be put again. */
export const forget = (queue: ConsumeQueue): void => {
  Files.forgetLater(queue.files)
  if (queue.settled !== undefined) Object.assign(queue, queue.settled)
  queue.settled = undefined
}

/** Number of the first entry that points into the log. */
export const minOffsetInQueue = (queue: ConsumeQueue): bigint => queue.minLogicOffset / unit

/** Number of the next entry. */
export const maxOffsetInQueue = (queue: ConsumeQueue): bigint => Files.maxOffset(queue.files) / unit

/** Entries from number `from` to the end of the file that holds it; `undefined` where it holds none. */
export const entriesFrom = (queue: ConsumeQueue, from: bigint): ReadonlyArray<Entry> | undefined => {
  const offset = from * unit
  if (offset < queue.minLogicOffset) return undefined
  const file = Files.find(queue.files, offset)
  const bytes = file === undefined ? undefined : Files.readFrom(file, Number(offset % BigInt(queue.files.fileSize)))
  if (bytes === undefined) return undefined
  const view = viewOf(bytes)
  return Array.from({ length: Math.floor(bytes.length / unitSize) }, (_, n) => entryAt(view, n * unitSize))
}

/** Removes files whose last entry points before `minPhysical`, never the last file; answers how many. */
export const deleteExpired = (queue: ConsumeQueue, minPhysical: bigint, searches: boolean): number => {
  const { files } = queue
  let count = 0
  for (const file of files.files.slice(0, -1)) {
    const bytes = Files.readFrom(file, files.fileSize - unitSize)
    if (bytes === undefined || viewOf(bytes).getBigInt64(0) >= minPhysical) break
    Files.destroy(files, file)
    count++
  }
  correctMinOffset(queue, minPhysical, searches)
  return count
}
