/**
 * What a disk holds, a line a file: what a process sees of it and what a power cut would leave.
 *
 *     /logs/p-0/00000000000000000000.log   238 bytes, durable 119
 *
 * A pure function of plain data; files that are the same on both sides are told apart from those that are not by one word.
 */

export interface Held {
  /** Contents by path, as the page cache has them. */
  readonly volatile: ReadonlyMap<string, Uint8Array>
  /** Contents by path, as a power cut would leave them. */
  readonly durable: ReadonlyMap<string, Uint8Array>
  /** Number of pieces that are not durable. */
  readonly unsynced: number
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index])

const lineOf = (path: string, seen: Uint8Array | undefined, kept: Uint8Array | undefined): string => {
  if (seen === undefined) return `${path}  removed, durable ${kept!.length} bytes`
  if (kept === undefined) return `${path}  ${seen.length} bytes, its name not durable`
  if (isSame(seen, kept)) return `${path}  ${seen.length} bytes, durable`
  return `${path}  ${seen.length} bytes, durable ${kept.length}${
    seen.length === kept.length ? " of other contents" : ""
  }`
}

/** The files by path, and the number of unsynced pieces. */
export const lines = ({ durable, unsynced, volatile }: Held): ReadonlyArray<string> => {
  const paths = [...new Set([...volatile.keys(), ...durable.keys()])].sort()
  return [...paths.map((path) => lineOf(path, volatile.get(path), durable.get(path))), `${unsynced} pieces not durable`]
}
