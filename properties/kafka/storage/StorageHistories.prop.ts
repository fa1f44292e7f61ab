/**
 * The same world under lists of commands from fast-check: every promise of the flushed policy, and what was reached.
 *
 * Every compression, idempotent and transactional producers; committed data and look-ups by time are compared with the
 * reference model after each command, also after crashes.
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type Command, producerIds, real } from "../../../src/guarantee/KafkaStorageCommand.ts"
import { run } from "../../../src/guarantee/KafkaStorageRun.ts"
import { names } from "../../../src/kafka/storage/Compression.ts"

const share = fc.nat(0xffff)
const choices = fc.array(fc.nat(1), { minLength: 40, maxLength: 40 })
const profile = fc.oneof(
  fc.constant({ _tag: "DropAll" } as const),
  fc.constant({ _tag: "NamesLost" } as const),
  fc.record({
    _tag: fc.constant("TornAppend" as const),
    path: fc.constant("/logs/p-0/*.log"),
    tail: fc.oneof(fc.constantFrom("prefix" as const, "zeros" as const), fc.record({ junk: fc.nat(999) })),
    bytes: fc.nat(120)
  })
)
const simple = fc.constantFrom(
  ...(["Flush", "Roll", "Background", "Checkpoint", "Restart", "Kill"] as const).map((_tag) => ({ _tag }))
)

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      _tag: fc.constant("Append" as const),
      producerId: fc.constantFrom(...producerIds),
      sequence: fc.constantFrom("next" as const, "next" as const, "repeated" as const, "skipped" as const),
      records: fc.integer({ min: 1, max: 3 }),
      size: fc.nat(30),
      newEpoch: fc.boolean(),
      compression: fc.constantFrom("none", "none", "none", "none", ...names)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant("End" as const),
      producerId: fc.constantFrom(11, 12),
      type: fc.constantFrom("commit" as const, "abort" as const)
    })
  },
  { weight: 5, arbitrary: simple },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("DeleteRecords" as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("PowerLoss" as const), profile, choices }) }
)

it("keeps every flushed record, in order and to the byte, through stops, kills and power cuts", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(command, { maxLength: 30, size: "+1" }), (commands) => {
      const { findings, tags } = run({ ...real, isFlushed: true }, commands)
      tags.forEach((tag) => reached.add(tag))
      expect(findings).toEqual([])
    }),
    { numRuns: 600 }
  )
  expect([...reached].sort()).toEqual([
    "Append",
    "Background",
    "Checkpoint",
    "DeleteRecords",
    "DropAll",
    "End",
    "Flush",
    "Kill",
    "NamesLost",
    "PowerLoss",
    "Restart",
    "Roll",
    "TornAppend",
    "a segment went",
    "a time looked up",
    "a time looked up above a recovery point",
    "abort",
    "all is there after a clean stop",
    "all is there after a kill",
    "all is there after a power cut",
    "commit",
    "committed data read",
    "gzip",
    "lz4",
    "snappy",
    "zstd"
  ])
}, 120_000)
