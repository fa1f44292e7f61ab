/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches and producer snapshots.
 *
 * Pure TypeScript, eight bytes a step ("slicing by 8", Kounavis and Berry, ISCC 2005): fast enough that no native code
 * is needed, and the same everywhere. The polynomial 0x1EDC6F41 is used bit-reversed; register and result are inverted
 * (RFC 3720, appendix B.4, which also has the test vectors).
 */

const polynomial = 0x82f63b78

/** `tables[k][b]`: what byte `b` does to the register when `k` more bytes follow it in the same step. */
const tables: ReadonlyArray<Int32Array> = (() => {
  const built = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    built[0]![byte] = crc
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = built[slice - 1]![byte]!
      built[slice]![byte] = built[0]![before & 0xff]! ^ (before >>> 8)
    }
  }
  return built
})()
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as unknown as readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array
]

/**
 * The checksum of `bytes` from `start` to before `end`, as an unsigned 32-bit integer.
 *
 * `before` is the checksum of what comes before them, so that a checksum can be taken in pieces.
 */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number => {
  let crc = ~before
  let at = start
  for (const whole = end - 7; at < whole; at += 8) {
    const low = crc ^ (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24)
    crc = t7[low & 0xff]! ^ t6[(low >>> 8) & 0xff]! ^ t5[(low >>> 16) & 0xff]! ^ t4[low >>> 24]! ^
      t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!
  }
  for (; at < end; at++) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}
