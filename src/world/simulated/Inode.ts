/**
 * What a simulated disk is made of: files and directories, each with what the page cache holds and what is durable.
 *
 *     volatile = durable + pending, in order          commit applies a prefix of one node's pending to its durable
 *
 * The one decision: what is not durable is kept as the ordered list of changes, not as a difference of two images, so
 * a power loss can keep any part of it. A change of a file carries bytes, a size, or both; a change of a directory sets
 * or clears one name. A rename is two changes of names with one operation number (fsync(2): a name is durable with its
 * directory, contents and size with the file).
 */
import type { Patch } from "./Medium.ts"
import { PagedBytes } from "./PagedBytes.ts"

/** One write, append or truncation that is not durable. `to < from` cuts, `to > from` grows. */
export interface FileChange {
  /** Number of the operation that made it, ascending over the whole disk. */
  readonly operation: number
  readonly position: number
  /** What was written at `position`; `undefined` where only the size changed. */
  readonly bytes: Uint8Array | undefined
  /** Size before and after, in bytes. */
  readonly from: number
  readonly to: number
  /** Where the medium will put it instead of `position`, when a fault says so. */
  readonly astray: Astray | undefined
}

/** A write that the medium answers but loses, or puts somewhere else. */
export interface Astray {
  readonly fault: number
  readonly to: { readonly file: FileNode; readonly position: number } | undefined
}

export type EntryCause = "Create" | "MakeDirectory" | "Rename" | "Remove"

/** One name of a directory set to a node, or cleared, and not durable. */
export interface EntryChange {
  readonly operation: number
  readonly cause: EntryCause
  readonly name: string
  readonly before: Node | undefined
  readonly after: Node | undefined
}

export interface FileNode {
  readonly _tag: "File"
  readonly id: number
  /** A name it is or was last reached by; several names only exist after a crash tore a rename. */
  place: Place | undefined
  volatile: PagedBytes
  durable: PagedBytes
  pending: Array<FileChange>
  /** Damage of the medium, laid over what is durable. */
  patches: Array<Patch>
  /** Failed write-backs so far: each open handle hears of those since it was opened, once (errseq of Linux). */
  failures: number
  /** A write-back failed and only the next commit will hear of it. */
  failedUnheard: boolean
  /** The fault that shows this file as it was or as it was cut, and what heals it; gone with the next change. */
  exchanged: { readonly fault: number; readonly pristine: PagedBytes } | undefined
}

export interface DirectoryNode {
  readonly _tag: "Directory"
  readonly id: number
  place: Place | undefined
  volatile: Map<string, Node>
  durable: Map<string, Node>
  pending: Array<EntryChange>
}

export type Node = FileNode | DirectoryNode

export interface Place {
  readonly parent: DirectoryNode
  readonly name: string
}

export const fileNode = (id: number, place: Place | undefined): FileNode => ({
  _tag: "File",
  id,
  place,
  volatile: new PagedBytes(),
  durable: new PagedBytes(),
  pending: [],
  patches: [],
  failures: 0,
  failedUnheard: false,
  exchanged: undefined
})

export const directoryNode = (id: number, place: Place | undefined): DirectoryNode => ({
  _tag: "Directory",
  id,
  place,
  volatile: new Map(),
  durable: new Map(),
  pending: []
})

/** The path a node is or was last reached by; "/" for the root. */
export const pathOf = (node: Node): string => {
  const names: Array<string> = []
  for (let place = node.place; place !== undefined; place = place.parent.place) names.unshift(place.name)
  return `/${names.join("/")}`
}

/**
 * The size that will be durable once all pending changes are: that of the page cache, but smaller where a write-back
 * failed and its size was never recorded.
 */
export const recordedSize = (file: FileNode): number => file.pending.at(-1)?.to ?? file.durable.size

/** Does a change to an image: the page cache at once, the durable image when a commit covers it. */
export const applyFileChange = (image: PagedBytes, change: FileChange): void => {
  if (change.to < change.from) {
    image.cut(change.to)
    return
  }
  if (change.to > change.from) image.size = Math.max(image.size, change.to)
  if (change.bytes !== undefined) image.put(change.position, change.bytes)
}

/** Sets or clears a name. */
export const applyEntryChange = (entries: Map<string, Node>, change: EntryChange): void => {
  if (change.after === undefined) entries.delete(change.name)
  else entries.set(change.name, change.after)
}

/** Every node that is reachable by a name, by a durable name, or by a change of names that may become durable. */
export const reachable = (root: DirectoryNode): ReadonlyArray<Node> => {
  const seen = new Set<Node>([root])
  for (const node of seen) {
    if (node._tag === "File") continue
    for (const child of node.volatile.values()) seen.add(child)
    for (const child of node.durable.values()) seen.add(child)
    for (const change of node.pending) {
      if (change.before !== undefined) seen.add(change.before)
      if (change.after !== undefined) seen.add(change.after)
    }
  }
  return [...seen]
}

/** Gives every node the place it has in the tree of names. */
export const settlePlaces = (directory: DirectoryNode): void => {
  for (const [name, child] of directory.volatile) {
    child.place = { parent: directory, name }
    if (child._tag === "Directory") settlePlaces(child)
  }
}
