/**
 * The index of keys: a hash table a file, from (topic, key) and time to physical offsets.
 *
 *     0   beginTimestamp i64   endTimestamp i64   beginPhyOffset i64   endPhyOffset i64   hashSlotCount i32   indexCount i32
 *     40  slot i32 × maxHashSlotNum                  newest entry of the chain, 0 for none
 *     ..  { keyHash i32, phyOffset i64, seconds i32, previous i32 } × maxIndexNum      entry 0 is never used
 *
 * The one decision: as in the real one keys are not stored, only their hashes, and the header counts in memory: a count
 * of 0 on disk is a count of 1. A file is named after the clock when it is made, to the millisecond, so two that are
 * made in one millisecond are one file (IndexFile, IndexHeader, IndexService).
 */
import { Effect } from "effect"
import type * as Disk from "../../world/Disk.ts"
import type { DispatchRequest } from "./CheckMessage.ts"
import type { Guards } from "./Guards.ts"
import * as Files from "./MappedFileQueue.ts"
import { SysFlag } from "./MessageCodec.ts"
import * as Properties from "./Properties.ts"

export const headerBytes = 40
export const slotBytes = 4
export const entryBytes = 20

interface Header {
  beginTimestamp: bigint
  endTimestamp: bigint
  beginPhyOffset: bigint
  endPhyOffset: bigint
  hashSlotCount: number
  /** Number of the next entry: at least 1. */
  indexCount: number
}

/** Keys that were put and are still to be written. */
interface Unwritten {
  /** What the header was before them. */
  readonly header: Header
  /** Slots by page of the file, as they are to be. */
  readonly pages: Map<number, DataView>
  /** Entries from that of `header.indexCount` on. */
  entries: DataView
}

export interface IndexFile extends Header {
  readonly path: string
  readonly file: Disk.File
  unwritten: Unwritten | undefined
}

export interface IndexService {
  readonly disk: Disk.Operations
  readonly directory: string
  readonly maxHashSlotNum: number
  readonly maxIndexNum: number
  /** See `Behaviour.indexesTags`. */
  readonly indexesTags: boolean
  /** See `Behaviour.indexesOnce`. */
  readonly indexesOnce: boolean
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly guards: Guards
  files: ReadonlyArray<IndexFile>
  /** Full files that are not yet durable: the next `flushSealed` writes them out. */
  sealed: ReadonlyArray<IndexFile>
}

export const make = (options: Omit<IndexService, "files" | "sealed">): IndexService => ({
  ...options,
  files: [],
  sealed: []
})

const sizeOf = (service: IndexService): number =>
  headerBytes + service.maxHashSlotNum * slotBytes + service.maxIndexNum * entryBytes

const open = (service: IndexService, name: string): IndexFile => {
  const path = Files.join(service.directory, name)
  const file = service.disk.open(path, "either")
  if (file.size() < sizeOf(service)) file.truncate(sizeOf(service))
  const bytes = file.read(0, headerBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return {
    path,
    file,
    beginTimestamp: view.getBigInt64(0),
    endTimestamp: view.getBigInt64(8),
    beginPhyOffset: view.getBigInt64(16),
    endPhyOffset: view.getBigInt64(24),
    hashSlotCount: view.getInt32(32),
    indexCount: Math.max(1, view.getInt32(36)),
    unwritten: undefined
  }
}

const writeHeader = (index: IndexFile): void => {
  const bytes = new Uint8Array(headerBytes)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, index.beginTimestamp)
  view.setBigInt64(8, index.endTimestamp)
  view.setBigInt64(16, index.beginPhyOffset)
  view.setBigInt64(24, index.endPhyOffset)
  view.setInt32(32, index.hashSlotCount)
  view.setInt32(36, index.indexCount)
  index.file.write(0, bytes)
}

/**
 * Opens the files of the directory by name; names that are no number are passed over. After a crash those that hold
 * anything later than the checkpoint says (`indexMsgTimestamp`) are removed: what they held is dispatched again, as far
 * as recovery goes back.
 */
export const load = (service: IndexService, afterCleanStop: boolean, indexMsgTimestamp: bigint): void => {
  if (service.disk.stat(service.directory)?.kind !== "directory") return
  for (const name of service.disk.list(service.directory)) {
    if (Files.baseOf(name) === undefined) continue
    const index = open(service, name)
    if (!afterCleanStop && index.endTimestamp > indexMsgTimestamp && service.guards.DropUnsafeIndexes) {
      index.file.close()
      service.disk.remove(index.path)
    } else {
      service.files = [...service.files, index]
    }
  }
}

/** `yyyyMMddHHmmssSSS`; the real one takes the local time zone, here it is UTC. */
const nameAt = (millis: number): string => new Date(millis).toISOString().replace(/[^0-9]/g, "").slice(0, 17)

const isFull = (service: IndexService, index: IndexFile): boolean => index.indexCount >= service.maxIndexNum

const lastOrCreate = (service: IndexService): IndexFile => {
  const newest = service.files.at(-1)
  if (newest !== undefined && !isFull(service, newest)) return newest
  Files.makeDirectories(service.disk, service.directory)
  const index = open(service, nameAt(service.now()))
  // A file under this name is not loaded: its header in memory is that of an empty one.
  Object.assign(index, {
    beginTimestamp: 0n,
    endTimestamp: 0n,
    beginPhyOffset: 0n,
    endPhyOffset: 0n,
    hashSlotCount: 0,
    indexCount: 1
  })
  if (newest !== undefined) {
    if (newest.endPhyOffset > 0n) index.beginPhyOffset = index.endPhyOffset = newest.endPhyOffset
    if (newest.endTimestamp > 0n) index.beginTimestamp = index.endTimestamp = newest.endTimestamp
    writeInherited(index)
    service.sealed = [...service.sealed, newest]
  }
  service.files = [...service.files, index]
  return index
}

const writeInherited = (index: IndexFile): void => {
  const bytes = Files.mapped(index.file, 0, headerBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (index.endPhyOffset > 0n) {
    view.setBigInt64(16, index.beginPhyOffset)
    view.setBigInt64(24, index.endPhyOffset)
  }
  if (index.endTimestamp > 0n) {
    view.setBigInt64(0, index.beginTimestamp)
    view.setBigInt64(8, index.endTimestamp)
  }
  index.file.write(0, bytes)
}

/** What is stored for a key: `abs`, but 0 where that overflows. */
export const keyHash = (key: string): number => {
  const hash = Math.abs(Properties.javaHash(key))
  return hash > 0x7fffffff ? 0 : hash
}

const headerOf = (index: IndexFile): Header => {
  const { beginPhyOffset, beginTimestamp, endPhyOffset, endTimestamp, hashSlotCount, indexCount } = index
  return { beginPhyOffset, beginTimestamp, endPhyOffset, endTimestamp, hashSlotCount, indexCount }
}

/** Slots are read and written by pages of this many bytes. */
const pageBytes = 4096

/** The page of slots that a position is in, and where in it: as it is in the file, or as it is to be. */
const slotPage = (
  service: IndexService,
  index: IndexFile,
  unwritten: Unwritten,
  position: number
): readonly [page: DataView, at: number] => {
  const start = position - (position - headerBytes) % pageBytes
  let page = unwritten.pages.get(start)
  if (page === undefined) {
    const end = headerBytes + service.maxHashSlotNum * slotBytes
    page = viewOf(Files.mapped(index.file, start, Math.min(pageBytes, end - start)))
    unwritten.pages.set(start, page)
  }
  return [page, position - start]
}

/** Adds one key, which `settle` writes; false where the file is full. */
const putKey = (service: IndexService, index: IndexFile, key: string, request: DispatchRequest): boolean => {
  if (isFull(service, index)) return false
  const hash = keyHash(key)
  index.unwritten ??= { header: headerOf(index), pages: new Map(), entries: viewOf(new Uint8Array(64 * entryBytes)) }
  const { unwritten } = index
  const slotAt = headerBytes + (hash % service.maxHashSlotNum) * slotBytes
  const [slots, at] = slotPage(service, index, unwritten, slotAt)
  const found = slots.getInt32(at)
  const previous = found <= 0 || found > index.indexCount ? 0 : found
  const entryAt = (index.indexCount - unwritten.header.indexCount) * entryBytes
  if (entryAt + entryBytes > unwritten.entries.byteLength) {
    const grown = new Uint8Array(2 * unwritten.entries.byteLength)
    grown.set(new Uint8Array(unwritten.entries.buffer))
    unwritten.entries = viewOf(grown)
  }
  const view = unwritten.entries
  view.setInt32(entryAt, hash)
  view.setBigInt64(entryAt + 4, request.physicalOffset)
  view.setInt32(entryAt + 12, secondsSince(index.beginTimestamp, request.storeTimestamp))
  view.setInt32(entryAt + 16, previous)
  slots.setInt32(at, index.indexCount)
  if (index.indexCount <= 1) {
    index.beginPhyOffset = request.physicalOffset
    index.beginTimestamp = request.storeTimestamp
  }
  if (previous === 0) index.hashSlotCount++
  index.indexCount++
  index.endPhyOffset = request.physicalOffset
  index.endTimestamp = request.storeTimestamp
  return true
}

/** Writes the keys that were put since the last time: entries first, then the slots that lead to them, then the count. */
export const settle = (service: IndexService): void => {
  for (const index of service.files) {
    const { unwritten } = index
    if (unwritten === undefined) continue
    const first = unwritten.header.indexCount
    const position = headerBytes + service.maxHashSlotNum * slotBytes + first * entryBytes
    index.file.write(position, new Uint8Array(unwritten.entries.buffer, 0, (index.indexCount - first) * entryBytes))
    for (const [start, { buffer, byteLength, byteOffset }] of unwritten.pages) {
      index.file.write(start, new Uint8Array(buffer, byteOffset, byteLength))
    }
    writeHeader(index)
    index.unwritten = undefined
  }
}

/** Forgets them instead, where not all could be written: they are to be put again. */
export const forget = (service: IndexService): void => {
  for (const index of service.files) {
    if (index.unwritten !== undefined) Object.assign(index, index.unwritten.header)
    index.unwritten = undefined
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const secondsSince = (begin: bigint, timestamp: bigint): number => {
  if (begin <= 0n) return 0
  const seconds = BigInt.asIntN(64, timestamp - begin) / 1000n
  return seconds < 0n ? 0 : seconds > 0x7fffffffn ? 0x7fffffff : Number(seconds)
}

/**
 * Adds a message's unique key and its keys (5.x: its tags too), unless the index is already past it. A rolled back
 * message has none. The file that it goes to is made even when nothing is added.
 */
export const build = (service: IndexService, request: DispatchRequest): void => {
  let index = lastOrCreate(service)
  if (request.physicalOffset < index.endPhyOffset) return
  // An index that has seen no message ends at offset 0 too.
  if (service.indexesOnce && index.endTimestamp > 0n && request.physicalOffset === index.endPhyOffset) return
  if ((request.sysFlag & SysFlag.transaction) === SysFlag.rollback) return
  for (const key of keysOf(service, request)) {
    while (!putKey(service, index, key, request)) index = lastOrCreate(service)
  }
}

const keysOf = (service: IndexService, { properties, topic }: DispatchRequest): ReadonlyArray<string> => {
  const unique = properties.get(Properties.Name.uniqueKey)
  const keys = properties.get(Properties.Name.keys)?.split(" ").filter((key) => key !== "") ?? []
  const tags = service.indexesTags ? properties.get(Properties.Name.tags) : undefined
  return [
    ...(unique === undefined ? [] : [`${topic}#${unique}`]),
    ...keys.map((key) => `${topic}#${key}`),
    ...(tags === undefined ? [] : [`${topic}#T#${tags}`])
  ]
}

/** Removes files that end before `minPhysical`, never the last one. */
export const deleteExpired = (service: IndexService, minPhysical: bigint): void => {
  for (const index of service.files.slice(0, -1)) {
    if (index.endPhyOffset >= minPhysical) return
    index.file.close()
    service.disk.remove(index.path)
    service.files = service.files.filter((other) => other !== index)
  }
}

/** Makes the oldest sealed file durable; answers the end of what it holds, 0 where there was none to seal. */
export const flushSealed = (service: IndexService): Effect.Effect<bigint, Disk.DiskError> =>
  Effect.suspend(() => {
    const index = service.sealed[0]
    if (index === undefined) return Effect.succeed(0n)
    service.sealed = service.sealed.slice(1)
    if (!service.files.includes(index)) return Effect.succeed(0n)
    writeHeader(index)
    return Effect.as(service.disk.commit([index.file]), index.endTimestamp)
  })

/** Makes every file durable, and its name: the entries that a stop which counts as clean leaves behind. */
export const flushAll = (service: IndexService): Effect.Effect<void, Disk.DiskError> =>
  service.files.length === 0
    ? Effect.void
    : service.disk.commit([...service.files.map(({ file }) => file), ...Files.upwards(service.directory)])

/** Gives all handles back. */
export const close = (service: IndexService): void => {
  for (const index of service.files) index.file.close()
}
