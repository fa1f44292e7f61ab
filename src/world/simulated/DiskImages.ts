/**
 * A disk's contents taken out and put in: trees of bytes by path, and snapshots that keep what is not durable too.
 *
 * The one decision: pages are shared between a disk and its snapshots and copied by whoever writes first, so a snapshot
 * before each of many crashes costs the number of files, not of bytes.
 */
import type { Astray, DirectoryNode, EntryChange, FileChange, FileNode, Node } from "./Inode.ts"
import { directoryNode, fileNode, reachable } from "./Inode.ts"
import { PagedBytes } from "./PagedBytes.ts"
import type { CrashModel } from "./Pieces.ts"

/** Contents by path; an empty directory is a path that ends with `/`. */
export type Image = ReadonlyMap<string, Uint8Array>

/** Everything a disk holds at one moment; opaque, and never changed by what happens to the disk later. */
export interface DiskSnapshot {
  readonly model: CrashModel
  readonly versionsKept: number
  readonly root: DirectoryNode
  readonly operation: number
  readonly nextId: number
  readonly nextFault: number
  readonly versions: Versions
}

/** Durable contents that were replaced, oldest first, by path. */
export type Versions = ReadonlyMap<string, ReadonlyArray<PagedBytes>>

/** The same versions, sharing pages with the first. */
export const copyVersions = (versions: Versions): Versions =>
  new Map([...versions].map(([path, kept]) => [path, kept.map((content) => content.clone())]))

/** The files of a tree, by path ascending. */
export const imageOf = (root: DirectoryNode, which: "volatile" | "durable"): Image => {
  const found: Array<[string, Uint8Array]> = []
  const walk = (directory: DirectoryNode, prefix: string): void => {
    if (directory[which].size === 0 && prefix !== "/") found.push([prefix, new Uint8Array(0)])
    for (const [name, node] of directory[which]) {
      if (node._tag === "Directory") walk(node, `${prefix}${name}/`)
      else found.push([`${prefix}${name}`, node[which].read(0, node[which].size)])
    }
  }
  walk(root, "/")
  return new Map(found.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0))
}

/** A tree with these files, all of it durable; throws a `RangeError` where a path is not absolute or names two things. */
export const treeOf = (image: Image, newId: () => number): DirectoryNode => {
  const root = directoryNode(0, undefined)
  for (const [path, bytes] of image) {
    const names = path.split("/")
    if (names.shift() !== "" || names.slice(0, -1).includes("")) throw new RangeError(`"${path}" is no absolute path`)
    const last = names.pop()!
    let parent = root
    for (const name of names) parent = directoryIn(parent, name, path, newId)
    if (last === "") continue
    if (parent.volatile.has(last)) throw new RangeError(`"${path}" is a file and a directory in one image`)
    const file = fileNode(newId(), { parent, name: last })
    file.durable = PagedBytes.of(bytes)
    file.volatile = file.durable.clone()
    parent.volatile.set(last, file)
    parent.durable.set(last, file)
  }
  return root
}

const directoryIn = (parent: DirectoryNode, name: string, path: string, newId: () => number): DirectoryNode => {
  const found = parent.volatile.get(name)
  if (found?._tag === "File") throw new RangeError(`"${path}" goes through a file of the same image`)
  if (found !== undefined) return found
  const made = directoryNode(newId(), { parent, name })
  parent.volatile.set(name, made)
  parent.durable.set(name, made)
  return made
}

/** The same tree of other nodes, sharing pages with the first. */
export const copyTree = (root: DirectoryNode): DirectoryNode => {
  const copies = new Map<Node, Node>()
  const nodes = reachable(root)
  for (const node of nodes) {
    const copy = node._tag === "File" ? fileNode(node.id, undefined) : directoryNode(node.id, undefined)
    copies.set(node, copy)
  }
  const copyOf = <N extends Node>(node: N): N => copies.get(node) as N
  for (const node of nodes) {
    const copy = copyOf(node)
    copy.place = node.place && copies.has(node.place.parent)
      ? { parent: copyOf(node.place.parent), name: node.place.name }
      : undefined
    if (node._tag === "File") fillFile(copy as FileNode, node, copyOf)
    else fillDirectory(copy as DirectoryNode, node, copyOf)
  }
  return copyOf(root)
}

const fillFile = (copy: FileNode, node: FileNode, copyOf: (node: FileNode) => FileNode): void => {
  copy.volatile = node.volatile.clone()
  copy.durable = node.durable.clone()
  copy.pending = node.pending.map((change): FileChange =>
    change.astray?.to === undefined ? change : { ...change, astray: copiedAstray(change.astray, copyOf) }
  )
  copy.patches = node.patches
  copy.failures = node.failures
  copy.failedUnheard = node.failedUnheard
  copy.exchanged = node.exchanged && { ...node.exchanged, pristine: node.exchanged.pristine.clone() }
}

const copiedAstray = ({ fault, to }: Astray, copyOf: (node: FileNode) => FileNode | undefined): Astray => {
  const file = to && copyOf(to.file)
  return { fault, to: to && file && { file, position: to.position } }
}

const fillDirectory = (copy: DirectoryNode, node: DirectoryNode, copyOf: (node: Node) => Node): void => {
  const copyNames = (names: ReadonlyMap<string, Node>): Map<string, Node> =>
    new Map([...names].map(([name, child]) => [name, copyOf(child)]))
  copy.volatile = copyNames(node.volatile)
  copy.durable = copyNames(node.durable)
  copy.pending = node.pending.map((change): EntryChange => ({
    ...change,
    before: change.before && copyOf(change.before),
    after: change.after && copyOf(change.after)
  }))
}
