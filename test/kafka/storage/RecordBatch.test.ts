import { deflateRawSync } from "node:zlib"
import { expect, it } from "vitest"
import * as RecordBatch from "../../../src/kafka/storage/RecordBatch.ts"
import { Malformed } from "../../../src/message/Malformed.ts"
import { filesOf, partitionsOf } from "../RealFiles.ts"

const empty = {
  baseOffset: 5,
  partitionLeaderEpoch: 3,
  compression: "none",
  timestampType: "CreateTime",
  isTransactional: false,
  isControl: false,
  baseTimestamp: 1000,
  maxTimestamp: 1000,
  producerId: -1,
  producerEpoch: -1,
  baseSequence: -1,
  lastOffsetDelta: 0,
  records: []
} as const satisfies RecordBatch.Contents

const one = { offsetDelta: 0, timestampDelta: 0, key: null, value: new Uint8Array([7]), headers: [] }

it("is 61 bytes without records, and the leader's offset and epoch are outside the checksum", () => {
  const bytes = RecordBatch.encode(empty)
  expect(bytes.length).toBe(61)
  RecordBatch.assign(bytes, 0, 900, 4)
  const header = RecordBatch.decode(bytes)
  expect([header.baseOffset, header.partitionLeaderEpoch]).toEqual([900, 4])
})

it("carries the time of its append when it is stamped, and its checksum agrees", () => {
  const bytes = RecordBatch.encode({ ...empty, records: [one] })
  RecordBatch.stamp(bytes, 0, bytes.length, 5000)
  const header = RecordBatch.decode(bytes)
  expect(RecordBatch.isLogAppendTime(header)).toBe(true)
  expect(RecordBatch.records(bytes, header)[0]!.timestamp).toBe(5000)
})

// DefaultRecordBatch.incrementSequence: 2^31 - 1 is followed by 0.
it("goes on with sequence 0 after 2^31 - 1", () => {
  expect(RecordBatch.incrementSequence(0x7fffffff, 1)).toBe(0)
  expect(RecordBatch.incrementSequence(0x7ffffffe, 3)).toBe(1)
})

it.each([
  ["a length beyond the bytes", 8, [0x7f, 0xff, 0xff, 0xff], "byte 8: found a batch of 2147483659 bytes"],
  ["a length below a header", 8, [0, 0, 0, 48], "byte 8: found a batch of 60 bytes"],
  ["a negative length", 8, [0xff, 0xff, 0xff, 0xff], "byte 8: found a batch of 11 bytes"],
  ["an old magic", 16, [1], "byte 16: found magic 1; expected magic 2"],
  ["an offset beyond 2^53", 0, [0x7f], "byte 0: found the integer 9151314442816847877"],
  ["a flipped bit in what is checked", 30, [1], "byte 17: found the checksum"]
])("refuses %s and names the byte", (_, position, patch, message) => {
  const bytes = RecordBatch.encode({ ...empty, records: [one] })
  bytes.set(patch, position)
  expect(() => RecordBatch.decode(bytes)).toThrow(Malformed)
  expect(() => RecordBatch.decode(bytes)).toThrow(message)
})

const sealed = (id: number, body: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(61 + body.length)
  bytes.set(RecordBatch.encode({ ...empty, records: [one] }).subarray(0, 61))
  const view = new DataView(bytes.buffer)
  view.setInt32(8, bytes.length - 12)
  view.setInt16(21, id)
  bytes.set(body, 61)
  view.setUint32(17, RecordBatch.checksum(bytes, 0, bytes.length))
  return bytes
}
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]

// Sizes that a hostile producer may claim: the raw snappy length of 4 GiB, and an lz4 frame of 2^40 bytes.
it.each([
  ["snappy", 2, [
    0x82,
    0x53,
    0x4e,
    0x41,
    0x50,
    0x50,
    0x59,
    0,
    ...u32(1),
    ...u32(1),
    ...u32(6),
    255,
    255,
    255,
    255,
    15,
    0
  ]],
  ["lz4", 3, [0x04, 0x22, 0x4d, 0x18, 0x68, 0x40, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0x10, 0x41, 0, 0, 0, 0]]
])("refuses what a few bytes of %s claim to grow to", (_, id, body) => {
  const bytes = sealed(id, Uint8Array.from(body))
  expect(() => RecordBatch.records(bytes, RecordBatch.decode(bytes))).toThrow(Malformed)
})

it.each([["gzip", 1], ["zstd", 4]])("stops inflating %s at the limit", (codec, id) => {
  const big = { ...one, value: new Uint8Array(1_000_000) }
  const bytes = RecordBatch.encode({ ...empty, compression: codec as "gzip", records: [big] })
  expect(bytes.length).toBeLessThan(5000)
  const header = RecordBatch.decode(bytes)
  expect(header.attributes & 7).toBe(id)
  expect(RecordBatch.records(bytes, header)[0]!.value!.length).toBe(1_000_000)
  expect(() => RecordBatch.records(bytes, header, 0, 100_000)).toThrow(Malformed)
})

it("names the batch in its segment where its compressed records are wrong", () => {
  const bytes = new Uint8Array(200)
  const wrong = sealed(1, new Uint8Array(10))
  bytes.set(wrong, 100)
  expect(() => RecordBatch.records(bytes, RecordBatch.decode(bytes.subarray(0, 100 + wrong.length), 100), 100)).toThrow(
    "byte 161: found compressed records that do not inflate"
  )
})

it("refuses a compression id that is nobody's, and data of another codec", () => {
  const unknown = sealed(5, new Uint8Array(10))
  expect(() => RecordBatch.records(unknown, RecordBatch.decode(unknown))).toThrow("the compression id 5")
  for (const id of [1, 2, 3, 4]) {
    const raw = sealed(id, deflateRawSync(new Uint8Array(100)))
    expect(() => RecordBatch.records(raw, RecordBatch.decode(raw))).toThrow(Malformed)
  }
})

it("writes the bytes that real producers and brokers wrote, batch by batch", () => {
  let batches = 0
  for (const partition of partitionsOf("kafka-3.9.2-clean").map((name) => `kafka-3.9.2-clean/${name}`)) {
    for (const [name, bytes] of filesOf(partition)) {
      if (!/^\d{20}\.log$/.test(name)) continue
      for (let position = 0; position < bytes.length;) {
        const header = RecordBatch.decode(bytes, position)
        const size = RecordBatch.sizeInBytes(header)
        const records = RecordBatch.records(bytes, header, position)
        // What a codec deflates to is its own choice; what the records are before that is the format's.
        if (RecordBatch.compressionOf(header) === "none" && records.length > 0) {
          const horizon = RecordBatch.deleteHorizon(header)
          const base = RecordBatch.isLogAppendTime(header) ? undefined : header.baseTimestamp
          if (base !== undefined && horizon === undefined) {
            const again = RecordBatch.encode({
              ...header,
              compression: "none",
              timestampType: "CreateTime",
              isTransactional: RecordBatch.isTransactional(header),
              isControl: RecordBatch.isControl(header),
              records: records.map(({ key, value, headers, offset, timestamp }) => ({
                key,
                value,
                headers,
                offsetDelta: offset - header.baseOffset,
                timestampDelta: timestamp - base
              }))
            })
            expect(again).toEqual(bytes.subarray(position, position + size))
            batches++
          }
        }
        position += size
      }
    }
  }
  expect(batches).toBeGreaterThan(600)
})
