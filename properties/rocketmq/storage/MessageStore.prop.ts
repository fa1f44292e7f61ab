import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hardened, type StoreConfig, v4_9, v5_5 } from "../../../src/rocketmq/storage/StoreConfig.ts"
import { commands, play, small } from "./StoreWorld.ts"

const configs: ReadonlyArray<readonly [name: string, config: StoreConfig]> = [
  ["4.9, asynchronous flush", { ...small, behaviour: v4_9 }],
  ["4.9, synchronous flush", { ...small, behaviour: v4_9, flushDiskType: "SYNC_FLUSH" }],
  ["5.5, asynchronous flush", { ...small, behaviour: v5_5 }],
  ["5.5, synchronous flush", { ...small, behaviour: v5_5, flushDiskType: "SYNC_FLUSH" }]
]

describe.each(configs)("a store of %s", (_name, config) => {
  it("is the list of what was put, through kills and clean stops, with every queue a view of it", async () => {
    const tags = new Set<string>()
    await fc.assert(
      fc.asyncProperty(commands(false), async (script) => {
        for (const tag of (await play(config, script)).tags) tags.add(tag)
      }),
      { numRuns: 500 }
    )
    expect([...tags]).toEqual(expect.arrayContaining([
      "Batch",
      "Close",
      "Kill",
      "dispatched",
      "put commit",
      "put delayed",
      "put half",
      "put rollback",
      "rolled a queue",
      "rolled the index",
      "rolled the log"
    ]))
    expect(tags).not.toContain("a kill lost something")
  })
})

it("a hardened store keeps what it acknowledged through power loss, and loses only a suffix", async () => {
  const tags = new Set<string>()
  await fc.assert(
    fc.asyncProperty(commands(true), async (script) => {
      for (const tag of (await play(hardened(small), script)).tags) tags.add(tag)
    }),
    { numRuns: 1500 }
  )
  expect(tags).toContain("a power loss lost something")
})
