/**
 * The log of the small service: one file of 8-byte entries, a value and its checksum, after its longest valid prefix
 * the end.
 *
 *     +----------------+--------------------------+
 *     | value (uint32) | CRC-32 of value (uint32) |   big-endian; values are at least 1
 *     +----------------+--------------------------+
 */
import { Effect } from "effect"
import { crc32 } from "node:zlib"
import type { File, Operations } from "../../src/world/Disk.ts"

const path = "/log"
const entryBytes = 8

const encode = (value: number): Uint8Array => {
  const bytes = new Uint8Array(entryBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, value)
  view.setUint32(4, crc32(bytes.subarray(0, 4)))
  return bytes
}

const validPrefix = (bytes: Uint8Array): Array<number> => {
  const values: Array<number> = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    if (view.getUint32(at) === 0 || view.getUint32(at + 4) !== crc32(bytes.subarray(at, at + 4))) break
    values.push(view.getUint32(at))
  }
  return values
}

interface Journal {
  readonly values: ReadonlyArray<number>
  readonly append: (value: number) => void
  /** Makes all that is there now durable. A disk that cannot is the end of the process. */
  readonly commit: Effect.Effect<void>
}

/**
 * Opens what is there, cuts what is no entry, and makes what is left durable before anybody speaks of it: what was found
 * in the page cache after a kill may still be lost to a power cut.
 */
export const recover = Effect.fnUntraced(function*(disk: Operations) {
  const isThere = disk.stat(path) !== undefined
  const file = disk.open(path, "either")
  const values = validPrefix(file.read(0, file.size()))
  if (file.size() > values.length * entryBytes) file.truncate(values.length * entryBytes)
  const targets: ReadonlyArray<File | string> = [file, "/"]
  if (isThere) yield* Effect.orDie(disk.commit(targets))
  const journal: Journal = {
    values,
    append: (value) => {
      file.append(encode(value))
      values.push(value)
    },
    commit: Effect.suspend(() => Effect.orDie(disk.commit(targets)))
  }
  return journal
})
