/**
 * Looking keys up in the index: from (topic, key) and a span of time to physical offsets.
 *
 * The one decision: the newest file first and in it the newest entry first, along the chain of a slot; a file whose span
 * begins before the one asked for is the last that is looked at (IndexService.queryOffset, IndexFile.selectPhyOffset).
 */
import { entryBytes, headerBytes, type IndexFile, type IndexService, keyHash, slotBytes } from "./IndexFile.ts"
import * as Files from "./MappedFileQueue.ts"

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Physical offsets of messages of a topic with a key, stored between two times (milliseconds, inclusive), newest file
 * first, newest entry first. Keys that collide are among them: whoever asks compares the messages.
 */
export const query = (
  service: IndexService,
  ask: {
    readonly topic: string
    readonly key: string
    readonly maxNum: number
    readonly begin: number
    readonly end: number
  }
): ReadonlyArray<bigint> => {
  const found: Array<bigint> = []
  const begin = BigInt(ask.begin)
  const end = BigInt(ask.end)
  for (const index of service.files.toReversed()) {
    if (timeMatches(index, begin, end)) select(service, index, `${ask.topic}#${ask.key}`, ask.maxNum, begin, end, found)
    if (index.beginTimestamp < begin || found.length >= ask.maxNum) break
  }
  return found
}

const timeMatches = (index: IndexFile, begin: bigint, end: bigint): boolean =>
  (begin < index.beginTimestamp && end > index.endTimestamp) ||
  (begin >= index.beginTimestamp && begin <= index.endTimestamp) ||
  (end >= index.beginTimestamp && end <= index.endTimestamp)

const select = (
  service: IndexService,
  index: IndexFile,
  key: string,
  maxNum: number,
  begin: bigint,
  end: bigint,
  found: Array<bigint>
): void => {
  const hash = keyHash(key)
  const slotAt = headerBytes + (hash % service.maxHashSlotNum) * slotBytes
  let next = viewOf(Files.mapped(index.file, slotAt, slotBytes)).getInt32(0)
  if (index.indexCount <= 1) return
  // A chain in a damaged file may be a ring of more than one entry: no chain is longer than the file has entries.
  for (let steps = 0; steps < index.indexCount; steps++) {
    if (next <= 0 || next > index.indexCount || found.length >= maxNum) return
    const at = headerBytes + service.maxHashSlotNum * slotBytes + next * entryBytes
    const bytes = index.file.read(at, entryBytes)
    if (bytes.length < entryBytes) return
    const view = viewOf(bytes)
    const seconds = view.getInt32(12)
    if (seconds < 0) return
    const timestamp = index.beginTimestamp + BigInt(seconds) * 1000n
    if (view.getInt32(0) === hash && timestamp >= begin && timestamp <= end) found.push(view.getBigInt64(4))
    const previous = view.getInt32(16)
    if (previous === next || timestamp < begin) return
    next = previous
  }
}
