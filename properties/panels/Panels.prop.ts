/** What a log is, whichever of the two it is: the same sentences, commands and model over both engines. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { without } from "../../src/kafka/storage/Guards.ts"
import { behaviour39 } from "../../src/kafka/storage/LogConfig.ts"
import { kafka } from "./KafkaPanel.ts"
import type { Panel } from "./Panel.ts"
import { all, hardenedStore, rocketmq49, smallLog, smallStore, throughPowerCuts } from "./Panels.ts"
import { rocketmq } from "./RocketmqPanel.ts"
import { Broken, type Command, histories, logFiles, reopen, run } from "./Run.ts"

const named = (panels: ReadonlyArray<Panel>) => panels.map((panel) => [panel.name, panel] as const)

/** Runs histories, and answers what they reached. */
const reached = (panel: Panel, commands: fc.Arbitrary<ReadonlyArray<Command>>, numRuns: number): Set<string> => {
  const tags = new Set<string>()
  fc.assert(
    fc.property(commands, (script) => {
      for (const tag of run(panel, script).tags) tags.add(tag)
    }),
    { numRuns }
  )
  return tags
}

it.each(named(all))(
  "%s reads what was appended, in dense rising numbers, and neither kill nor stop takes any",
  (_, panel) => {
    const tags = reached(panel, histories(false), 200)
    expect([...tags].sort()).toEqual([
      "Append",
      "Background",
      "Flush",
      "Kill",
      "Read",
      "Stop",
      "every queue holds something",
      "rolled twice"
    ])
  }
)

it.each(named(throughPowerCuts))("%s keeps what was flushed through a power cut, and makes nothing up", (_, panel) => {
  const tags = reached(panel, histories(true), 250)
  for (
    const tag of [
      "a power cut takes all",
      "a power cut takes some",
      "a power cut takes tail",
      "kept what was flushed",
      "lost what was not flushed",
      "kept what was not flushed",
      "goes on behind what is left"
    ]
  ) expect(tags).toContain(tag)
})

it.each(named(all))("%s recovers what its recovery left to the same logs, byte for byte", (_, panel) => {
  let recovered = 0
  fc.assert(
    fc.property(histories(throughPowerCuts.includes(panel)), (script) => {
      const world = run(panel, script)
      world.disk.kill()
      reopen(world)
      const once = logFiles(world)
      world.disk.kill()
      reopen(world)
      expect(logFiles(world)).toEqual(once)
      if (world.model.some((read) => read.length > 0)) recovered++
    }),
    { numRuns: 100 }
  )
  expect(recovered).toBeGreaterThan(50)
})

describe("the suite notices", () => {
  const broken = (panel: Panel, power: boolean, most: number): string => {
    const { errorInstance, failed } = fc.check(
      fc.property(histories(power), (script) => void run(panel, script)),
      { numRuns: most, seed: 5, endOnFailure: true }
    )
    if (!failed) return "nothing"
    return errorInstance instanceof Broken ? errorInstance.message : String(errorInstance)
  }

  it("a store that answers before anything is in the page cache (transientStorePoolEnable)", () => {
    const pool = rocketmq("RocketMQ with a pool", { ...smallStore, transientStorePoolEnable: true })
    expect(broken(pool, false, 100)).toMatch(/reads \[\]/)
  })

  it("RocketMQ 4.9, which commits no name of a file", () => {
    expect(broken(rocketmq49, true, 100)).toMatch(/a power cut left .* were flushed/)
  })

  it.each(
    [
      ["CommitDirectory", /a power cut left .* were flushed/],
      ["FlushEverySegment", /a power cut left .* were flushed/],
      ["ChecksumBatches", /found the checksum/],
      ["CutTornTail", /found the checksum|Found record size 0/]
    ] as const
  )("Kafka's log without %s", (guard, finding) => {
    const panel = kafka(guard, { ...behaviour39, guards: without(guard) }, smallLog)
    expect(broken(panel, true, 500)).toMatch(finding)
  })

  it.each(
    [
      ["commitsNames", /a power cut left .* were flushed/],
      ["fillsShortFiles", /LoadRefused: .* 0 bytes, where only files of \d+ bytes may be/],
      ["flushesRecovered", /a power cut left .* were flushed/],
      ["rebuildsQueues", /queue \d reads/]
    ] as const
  )("RocketMQ's store, hardened but for %s", (guard, finding) => {
    const behaviour = { ...hardenedStore.behaviour, [guard]: false }
    expect(broken(rocketmq(guard, { ...hardenedStore, behaviour }), true, 500)).toMatch(finding)
  })
})
