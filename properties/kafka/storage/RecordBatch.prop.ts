import * as fc from "fast-check"
import { setImmediate } from "node:timers/promises"
import { expect, it } from "vitest"
import { describeSegment } from "../../../src/kafka/storage/Describe.ts"
import * as RecordBatch from "../../../src/kafka/storage/RecordBatch.ts"
import { Malformed } from "../../../src/message/Malformed.ts"
import { byTier } from "../../../test/Tier.ts"
import { contents } from "./Batches.ts"

const wrapped = (sequence: number): number => Number(BigInt(sequence) % (2n ** 31n))

it("tells the outline of each record as reading it does, and refuses the same bytes", () => {
  let refused = 0
  fc.assert(
    fc.property(contents, fc.nat(), fc.nat(255), (written, at, other) => {
      const bytes = RecordBatch.encode({ ...written, compression: "none", timestampType: "CreateTime" })
      if (bytes.length > RecordBatch.headerSize) {
        bytes[RecordBatch.headerSize + at % (bytes.length - RecordBatch.headerSize)] = other
      }
      const header = RecordBatch.readHeader(bytes)
      const attempt = <A>(read: () => A): A | string => {
        try {
          return read()
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
          refused++
          return error.message
        }
      }
      const read = attempt(() =>
        RecordBatch.records(bytes, header).map(({ key, offset, timestamp }) => ({
          offsetDelta: offset - header.baseOffset,
          timestampDelta: timestamp - header.baseTimestamp,
          hasKey: key !== null
        }))
      )
      const outlines = attempt(() => {
        const told: Array<object> = []
        RecordBatch.outlines(bytes, header, (outline) => told.push({ ...outline }))
        return told
      })
      expect(outlines).toEqual(read)
    }),
    { numRuns: 3000 }
  )
  expect(refused).toBeGreaterThan(300)
})

it("reads a batch back as it was written, whatever the codec", () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(contents, (written) => {
      const bytes = RecordBatch.encode(written)
      const header = RecordBatch.decode(bytes)
      expect(RecordBatch.sizeInBytes(header)).toBe(bytes.length)
      expect(RecordBatch.lastOffset(header)).toBe(written.baseOffset + written.lastOffsetDelta)
      expect(RecordBatch.isTransactional(header)).toBe(written.isTransactional)
      expect(RecordBatch.isControl(header)).toBe(written.isControl)
      const last = written.baseSequence === -1 ? -1 : wrapped(written.baseSequence + written.lastOffsetDelta)
      expect(RecordBatch.lastSequence(header)).toBe(last)
      expect(RecordBatch.records(bytes, header)).toEqual(written.records.map((record) => ({
        offset: written.baseOffset + record.offsetDelta,
        timestamp: written.timestampType === "LogAppendTime"
          ? written.maxTimestamp
          : written.baseTimestamp + record.timestampDelta,
        sequence: written.baseSequence === -1 ? -1 : wrapped(written.baseSequence + record.offsetDelta),
        key: record.key,
        value: record.value,
        headers: record.headers
      })))
      seen.add(`${written.compression} with ${written.records.length === 0 ? "no" : "some"} records`)
      for (const [field, value] of [["key", null], ["value", null]] as const) {
        if (written.records.some((record) => record[field] === value)) seen.add(`a null ${field}`)
      }
      if (written.records.some((record) => record.headers.some((header) => header.value === null))) {
        seen.add("a null header")
      }
      if (last !== -1 && last < written.baseSequence) seen.add("a sequence that wraps")
    }),
    { numRuns: 3000 }
  )
  const codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
  expect([...seen].sort()).toEqual([
    ...codecs.flatMap((codec) => [`${codec} with no records`, `${codec} with some records`]),
    "a null header",
    "a null key",
    "a null value",
    "a sequence that wraps"
  ].sort())
})

it("finds every single flipped bit that the checksum covers", () => {
  fc.assert(
    fc.property(contents, fc.nat(0xffff), fc.nat(7), (written, at, bit) => {
      const bytes = RecordBatch.encode(written)
      const position = 17 + Math.floor(at / 0x10000 * (bytes.length - 17))
      bytes[position]! ^= 1 << bit
      expect(() => RecordBatch.decode(bytes)).toThrow(Malformed)
    }),
    { numRuns: 2000 }
  )
})

/** Half of them are damaged batches, half are any bytes. */
const hostileInputs = byTier({ quick: 100_000, deep: 10_000_000 })
/** Inputs between two turns of the event loop: what the native codecs gave is freed in one. Each part has its own seed. */
const atOnce = 50_000
const asserted = async <Values extends [unknown, ...ReadonlyArray<unknown>]>(property: fc.IProperty<Values>) => {
  const { seed } = fc.readConfigureGlobal()
  for (let done = 0; done < hostileInputs / 2; done += atOnce) {
    fc.assert(property, { numRuns: atOnce, ...seed === undefined ? {} : { seed: seed + done } })
    await setImmediate()
  }
}

/**
 * Damage that gets past the checksum, because the checksum is made to agree with it: so the lengths and counts inside
 * are met by the reader, which is where garbage could make it allocate or run away.
 */
const damage = fc.record({
  position: fc.nat(0xffff),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
  resealed: fc.boolean()
})

it(
  "reads hostile bytes to records or to the byte that is wrong, and allocates nothing for what a length claims",
  async () => {
    const outcomes = new Map<string, number>()
    const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    await asserted(
      fc.property(contents, fc.array(damage, { minLength: 1, maxLength: 3 }), (written, damages) => {
        const bytes = RecordBatch.encode(written)
        for (const { bytes: patch, position, resealed } of damages) {
          bytes.set(
            patch.subarray(0, bytes.length - 21),
            Math.min(21 + Math.floor(position / 0x10000 * (bytes.length - 21)), bytes.length - patch.length)
          )
          if (resealed) new DataView(bytes.buffer).setUint32(17, RecordBatch.checksum(bytes, 0, bytes.length))
        }
        try {
          const header = RecordBatch.decode(bytes)
          const records = RecordBatch.records(bytes, header, 0, 1_000_000)
          if (RecordBatch.compressionOf(header) === "none") {
            for (const { key, value } of records) {
              if (key !== null && key.buffer !== bytes.buffer) throw new Error("a key was copied")
              if (value !== null && value.buffer !== bytes.buffer) throw new Error("a value was copied")
            }
          }
          count("read")
        } catch (error) {
          if (!(error instanceof Malformed)) throw error
          count(error.position === 17 ? "refused by the checksum" : "refused behind the checksum")
        }
      })
    )
    expect([...outcomes.keys()].sort()).toEqual(["read", "refused behind the checksum", "refused by the checksum"])
    for (const times of outcomes.values()) expect(times).toBeGreaterThan(1000)
  }
)

it("reads any bytes at all as a segment or says which byte is wrong", async () => {
  await asserted(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      try {
        describeSegment(0, bytes)
        return bytes.length === 0
      } catch (error) {
        return error instanceof Malformed && error.position <= bytes.length
      }
    })
  )
})
