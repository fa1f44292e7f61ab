/**
 * The layout of a stored message, from MessageDecoder and MessageExtEncoder of Apache RocketMQ (4.9.7, 5.5.0), and from
 * entries that real brokers wrote (test/real).
 */
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { readStore } from "../../../src/cli/StoreFiles.ts"
import { Malformed } from "../../../src/message/Malformed.ts"
import * as Codec from "../../../src/rocketmq/storage/MessageCodec.ts"
import * as Properties from "../../../src/rocketmq/storage/Properties.ts"

const real = fileURLToPath(new URL("../../real/", import.meta.url))
const v4 = (...address: ReadonlyArray<number>): Codec.Host => ({ address: Uint8Array.from(address), port: 10911 })
const v6: Codec.Host = { address: Uint8Array.from([0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 1]), port: 65535 }

const message: Codec.Message = {
  topic: "T",
  queueId: 3,
  body: new TextEncoder().encode("123456789"),
  properties: Properties.format([["KEYS", "a b"], ["TAGS", "x"]]),
  flag: 7,
  sysFlag: 0,
  bornTimestamp: 0x0102030405,
  bornHost: v4(127, 0, 0, 1),
  storeHost: v4(10, 0, 0, 2),
  reconsumeTimes: 2,
  preparedTransactionOffset: 0x1_0000_0001
}

const stamped = (of: Codec.Message): Uint8Array => {
  const bytes = Codec.encode(of)
  Codec.stamp(bytes, 0, { queueOffset: 5, physicalOffset: 4096, storeTimestamp: 0x0607080900 })
  return bytes
}

/** Entries of a real CommitLog with where they begin, up to the first that is none. */
const realEntries = (store: string): ReadonlyArray<Uint8Array> =>
  Array.from(readStore(`${real}${store}`, 9).files).filter(([path]) => path.startsWith("commitlog/")).sort()
    .flatMap(([, bytes]) => {
      const entries: Array<Uint8Array> = []
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let at = 0; at + 8 <= bytes.length && view.getInt32(at + 4) === Codec.Magic.v1; at += view.getInt32(at)) {
        entries.push(bytes.slice(at, at + view.getInt32(at)))
      }
      return entries
    })

describe("an entry", () => {
  it("is laid out as MessageExtEncoder writes it", () => {
    // 91 bytes with nothing in them, a body of 9, a topic of 1, properties of 15: 116, 0x74.
    // CRC-32 of "123456789" is 0xcbf43926 (the check value of the polynomial), stored without its top bit.
    const fields = [
      ["TOTALSIZE, MAGICCODE, BODYCRC", "00000074 daa320a7 4bf43926"],
      ["QUEUEID, FLAG, QUEUEOFFSET", "00000003 00000007 0000000000000005"],
      ["PHYSICALOFFSET, SYSFLAG, BORNTIMESTAMP", "0000000000001000 00000000 0000000102030405"],
      ["BORNHOST, STORETIMESTAMP, STOREHOST", "7f00000100002a9f 0000000607080900 0a00000200002a9f"],
      ["RECONSUMETIMES, PreparedTransactionOffset", "00000002 0000000100000001"],
      ["body", "00000009 313233343536373839"],
      ["topic", "01 54"],
      ["properties", "000f 4b4559530161206202544147530178"]
    ]
    const expected = fields.map(([, hex]) => hex!.replaceAll(" ", "")).join("")
    expect(Buffer.from(stamped(message)).toString("hex")).toBe(expected)
  })

  it("has hosts of 20 bytes and two bits of SYSFLAG where they are IPv6", () => {
    const bytes = stamped({ ...message, bornHost: v6, storeHost: v6 })
    expect(bytes.length).toBe(stamped(message).length + 24)
    const decoded = Codec.decode(bytes)
    expect(decoded.sysFlag).toBe(0x30)
    expect([decoded.bornHost, decoded.storeHost]).toEqual([v6, v6])
    expect(Codec.hostText(v6)).toBe("[2001:db8:0:0:0:0:0:1]:65535")
  })

  it("may mix a host of each kind", () => {
    const decoded = Codec.decode(stamped({ ...message, bornHost: v6 }))
    expect([decoded.sysFlag, decoded.bornHost, decoded.storeHost]).toEqual([0x10, v6, message.storeHost])
    expect([decoded.storeTimestamp, decoded.preparedTransactionOffset]).toEqual([0x0607080900, 0x1_0000_0001])
  })

  it("is of version 2, with a topic length of two bytes, where the topic is longer than 127 bytes", () => {
    const bytes = stamped({ ...message, topic: "T".repeat(128) })
    expect(Buffer.from(bytes.subarray(4, 8)).toString("hex")).toBe("daa320ab")
    expect(bytes.length).toBe(stamped(message).length + 127 + 1)
    expect(Codec.decode(bytes)).toMatchObject({ version: 2, topic: "T".repeat(128) })
    expect(Codec.decode(stamped({ ...message, topic: "T".repeat(127) })).version).toBe(1)
  })

  it("has a body checksum of 0 where there is no body", () => {
    expect(Codec.decode(stamped({ ...message, body: new Uint8Array(0) }))).toMatchObject({ bodyCrc: 0 })
  })

  it.each([
    "rocketmq-4.9.7-clean/store",
    "rocketmq-5.5.0-clean/store",
    "rocketmq-recovery-4.9.7/bases/31-crash",
    "rocketmq-recovery-5.5.0/bases/32-crash"
  ])("of a real broker is decoded, and encoded again byte for byte: %s", (store) => {
    const entries = realEntries(store)
    expect(entries.length).toBeGreaterThan(80)
    for (const entry of entries) {
      const decoded = Codec.decode(entry)
      const again = Codec.encode(decoded)
      Codec.stamp(again, 0, decoded)
      expect(Buffer.from(again).toString("hex")).toBe(Buffer.from(entry).toString("hex"))
    }
  })
})

describe("hostile bytes", () => {
  const bytes = stamped(message)
  const refusal = (change: (view: DataView) => void): string => {
    const copy = bytes.slice()
    change(new DataView(copy.buffer))
    try {
      Codec.decode(copy)
      return "decoded"
    } catch (error) {
      return error instanceof Malformed ? error.message : String(error)
    }
  }

  it("are refused with the byte and with what would have been right", () => {
    expect(refusal((view) => view.setInt32(0, 0x7fffffff))).toBe(
      "byte 0: found TOTALSIZE 2147483647; expected 91 to 116 bytes"
    )
    expect(refusal((view) => view.setInt32(0, -1))).toMatch(/^byte 0: found TOTALSIZE -1/)
    expect(refusal((view) => view.setInt32(4, 0))).toMatch(/^byte 4: found magic 0x0/)
    expect(refusal((view) => view.setInt32(84, 0x7fffffff))).toMatch(/^byte 84: found a body of 2147483647 bytes/)
    expect(refusal((view) => view.setInt32(84, -1))).toMatch(/^byte 84: found a body of -1 bytes/)
    expect(refusal((view) => view.setInt8(88, view.getInt8(88) ^ 1))).toMatch(/^byte 8: found BODYCRC/)
    expect(refusal((view) => view.setInt8(97, -1))).toMatch(/^byte 97: found a topic of -1 bytes/)
    expect(refusal((view) => view.setInt8(97, 99))).toMatch(/^byte 97: found a topic of 99 bytes/)
    expect(refusal((view) => view.setInt16(99, 14))).toMatch(/^byte 99: found properties of 14 bytes/)
    expect(refusal((view) => view.setInt32(52, 65536))).toMatch(/^byte 52: found port 65536/)
    expect(refusal((view) => view.setInt32(36, 0x30))).toMatch(/^byte \d+: found/)
    expect(refusal((view) => view.setBigInt64(28, 1n << 53n))).toMatch(/^byte 28: found an i64 beyond 2\^53/)
  })

  it("are refused wherever an entry is cut", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => Codec.decode(bytes.subarray(0, length)), `${length} bytes`).toThrow(Malformed)
    }
  })
})

describe("properties", () => {
  it("are read as MessageDecoder.string2messageProperties reads them", () => {
    const pairs = (text: string) => [...Properties.parse(text)]
    expect(pairs("a\u0001b\u0002c\u0001d")).toEqual([["a", "b"], ["c", "d"]])
    expect(pairs("a\u0001b\u0002")).toEqual([["a", "b"]])
    // A pair needs a name and a value: three characters at least.
    expect(pairs("a\u0001\u0002\u0001b\u0002c\u0001d")).toEqual([["c", "d"]])
    expect(pairs("a\u0001b\u0002a\u0001c")).toEqual([["a", "c"]])
    expect(pairs("")).toEqual([])
  })

  it("have hashes of java.lang.String", () => {
    // The hash of "TagA" as real brokers stored it (tagsCode in test/real/rocketmq-4.9.7-unclean/expected.json), and two
    // strings of the Java Language's own collision.
    expect(Properties.tagsCode("TagA")).toBe(2598919)
    expect(Properties.javaHash("Aa")).toBe(Properties.javaHash("BB"))
    expect(Properties.tagsCode(undefined)).toBe(0)
    expect(Properties.javaInt("2147483648")).toBeUndefined()
    expect(Properties.javaInt("-2147483648")).toBe(-2147483648)
  })
})
