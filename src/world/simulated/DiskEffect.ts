/**
 * What a process did to a disk, one value an effect, and a running hash of all of them.
 *
 * The one decision: an effect is what can be told apart after a crash, so a boundary between two effects is a place to
 * crash at. Reading, listing and opening what exists are none. A commit counts when it ends: before that a crash finds
 * the same pieces as before it began.
 */
export type DiskEffect =
  | { readonly _tag: "Create"; readonly path: string }
  | { readonly _tag: "MakeDirectory"; readonly path: string }
  | { readonly _tag: "Write"; readonly path: string; readonly position: number; readonly bytes: Uint8Array }
  | { readonly _tag: "Truncate"; readonly path: string; readonly size: number }
  | { readonly _tag: "Rename"; readonly from: string; readonly to: string }
  | { readonly _tag: "Remove"; readonly path: string }
  | { readonly _tag: "Commit"; readonly paths: ReadonlyArray<string> }
  | { readonly _tag: "CommitFailed"; readonly paths: ReadonlyArray<string> }

/** 32-bit FNV-1a over words instead of bytes: mixes one number below 2^53 into a hash. */
export const mixNumber = (hash: number, value: number): number => {
  const low = Math.imul(hash ^ (value >>> 0), 0x01000193)
  return Math.imul(low ^ Math.floor(value / 0x1_0000_0000), 0x01000193) ^ (low >>> 15)
}

/** Mixes bytes and their number into a hash. */
export const mixBytes = (hash: number, bytes: Uint8Array): number => {
  let mixed = mixNumber(hash, bytes.length)
  for (let index = 0; index < bytes.length; index++) mixed = Math.imul(mixed ^ bytes[index]!, 0x01000193)
  return mixed ^ (mixed >>> 15)
}

/** Mixes text, by code units, and its length into a hash. */
export const mixText = (hash: number, text: string): number => {
  let mixed = mixNumber(hash, text.length)
  for (let index = 0; index < text.length; index++) mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x01000193)
  return mixed ^ (mixed >>> 15)
}

/** Mixes one effect into a hash. */
export const mixEffect = (hash: number, effect: DiskEffect): number => {
  const named = mixText(hash, effect._tag)
  switch (effect._tag) {
    case "Create":
    case "MakeDirectory":
    case "Remove":
      return mixText(named, effect.path)
    case "Write":
      return mixBytes(mixNumber(mixText(named, effect.path), effect.position), effect.bytes)
    case "Truncate":
      return mixNumber(mixText(named, effect.path), effect.size)
    case "Rename":
      return mixText(mixText(named, effect.from), effect.to)
    case "Commit":
    case "CommitFailed":
      return effect.paths.reduce(mixText, named)
  }
}
