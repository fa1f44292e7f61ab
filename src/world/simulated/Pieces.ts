/**
 * What a power loss may keep or lose: every change that is not durable, cut into independent pieces.
 *
 *     append of 700 bytes at 400, pieces of 512 bytes          rename a -> b
 *       Size 400 -> 1100                                         Entry b = file of a
 *       Content [400, 512)   Content [512, 1024)   ...           Entry a = none
 *
 * The one decision: a piece is independent of every other unless it `needs` it, so what may survive is any set of
 * pieces that is closed under `needs` (Pillai et al., OSDI'14, section 3: operations split in block-sized pieces, size
 * and content apart, any later piece kept without an earlier one). Contents never reach the medium beyond the size
 * that survives: blocks there are thrown away.
 */
import type { DirectoryNode, EntryCause, EntryChange, FileChange, FileNode, Node } from "./Inode.ts"
import { applyEntryChange, pathOf, reachable, settlePlaces } from "./Inode.ts"
import { rewritten } from "./Medium.ts"

interface PieceBase {
  /** Index in the list of pieces: valid until the disk changes. */
  readonly id: number
  /** Number of the operation it is part of, ascending in time. */
  readonly operation: number
  /** Pieces without which this one cannot survive. */
  readonly needs: ReadonlyArray<number>
}

/** Bytes `[position, position + length)` of a file. */
interface ContentPiece extends PieceBase {
  readonly _tag: "Content"
  readonly path: string
  readonly position: number
  readonly length: number
}

/** The size of a file in bytes: grown by an append, cut or grown by a truncation. */
interface SizePiece extends PieceBase {
  readonly _tag: "Size"
  readonly path: string
  readonly from: number
  readonly to: number
}

/** One name: set by a create, a made directory or a rename, cleared by a remove or a rename. */
export interface EntryPiece extends PieceBase {
  readonly _tag: "Entry"
  readonly path: string
  readonly cause: EntryCause
  readonly set: boolean
}

export type Piece = ContentPiece | SizePiece | EntryPiece

/**
 * What a file system promises beyond durability by commit.
 *
 * `sectors: "free"` lets any later write of a sector survive without an earlier one; `"whole"` writes a sector back as
 * it stood at some moment, so earlier writes to it survive with later ones (a page cache over an atomic sector).
 * `renames: "split"` may keep either half; `"atomic"` keeps both or none (a journal of metadata).
 */
export interface CrashModel {
  /** Bytes: 512 for a sector, 4096 for a block of a file system. */
  readonly pieceSize: number
  readonly sectors: "free" | "whole"
  readonly renames: "split" | "atomic"
}

/** What one power loss keeps. */
export interface Survival {
  /** Ids of pieces, ascending. */
  readonly kept: ReadonlyArray<number>
  /** What grown files show where the size survived and the content did not: zeros, or junk made from this seed. */
  readonly fill: "zeros" | { readonly junk: number }
  /** A write of which only the first bytes survive: with the size cut to them, or with all of the size it made. */
  readonly torn?: { readonly operation: number; readonly bytes: number; readonly size: "cut" | "whole" }
}

interface Origin {
  readonly piece: Piece
  readonly node: Node
  readonly change: FileChange | EntryChange
}

/** One byte of junk: the same for the same seed and position, so that reading again shows it again. */
const junkAt = (seed: number, position: number): number => {
  const mixed = Math.imul(seed ^ Math.imul(position + 1, 0x9e3779b1), 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) & 0xff
}

export const junk = (seed: number, position: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => junkAt(seed, position + index))

/** Every piece that is not durable, in the order of the operations. */
export const pieces = (root: DirectoryNode, model: CrashModel): ReadonlyArray<Piece> =>
  origins(root, model).map((origin) => origin.piece)

/** Loses everything that is not durable but what survives, and forgets the page cache. */
export const losePower = (root: DirectoryNode, model: CrashModel, survival: Survival): void => {
  const kept = new Set(survival.kept)
  const all = origins(root, model)
  for (const id of kept) {
    const needs = all[id]?.piece.needs
    if (needs === undefined) throw new RangeError(`there is no unsynced piece ${id}, only ${all.length} of them`)
    const lost = needs.find((need) => !kept.has(need))
    if (lost !== undefined) throw new RangeError(`piece ${id} cannot survive without piece ${lost}`)
  }
  const nodes = reachable(root)
  const files = new Map<FileNode, Array<Origin>>()
  for (const origin of all) {
    if (origin.node._tag === "Directory") {
      if (kept.has(origin.piece.id)) applyEntryChange(origin.node.durable, origin.change as EntryChange)
    } else {
      const list = files.get(origin.node)
      if (list === undefined) files.set(origin.node, [origin])
      else list.push(origin)
    }
  }
  for (const [file, list] of files) keepInFile(file, list, kept, survival)
  for (const node of nodes) {
    node.pending = []
    if (node._tag === "File") node.volatile = node.durable.clone()
    else node.volatile = new Map(node.durable)
  }
  settlePlaces(root)
}

const origins = (root: DirectoryNode, model: CrashModel): ReadonlyArray<Origin> => {
  const changes: Array<{ readonly node: Node; readonly change: FileChange | EntryChange }> = []
  for (const node of reachable(root)) for (const change of node.pending) changes.push({ node, change })
  changes.sort((a, b) => a.change.operation - b.change.operation)
  const found: Array<Origin> = []
  const lastOf = new Map<unknown, number>()
  for (const { change, node } of changes) {
    if (node._tag === "File") {
      for (const piece of filePieces(node, change as FileChange, model, found.length, lastOf)) {
        found.push({ piece, node, change })
      }
    } else {
      found.push({ piece: entryPiece(node, change as EntryChange, found.length, lastOf), node, change })
    }
  }
  return coupled(found, model)
}

const filePieces = function*(
  file: FileNode,
  change: FileChange,
  model: CrashModel,
  firstId: number,
  lastOf: Map<unknown, number>
): Generator<Piece> {
  const path = pathOf(file)
  const { bytes, from, operation, position, to } = change
  let id = firstId
  if (to !== from) yield { _tag: "Size", id: id++, operation, needs: [], path, from, to }
  if (bytes === undefined) return
  for (let start = position; start < position + bytes.length;) {
    const end = Math.min(position + bytes.length, start - start % model.pieceSize + model.pieceSize)
    const sector = `${file.id}:${Math.floor(start / model.pieceSize)}`
    const earlier = model.sectors === "whole" ? lastOf.get(sector) : undefined
    lastOf.set(sector, id)
    yield {
      _tag: "Content",
      id: id++,
      operation,
      needs: earlier === undefined ? [] : [earlier],
      path,
      position: start,
      length: end - start
    }
    start = end
  }
}

/** What happens to the names of one directory node survives in order, so that it never has two names. */
const entryPiece = (
  parent: DirectoryNode,
  change: EntryChange,
  id: number,
  lastOf: Map<unknown, number>
): EntryPiece => {
  const moved = change.after ?? change.before
  const earlier = moved?._tag === "Directory" ? lastOf.get(moved) : undefined
  if (moved?._tag === "Directory") lastOf.set(moved, id)
  const parentPath = pathOf(parent)
  return {
    _tag: "Entry",
    id,
    operation: change.operation,
    needs: earlier === undefined ? [] : [earlier],
    path: parentPath === "/" ? `/${change.name}` : `${parentPath}/${change.name}`,
    cause: change.cause,
    set: change.after !== undefined
  }
}

/** Ties the two halves of a rename together where they survive together. */
const coupled = (found: ReadonlyArray<Origin>, model: CrashModel): ReadonlyArray<Origin> =>
  found.map((origin, index) => {
    if (origin.piece._tag !== "Entry" || origin.piece.cause !== "Rename") return origin
    const change = origin.change as EntryChange
    if (model.renames === "split" && (change.after ?? change.before)?._tag !== "Directory") return origin
    const other = [found[index - 1], found[index + 1]].find((near) => near?.piece.operation === change.operation)
    if (other === undefined) return origin
    const needs = [...new Set([...origin.piece.needs, other.piece.id])]
    return { ...origin, piece: { ...origin.piece, needs } }
  })

const keepInFile = (
  file: FileNode,
  list: ReadonlyArray<Origin>,
  kept: ReadonlySet<number>,
  survival: Survival
): void => {
  const { torn } = survival
  const image = file.durable
  const before = image.size
  let size = before
  for (const { change, piece } of list) {
    if (piece._tag !== "Size") continue
    if (torn?.operation === piece.operation && torn.size === "cut") {
      size = Math.max(piece.from, Math.min(piece.to, (change as FileChange).position + torn.bytes))
    } else if (torn?.operation === piece.operation || kept.has(piece.id)) size = piece.to
  }
  if (survival.fill !== "zeros" && size > before) {
    image.put(before, junk(survival.fill.junk + file.id, before, size - before))
  }
  for (const { change, piece } of list) {
    if (piece._tag === "Entry") continue
    const { bytes, position } = change as FileChange
    if (piece._tag === "Size") {
      if (piece.to < piece.from && kept.has(piece.id)) {
        image.cut(piece.to)
        rewritten(file, piece.to, Infinity)
      }
      continue
    }
    const start = piece.position - position
    const end = torn?.operation === piece.operation
      ? Math.min(start + piece.length, torn.bytes)
      : kept.has(piece.id)
      ? start + piece.length
      : start
    if (end <= start) continue
    image.put(piece.position, bytes!.subarray(start, end))
    rewritten(file, piece.position, piece.position + end - start)
  }
  image.cut(size)
  rewritten(file, size, Infinity)
}
