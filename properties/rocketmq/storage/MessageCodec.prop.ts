import * as fc from "fast-check"
import { expect, it } from "vitest"
import { Malformed } from "../../../src/message/Malformed.ts"
import { checkMessage } from "../../../src/rocketmq/storage/CheckMessage.ts"
import { defaults, v5_5 } from "../../../src/rocketmq/storage/LogConfig.ts"
import * as Look from "../../../src/rocketmq/storage/LookMessage.ts"
import * as Batch from "../../../src/rocketmq/storage/MessageBatch.ts"
import * as Codec from "../../../src/rocketmq/storage/MessageCodec.ts"
import * as Properties from "../../../src/rocketmq/storage/Properties.ts"
import { OutOfMemory } from "../../../src/rocketmq/storage/StorageError.ts"
import { message, properties } from "./Messages.ts"

const place = fc.record({
  queueOffset: fc.maxSafeNat(),
  physicalOffset: fc.maxSafeNat(),
  storeTimestamp: fc.maxSafeNat()
})

const options = {
  checkCrc: true,
  checkWhole: false,
  readBody: true,
  delayLevels: defaults.messageDelayLevel,
  readsVersion2: true,
  largestArray: defaults.largestArray
}

it("reads a message back as it was written, strictly, leniently, and as recovery checks it", () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(message, place, (written, at) => {
      const bytes = Codec.encode(written)
      Codec.stamp(bytes, 0, at)
      const decoded = Codec.decode(bytes)
      const v6 = (written.bornHost.address.length === 16 ? 0x10 : 0) |
        (written.storeHost.address.length === 16 ? 0x20 : 0)
      expect(decoded).toMatchObject({ ...written, ...at, sysFlag: written.sysFlag | v6, size: bytes.length })
      const looked = Look.decode(bytes, { ...defaults, behaviour: v5_5 })
      expect(looked).toMatchObject({ topic: written.topic, queueId: written.queueId, body: written.body })
      expect(looked?.queueOffset).toBe(BigInt(at.queueOffset))
      const checked = checkMessage(bytes, 0, bytes.length, options)
      // A level that is no number is no message to recovery, though it is one to a reader.
      const level = written.topic === "SCHEDULE_TOPIC_XXXX"
        ? Properties.parse(written.properties).get("DELAY")
        : undefined
      if (level === undefined) expect(checked).toMatchObject({ _tag: "Message", position: bytes.length })
      seen.add(`version ${decoded.version}`).add(`hosts ${v6}`).add(`transaction ${written.sysFlag & 12}`)
      seen.add(written.body.length === 0 ? "no body" : "a body").add(
        written.properties === "" ? "no properties" : "properties"
      )
    }),
    { numRuns: 3000 }
  )
  expect([...seen].sort()).toEqual([
    ...[1, 2].map((version) => `version ${version}`),
    ...[0, 16, 32, 48].map((bits) => `hosts ${bits}`),
    ...[0, 4, 8, 12].map((bits) => `transaction ${bits}`),
    "a body",
    "no body",
    "no properties",
    "properties"
  ].sort())
})

it("finds every flipped bit of a body, and none in the topic or the properties: the checksum covers the body alone", () => {
  const seen = { body: 0, elsewhere: 0 }
  fc.assert(
    fc.property(message, fc.nat(0xffff), fc.nat(6), (written, where, bit) => {
      fc.pre(written.body.length > 0)
      const bytes = Codec.encode(written)
      const bodyAt = Codec.sizeOf(1, new DataView(bytes.buffer).getInt32(36), 0, 0, 0) - 3
      const position = bodyAt + Math.floor(where / 0x10000 * written.body.length)
      bytes[position]! ^= 1 << bit
      expect(() => Codec.decode(bytes)).toThrow(Malformed)
      expect(checkMessage(bytes, 0, bytes.length, options)).toEqual({ _tag: "Invalid" })
      seen.body++
      bytes[position]! ^= 1 << bit
      // A low bit of the last byte of the topic, so that ASCII stays ASCII.
      const topicLength = new TextEncoder().encode(written.topic).length
      const topicEnd = bodyAt + written.body.length + (topicLength > 127 ? 2 : 1) + topicLength
      if (bytes[topicEnd - 1]! >= 0x80) return
      bytes[topicEnd - 1]! ^= 1
      expect(Codec.decode(bytes).topic).not.toBe(written.topic)
      seen.elsewhere++
    }),
    { numRuns: 1000 }
  )
  expect(Math.min(seen.body, seen.elsewhere)).toBeGreaterThan(100)
})

it("reads a batch back as a client wrote it", () => {
  const part = fc.record({ flag: fc.nat(9), body: fc.uint8Array({ maxLength: 9 }), properties })
  fc.assert(fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
    expect(Batch.decode(Batch.encode(parts))).toEqual(parts)
  }))
})

/** Bytes changed here and there in a good entry, or no entry at all. */
const damage = fc.array(fc.record({ where: fc.nat(0xffff), bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 3
})
const hostile = fc.oneof(
  { arbitrary: fc.uint8Array({ maxLength: 160 }), weight: 1 },
  {
    arbitrary: fc.tuple(fc.nat(39), damage, fc.option(fc.nat(0xffff), { freq: 4 })).map(([index, changes, cut]) => {
      const bytes = good[index]!.slice()
      for (const { bytes: part, where } of changes) {
        bytes.set(part.subarray(0, bytes.length), Math.floor(where / 0x10000 * Math.max(1, bytes.length - part.length)))
      }
      return cut === null ? bytes : bytes.subarray(0, Math.floor(cut / 0x10000 * bytes.length))
    }),
    weight: 9
  }
)
const good = fc.sample(message, { numRuns: 40, seed: 5 }).map((one) => Codec.encode(one))

const outcome = <A>(read: () => A, tag: (value: A) => string): string => {
  try {
    return tag(read())
  } catch (error) {
    if (error instanceof Malformed || error instanceof OutOfMemory) return error._tag
    throw error
  }
}

it("reads 100,000 hostile inputs to a message or to the byte that is wrong, and holds no more than was given", () => {
  const outcomes = new Map<string, number>()
  const count = (name: string) => outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
  fc.assert(
    fc.property(hostile, (bytes) => {
      count(`strict: ${
        outcome(() => Codec.decode(bytes), (decoded) => {
          const held = decoded.body.length + decoded.topic.length + decoded.properties.length
          expect(held).toBeLessThanOrEqual(bytes.length)
          return "message"
        })
      }`)
      count(`check of 5.x: ${outcome(() => checkMessage(bytes, 0, bytes.length, options), ({ _tag }) => _tag)}`)
      const old = { ...options, readsVersion2: false }
      count(`check of 4.9: ${outcome(() => checkMessage(bytes, 0, bytes.length, old), ({ _tag }) => _tag)}`)
      count(
        `lenient: ${
          outcome(() => Look.decode(bytes, defaults), (looked) => looked === undefined ? "unreadable" : "message")
        }`
      )
      outcome(() => Batch.decode(bytes), () => "batch")
    }),
    { numRuns: 100_000 }
  )
  expect([...outcomes.keys()].sort()).toEqual([
    "check of 4.9: Half",
    "check of 4.9: Invalid",
    "check of 4.9: Message",
    "check of 4.9: OutOfMemory",
    "check of 5.x: Half",
    "check of 5.x: Invalid",
    "check of 5.x: Message",
    "lenient: OutOfMemory",
    "lenient: message",
    "lenient: unreadable",
    "strict: Malformed",
    "strict: message"
  ])
})
