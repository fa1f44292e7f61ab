/**
 * From offsets to positions in a segment (OffsetIndex).
 *
 *     entry, 8 bytes:  offset - base offset i32 · position of a batch in the .log i32
 *
 * An entry's offset is the last one of the batch (or of the whole append) that begins at its position, so a search takes
 * the entry at or below the target and reads on from there. The index is a hint: a missing entry costs time, not data.
 */
import type { Operations } from "../../world/Disk.ts"
import * as IndexFile from "./IndexFile.ts"
import { fail } from "./StorageError.ts"

const entrySize = 8

export interface OffsetIndex {
  readonly index: IndexFile.IndexFile
  /** Offset of the last entry, the base offset where there is none. */
  lastOffset: number
}

export interface OffsetPosition {
  readonly offset: number
  /** Bytes from the start of the segment. */
  readonly position: number
}

/** The entry in a slot. */
const entry = ({ index }: OffsetIndex, slot: number): OffsetPosition => ({
  offset: offsetAt(index, slot),
  position: IndexFile.view(index).getInt32(slot * entrySize + 4)
})

const offsetAt = (index: IndexFile.IndexFile, slot: number): number =>
  index.baseOffset + IndexFile.view(index).getInt32(slot * entrySize)

const lastOffset = (index: IndexFile.IndexFile): number =>
  index.baseOffset + (index.entries === 0 ? 0 : IndexFile.lastEntry(index).getInt32(0))

/** Opens the index of a segment, preallocated where there is none. */
export const open = (disk: Operations, path: string, baseOffset: number, maxSize: number): OffsetIndex => {
  const index = IndexFile.open(disk, path, baseOffset, entrySize, maxSize)
  return { index, lastOffset: lastOffset(index) }
}

export const isFull = ({ index }: OffsetIndex): boolean => index.entries >= IndexFile.capacity(index)

/** The entry at or below `target`, or the start of the segment. */
export const lookup = (offsets: OffsetIndex, target: number): OffsetPosition => {
  const { index } = offsets
  const slot = IndexFile.lowerBound(index, (at) => offsetAt(index, at) - target)
  return slot === -1 ? { offset: index.baseOffset, position: 0 } : entry(offsets, slot)
}

/** The offset of the first entry at `position` or behind it: what a read that ends there cannot reach beyond. */
export const upperBound = (offsets: OffsetIndex, position: number): number | undefined => {
  const { index } = offsets
  const slot = IndexFile.upperBound(index, (at) => IndexFile.view(index).getInt32(at * entrySize + 4) - position)
  return slot === undefined ? undefined : entry(offsets, slot).offset
}

/**
 * Adds an entry. Fails with `IllegalArgument` when full, with `InvalidOffset` when the offset is not above the last one:
 * recovery takes that for a corrupt segment.
 */
export const append = (offsets: OffsetIndex, offset: number, position: number): void => {
  const { index } = offsets
  if (isFull(offsets)) fail("IllegalArgument", `Attempt to append to a full index (size = ${index.entries}).`)
  if (index.entries > 0 && offset <= offsets.lastOffset) {
    fail(
      "InvalidOffset",
      `Attempt to append an offset ${offset} to position ${index.entries} no larger than the last offset appended ` +
        `(${offsets.lastOffset}) to ${index.file.path}`
    )
  }
  const relative = IndexFile.relativeOffset(index, offset)
  IndexFile.push(index, (view, at) => {
    view.setInt32(at, relative)
    view.setInt32(at + 4, position)
  })
  offsets.lastOffset = offset
}

const keep = (offsets: OffsetIndex, entries: number): void => {
  IndexFile.keep(offsets.index, entries)
  offsets.lastOffset = lastOffset(offsets.index)
}

/** Drops the entries of `offset` and above. */
export const truncateTo = (offsets: OffsetIndex, offset: number): void => {
  const { index } = offsets
  const slot = IndexFile.lowerBound(index, (at) => offsetAt(index, at) - offset)
  keep(offsets, slot < 0 ? 0 : entry(offsets, slot).offset === offset ? slot : slot + 1)
}

/** Drops every entry and preallocates the file anew. */
export const reset = (offsets: OffsetIndex): void => {
  keep(offsets, 0)
  IndexFile.resize(offsets.index, offsets.index.maxSize)
}
