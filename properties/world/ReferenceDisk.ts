/**
 * The disk's contract in the fewest words: a map from path to contents, with no page, no piece and no durability.
 *
 * The twin that both real disks are held to. Contents are arrays of numbers in a cell, so a handle keeps its file when
 * the name goes; a directory is the word itself.
 */
import { Effect } from "effect"
import { type Code, DiskError, type File, type Operations } from "../../src/world/Disk.ts"

interface Cell {
  bytes: ReadonlyArray<number>
}

export const referenceDisk = (): Operations => {
  const tree = new Map<string, Cell | "directory">([["/", "directory"]])
  const fail = (code: Code): never => {
    throw new DiskError({ operation: "reference", path: "", code })
  }
  const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"
  /** ENOTDIR where a file is on the way, ENOENT where nothing is. */
  const needParent = (path: string): void => {
    const parent = parentOf(path)
    if (parent !== "/") needParent(parent)
    const found = tree.get(parent)
    if (found !== "directory") fail(found === undefined ? "ENOENT" : "ENOTDIR")
  }
  const below = (path: string): ReadonlyArray<string> =>
    [...tree.keys()].filter((other) => other !== "/" && other.startsWith(path === "/" ? "/" : `${path}/`))
  const rename = (from: string, to: string): void => {
    needParent(from)
    needParent(to)
    const moved = tree.get(from)
    if (moved === undefined) fail("ENOENT")
    if (to.startsWith(`${from}/`)) fail("EINVAL")
    if (from.startsWith(`${to}/`)) fail("ENOTEMPTY")
    const replaced = tree.get(to)
    if (from === to) return
    if (moved === "directory" && replaced !== undefined) {
      if (replaced !== "directory") fail("ENOTDIR")
      if (below(to).length > 0) fail("ENOTEMPTY")
    }
    if (moved !== "directory" && replaced === "directory") fail("EISDIR")
    for (const path of [from, ...below(from)]) {
      tree.set(to + path.slice(from.length), tree.get(path)!)
      tree.delete(path)
    }
  }
  return {
    open: (path, mode) => {
      needParent(path)
      const found = tree.get(path)
      if (found !== undefined && mode === "create") fail("EEXIST")
      if (found === "directory") fail("EISDIR")
      if (found === undefined && mode === "existing") fail("ENOENT")
      const cell = found === undefined || found === "directory" ? { bytes: [] } : found
      tree.set(path, cell)
      return handle(path, cell, fail)
    },
    rename,
    remove: (path) => {
      if (path === "/") fail("EINVAL")
      needParent(path)
      if (!tree.has(path)) fail("ENOENT")
      if (below(path).length > 0) fail("ENOTEMPTY")
      tree.delete(path)
    },
    list: (path) => {
      if (path !== "/") needParent(path)
      if (tree.get(path) !== "directory") fail(tree.has(path) ? "ENOTDIR" : "ENOENT")
      return below(path).filter((other) => parentOf(other) === path).map((other) => other.split("/").at(-1)!).sort()
    },
    makeDirectory: (path) => {
      if (path === "/") fail("EINVAL")
      needParent(path)
      if (tree.has(path)) fail("EEXIST")
      tree.set(path, "directory")
    },
    stat: (path) => {
      const found = tree.get(path)
      if (found === undefined) return undefined
      return found === "directory" ? { kind: "directory" } : { kind: "file", size: found.bytes.length }
    },
    commit: () => Effect.void
  }
}

const handle = (path: string, cell: Cell, fail: (code: Code) => never): File => {
  let closed = false
  const open = (): void => {
    if (closed) fail("EBADF")
  }
  const put = (position: number, bytes: Uint8Array): void => {
    if (bytes.length === 0) return
    const grown = [...cell.bytes, ...Array<number>(Math.max(0, position - cell.bytes.length)).fill(0)]
    cell.bytes = [...grown.slice(0, position), ...bytes, ...grown.slice(position + bytes.length)]
  }
  return {
    path,
    append: (bytes) => {
      open()
      const position = cell.bytes.length
      put(position, bytes)
      return position
    },
    write: (position, bytes) => {
      open()
      put(position, bytes)
    },
    read: (position, length, into = new Uint8Array(length)) => {
      open()
      const found = cell.bytes.slice(position, position + length)
      into.set(found)
      return into.subarray(0, found.length)
    },
    size: () => {
      open()
      return cell.bytes.length
    },
    truncate: (size) => {
      open()
      cell.bytes = Array.from({ length: size }, (_, at) => cell.bytes[at] ?? 0)
    },
    close: () => {
      closed = true
    }
  }
}
