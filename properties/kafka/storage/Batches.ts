/** Arbitrary record batches, for every property that needs some. */
import * as fc from "fast-check"
import { names } from "../../../src/kafka/storage/Compression.ts"
import type { Record } from "../../../src/kafka/storage/Record.ts"
import type { Contents } from "../../../src/kafka/storage/RecordBatch.ts"

const bytes = fc.uint8Array({ maxLength: 24 })
const nullable = fc.option(bytes, { nil: null })
const int64 = fc.integer({ min: -(2 ** 51), max: 2 ** 51 })

const recordBody = fc.record({
  skipped: fc.nat(2),
  timestampDelta: fc.oneof(fc.integer({ min: -5000, max: 5000 }), int64),
  key: nullable,
  value: nullable,
  headers: fc.array(fc.record({ key: fc.string({ unit: "binary", maxLength: 6 }), value: nullable }), { maxLength: 3 })
})

/** Offset deltas rise and may leave gaps, as compaction does. */
const records: fc.Arbitrary<ReadonlyArray<Record>> = fc.array(recordBody, { maxLength: 5 }).map((bodies) => {
  let next = 0
  return bodies.map(({ skipped, ...body }) => {
    const offsetDelta = next + skipped
    next = offsetDelta + 1
    return { offsetDelta, ...body }
  })
})

export const contents: fc.Arbitrary<Contents> = fc.record({
  baseOffset: fc.nat({ max: 2 ** 40 }),
  partitionLeaderEpoch: fc.integer({ min: -1, max: 0x7fffffff }),
  compression: fc.constantFrom(...names),
  timestampType: fc.constantFrom("CreateTime" as const, "LogAppendTime" as const),
  isTransactional: fc.boolean(),
  isControl: fc.boolean(),
  baseTimestamp: int64,
  maxTimestamp: int64,
  producerId: fc.integer({ min: -1, max: 2 ** 50 }),
  producerEpoch: fc.integer({ min: -1, max: 0x7fff }),
  baseSequence: fc.oneof(fc.integer({ min: -1, max: 0x7fffffff }), fc.constantFrom(-1, 0, 0x7ffffffe, 0x7fffffff)),
  trailing: fc.nat(3),
  records
}).map(({ trailing, ...rest }) => ({
  ...rest,
  lastOffsetDelta: (rest.records.at(-1)?.offsetDelta ?? 0) + trailing
}))
