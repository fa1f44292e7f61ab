/**
 * How changes reach the medium, and what a failed write-back leaves in the page cache: one of four states.
 *
 *     ext4-ordered   pages clean, their bytes stay readable; a grown size is still to be written     told at once
 *     ext4-data      sizes durable, bytes lost on the way out of the journal; this commit succeeds   told by the next
 *     xfs            pages clean, their bytes stay readable; no size is written without its bytes    told at once
 *     btrfs          pages revert to what is durable                                                 told at once
 *
 * The one decision: a failed write-back makes pages clean, so the next commit has nothing to write and succeeds
 * (Rebello et al., "Can Applications Recover from fsync Failures?", ATC'20, section 3 and its model CuttleFS).
 */
import type { Code } from "../Disk.ts"
import type { PageModel } from "./DiskFaults.ts"
import type { DiskState } from "./DiskState.ts"
import type { DirectoryNode, EntryChange, FileChange, FileNode } from "./Inode.ts"
import { applyEntryChange, applyFileChange, pathOf, reachable } from "./Inode.ts"
import { type Patch, rewritten } from "./Medium.ts"
import type { PagedBytes } from "./PagedBytes.ts"

/** What becomes of one target of a commit. */
export type Verdict =
  | { readonly _tag: "Works" }
  | { readonly _tag: "Lies"; readonly fault: number }
  | { readonly _tag: "Fails"; readonly pages: PageModel; readonly code: Code }

/** Makes the changes of a file up to an operation durable. */
export const makeFileDurable = (file: FileNode, extent: number): void => {
  const covered = file.pending.filter((change) => change.operation <= extent)
  for (const change of covered) {
    if (change.to < change.from) rewritten(file, change.to, Infinity)
    else if (change.bytes !== undefined) settle(file, change, change.bytes)
    applyFileChange(file.durable, change)
  }
  file.pending = covered.length === file.pending.length ? [] : file.pending.slice(covered.length)
}

/** Lays over the medium what a write left there: nothing where it went right. */
const settle = (file: FileNode, { astray, position }: FileChange, bytes: Uint8Array): void => {
  const end = position + bytes.length
  if (astray === undefined) {
    rewritten(file, position, end)
    return
  }
  const former = new Uint8Array(bytes.length)
  former.set(file.durable.read(position, bytes.length))
  rewritten(file, position, end)
  const { fault, to } = astray
  lay(file, { fault, start: position, end, damage: { _tag: "Shows", bytes: former, at: position } })
  if (to === undefined) return
  const size = to.file === file ? Math.max(file.durable.size, end) : to.file.durable.size
  const stop = Math.min(to.position + bytes.length, size)
  if (stop <= to.position) return
  lay(to.file, { fault, start: to.position, end: stop, damage: { _tag: "Shows", bytes, at: to.position } })
}

const lay = (file: FileNode, patch: Patch): void => {
  file.patches = [...file.patches, patch]
}

/**
 * Makes the names of a directory up to an operation durable.
 *
 * Where a directory moved, the names of every directory up to then go with it: no file system leaves a directory with
 * two names or with none.
 */
export const makeNamesDurable = (state: DiskState, directory: DirectoryNode, extent: number): void => {
  const moved = directory.pending.some((change) => change.operation <= extent && movesDirectory(change))
  for (const node of moved ? reachable(state.root) : [directory]) {
    if (node._tag === "Directory") applyNames(state, node, extent)
  }
}

const movesDirectory = (change: EntryChange): boolean =>
  change.cause === "Rename" && (change.after ?? change.before)?._tag === "Directory"

const applyNames = (state: DiskState, directory: DirectoryNode, extent: number): void => {
  const covered = directory.pending.filter((change) => change.operation <= extent)
  for (const change of covered) {
    const replaced = directory.durable.get(change.name)
    if (replaced?._tag === "File" && replaced !== change.after) {
      const parent = pathOf(directory)
      state.remember(parent === "/" ? `/${change.name}` : `${parent}/${change.name}`, replaced.durable)
    }
    applyEntryChange(directory.durable, change)
  }
  directory.pending = directory.pending.slice(covered.length)
}

/** Leaves a file as a failed write-back does, and who has yet to hear of it. */
export const failWriteBack = (file: FileNode, extent: number, pages: PageModel): void => {
  const covered = (change: FileChange): boolean => change.operation <= extent
  switch (pages) {
    case "ext4-ordered":
      file.pending = file.pending.flatMap((change) => covered(change) ? sizeOnly(change) : [change])
      file.failures++
      break
    case "ext4-data":
      for (const change of file.pending) if (covered(change)) sizeOnly(change).forEach(applyTo(file.durable))
      file.pending = file.pending.filter((change) => !covered(change))
      file.failedUnheard = true
      break
    case "xfs":
      file.pending = file.pending.filter((change) => !covered(change) || change.bytes === undefined)
      file.failures++
      break
    case "btrfs":
      file.pending = file.pending.filter((change) => !covered(change))
      file.volatile = file.durable.clone()
      file.pending.forEach(applyTo(file.volatile))
      file.failures++
  }
}

const applyTo = (image: PagedBytes) => (change: FileChange): void => applyFileChange(image, change)

const sizeOnly = (change: FileChange): ReadonlyArray<FileChange> =>
  change.to === change.from ? [] : [{ ...change, bytes: undefined }]
