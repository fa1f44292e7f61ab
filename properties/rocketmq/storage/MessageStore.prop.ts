import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Store from "../../../src/rocketmq/storage/MessageStore.ts"
import { type Behaviour, hardened, type StoreConfig, v4_9, v5_5 } from "../../../src/rocketmq/storage/StoreConfig.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"
import { type Command, commands, play, small } from "./StoreWorld.ts"

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

/** The files below some folders of a store, as hex by path. */
const contents = (disk: SimulatedDisk, ...folders: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  [...disk.image()]
    .filter(([path]) => !path.endsWith("/") && folders.some((folder) => path.startsWith(`/store/${folder}/`)))
    .map(([path, bytes]) => [path, Buffer.from(bytes).toString("hex")] as const)

const reopened = (disk: SimulatedDisk, config: StoreConfig): void => {
  const environment = { disk: disk.operations(), root: "/store", now: () => 1_800_000_000_000, processId: 1 }
  Effect.runSync(Store.open(environment, config))
}

/** With delay levels known in recovery, as in 5.5: see the test below for what 4.9 does without. */
const knowing = configs.map(([name, config]) =>
  [name, { ...config, behaviour: { ...config.behaviour, knowsDelayLevelsInRecovery: true } }] as const
)

it("4.9 gives a delayed message that recovery dispatches no time at which it is due", async () => {
  const delayed = { _tag: "Put", queue: 0, size: 20, kind: "delayed", flush: true } as const
  const after = async (behaviour: Behaviour, ...script: ReadonlyArray<Command>) => {
    const { disk } = await play({ ...small, behaviour }, script)
    return contents(disk, "consumequeue")[0]![1].slice(24, 40)
  }
  // The due time is the store timestamp and 10 s of level 3; the hash of no tags is 0.
  const due = (1_700_000_001_000 + 10_000).toString(16).padStart(16, "0")
  expect(await after(v4_9, delayed, { _tag: "Dispatch" })).toBe(due)
  expect(await after(v4_9, delayed, { _tag: "Kill" })).toBe("0".repeat(16))
  expect(await after(v5_5, delayed, { _tag: "Kill" })).toBe(due)
})

it.each(knowing)("a rebuild from the log gives the queues that dispatch gave: %s", async (_name, config) => {
  let queues = 0
  await fc.assert(
    fc.asyncProperty(commands(false), async (script) => {
      const { disk, store } = await play(config, script)
      Effect.runSync(Store.close(store))
      const before = contents(disk, "consumequeue")
      queues += before.length
      const kept = [...disk.image()].filter(([path]) => !path.startsWith("/store/consumequeue/"))
      const bare = SimulatedDisk.fromImage(new Map(kept))
      reopened(bare, config)
      expect(contents(bare, "consumequeue")).toEqual(before)
    }),
    { numRuns: 150 }
  )
  expect(queues).toBeGreaterThan(100)
})

/** A kill after an effect of the recovery of a store that holds one message which no queue has yet. */
const killedInRecovery = async (behaviour: Behaviour, effects: number): Promise<SimulatedDisk> => {
  const put = { _tag: "Put", queue: 0, size: 20, kind: "plain", flush: true } as const
  const { disk } = await play({ ...small, behaviour }, [put])
  disk.kill()
  disk.crashAfter(effects)
  expect(() => reopened(disk, { ...small, behaviour })).toThrow()
  return SimulatedDisk.fromImage(disk.image())
}

it("4.9 never loads again after a kill between making a queue's file and giving it its size; 5.5 removes the file", async () => {
  const outcomes = async (behaviour: Behaviour) => {
    const found = new Set<string>()
    for (let effects = 1; effects <= 6; effects++) {
      const disk = await killedInRecovery(behaviour, effects)
      try {
        reopened(disk, { ...small, behaviour })
        found.add("loads")
      } catch (error) {
        found.add(String(error))
      }
    }
    return [...found]
  }
  expect(await outcomes(v4_9)).toEqual([
    "loads",
    "LoadRefused: /store/consumequeue/T0/0/00000000000000000000: 0 bytes, where only files of 60 bytes may be"
  ])
  expect(await outcomes(v5_5)).toEqual(["loads"])
})

/** With an empty last file removed, as in 5.5: see the test above for what 4.9 does. */
const removing = configs.map(([name, config]) =>
  [name, { ...config, behaviour: { ...config.behaviour, removesEmptyLastFile: true } }] as const
)

it.each(removing)("recovery is idempotent, and survives a kill anywhere inside itself: %s", async (_name, config) => {
  let kills = 0
  await fc.assert(
    fc.asyncProperty(commands(false), fc.integer({ min: 1, max: 12 }), async (script, effects) => {
      const { disk } = await play(config, script)
      disk.kill()
      const image = disk.image()
      const [once, interrupted] = [SimulatedDisk.fromImage(image), SimulatedDisk.fromImage(image)]
      reopened(once, config)
      const recovered = contents(once, "commitlog", "consumequeue")
      once.kill()
      reopened(once, config)
      expect(contents(once, "commitlog", "consumequeue")).toEqual(recovered)
      interrupted.crashAfter(effects)
      try {
        reopened(interrupted, config)
      } catch {
        kills++
      }
      const again = SimulatedDisk.fromImage(interrupted.image())
      reopened(again, config)
      expect(contents(again, "commitlog", "consumequeue")).toEqual(recovered)
    }),
    { numRuns: 150 }
  )
  expect(kills).toBeGreaterThan(20)
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
