/**
 * The disk's contract as one incarnation of a process sees it.
 *
 * The one decision: every call first asks whether its incarnation is alive and its handle open, and only then looks at
 * anything else; a dead one throws EBADF and changes nothing, so nothing a process does after its death arrives.
 */
import { Effect } from "effect"
import { type Code, DiskError, type File, type OpenMode, type Operations, type Stat } from "../Disk.ts"
import { natural, refuse, roomIn, segmentsOf } from "../DiskPath.ts"
import type { OperationName } from "./DiskFaults.ts"
import type { DiskState, OpenFile } from "./DiskState.ts"
import type { Astray, DirectoryNode, EntryCause, FileNode, Node } from "./Inode.ts"
import { applyEntryChange, applyFileChange, directoryNode, fileNode, pathOf, recordedSize } from "./Inode.ts"
import { throughPatches } from "./Medium.ts"
import { beginCommit, type Commit, type CommitTarget } from "./SimulatedCommit.ts"

/**
 * Turns a commit that has begun into an Effect that ends when the world let it end, by calling `finish`. A `finish`
 * that comes after a crash does nothing.
 */
export type Schedule = (finish: () => void) => Effect.Effect<void>

/** Ends a commit when its Effect runs: for engines without a world around them. */
export const immediately: Schedule = (finish) => Effect.sync(finish)

/** The operations of one incarnation; dead once `alive` says so or the disk has crashed since. */
export const processOperations = (state: DiskState, alive: () => boolean, schedule: Schedule): Operations => {
  const mine = state.incarnation
  const dead = (): boolean => state.incarnation !== mine || !alive()
  const handles = new WeakMap<File, OpenFile>()
  const guard = (operation: string, path: string): void => {
    if (dead()) refuse(operation, path, "EBADF")
  }
  const target = (of: File | string): CommitTarget => {
    if (typeof of === "string") return directoryAt(state, "commit", of)
    const handle = handles.get(of)
    return handle === undefined || handle.closed ? refuse("commit", of.path, "EBADF") : handle
  }
  return {
    open: (path, mode) => {
      guard("open", path)
      const handle: OpenFile = { file: openNode(state, path, mode), path, closed: false, heard: 0 }
      handle.heard = handle.file.failures
      const file = fileOf(state, handle, dead)
      handles.set(file, handle)
      return file
    },
    rename: (from, to) => {
      guard("rename", from)
      rename(state, from, to)
    },
    remove: (path) => {
      guard("remove", path)
      remove(state, path)
    },
    list: (directory) => {
      guard("list", directory)
      return [...directoryAt(state, "list", directory).volatile.keys()].sort()
    },
    makeDirectory: (path) => {
      guard("makeDirectory", path)
      const { name, parent } = slot(state, "makeDirectory", path)
      if (parent.volatile.has(name)) refuse("makeDirectory", path, "EEXIST")
      const after = strikeAround(state, "makeDirectory", path)
      setName(parent, name, directoryNode(state.newId(), undefined), "MakeDirectory", ++state.operation)
      state.did({ _tag: "MakeDirectory", path })
      after()
    },
    stat: (path): Stat | undefined => {
      guard("stat", path)
      const node = state.find(segmentsOf("stat", path))
      if (typeof node === "string") return undefined
      return node._tag === "File" ? { kind: "file", size: node.volatile.size } : { kind: "directory" }
    },
    commit: (targets) => {
      try {
        guard("commit", targets.map((of) => typeof of === "string" ? of : of.path).join(" "))
        const commit = beginCommit(state, targets.map(target))
        return Effect.andThen(schedule(commit.complete), ended(commit))
      } catch (error) {
        if (error instanceof DiskError) return Effect.fail(error)
        throw error
      }
    }
  }
}

const ended = (commit: Commit): Effect.Effect<void, DiskError> =>
  Effect.callback((resume) => {
    commit.settled((failure) => resume(failure === undefined ? Effect.void : Effect.fail(failure)))
  })

const fileOf = (state: DiskState, handle: OpenFile, dead: () => boolean): File => {
  const { file, path } = handle
  const guard = (operation: string): void => {
    if (handle.closed || dead()) refuse(operation, path, "EBADF")
  }
  return {
    path,
    append: (bytes) => {
      guard("append")
      const position = file.volatile.size
      write(state, handle, "append", position, bytes)
      return position
    },
    write: (position, bytes) => {
      guard("write")
      natural("write", path, position)
      write(state, handle, "write", position, bytes)
    },
    read: (position, length, into) => {
      guard("read")
      natural("read", path, position)
      natural("read", path, length)
      const room = into === undefined ? undefined : roomIn(into, length, path)
      const after = state.plan.armed ? strikeAround(state, "read", pathOf(file)) : undefined
      const bytes = file.volatile.read(position, length, room)
      if (file.patches.length > 0 && !throughPatches(file, position, bytes)) refuse("read", path, "EIO")
      after?.()
      return bytes
    },
    size: () => {
      guard("size")
      return file.volatile.size
    },
    truncate: (size) => {
      guard("truncate")
      natural("truncate", path, size)
      const from = file.volatile.size
      const after = strikeAround(state, "truncate", pathOf(file), size > from)
      if (size !== from) {
        change(state, file, size, undefined, { from, to: size, astray: undefined })
        state.did({ _tag: "Truncate", path: pathOf(file), size })
      }
      after()
    },
    close: () => {
      handle.closed = true
    }
  }
}

const write = (state: DiskState, handle: OpenFile, operation: string, position: number, bytes: Uint8Array): void => {
  if (bytes.length === 0) return
  const { file, path } = handle
  if (!state.plan.armed) {
    writeThrough(state, file, position, bytes, undefined)
    return
  }
  const growing = position + bytes.length > file.volatile.size
  let astray: Astray | undefined
  let crash = false
  for (const { fault, id } of state.plan.strikes("write", pathOf(file), growing)) {
    switch (fault._tag) {
      case "OperationFails":
        if (fault.partial !== undefined && fault.partial > 0) {
          writeThrough(state, file, position, bytes.subarray(0, fault.partial), undefined)
        }
        return refuse(operation, path, fault.code)
      case "NoSpace":
        return refuse(operation, path, "ENOSPC")
      case "CrashAt":
        if (fault.moment === "before") return state.crash()
        crash = true
        break
      case "LostWrite":
        astray = { fault: id, to: undefined }
        break
      case "MisdirectedWrite": {
        const to = fault.to === undefined ? file : state.find(segmentsOf(operation, fault.to))
        if (typeof to !== "string" && to._tag === "File") {
          astray = { fault: id, to: { file: to, position: fault.position } }
        }
        break
      }
      case "BitRot":
      case "BlockLost":
      case "CommitFails":
      case "CommitHeld":
      case "CommitLies":
      case "CutAtRest":
      case "ReadFails":
      case "RolledBack":
        break
    }
  }
  writeThrough(state, file, position, bytes, astray)
  if (crash) state.crash()
}

const writeThrough = (
  state: DiskState,
  file: FileNode,
  position: number,
  bytes: Uint8Array,
  astray: Astray | undefined
): void => {
  const from = recordedSize(file)
  const taken = bytes.slice()
  change(state, file, position, taken, { from, to: Math.max(from, position + taken.length), astray })
  state.didWrite(file, position, taken)
}

const change = (
  state: DiskState,
  file: FileNode,
  position: number,
  bytes: Uint8Array | undefined,
  rest: { readonly from: number; readonly to: number; readonly astray: Astray | undefined }
): void => {
  const made = { operation: ++state.operation, position, bytes, ...rest }
  file.exchanged = undefined
  file.pending.push(made)
  applyFileChange(file.volatile, made)
}

/** Throws what a fault says about an operation; answers what is left to do once it took effect. */
const strikeAround = (state: DiskState, operation: OperationName, path: string, growing = false): () => void => {
  if (!state.plan.armed) return () => {}
  let crash = false
  for (const { fault } of state.plan.strikes(operation, path, growing)) {
    if (fault._tag === "OperationFails") refuse(operation, path, fault.code)
    if (fault._tag === "NoSpace") refuse(operation, path, "ENOSPC")
    if (fault._tag !== "CrashAt") continue
    if (fault.moment === "before") state.crash()
    crash = true
  }
  return () => {
    if (crash) state.crash()
  }
}

const directoryAt = (state: DiskState, operation: string, path: string): DirectoryNode => {
  const node = state.find(segmentsOf(operation, path))
  if (typeof node === "string") return refuse(operation, path, node)
  return node._tag === "File" ? refuse(operation, path, "ENOTDIR") : node
}

/** The directory that holds a name, and the name; EINVAL for the root, which has none. */
const slot = (state: DiskState, operation: string, path: string): { parent: DirectoryNode; name: string } => {
  const segments = segmentsOf(operation, path)
  const name = segments.at(-1)
  if (name === undefined) return refuse(operation, path, "EINVAL")
  const parent = state.find(segments.slice(0, -1))
  if (typeof parent === "string") return refuse(operation, path, parent)
  return parent._tag === "File" ? refuse(operation, path, "ENOTDIR") : { parent, name }
}

const setName = (
  parent: DirectoryNode,
  name: string,
  after: Node | undefined,
  cause: EntryCause,
  operation: number
): void => {
  const made = { operation, cause, name, before: parent.volatile.get(name), after }
  parent.pending.push(made)
  applyEntryChange(parent.volatile, made)
  if (after !== undefined) after.place = { parent, name }
}

const openNode = (state: DiskState, path: string, mode: OpenMode): FileNode => {
  const { name, parent } = segmentsOf("open", path).length === 0
    ? refuse("open", path, mode === "create" ? "EEXIST" : "EISDIR")
    : slot(state, "open", path)
  const found = parent.volatile.get(name)
  if (found !== undefined) {
    if (mode === "create") refuse("open", path, "EEXIST")
    return found._tag === "File" ? found : refuse("open", path, "EISDIR")
  }
  if (mode === "existing") refuse("open", path, "ENOENT")
  const after = strikeAround(state, "create", path)
  const file = fileNode(state.newId(), undefined)
  setName(parent, name, file, "Create", ++state.operation)
  state.did({ _tag: "Create", path })
  after()
  return file
}

const remove = (state: DiskState, path: string): void => {
  const { name, parent } = slot(state, "remove", path)
  const node = parent.volatile.get(name)
  if (node === undefined) return refuse("remove", path, "ENOENT")
  if (node._tag === "Directory" && node.volatile.size > 0) refuse("remove", path, "ENOTEMPTY")
  const after = strikeAround(state, "remove", path)
  setName(parent, name, undefined, "Remove", ++state.operation)
  state.did({ _tag: "Remove", path })
  after()
}

/** Checks in the order of Linux's do_renameat2: both ways, the source, one inside the other, then the kinds. */
const rename = (state: DiskState, from: string, to: string): void => {
  const source = slot(state, "rename", from)
  const aim = slot(state, "rename", to)
  const node = source.parent.volatile.get(source.name)
  if (node === undefined) return refuse("rename", from, "ENOENT")
  if (to.startsWith(`${from}/`)) refuse("rename", to, "EINVAL")
  if (from.startsWith(`${to}/`)) refuse("rename", to, "ENOTEMPTY")
  const replaced = aim.parent.volatile.get(aim.name)
  if (replaced === node) return
  const refusal = replaced === undefined ? undefined : cannotReplace(node, replaced)
  if (refusal !== undefined) refuse("rename", to, refusal)
  const after = strikeAround(state, "rename", from)
  const operation = ++state.operation
  setName(source.parent, source.name, undefined, "Rename", operation)
  setName(aim.parent, aim.name, node, "Rename", operation)
  state.did({ _tag: "Rename", from, to })
  after()
}

const cannotReplace = (node: Node, replaced: Node): Code | undefined => {
  if (node._tag === "File") return replaced._tag === "Directory" ? "EISDIR" : undefined
  if (replaced._tag === "File") return "ENOTDIR"
  return replaced.volatile.size > 0 ? "ENOTEMPTY" : undefined
}
