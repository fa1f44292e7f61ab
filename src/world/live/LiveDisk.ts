/**
 * The disk's contract over the real file system, below a root directory.
 *
 * The one decision: durable means that fdatasync (files) or fsync (directories) returned, started together in libuv's
 * pool when `commit` is called; the Effect only waits for them. A failed one is reported and never tried again, since
 * the kernel may have marked the pages clean. A handle closed while it is synced is given back afterwards, so that its
 * descriptor is not another file's by then.
 *
 * Authority: open(2), pwrite(2), fdatasync(2), rename(2).
 */
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as nodePath from "node:path"
import { Code, Disk, DiskError, type File, type OpenMode, type Operations, type Stat } from "../Disk.ts"
import { natural, refuse, roomIn, segmentsOf } from "../DiskPath.ts"

/** The disk below `root`, an existing directory; descriptors still open are closed when the layer is released. */
export const layer = (root: string): Layer.Layer<Disk> =>
  Layer.effect(
    Disk,
    Effect.map(
      Effect.acquireRelease(Effect.sync(() => makeLive(root)), (live) => Effect.sync(live.closeAll)),
      (live) => live.operations
    )
  )

/** The operations below `root`, and a way to close every descriptor they opened. */
export const makeLive = (root: string): { readonly operations: Operations; readonly closeAll: () => void } => {
  const base = nodePath.resolve(root)
  const handles = new Map<File, Handle>()
  const real = (operation: string, path: string): string => nodePath.join(base, ...segmentsOf(operation, path))
  const nameIn = (operation: string, path: string): string => {
    if (segmentsOf(operation, path).length === 0) refuse(operation, path, "EINVAL")
    return real(operation, path)
  }
  const sync = (of: File | string): Promise<DiskError | undefined> => {
    if (typeof of === "string") return syncDirectory(of, real("commit", of))
    const handle = handles.get(of)
    return handle === undefined || handle.closed ? refuse("commit", of.path, "EBADF") : syncFile(of.path, handle)
  }
  return {
    closeAll: () => {
      for (const file of handles.keys()) file.close()
    },
    operations: {
      open: (path, mode) => {
        const handle = openHandle(path, mode, segmentsOf("open", path).length === 0 ? base : real("open", path))
        const file = fileOf(path, handle, () => handles.delete(file))
        handles.set(file, handle)
        return file
      },
      rename: (from, to) => {
        const source = nameIn("rename", from)
        const target = nameIn("rename", to)
        attempt("rename", fs.existsSync(source) ? to : from, () => fs.renameSync(source, target))
      },
      remove: (path) => {
        const target = nameIn("remove", path)
        attempt("remove", path, () => isDirectory(target) ? fs.rmdirSync(target) : fs.unlinkSync(target))
      },
      list: (directory) => {
        const target = real("list", directory)
        return attempt("list", directory, () => fs.readdirSync(target)).sort()
      },
      makeDirectory: (path) => {
        const target = nameIn("makeDirectory", path)
        attempt("makeDirectory", path, () => fs.mkdirSync(target))
      },
      stat: (path): Stat | undefined => {
        const target = real("stat", path)
        try {
          const found = fs.statSync(target)
          return found.isDirectory() ? { kind: "directory" } : { kind: "file", size: found.size }
        } catch (error) {
          const failure = translated("stat", path, error)
          if (failure.code === "ENOENT" || failure.code === "ENOTDIR") return undefined
          throw failure
        }
      },
      commit: (targets) => {
        try {
          const ends = Promise.all(targets.map(sync))
          return Effect.flatMap(Effect.promise(() => ends), (failures) => {
            const first = failures.find((failure) => failure !== undefined)
            return first === undefined ? Effect.void : Effect.fail(first)
          })
        } catch (error) {
          if (error instanceof DiskError) return Effect.fail(error)
          throw error
        }
      }
    }
  }
}

interface Handle {
  readonly descriptor: number
  closed: boolean
  /** Synchronisations in flight, which keep the descriptor open. */
  syncing: number
}

const openHandle = (path: string, mode: OpenMode, target: string): Handle => {
  const { O_CREAT, O_EXCL, O_RDWR } = fs.constants
  const flags = mode === "existing" ? O_RDWR : mode === "create" ? O_RDWR | O_CREAT | O_EXCL : O_RDWR | O_CREAT
  return { descriptor: attempt("open", path, () => fs.openSync(target, flags)), closed: false, syncing: 0 }
}

const fileOf = (path: string, handle: Handle, forget: () => void): File => {
  const { descriptor } = handle
  const guarded = <A>(operation: string, run: () => A): A => {
    if (handle.closed) refuse(operation, path, "EBADF")
    return attempt(operation, path, run)
  }
  const size = (): number => fs.fstatSync(descriptor).size
  return {
    path,
    append: (bytes) =>
      guarded("append", () => {
        const position = size()
        writeAll(descriptor, position, bytes)
        return position
      }),
    write: (position, bytes) =>
      guarded("write", () => {
        natural("write", path, position)
        writeAll(descriptor, position, bytes)
      }),
    read: (position, length, into) =>
      guarded("read", () => {
        natural("read", path, position)
        natural("read", path, length)
        if (into !== undefined) return fill(descriptor, position, roomIn(into, length, path))
        return fill(descriptor, position, fresh(Math.min(length, Math.max(0, size() - position))))
      }),
    size: () => guarded("size", size),
    truncate: (to) =>
      guarded("truncate", () => {
        natural("truncate", path, to)
        fs.ftruncateSync(descriptor, to)
      }),
    close: () => {
      if (handle.closed) return
      handle.closed = true
      forget()
      if (handle.syncing === 0) fs.closeSync(descriptor)
    }
  }
}

const writeAll = (descriptor: number, position: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}

// Without zeros, which the read overwrites; a plain Uint8Array, since `slice` of a Buffer is no copy.
const fresh = (length: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length)

/** Reads until `bytes` is full or the file ends, and answers what was read. */
const fill = (descriptor: number, position: number, bytes: Uint8Array): Uint8Array => {
  for (let done = 0; done < bytes.length;) {
    const count = fs.readSync(descriptor, bytes, done, bytes.length - done, position + done)
    if (count === 0) return bytes.subarray(0, done)
    done += count
  }
  return bytes
}

const isDirectory = (target: string): boolean => fs.lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === true

const syncFile = (path: string, handle: Handle): Promise<DiskError | undefined> => {
  handle.syncing++
  return new Promise((resolve) => {
    fs.fdatasync(handle.descriptor, (error) => {
      handle.syncing--
      if (handle.closed && handle.syncing === 0) fs.closeSync(handle.descriptor)
      resolve(error === null ? undefined : translated("commit", path, error))
    })
  })
}

const syncDirectory = (path: string, target: string): Promise<DiskError | undefined> => {
  const flags = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY
  const descriptor = attempt("commit", path, () => fs.openSync(target, flags))
  return new Promise((resolve) => {
    fs.fsync(descriptor, (error) => {
      fs.closeSync(descriptor)
      resolve(error === null ? undefined : translated("commit", path, error))
    })
  })
}

const attempt = <A>(operation: string, path: string, run: () => A): A => {
  try {
    return run()
  } catch (error) {
    throw translated(operation, path, error)
  }
}

const codes: ReadonlySet<string> = new Set(Code.literals)

/** The contract's error for an error of node; a code the contract does not know is EIO, with that code told. */
const translated = (operation: string, path: string, error: unknown): DiskError => {
  if (error instanceof DiskError) return error
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
  if (codes.has(code)) return new DiskError({ operation, path, code: code as Code })
  return new DiskError({ operation: `${operation} (${code})`, path, code: "EIO" })
}
