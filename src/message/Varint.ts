/**
 * Variable-length integers: zig-zag, then seven bits a byte, least significant first; the top bit says that more follow.
 *
 *     n     0   -1    1   -2    2   ...      zig-zag: (n << 1) ^ (n >> 31)
 *     code  0    1    2    3    4
 *
 * An integer takes at most 5 bytes, a long at most 10, as Kafka's readers check (ByteUtils.readVarint, readVarlong). A
 * long beyond 2^53 is `Malformed` here, since offsets and times are JavaScript numbers above the codec.
 */
import { malformed } from "./Malformed.ts"

/** Bytes and how far they have been read. */
export interface Cursor {
  readonly bytes: Uint8Array
  /** First byte not yet read. */
  position: number
  /** First byte that must not be read. */
  readonly end: number
}

export const cursor = (bytes: Uint8Array, position = 0, end = bytes.length): Cursor => ({ bytes, position, end })

/** Reads a byte; past the end it is `Malformed`. */
export const readByte = (from: Cursor): number =>
  from.position < from.end
    ? from.bytes[from.position++]!
    : malformed(from.position, "the end", "more bytes, as the lengths before promise")

/** Reads a 32-bit integer. */
export const readVarint = (from: Cursor): number => {
  const start = from.position
  let code = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = readByte(from)
    code |= (byte & 0x7f) << shift
    if (byte < 0x80) return (code >>> 1) ^ -(code & 1)
  }
  return malformed(start, "a varint of more than 5 bytes", "a varint of at most 5 bytes")
}

/** Reads a 64-bit integer that fits into a safe integer. */
export const readVarlong = (from: Cursor): number => {
  const start = from.position
  // Seven groups of seven bits fit into a number; what is longer is rare and goes through a bigint.
  let code = 0
  for (let scale = 1; scale < 2 ** 49; scale *= 0x80) {
    const byte = readByte(from)
    code += (byte & 0x7f) * scale
    if (byte < 0x80) return code % 2 === 1 ? -(code + 1) / 2 : code / 2
  }
  let long = BigInt(code)
  for (let shift = 49n; shift < 70n; shift += 7n) {
    const byte = readByte(from)
    long |= BigInt(byte & 0x7f) << shift
    if (byte >= 0x80) continue
    const wrapped = BigInt.asUintN(64, long)
    const value = Number((wrapped >> 1n) ^ -(wrapped & 1n))
    return Number.isSafeInteger(value) ? value : malformed(start, "a varlong beyond 2^53", "at most 2^53 - 1")
  }
  return malformed(start, "a varlong of more than 10 bytes", "a varlong of at most 10 bytes")
}

/** Bytes that `value` takes as a varint or a varlong. */
export const sizeOf = (value: number): number => {
  let size = 1
  for (let code = value < 0 ? -value * 2 - 1 : value * 2; code >= 0x80; code = Math.floor(code / 0x80)) size++
  return size
}

/** Writes `value`, below 2^52 in size, at `position`, and answers the position after it. */
export const write = (into: Uint8Array, position: number, value: number): number => {
  let at = position
  let code = value < 0 ? -value * 2 - 1 : value * 2
  if (!Number.isSafeInteger(code)) throw new RangeError(`${value} is too large for a varlong written from a number`)
  for (; code >= 0x80; code = Math.floor(code / 0x80)) into[at++] = (code % 0x80) | 0x80
  into[at++] = code
  return at
}
