import { expect, it } from "vitest"
import { crc32c } from "../../src/message/Crc32c.ts"

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index)

// RFC 3720, appendix B.4 prints the checksums as bytes, least significant first.
it.each([
  ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 ascending bytes", ascending, 0x46dd794e],
  ["32 descending bytes", ascending.toReversed(), 0x113fdb5c],
  ["the digits 1 to 9 (the check of the CRC catalogue)", new TextEncoder().encode("123456789"), 0xe3069283]
])("checks %s as RFC 3720 does", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected)
})

it("checks nothing as zero", () => {
  expect(crc32c(new Uint8Array(0))).toBe(0)
})
