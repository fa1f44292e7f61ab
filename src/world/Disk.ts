/**
 * What a storage engine may do with a disk, and nothing else.
 *
 * Operations on the page cache are plain synchronous functions that throw `DiskError`; only `commit` takes time. A
 * write that returned survives the death of the process; it survives a power cut only when a commit that began after
 * it has ended. As on POSIX, committing a file makes its contents and size durable, not its name: a name is durable
 * when its directory was committed (open(2), fsync(2); Pillai et al., OSDI'14, section 2).
 *
 *     open, append, write, truncate ─▶ page cache ─commit(file)──────▶ contents, size
 *     create, rename, remove ────────▶ page cache ─commit(directory)─▶ names
 *
 * An engine is plain TypeScript over this; each public operation of an engine is one `Effect.try` that turns
 * `DiskError` into the error channel, and nothing else is ever caught.
 */
import { Context, type Effect, Schema } from "effect"

/** Errors of the file system, by their POSIX names. `EBADF`: the handle is closed, or its process is dead. */
export const Code = Schema.Literals([
  "EIO",
  "ENOSPC",
  "ENOENT",
  "EEXIST",
  "ENOTDIR",
  "EISDIR",
  "ENOTEMPTY",
  "EACCES",
  "EBADF",
  "EINVAL"
])
export type Code = typeof Code.Type

export class DiskError extends Schema.TaggedError<DiskError>()("DiskError", {
  operation: Schema.String,
  path: Schema.String,
  code: Code
}) {
  override get message(): string {
    return `${this.code}: ${this.operation} ${this.path}`
  }
}

/** An open file. It stays the same file when it is renamed or removed. Every function throws `DiskError`. */
export interface File {
  /** The path it was opened at. */
  readonly path: string
  /** Writes at the end, and answers the position written at, in bytes. */
  readonly append: (bytes: Uint8Array) => number
  /** Overwrites from `position`; past the end the gap reads as zeros. */
  readonly write: (position: number, bytes: Uint8Array) => void
  /**
   * A copy of up to `length` bytes from `position`: shorter only at the end of the file.
   *
   * With `into`, which must have room for `length`, the bytes are put at its front and what is answered is a view of
   * them: for a walk over a large file, which would otherwise spend its time on fresh memory.
   */
  readonly read: (position: number, length: number, into?: Uint8Array) => Uint8Array
  /** Size in bytes. */
  readonly size: () => number
  /** Cuts, or extends with zeros, to `size` bytes. */
  readonly truncate: (size: number) => void
  /** Gives the handle back; makes nothing durable. Closing twice is allowed. */
  readonly close: () => void
}

/** `existing` throws ENOENT where there is none, `create` throws EEXIST where there is one, `either` never minds. */
export type OpenMode = "existing" | "create" | "either"

/** Paths are absolute, `/`-separated, without `.` and `..`; a directory's parent must exist. */
export interface Operations {
  readonly open: (path: string, mode: OpenMode) => File
  /** Replaces what is at `to`, in the page cache at once and whole. */
  readonly rename: (from: string, to: string) => void
  /** Removes a file, or an empty directory. */
  readonly remove: (path: string) => void
  /** Names in a directory, ascending by code unit. */
  readonly list: (directory: string) => ReadonlyArray<string>
  readonly makeDirectory: (path: string) => void
  /** What is at a path, if anything. */
  readonly stat: (path: string) => Stat | undefined
  /**
   * Begins to make files (contents, size) and directories, given by path, (names in them) durable.
   *
   * What was written when it was called is covered, what is written later is not. The effect ends when all of it is
   * durable, and fails when any of it may not be: then nothing is known of what is on disk. A crash during it keeps
   * any subset.
   */
  readonly commit: (targets: ReadonlyArray<File | string>) => Effect.Effect<void, DiskError>
}

export type Stat = { readonly kind: "file"; readonly size: number } | { readonly kind: "directory" }

export class Disk extends Context.Service<Disk, Operations>()("ackproof/world/Disk") {}
