/** The store under lists of commands from fast-check: what it promises through crashes and faults, and what was reached. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Command, type Kind, kinds, type Settings } from "../../../src/guarantee/RocketmqStorageCommand.ts"
import { run } from "../../../src/guarantee/RocketmqStorageRun.ts"
import { byTier } from "../../../test/Tier.ts"
import { cut, derivedDamaged, killed, logDamaged, refusing } from "./Commands.ts"

const of = (version: Settings["version"], flush: Settings["flush"] = "SYNC_FLUSH"): Settings => ({
  version,
  flush,
  pool: false,
  off: []
})
const all: ReadonlyArray<readonly [string, Settings]> = [
  ["4.9.7, synchronous flush", of("4.9.7")],
  ["4.9.7, asynchronous flush", of("4.9.7", "ASYNC_FLUSH")],
  ["5.5.0, synchronous flush", of("5.5.0")],
  ["5.5.0, asynchronous flush", of("5.5.0", "ASYNC_FLUSH")],
  ["hardened", of("hardened")]
]

/** Holds every history to promises, with one kill at its end; answers what was reached. */
const holds = (
  settings: Settings,
  commands: fc.Arbitrary<ReadonlyArray<Command>>,
  promised: ReadonlyArray<Kind>,
  numRuns: number,
  examples: ReadonlyArray<ReadonlyArray<Command>> = []
): ReadonlySet<string> => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(commands, (commands) => {
      const { findings, tags } = run(settings, [...commands, { _tag: "Heal" }, { _tag: "Kill" }])
      for (const tag of tags) reached.add(tag)
      expect(findings.filter(({ kind }) => promised.includes(kind))).toEqual([])
    }),
    { numRuns, examples: examples.map((commands) => [commands]) }
  )
  return reached
}

const theLog: ReadonlyArray<Kind> = ["acknowledged", "flushed", "hole", "bytes"]
const runs = byTier({ quick: 300, deep: 30_000 })

const put = (queue: number, size: number): Command => ({ _tag: "Put", queue, size, kind: "plain" })
const flush: Command = { _tag: "Flush" }
const expire: Command = { _tag: "Expire" }

/** A queue that lost its tail to a commit that failed was looked up past its end. */
const queueCutShort: ReadonlyArray<Command> = [
  put(0, 20),
  { _tag: "Fault", fault: { _tag: "CommitFails", path: "/store/**", pages: "btrfs", sequence: "wx" } },
  flush,
  expire,
  { _tag: "FlushQueues" },
  expire
]
/** The abort file was gone before the index of a clean stop was durable. */
const indexOfCleanStop: ReadonlyArray<Command> = [
  put(1, 0),
  { _tag: "Restart" },
  put(1, 0),
  flush,
  { _tag: "PowerLossIn", effects: 8, profile: { _tag: "RemovalsFirst" }, choices: [] },
  { _tag: "Restart" }
]

describe.each(all)("a store of %s", (_name, settings) => {
  it("loses nothing of its log to a kill, inside a step or between two", () => {
    const reached = holds(settings, killed, theLog, runs)
    expect([...reached]).toEqual(expect.arrayContaining([
      "Batch",
      "Gather",
      "Kill",
      "Restart",
      "a file went",
      "a kill inside a step",
      "all is there after a kill",
      "dispatched",
      "put commit",
      "put delayed",
      "put half",
      "put rollback"
    ]))
  })

  it("loses nothing that it acknowledged to a disk that says it cannot (F12, F13, F14)", () => {
    const reached = holds(settings, refusing, ["acknowledged", "flushed", "bytes"], runs)
    expect([...reached]).toEqual(
      expect.arrayContaining([
        "CREATE_MAPEDFILE_FAILED",
        "NoSpace",
        "OperationFails",
        "ReadFails",
        "SERVICE_NOT_AVAILABLE",
        "a fault struck",
        "queues cannot be written",
        "said so"
      ])
    )
  })

  it("loses nothing of its log to damage of queues, index and checkpoint (F16, F17, F20)", () => {
    const reached = holds(settings, derivedDamaged, theLog, runs)
    expect([...reached]).toEqual(expect.arrayContaining(["BitRot", "BlockLost", "RolledBack"]))
  })

  it("answers whatever a disk does to its log with messages, an error or a refusal, and never with a defect", () => {
    const reached = holds(settings, logDamaged, [], runs, [queueCutShort])
    expect([...reached]).toEqual(expect.arrayContaining([
      "BitRot",
      "BlockLost",
      "CommitFails",
      "CommitLies",
      "CutAtRest",
      "LostWrite",
      "MisdirectedWrite",
      "a fault struck",
      "a power cut took something",
      "said so"
    ]))
  })
})

it("a hardened store keeps every promise through kills and power cuts, anywhere", () => {
  const reached = holds(of("hardened"), cut, kinds, byTier({ quick: 1_500, deep: 100_000 }), [indexOfCleanStop])
  expect([...reached]).toEqual(expect.arrayContaining([
    "DropAll",
    "NamesLost",
    "RemovalsFirst",
    "Renamed",
    "Subset",
    "TornAppend",
    "TornGroup",
    "a power cut inside a step",
    "a power cut took something",
    "all is there after a power cut"
  ]))
})
