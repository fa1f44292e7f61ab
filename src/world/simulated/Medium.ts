/**
 * Damage of the medium as an overlay: what is durable stays pristine, and reading passes through the patches laid over
 * it. So a fault can be healed, and reading twice shows the same damage (TigerBeetle, src/testing/storage.zig).
 *
 *     pristine   | aaaa | bbbb | cccc |
 *     patches           | ^bit |  EIO |
 *     page cache | aaaa |......| dddd |     a dirty byte hides the damage below it
 *
 * The one decision: a patch belongs to a range of durable bytes. Writing the range again and making that durable
 * removes it there (CORDS, FAST'17: a block rewritten after being marked is good again).
 */
import type { FileNode } from "./Inode.ts"

export type Damage =
  | { readonly _tag: "Unreadable" }
  /** Each byte is exclusive-ored with the mask. */
  | { readonly _tag: "Flipped"; readonly mask: number }
  /** The medium shows these bytes, the first of them at `at`. */
  | { readonly _tag: "Shows"; readonly bytes: Uint8Array; readonly at: number }

/** Damage over bytes `[start, end)` of one file. */
export interface Patch {
  /** Id of the fault that did it. */
  readonly fault: number
  readonly start: number
  readonly end: number
  readonly damage: Damage
}

/**
 * Shows damage in bytes just read from the page cache at `position`; answers false where a byte cannot be read.
 *
 * Newer damage is laid over older, and bytes not yet durable are in memory, so they show undamaged.
 */
export const throughPatches = (file: FileNode, position: number, bytes: Uint8Array): boolean => {
  const end = position + bytes.length
  const met = file.patches.filter((patch) => patch.start < end && patch.end > position)
  if (met.length === 0) return true
  const pristine = bytes.slice()
  const unreadable = new Uint8Array(bytes.length)
  for (const patch of met) {
    const from = Math.max(position, patch.start)
    const to = Math.min(end, patch.end)
    switch (patch.damage._tag) {
      case "Unreadable":
        unreadable.fill(1, from - position, to - position)
        break
      case "Flipped":
        for (let at = from; at < to; at++) bytes[at - position]! ^= patch.damage.mask
        break
      case "Shows":
        bytes.set(patch.damage.bytes.subarray(from - patch.damage.at, to - patch.damage.at), from - position)
    }
  }
  for (const change of file.pending) {
    const dirtyFrom = change.to < change.from ? change.to : change.bytes === undefined ? change.from : change.position
    const dirtyTo = change.to < change.from
      ? Infinity
      : change.bytes === undefined
      ? change.to
      : change.position + change.bytes.length
    for (let at = Math.max(dirtyFrom, position); at < Math.min(dirtyTo, end); at++) {
      bytes[at - position] = pristine[at - position]!
      unreadable[at - position] = 0
    }
  }
  return !unreadable.includes(1)
}

/** Bytes `[start, end)` became durable again: whatever lay over them is gone. */
export const rewritten = (file: FileNode, start: number, end: number): void => {
  if (file.patches.length === 0) return
  file.patches = file.patches.flatMap((patch) => {
    if (patch.end <= start || patch.start >= end) return [patch]
    const left = patch.start < start ? [{ ...patch, end: start }] : []
    const right = patch.end > end ? [{ ...patch, start: end }] : []
    return [...left, ...right]
  })
}
