/**
 * The state of a log's producers before an offset, as a file (ProducerStateManager.readSnapshot, writeSnapshot).
 *
 *     0 version i16 (1) · 2 crc u32, CRC-32C from byte 6 on · 6 count i32 · 10 entries of 46 bytes
 *     entry: producerId i64 · producerEpoch i16 · lastSequence i32 · lastOffset i64 · offsetDelta i32 · timestamp i64
 *            · coordinatorEpoch i32 · currentTxnFirstOffset i64 (-1 none)
 *
 * Only the last batch of a producer is kept. A snapshot that is wrong in any way is thrown away for the one before it.
 */
import { crc32c } from "../../message/Crc32c.ts"
import { roundInt64, viewOf, writeInt64 } from "../../message/Int64.ts"
import { lastSequence, type ProducerEntry } from "./ProducerState.ts"
import { fail } from "./StorageError.ts"

const version = 1
const headerSize = 10
const entrySize = 46

const readEntry = (view: DataView, at: number): ProducerEntry => {
  const lastOffset = roundInt64(view, at + 14)
  const timestamp = roundInt64(view, at + 26)
  const firstTxnOffset = roundInt64(view, at + 38)
  const batch = { lastSequence: view.getInt32(at + 10), lastOffset, offsetDelta: view.getInt32(at + 22), timestamp }
  return {
    producerId: roundInt64(view, at),
    producerEpoch: view.getInt16(at + 8),
    coordinatorEpoch: view.getInt32(at + 34),
    lastTimestamp: timestamp,
    currentTxnFirstOffset: firstTxnOffset >= 0 ? firstTxnOffset : undefined,
    batches: lastOffset >= 0 ? [batch] : []
  }
}

/** The producers of a snapshot. Fails with `CorruptSnapshot`. */
export const decode = (bytes: Uint8Array): ReadonlyArray<ProducerEntry> => {
  if (bytes.length < headerSize) fail("CorruptSnapshot", `Snapshot failed schema validation: ${bytes.length} bytes`)
  const view = viewOf(bytes)
  const count = view.getInt32(6)
  if (count < 0 || count * entrySize > bytes.length - headerSize) {
    fail("CorruptSnapshot", `Snapshot failed schema validation: ${count} entries in ${bytes.length} bytes`)
  }
  if (view.getInt16(0) !== version) {
    fail("CorruptSnapshot", `Snapshot contained an unknown file version ${view.getInt16(0)}`)
  }
  const computed = crc32c(bytes, 6)
  if (view.getUint32(2) !== computed) {
    fail(
      "CorruptSnapshot",
      `Snapshot is corrupt (CRC is no longer valid). Stored crc: ${view.getUint32(2)}. Computed crc: ${computed}`
    )
  }
  return Array.from({ length: count }, (_, index) => readEntry(view, headerSize + index * entrySize))
}

/** The bytes of a snapshot, its entries in the order given. */
export const encode = (entries: ReadonlyArray<ProducerEntry>): Uint8Array => {
  const bytes = new Uint8Array(headerSize + entries.length * entrySize)
  const view = viewOf(bytes)
  view.setInt16(0, version)
  view.setInt32(6, entries.length)
  for (const [index, entry] of entries.entries()) {
    const at = headerSize + index * entrySize
    const last = entry.batches.at(-1)
    writeInt64(view, at, entry.producerId)
    view.setInt16(at + 8, entry.producerEpoch)
    view.setInt32(at + 10, lastSequence(entry))
    writeInt64(view, at + 14, last?.lastOffset ?? -1)
    view.setInt32(at + 22, last?.offsetDelta ?? 0)
    writeInt64(view, at + 26, entry.lastTimestamp)
    view.setInt32(at + 34, entry.coordinatorEpoch)
    writeInt64(view, at + 38, entry.currentTxnFirstOffset ?? -1)
  }
  view.setUint32(2, crc32c(bytes, 6))
  return bytes
}

/** Where a producer stands in the real log's hash table of `buckets` places (java.util.HashMap, Long.hashCode). */
const bucketOf = (producerId: number, buckets: number): number => {
  const high = Math.floor(producerId / 0x1_0000_0000)
  const hash = (producerId >>> 0) ^ (high >>> 0)
  return ((hash ^ (hash >>> 16)) & (buckets - 1)) >>> 0
}

/**
 * Producers in the order in which the real log writes them: that of its hash table, which has grown for `most` of them.
 *
 * The order means nothing to a reader. It makes our snapshots the same bytes as the real ones.
 */
export const inTableOrder = (entries: Iterable<ProducerEntry>, most: number): ReadonlyArray<ProducerEntry> => {
  let buckets = 16
  while (most > buckets * 0.75) buckets *= 2
  return [...entries].sort((one, other) => bucketOf(one.producerId, buckets) - bucketOf(other.producerId, buckets))
}
