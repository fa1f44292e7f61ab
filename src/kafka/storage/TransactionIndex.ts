/**
 * The aborted transactions whose markers are in a segment (TransactionIndex, AbortedTxn; KIP-98).
 *
 *     entry, 34 bytes:  version i16 (0) · producerId i64 · firstOffset i64 · lastOffset i64 · lastStableOffset i64
 *
 * A reader of committed data passes over a producer's records from `firstOffset` to the marker at `lastOffset`. The last
 * stable offset as of the marker tells when a search may stop. The file comes to be with its first entry.
 */
import { roundInt64, viewOf, writeInt64 } from "../../message/Int64.ts"
import type { File, Operations } from "../../world/Disk.ts"
import { fail } from "./StorageError.ts"

const entrySize = 34

export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export interface TransactionIndex {
  readonly baseOffset: number
  /** `undefined` where the segment has no aborted transaction. */
  file: File | undefined
  /** Last offset of the last entry appended since it was opened. */
  lastOffset: number | undefined
}

export const open = (disk: Operations, path: string, baseOffset: number): TransactionIndex => ({
  baseOffset,
  file: disk.stat(path) === undefined ? undefined : disk.open(path, "existing"),
  lastOffset: undefined
})

/** The whole entries; bytes behind the last one are no entry. Offsets beyond 2^53 are rounded: they are only compared. */
const entries = ({ file }: TransactionIndex): ReadonlyArray<AbortedTransaction> => {
  if (file === undefined) return []
  const bytes = file.read(0, file.size())
  const view = viewOf(bytes)
  const read: Array<AbortedTransaction> = []
  for (let at = 0; at + entrySize <= bytes.length; at += entrySize) {
    // Only the first byte of the version is looked at, so most damage to it passes (AbortedTxn.version).
    const version = view.getInt8(at)
    if (version > 0) {
      fail(
        "Kafka",
        `Unexpected aborted transaction version ${version} in transaction index ${file.path}, current version is 0`
      )
    }
    read.push({
      producerId: roundInt64(view, at + 2),
      firstOffset: roundInt64(view, at + 10),
      lastOffset: roundInt64(view, at + 18),
      lastStableOffset: roundInt64(view, at + 26)
    })
  }
  return read
}

/** Adds an aborted transaction, at the end of `path` where there is no file. Fails where offsets do not rise. */
export const append = (index: TransactionIndex, disk: Operations, path: string, aborted: AbortedTransaction): void => {
  if (index.lastOffset !== undefined && index.lastOffset >= aborted.lastOffset) {
    fail(
      "IllegalArgument",
      `The last offset of appended transactions must increase sequentially, but ${aborted.lastOffset} is not greater ` +
        `than current last offset ${index.lastOffset} of index ${path}`
    )
  }
  index.lastOffset = aborted.lastOffset
  index.file ??= disk.open(path, "either")
  const bytes = new Uint8Array(entrySize)
  const view = viewOf(bytes)
  writeInt64(view, 2, aborted.producerId)
  writeInt64(view, 10, aborted.firstOffset)
  writeInt64(view, 18, aborted.lastOffset)
  writeInt64(view, 26, aborted.lastStableOffset)
  index.file.append(bytes)
}

/** Fails with `CorruptIndex` where an entry ends before its segment begins. */
export const sanityCheck = (index: TransactionIndex): void => {
  for (const aborted of entries(index)) {
    if (aborted.lastOffset < index.baseOffset) {
      fail(
        "CorruptIndex",
        `Last offset of aborted transaction ${JSON.stringify(aborted)} in index ${
          index.file!.path
        } is less than start ` +
          `offset ${index.baseOffset}`
      )
    }
  }
}

/** Drops the entries that end at `offset` or above. */
export const truncateTo = (index: TransactionIndex, offset: number): void => {
  let last: number | undefined
  for (const [slot, aborted] of entries(index).entries()) {
    if (aborted.lastOffset >= offset) {
      index.file!.truncate(slot * entrySize)
      index.lastOffset = last
      return
    }
    last = aborted.lastOffset
  }
}

/** Drops every entry. */
export const reset = (index: TransactionIndex): void => {
  index.file?.truncate(0)
  index.lastOffset = undefined
}

/** Entries that overlap a range of offsets, and whether later segments may have more of them (collectAbortedTxns). */
export const collect = (
  index: TransactionIndex,
  from: number,
  upperBound: number
): { readonly aborted: ReadonlyArray<AbortedTransaction>; readonly isComplete: boolean } => {
  const aborted: Array<AbortedTransaction> = []
  for (const each of entries(index)) {
    if (each.lastOffset >= from && each.firstOffset < upperBound) aborted.push(each)
    if (each.lastStableOffset >= upperBound) return { aborted, isComplete: true }
  }
  return { aborted, isComplete: false }
}
