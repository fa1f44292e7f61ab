import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Malformed } from "../../src/message/Malformed.ts"
import * as Varint from "../../src/message/Varint.ts"

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff })
const long = fc.oneof(fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }), int32, fc.integer({ min: -70, max: 70 }))

const written = (value: number): Uint8Array => {
  const bytes = new Uint8Array(12)
  return bytes.subarray(0, Varint.write(bytes, 0, value))
}

/** Zig-zag and seven bits a byte, in 64-bit arithmetic, as ByteUtils.writeVarlong has it. */
const slow = (value: number): ReadonlyArray<number> => {
  const bytes: Array<number> = []
  let code = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  for (; code >= 0x80n; code >>= 7n) bytes.push(Number(code & 0x7fn) | 0x80)
  return [...bytes, Number(code)]
}

it("writes what 64-bit arithmetic writes, in the size it says, and reads it again", () => {
  fc.assert(
    fc.property(long, (value) => {
      const bytes = written(value)
      expect([...bytes]).toEqual(slow(value))
      expect(Varint.sizeOf(value)).toBe(bytes.length)
      const from = Varint.cursor(bytes)
      expect(Varint.readVarlong(from)).toBe(value === 0 ? 0 : value)
      expect(from.position).toBe(bytes.length)
    }),
    { numRuns: 1000 }
  )
})

it("reads a 32-bit integer that was written as a long", () => {
  fc.assert(fc.property(int32, (value) => Varint.readVarint(Varint.cursor(written(value))) === value), {
    numRuns: 1000
  })
})

it("reads any bytes to a number or says at which byte it cannot", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (bytes, short) => {
      const from = Varint.cursor(bytes)
      try {
        const value = short ? Varint.readVarint(from) : Varint.readVarlong(from)
        return Number.isSafeInteger(value) && from.position <= bytes.length
      } catch (error) {
        return error instanceof Malformed && error.position <= bytes.length
      }
    }),
    { numRuns: 2000 }
  )
})
