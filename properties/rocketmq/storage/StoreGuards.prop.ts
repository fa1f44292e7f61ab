/**
 * A checker that never caught anything is not a checker: with each guard of the hardened store removed, the same commands
 * find what it was for. Where the guard is none of a real version the finding is what that version does.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Behaviour,
  hardened,
  hardenedBehaviour,
  type StoreConfig
} from "../../../src/rocketmq/storage/StoreConfig.ts"
import { type Command, commands, overwritten, play, small } from "./StoreWorld.ts"

const safe = hardened(small)
const without = (change: Partial<Behaviour>): StoreConfig => ({
  ...safe,
  behaviour: { ...hardenedBehaviour, ...change }
})

type Scripts = fc.Arbitrary<ReadonlyArray<Command>>

interface Guard {
  /** What is the case without it. */
  readonly what: string
  readonly config: StoreConfig
  /** Commands that lead there, where random ones hardly ever do. */
  readonly scripts?: Scripts
}

const guards: ReadonlyArray<Guard> = [
  { what: "the names of files are never committed, as in every version", config: without({ commitsNames: false }) },
  {
    what: "what recovery cuts off stays in the file, as in every version",
    config: without({ erasesDirtyTail: false }),
    scripts: overwritten
  },
  {
    what: "what is found after a kill counts as flushed, as in every version",
    config: without({ flushesRecovered: false })
  },
  {
    what: "a file whose size was not yet durable is refused, as in every version",
    config: without({ fillsShortFiles: false })
  },
  { what: "the queues are believed after a crash, as in every version", config: without({ rebuildsQueues: false }) },
  {
    what: "the checksum covers the body alone, as by default",
    config: { ...safe, enabledAppendPropCRC: false, forceVerifyPropCRC: false }
  },
  { what: "no checksum is looked at", config: { ...safe, checkCRCOnRecover: false } },
  {
    what: "the checkpoint of the queues is that of unflushed entries, as in 4.9 (apache/rocketmq#678)",
    config: without({ rebuildsQueues: false, checkpointsUnflushedQueues: true, checkpointsQueueOffset: false })
  }
]

/** Plays random scripts until one breaks; answers how many that took. */
const runsUntilBroken = async (
  config: StoreConfig,
  most: number,
  scripts: Scripts = commands(true)
): Promise<number | undefined> => {
  let runs = 0
  const { failed } = await fc.check(
    fc.asyncProperty(scripts, async (script) => {
      runs++
      await play(config, script)
    }),
    { numRuns: most, endOnFailure: true, seed: 11 }
  )
  return failed ? runs : undefined
}

it("a hardened store does not break where messages take the places of lost ones", async () => {
  expect(await runsUntilBroken(safe, 500, overwritten)).toBeUndefined()
})

describe("a hardened store without a guard breaks", () => {
  it.each(guards)("$what", async ({ config, scripts, what }) => {
    const runs = await runsUntilBroken(config, 6000, scripts)
    console.log(`${what}: found after ${runs} runs`)
    expect(runs).toBeDefined()
  })
})
