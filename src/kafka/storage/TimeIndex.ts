/**
 * From times to offsets in a segment (TimeIndex; KIP-33).
 *
 *     entry, 12 bytes:  timestamp i64, milliseconds since 1970 · offset - base offset i32
 *
 * An entry says: no record up to this offset is younger than this time. Timestamps rise from entry to entry, and one
 * slot stays free for the last entry, which is forced when a segment is closed, rolled or recovered.
 */
import { roundInt64, writeInt64 } from "../../message/Int64.ts"
import type { Operations } from "../../world/Disk.ts"
import * as IndexFile from "./IndexFile.ts"
import { fail } from "./StorageError.ts"

const entrySize = 12

export interface TimestampOffset {
  /** Milliseconds since 1970, -1 for none. */
  readonly timestamp: number
  readonly offset: number
}

export interface TimeIndex {
  readonly index: IndexFile.IndexFile
  last: TimestampOffset
}

/** An entry at a position. Times beyond 2^53 are garbage and rounded: they are compared and never written back. */
const entryAt = ({ baseOffset }: IndexFile.IndexFile, view: DataView, position: number): TimestampOffset => ({
  timestamp: roundInt64(view, position),
  offset: baseOffset + view.getInt32(position + 8)
})

/** The entry in a slot. */
const entry = (index: IndexFile.IndexFile, slot: number): TimestampOffset =>
  entryAt(index, IndexFile.view(index), slot * entrySize)

const lastEntry = (index: IndexFile.IndexFile): TimestampOffset =>
  index.entries === 0
    ? { timestamp: -1, offset: index.baseOffset }
    : entryAt(index, IndexFile.lastEntry(index), 0)

/** Opens the index of a segment, preallocated where there is none. */
export const open = (disk: Operations, path: string, baseOffset: number, maxSize: number): TimeIndex => {
  const index = IndexFile.open(disk, path, baseOffset, entrySize, maxSize)
  return { index, last: lastEntry(index) }
}

export const isFull = ({ index }: TimeIndex): boolean => index.entries >= IndexFile.capacity(index) - 1

/** The last entry that is not younger than `target`, or before all of them. */
export const lookup = ({ index }: TimeIndex, target: number): TimestampOffset => {
  const slot = IndexFile.lowerBound(index, (at) => roundInt64(IndexFile.view(index), at * entrySize) - target)
  return slot === -1 ? { timestamp: -1, offset: index.baseOffset } : entry(index, slot)
}

/**
 * Adds an entry if its time is above the last one's; `force` may use the slot that is kept free.
 *
 * Fails with `IllegalArgument` when full, `InvalidOffset` where the offset and `IllegalState` where the time goes back.
 */
export const maybeAppend = (times: TimeIndex, { offset, timestamp }: TimestampOffset, force: boolean): void => {
  const { index, last } = times
  if (!force && isFull(times)) {
    fail("IllegalArgument", `Attempt to append to a full time index (size = ${index.entries}).`)
  }
  if (index.entries > 0 && offset < last.offset) {
    fail(
      "InvalidOffset",
      `Attempt to append an offset (${offset}) to slot ${index.entries} no larger than the last offset appended ` +
        `(${last.offset}) to ${index.file.path}`
    )
  }
  if (index.entries > 0 && timestamp < last.timestamp) {
    fail(
      "IllegalState",
      `Attempt to append a timestamp (${timestamp}) to slot ${index.entries} no larger than the last timestamp ` +
        `appended (${last.timestamp}) to ${index.file.path}`
    )
  }
  if (timestamp <= last.timestamp) return
  const relative = IndexFile.relativeOffset(index, offset)
  IndexFile.push(index, (view, at) => {
    writeInt64(view, at, timestamp)
    view.setInt32(at + 8, relative)
  })
  times.last = { timestamp, offset }
}

const keep = (times: TimeIndex, entries: number): void => {
  IndexFile.keep(times.index, entries)
  times.last = lastEntry(times.index)
}

/** Drops the entries of `offset` and above. */
export const truncateTo = (times: TimeIndex, offset: number): void => {
  const { index } = times
  const slot = IndexFile.lowerBound(index, (at) => entry(index, at).offset - offset)
  keep(times, slot < 0 ? 0 : entry(index, slot).offset === offset ? slot : slot + 1)
}

/** Drops every entry and preallocates the file anew. */
export const reset = (times: TimeIndex): void => {
  keep(times, 0)
  IndexFile.resize(times.index, times.index.maxSize)
}
