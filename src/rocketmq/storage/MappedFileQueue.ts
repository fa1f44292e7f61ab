/**
 * A queue of files of one fixed size, named by the offset of their first byte: what CommitLog and ConsumeQueue are made of.
 *
 *     00000000000000000000     00000000000000008192     00000000000000016384
 *     [full              ]     [full              ]     [written |  zeros  ]
 *                                       flushedWhere ┘          └ max offset
 *
 * A mapped file is a positional write here: the write call is the page cache, and `File.truncate` is what mapping does to
 * the size. As in the real one a flush covers one file, the one that holds `flushedWhere`, and never the directory, so a
 * power cut may take a file's name (MappedFileQueue, MappedFile). Base offsets are bigints: a damaged queue offset may
 * name a file beyond 2^53.
 */
import * as Disk from "../../world/Disk.ts"
import type { Guards } from "./Guards.ts"
import type { Behaviour } from "./LogConfig.ts"

export interface MappedFile {
  readonly path: string
  /** Offset of the first byte. */
  readonly base: bigint
  readonly file: Disk.File
  /** The first file a queue ever got while it ran: a ConsumeQueue that begins late fills it up to its first entry. */
  readonly firstInQueue: boolean
  /** Bytes handed over so far: in the page cache, or in `buffer`. */
  wrote: number
  flushed: number
  /** Whether its name has been committed while it was open here. */
  named: boolean
  /** Bytes that have left `buffer`; only read with one. */
  committed: number
  /** Bytes that a kill loses too (transientStorePoolEnable), until they are committed. */
  buffer: Uint8Array | undefined
  /** What `appendLater` has taken and `writeOut` has not written: the last bytes before `wrote`. */
  later: { bytes: Uint8Array; length: number } | undefined
  /** When the last message was stored here, in milliseconds; 0 before there is one. */
  storeTimestamp: number
}

export interface MappedFileQueue {
  readonly disk: Disk.Operations
  readonly directory: string
  /** Bytes of each file. */
  readonly fileSize: number
  /** Also creates the file after the one it needs, as AllocateMappedFileService does. */
  readonly preallocates: boolean
  /** Whether a file that is created gets a buffer. */
  readonly buffers: boolean
  /** See `Behaviour.advancesOnFailedFlush`. */
  readonly advancesOnFailedFlush: boolean
  /** See `Behaviour.commitsNames`. */
  readonly commitsNames: boolean
  readonly guards: Guards
  files: ReadonlyArray<MappedFile>
  /** Path of the file that was made ahead and is not in use yet. */
  spare: string | undefined
  flushedWhere: bigint
  committedWhere: bigint
  /** Of the last message that a thorough flush covered. */
  storeTimestamp: number
}

export const make = (
  options: Omit<MappedFileQueue, "files" | "spare" | "flushedWhere" | "committedWhere" | "storeTimestamp">
): MappedFileQueue => ({
  ...options,
  files: [],
  spare: undefined,
  flushedWhere: 0n,
  committedWhere: 0n,
  storeTimestamp: 0
})

/** `a/b`, without the empty parts that an empty topic would make. */
export const join = (directory: string, name: string): string => name === "" ? directory : `${directory}/${name}`

/** A file's name: its base offset in at least 20 digits. */
const nameOf = (base: bigint): string =>
  base < 0n ? `-${(-base).toString().padStart(20, "0")}` : base.toString().padStart(20, "0")

/** `Long.parseLong`, `undefined` where Java throws. */
export const baseOf = (name: string): bigint | undefined => {
  if (!/^[+-]?[0-9]+$/.test(name)) return undefined
  const base = BigInt(name.startsWith("+") ? name.slice(1) : name)
  return base === BigInt.asIntN(64, base) ? base : undefined
}

/** A directory and all those above it: what must be durable for a file in it to be found. */
export const upwards = (directory: string): ReadonlyArray<string> =>
  directory === "/" ? ["/"] : [directory, ...upwards(directory.slice(0, directory.lastIndexOf("/")) || "/")]

/** Makes a directory and those above it. */
export const makeDirectories = (disk: Disk.Operations, path: string): void => {
  if (path === "" || path === "/" || disk.stat(path) !== undefined) return
  makeDirectories(disk, path.slice(0, path.lastIndexOf("/")))
  disk.makeDirectory(path)
}

/** Opens a file, which is made where there is none and grown to its size; one that is made and not grown stays. */
const openSized = ({ disk, fileSize }: MappedFileQueue, path: string): Disk.File => {
  const file = disk.open(path, "either")
  try {
    if (file.size() < fileSize) file.truncate(fileSize)
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

const openFile = (queue: MappedFileQueue, name: string, base: bigint, wrote: number, created: boolean): MappedFile => {
  const path = join(queue.directory, name)
  return {
    path,
    base,
    file: openSized(queue, path),
    firstInQueue: created && queue.files.length === 0,
    wrote,
    flushed: wrote,
    named: false,
    committed: wrote,
    buffer: created && queue.buffers ? new Uint8Array(queue.fileSize) : undefined,
    later: undefined,
    storeTimestamp: 0
  }
}

/**
 * Opens every file of the directory as if it were full; answers one line where the real one refuses, `undefined` else.
 *
 * Files are taken in the order of their names. The behaviour says what 5.x and a hardened store let pass.
 */
export const load = (
  queue: MappedFileQueue,
  { fillsShortFiles, removesEmptyLastFile }: Pick<Behaviour, "fillsShortFiles" | "removesEmptyLastFile">
): string | undefined => {
  if (queue.disk.stat(queue.directory)?.kind !== "directory") return undefined
  const names = queue.disk.list(queue.directory)
  for (const [index, name] of names.entries()) {
    const path = join(queue.directory, name)
    const stat = queue.disk.stat(path)
    if (stat === undefined) continue
    if (removesEmptyLastFile) {
      if (stat.kind === "directory") continue
      if (stat.size === 0 && index === names.length - 1) {
        queue.disk.remove(path)
        continue
      }
    }
    const fits = stat.kind === "file" &&
      (stat.size === queue.fileSize || (fillsShortFiles && stat.size < queue.fileSize))
    if (!fits) {
      const found = stat.kind === "directory" ? "a directory" : `${stat.size} bytes`
      return `${path}: ${found}, where only files of ${queue.fileSize} bytes may be`
    }
    const base = baseOf(name)
    if (base === undefined) return `${path}: a name that is no number, where files are named by their first offset`
    queue.files = [...queue.files, openFile(queue, name, base, queue.fileSize, false)]
  }
  return undefined
}

export const first = (queue: MappedFileQueue): MappedFile | undefined => queue.files[0]
export const last = (queue: MappedFileQueue): MappedFile | undefined => queue.files.at(-1)
export const isFull = (queue: MappedFileQueue, file: MappedFile): boolean => file.wrote === queue.fileSize

/** How far a file can be read: what is only in its buffer cannot. */
export const readable = (file: MappedFile): number => file.buffer === undefined ? file.wrote : file.committed

/** Offset of the first byte, -1 without files. */
export const minOffset = (queue: MappedFileQueue): bigint => first(queue)?.base ?? -1n

/** Offset after the last readable byte, 0 without files. */
export const maxOffset = (queue: MappedFileQueue): bigint => {
  const file = last(queue)
  return file === undefined ? 0n : file.base + BigInt(readable(file))
}

/**
 * The file to append to: the last, or one that is created after a full one, or at `startOffset` in an empty queue;
 * `undefined` where the disk will not have it. The next call tries again, as AllocateMappedFileService goes on trying.
 */
export const lastOrCreate = (queue: MappedFileQueue, startOffset: bigint): MappedFile | undefined => {
  const file = last(queue)
  const size = BigInt(queue.fileSize)
  if (file === undefined) return create(queue, startOffset - startOffset % size)
  return isFull(queue, file) ? create(queue, file.base + size) : file
}

const create = (queue: MappedFileQueue, base: bigint): MappedFile | undefined => {
  const file = unlessRefused(() => {
    makeDirectories(queue.disk, queue.directory)
    return openFile(queue, nameOf(base), base, 0, true)
  })
  if (file === undefined) return undefined
  queue.files = [...queue.files, file]
  if (queue.preallocates) {
    const spare = join(queue.directory, nameOf(base + BigInt(queue.fileSize)))
    queue.spare = spare
    // Nobody waits for it yet: where it cannot be made, whoever needs it will see.
    unlessRefused(() => openSized(queue, spare).close())
  }
  return file
}

/** What a step answers; `undefined` where the disk refused, which the real one logs and goes on (doCreateMappedFile). */
const unlessRefused = <A>(step: () => A): A | undefined => {
  try {
    return step()
  } catch (error) {
    if (error instanceof Disk.DiskError) return undefined
    throw error
  }
}

/** Appends; answers false where the bytes do not fit. */
export const append = (queue: MappedFileQueue, file: MappedFile, bytes: Uint8Array): boolean => {
  if (file.wrote + bytes.length > queue.fileSize) return false
  write(file, bytes)
  file.wrote += bytes.length
  return true
}

/**
 * Appends what the next `writeOut` writes, all of it with one write; answers false where the bytes do not fit. In between
 * nobody may read the file: it is for whoever does both before anything else runs.
 */
export const appendLater = (queue: MappedFileQueue, file: MappedFile, bytes: Uint8Array): boolean => {
  if (file.wrote + bytes.length > queue.fileSize) return false
  file.later ??= { bytes: new Uint8Array(32 * bytes.length), length: 0 }
  const { later } = file
  if (later.length + bytes.length > later.bytes.length) {
    const grown = new Uint8Array(2 * later.bytes.length + bytes.length)
    grown.set(later.bytes.subarray(0, later.length))
    later.bytes = grown
  }
  later.bytes.set(bytes, later.length)
  later.length += bytes.length
  file.wrote += bytes.length
  return true
}

/** Writes what is still to be written of the newest files; a file that fails keeps what it has to write. */
export const writeOut = (queue: MappedFileQueue): void => {
  for (const file of pendingOf(queue)) {
    const { bytes, length } = file.later!
    file.file.write(file.wrote - length, bytes.subarray(0, length))
    file.later = undefined
  }
}

/** Forgets what is still to be written. */
export const forgetLater = (queue: MappedFileQueue): void => {
  for (const file of pendingOf(queue)) {
    file.wrote -= file.later!.length
    file.later = undefined
  }
}

/** Files with something still to be written, oldest first: the last one, and those before it that were filled meanwhile. */
const pendingOf = ({ files }: MappedFileQueue): ReadonlyArray<MappedFile> => {
  const settled = files.findLastIndex((file, index) => file.later === undefined && index < files.length - 1)
  return files.slice(settled + 1).filter((file) => file.later !== undefined)
}

/** Writes at the end without moving it. */
export const write = (file: MappedFile, bytes: Uint8Array): void => {
  if (file.buffer === undefined) file.file.write(file.wrote, bytes)
  else file.buffer.set(bytes, file.wrote)
}

/** The file that holds an offset. Files after a gap are found too. */
export const find = (queue: MappedFileQueue, offset: bigint, firstIfNone = false): MappedFile | undefined => {
  const head = first(queue)
  const tail = last(queue)
  if (head === undefined || tail === undefined) return undefined
  const size = BigInt(queue.fileSize)
  if (offset >= head.base && offset < tail.base + size) {
    const likely = queue.files[Number(offset / size - head.base / size)]
    const holds = (file: MappedFile) => offset >= file.base && offset < file.base + size
    const found = likely !== undefined && holds(likely) ? likely : queue.files.find(holds)
    if (found !== undefined) return found
  }
  return firstIfNone ? head : undefined
}

/** Bytes of a mapped file; where the file was cut under its mapping the real process gets SIGBUS, here EIO. */
export const mapped = (file: Disk.File, position: number, length: number): Uint8Array => {
  const bytes = file.read(position, length)
  if (bytes.length < length) throw new Disk.DiskError({ operation: "read of a mapping", path: file.path, code: "EIO" })
  return bytes
}

/** Everything that can be read from a position in a file on; `undefined` where nothing can. */
export const readFrom = (file: MappedFile, position: number): Uint8Array | undefined =>
  position >= 0 && position < readable(file) ? mapped(file.file, position, readable(file) - position) : undefined

/** The whole file, written or not, as a mapping shows it. */
export const readAll = (queue: MappedFileQueue, file: MappedFile): Uint8Array => mapped(file.file, 0, queue.fileSize)

export const setPosition = (file: MappedFile, position: number): void => {
  file.wrote = position
  file.committed = position
  file.flushed = position
}

/** Closes and removes a file that is in the queue. */
export const destroy = (queue: MappedFileQueue, file: MappedFile): void => {
  file.file.close()
  queue.disk.remove(file.path)
  queue.files = queue.files.filter((other) => other !== file)
}

/** Cuts the queue at an offset: later files go, the one that holds it ends there, bytes behind stay as they are. */
export const truncateDirtyFiles = (queue: MappedFileQueue, offset: bigint): void => {
  const size = BigInt(queue.fileSize)
  for (const file of queue.files) {
    if (file.base + size <= offset) continue
    if (offset < file.base) {
      if (queue.guards.DropFilesBehindCut) destroy(queue, file)
    } else if (queue.guards.CutTornTail) setPosition(file, Number(offset % size))
  }
}

/** Removes all files, and the directory where nothing else is in it. */
export const destroyAll = (queue: MappedFileQueue): void => {
  for (const file of queue.files) destroy(queue, file)
  queue.flushedWhere = 0n
  if (queue.disk.stat(queue.directory)?.kind === "directory" && queue.disk.list(queue.directory).length === 0) {
    queue.disk.remove(queue.directory)
  }
}

/** Gives all handles back, and removes the file that was made ahead. */
export const close = (queue: MappedFileQueue): void => {
  if (queue.spare !== undefined && queue.disk.stat(queue.spare) !== undefined) queue.disk.remove(queue.spare)
  queue.spare = undefined
  for (const file of queue.files) file.file.close()
}
