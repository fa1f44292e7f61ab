/**
 * What the offset index and the time index share: a preallocated file of entries of one size, searched by halves
 * (AbstractIndex).
 *
 *     ┌ entries ───────────────┬ zeros up to segment.index.bytes ┐   active segment: preallocated
 *     └────────────────────────┴─────────────────────────────────┘   trimmed on roll and close
 *
 * An opened file is taken to be full of entries to its end, since nothing in it says how many there are: after a crash
 * an active index is all zeros from its last entry on. The real one maps the file, so that only what is looked at is
 * read: here the last entry when it is opened, and all of them, kept in memory beside the file, when another is asked
 * for. What is written goes to both at once.
 */
import { viewOf } from "../../message/Int64.ts"
import type { File, Operations } from "../../world/Disk.ts"
import { fail } from "./StorageError.ts"

/** An open index. `entries` at the front are valid, up to `capacity` fit. */
export interface IndexFile {
  readonly file: File
  readonly baseOffset: number
  readonly entrySize: number
  /** What the file is preallocated to, in bytes. */
  readonly maxSize: number
  /** The entries, and room for more; `undefined` until they are looked at. */
  held: DataView | undefined
  /** Size of the file, in bytes. */
  length: number
  entries: number
  /** From which entry on they are in memory only; `undefined` where each is written as it comes. */
  gatheredFrom: number | undefined
}

const roundDown = (size: number, entrySize: number): number => entrySize * Math.floor(size / entrySize)

const noEntries = new DataView(new ArrayBuffer(0))

const readFrom = ({ entries, entrySize, file }: IndexFile, slot: number): DataView =>
  entries === 0 ? noEntries : viewOf(file.read(slot * entrySize, (entries - slot) * entrySize))

/** The entries, one behind the other. */
export const view = (index: IndexFile): DataView => index.held ??= readFrom(index, 0)

/** The last of one or more entries, read by itself where the others are not needed. */
export const lastEntry = (index: IndexFile): DataView => {
  const { entries, entrySize, held } = index
  return held === undefined
    ? readFrom(index, entries - 1)
    : new DataView(held.buffer, held.byteOffset + (entries - 1) * entrySize, entrySize)
}

/** Opens an index, and preallocates it where there is none. */
export const open = (
  disk: Operations,
  path: string,
  baseOffset: number,
  entrySize: number,
  maxSize: number
): IndexFile => {
  const isNew = disk.stat(path) === undefined
  if (isNew && maxSize < entrySize) fail("IllegalArgument", `Invalid max index size: ${maxSize}`)
  const file = disk.open(path, "either")
  if (isNew) file.truncate(roundDown(maxSize, entrySize))
  const length = file.size()
  const entries = isNew ? 0 : Math.floor(length / entrySize)
  return { file, baseOffset, entrySize, maxSize, held: undefined, length, entries, gatheredFrom: undefined }
}

/** Entries that fit into the file. */
export const capacity = (index: IndexFile): number => Math.floor(index.length / index.entrySize)

/** Sets the size of the file, rounded down to whole entries. Answers whether that changed it. */
export const resize = (index: IndexFile, size: number): boolean => {
  const rounded = roundDown(size, index.entrySize)
  if (index.length === rounded) return false
  const end = index.entries * index.entrySize
  if (end > rounded) fail("IllegalArgument", `newPosition > limit: (${end} > ${rounded})`)
  index.file.truncate(rounded)
  index.length = rounded
  return true
}

/** Gives back what was preallocated and not used. */
export const trim = (index: IndexFile): boolean => resize(index, index.entries * index.entrySize)

/** Writes an entry behind the last one; `fill` puts it into its place. The caller knows that it fits. */
export const push = (index: IndexFile, fill: (into: DataView, position: number) => void): void => {
  const position = index.entries * index.entrySize
  const entries = roomFor(index, position + index.entrySize)
  fill(entries, position)
  if (index.gatheredFrom === undefined) writeEntries(index, entries, index.entries, index.entries + 1)
  index.entries++
}

const writeEntries = ({ entrySize, file }: IndexFile, entries: DataView, from: number, to: number): void =>
  file.write(
    from * entrySize,
    new Uint8Array(entries.buffer, entries.byteOffset + from * entrySize, (to - from) * entrySize)
  )

/** Keeps what is pushed in memory until `writeGathered`, for whoever would begin anew if its process died in between. */
export const gather = (index: IndexFile): void => {
  index.gatheredFrom = index.entries
}

/** Writes what was gathered, at once, and every later entry as it comes. */
export const writeGathered = (index: IndexFile): void => {
  const { entries, gatheredFrom } = index
  index.gatheredFrom = undefined
  if (gatheredFrom !== undefined && gatheredFrom < entries) writeEntries(index, view(index), gatheredFrom, entries)
}

const roomFor = (index: IndexFile, end: number): DataView => {
  const entries = view(index)
  if (end <= entries.byteLength) return entries
  const grown = new Uint8Array(Math.max(end, entries.byteLength * 2, 16 * index.entrySize))
  grown.set(new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength))
  index.held = viewOf(grown)
  return index.held
}

/** Bytes at the end that the real index keeps hot: searched first, which decides what garbage is met. */
const warmBytes = 8192

/**
 * The slot of the largest entry that is at most the target, -1 where all are larger, by halving (largestLowerBoundSlotFor).
 *
 * `compare` answers below 0 where the entry at a slot is smaller than the target. Where entries are garbage and not in
 * order the answer is whatever halving meets, so the order in which slots are looked at is the real one's.
 */
export const lowerBound = (index: IndexFile, compare: (slot: number) => number): number => {
  if (index.entries === 0) return -1
  const firstWarm = Math.max(0, index.entries - 1 - Math.floor(warmBytes / index.entrySize))
  if (compare(firstWarm) < 0) return halve(compare, firstWarm, index.entries - 1)
  if (compare(0) > 0) return -1
  return halve(compare, 0, firstWarm)
}

/** The slot of the smallest entry that is larger than the target; `undefined` where none is (smallestUpperBoundSlotFor). */
export const upperBound = (index: IndexFile, compare: (slot: number) => number): number | undefined => {
  if (index.entries === 0) return undefined
  const firstWarm = Math.max(0, index.entries - 1 - Math.floor(warmBytes / index.entrySize))
  const isWarm = compare(firstWarm) < 0
  if (!isWarm && compare(0) > 0) return 0
  const slot = isWarm ? halve(compare, firstWarm, index.entries - 1) : halve(compare, 0, firstWarm)
  if (compare(slot) === 0) return slot
  return slot === index.entries - 1 ? undefined : slot + 1
}

const halve = (compare: (slot: number) => number, begin: number, end: number): number => {
  let low = begin
  let high = end
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    const order = compare(middle)
    if (order > 0) high = middle - 1
    else if (order < 0) low = middle
    else return middle
  }
  return low
}

/** Drops the entries from `entries` on; the file keeps its size. */
export const keep = (index: IndexFile, entries: number): void => {
  index.entries = entries
}

/** How far `offset` is above the base; fails with `IndexOffsetOverflow` where that is no 31-bit number. */
export const relativeOffset = (index: IndexFile, offset: number): number =>
  fits(index, offset)
    ? offset - index.baseOffset
    : fail("IndexOffsetOverflow", `Integer overflow for offset: ${offset} (${index.file.path})`)

/** Can this offset stand in the index, and so in the segment? */
export const fits = (index: { readonly baseOffset: number }, offset: number): boolean =>
  offset - index.baseOffset >= 0 && offset - index.baseOffset <= 0x7fffffff
