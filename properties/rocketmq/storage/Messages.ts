/** Messages of every shape: both kinds of hosts, both versions, every kind of transaction, properties and none. */
import * as fc from "fast-check"
import type { Host, Message } from "../../../src/rocketmq/storage/MessageCodec.ts"
import * as Properties from "../../../src/rocketmq/storage/Properties.ts"

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

const host: fc.Arbitrary<Host> = fc.record({
  address: fc.oneof(bytesOf(4), bytesOf(16)),
  port: fc.nat(0xffff)
})

/** What a name or a value may hold: anything but the two separators. */
const word = fc.string({ minLength: 1, maxLength: 8, unit: "grapheme" }).map((text) =>
  text.replaceAll("\u0001", "x").replaceAll("\u0002", "y")
)

export const properties: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom("TAGS", "KEYS", "UNIQ_KEY", "WAIT", "DELAY"), word), word), { maxLength: 4 })
  .map((pairs) => Properties.format(pairs))

/** Topics on both sides of the 127 bytes that version 1 can hold. */
const topic = fc.oneof(word, fc.integer({ min: 120, max: 140 }).map((length) => "t".repeat(length)))

export const message: fc.Arbitrary<Message> = fc.record({
  topic,
  queueId: fc.integer({ min: -2147483648, max: 2147483647 }),
  body: fc.uint8Array({ maxLength: 40 }),
  properties,
  flag: fc.integer({ min: -2147483648, max: 2147483647 }),
  sysFlag: fc.constantFrom(0, 1, 2, 4, 8, 12, 769),
  bornTimestamp: fc.maxSafeInteger(),
  bornHost: host,
  storeHost: host,
  reconsumeTimes: fc.nat(16),
  preparedTransactionOffset: fc.maxSafeNat()
})
