/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches and producer snapshots.
 *
 * Pure TypeScript, sixteen bytes a step ("slicing by 16", after Kounavis and Berry, ISCC 2005), the same everywhere; where the
 * optional package `@node-rs/crc32` is installed, long runs of bytes go to it, since calling it costs more than it saves
 * on short ones. `ACKPROOF_PURE_CHECKSUMS=1` does without. The polynomial 0x1EDC6F41 is used bit-reversed; register and result are inverted
 * (RFC 3720, appendix B.4, which also has the test vectors).
 */
import { createRequire } from "node:module"

const polynomial = 0x82f63b78

/** From so many bytes on the native code is faster, its call included (`npm run bench -- storage`). */
const worthCalling = 256

type Native = (bytes: Uint8Array, before: number) => number

const native: Native | undefined = (() => {
  if (process.env["ACKPROOF_PURE_CHECKSUMS"] === "1") return undefined
  try {
    return (createRequire(import.meta.url)("@node-rs/crc32") as { readonly crc32c: Native }).crc32c
  } catch {
    return undefined
  }
})()

/** Table `k` at `b`: what byte `b` does to the register when `k` more bytes follow it in the same step. */
const table = (() => {
  const built = Array.from({ length: 16 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    built[0]![byte] = crc
  }
  for (let slice = 1; slice < 16; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = built[slice - 1]![byte]!
      built[slice]![byte] = built[0]![before & 0xff]! ^ (before >>> 8)
    }
  }
  return (slice: number): Int32Array => built[slice]!
})()
// Constants of their own, since an array of tables would be looked up at each byte.
const [t0, t1, t2, t3] = [table(0), table(1), table(2), table(3)]
const [t4, t5, t6, t7] = [table(4), table(5), table(6), table(7)]
const [t8, t9, t10, t11] = [table(8), table(9), table(10), table(11)]
const [t12, t13, t14, t15] = [table(12), table(13), table(14), table(15)]

/** Words of four bytes are read as they lie in memory, which is the right way round on these machines only. */
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

const noWords = new Int32Array(0)

/**
 * The checksum of `bytes` from `start` to before `end`, as an unsigned 32-bit integer.
 *
 * `before` is the checksum of what comes before them, so that a checksum can be taken in pieces.
 */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number =>
  native !== undefined && end - start >= worthCalling
    ? native(bytes.subarray(start, end), before)
    : pureCrc32c(bytes, start, end, before)

/** The same without native code. */
export const pureCrc32c = (bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number => {
  let crc = ~before
  let at = start
  while (at < end && ((bytes.byteOffset + at) & 3) !== 0) crc = t0[(crc ^ bytes[at++]!) & 0xff]! ^ (crc >>> 8)
  const steps = isLittleEndian ? (end - at) >> 4 : 0
  const words = steps === 0 ? noWords : new Int32Array(bytes.buffer, bytes.byteOffset + at, steps * 4)
  for (let word = 0; word < words.length; word += 4) {
    const a = crc ^ words[word]!
    const b = words[word + 1]!
    const c = words[word + 2]!
    const d = words[word + 3]!
    crc = t15[a & 0xff]! ^ t14[(a >>> 8) & 0xff]! ^ t13[(a >>> 16) & 0xff]! ^ t12[a >>> 24]! ^
      t11[b & 0xff]! ^ t10[(b >>> 8) & 0xff]! ^ t9[(b >>> 16) & 0xff]! ^ t8[b >>> 24]! ^
      t7[c & 0xff]! ^ t6[(c >>> 8) & 0xff]! ^ t5[(c >>> 16) & 0xff]! ^ t4[c >>> 24]! ^
      t3[d & 0xff]! ^ t2[(d >>> 8) & 0xff]! ^ t1[(d >>> 16) & 0xff]! ^ t0[d >>> 24]!
  }
  for (at += steps * 16; at < end; at++) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
