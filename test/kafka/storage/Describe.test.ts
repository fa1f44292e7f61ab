import { expect, it } from "vitest"
import { describeSegment } from "../../../src/kafka/storage/Describe.ts"
import { filesOf, jsonOf, partitionsOf } from "../RealFiles.ts"

// expected.json was reported by Kafka's own UnifiedLog (test/real/README.md).
const cases = ["kafka-3.9.2-clean", "kafka-4.4.0-clean"].flatMap((directory) =>
  partitionsOf(directory).map((partition) => `${directory}/${partition}`)
)

it("finds the partitions of both versions", () => {
  expect(cases.length).toBe(40)
})

it.each(cases)("reads %s as its own broker does, batch by batch and record by record", (partition) => {
  const expected = jsonOf(`${partition}/expected.json`) as { readonly segments: ReadonlyArray<unknown> }
  const logs = [...filesOf(partition)].filter(([name]) => /^\d{20}\.log$/.test(name))
  expect(logs.map(([name, bytes]) => describeSegment(Number(name.slice(0, 20)), bytes))).toEqual(expected.segments)
})
