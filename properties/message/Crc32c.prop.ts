import * as fc from "fast-check"
import { it } from "vitest"
import { crc32c, pureCrc32c } from "../../src/message/Crc32c.ts"

/** A bit at a time: what the tables are built to do faster. */
const bitwise = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

it("is what a bit at a time gives, from any position", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700, size: "max" }), fc.nat(20), fc.nat(20), (bytes, a, b) => {
      const start = Math.min(a, bytes.length)
      const end = Math.max(start, bytes.length - b)
      const expected = bitwise(bytes.subarray(start, end))
      return crc32c(bytes, start, end) === expected && pureCrc32c(bytes, start, end) === expected
    }),
    { numRuns: 500 }
  )
})

it("can be taken in pieces", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700, size: "max" }), fc.nat(700), (bytes, at) => {
      const cut = Math.min(at, bytes.length)
      return crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut)) === crc32c(bytes)
    }),
    { numRuns: 300 }
  )
})
