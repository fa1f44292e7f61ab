import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { type Command, small } from "../../../src/guarantee/RocketmqStorageCommand.ts"
import { play } from "../../../src/guarantee/RocketmqStorageRun.ts"
import { type Behaviour, type StoreConfig, v4_9, v5_5 } from "../../../src/rocketmq/storage/LogConfig.ts"
import * as Store from "../../../src/rocketmq/storage/MessageStore.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"
import { byTier } from "../../../test/Tier.ts"
import { quiet } from "./Commands.ts"

const configs: ReadonlyArray<readonly [name: string, config: StoreConfig]> = [
  ["4.9, asynchronous flush", { ...small, behaviour: v4_9 }],
  ["4.9, synchronous flush", { ...small, behaviour: v4_9, flushDiskType: "SYNC_FLUSH" }],
  ["5.5, asynchronous flush", { ...small, behaviour: v5_5 }],
  ["5.5, synchronous flush", { ...small, behaviour: v5_5, flushDiskType: "SYNC_FLUSH" }]
]

/** Plays commands on a store of a configuration; answers its disk, and the store where it still runs. */
const played = (config: StoreConfig, script: ReadonlyArray<Command>) => {
  const { world: { disk, store } } = play(anything, script, { config })
  if (store === undefined) throw new Error("the store does not start")
  return { disk, store }
}

/** Overruled by the configuration. */
const anything = { version: "4.9.7", flush: "ASYNC_FLUSH", pool: false, off: [] } as const

it.each(configs)(
  "a store of %s is what was put, with every queue a view of it, through kills and clean stops",
  (_, config) => {
    const tags = new Set<string>()
    fc.assert(
      fc.property(quiet, (script) => {
        const outcome = play(anything, script, { config })
        for (const tag of outcome.tags) tags.add(tag)
        // After a kill a key finds less, and what is dispatched again it finds twice, in every version.
        expect(outcome.findings.filter(({ kind }) => kind !== "keys" && kind !== "query")).toEqual([])
      }),
      { numRuns: byTier({ quick: 400, deep: 30_000 }) }
    )
    expect([...tags]).toEqual(expect.arrayContaining([
      "Batch",
      "Gather",
      "Kill",
      "Restart",
      "all is there after a clean stop",
      "all is there after a kill",
      "dispatched",
      "put commit",
      "put delayed",
      "put half",
      "put rollback",
      "rolled a queue",
      "rolled the index",
      "rolled the log"
    ]))
    expect(tags).not.toContain("a kill took something")
  }
)

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

it("4.9 gives a delayed message that recovery dispatches no time at which it is due", () => {
  const delayed = { _tag: "Put", queue: 0, size: 20, kind: "delayed" } as const
  const after = (behaviour: Behaviour, ...script: ReadonlyArray<Command>) => {
    const { disk } = played({ ...small, behaviour }, [delayed, { _tag: "Flush" }, ...script])
    // The third field of the entry, and the store timestamp of the message, which has hosts of IPv4.
    const tagsCode = BigInt(`0x${contents(disk, "consumequeue")[0]![1].slice(24, 40)}`)
    const storeTimestamp = BigInt(`0x${contents(disk, "commitlog")[0]![1].slice(112, 128)}`)
    return { tagsCode, due: storeTimestamp + 10_000n }
  }
  // The due time is the store timestamp and 10 s of level 3; the hash of no tags is 0.
  for (const { due, tagsCode } of [after(v4_9, { _tag: "Dispatch" }), after(v5_5, { _tag: "Kill" })]) {
    expect(tagsCode).toBe(due)
  }
  expect(after(v4_9, { _tag: "Kill" }).tagsCode).toBe(0n)
})

it.each(knowing)("a rebuild from the log gives the queues that dispatch gave: %s", (_name, config) => {
  let queues = 0
  fc.assert(
    fc.property(quiet, (script) => {
      // What expired is in no log from which it could be made again.
      const { disk, store } = played(config, script.filter(({ _tag }) => _tag !== "Expire"))
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
const killedInRecovery = (behaviour: Behaviour, effects: number): SimulatedDisk => {
  const put = { _tag: "Put", queue: 0, size: 20, kind: "plain" } as const
  const { disk } = played({ ...small, behaviour }, [put, { _tag: "Flush" }])
  disk.kill()
  disk.crashAfter(effects)
  expect(() => reopened(disk, { ...small, behaviour })).toThrow()
  return SimulatedDisk.fromImage(disk.image())
}

it("4.9 never loads again after a kill between making a queue's file and giving it its size; 5.5 removes the file", () => {
  const outcomes = (behaviour: Behaviour) => {
    const found = new Set<string>()
    for (let effects = 1; effects <= 6; effects++) {
      const disk = killedInRecovery(behaviour, effects)
      try {
        reopened(disk, { ...small, behaviour })
        found.add("loads")
      } catch (error) {
        found.add(String(error))
      }
    }
    return [...found]
  }
  expect(outcomes(v4_9)).toEqual([
    "loads",
    "LoadRefused: /store/consumequeue/T0/0/00000000000000000000: 0 bytes, where only files of 60 bytes may be"
  ])
  expect(outcomes(v5_5)).toEqual(["loads"])
})

/** With an empty last file removed, as in 5.5: see the test above for what 4.9 does. */
const removing = configs.map(([name, config]) =>
  [name, { ...config, behaviour: { ...config.behaviour, removesEmptyLastFile: true } }] as const
)

it.each(removing)("recovery is idempotent, and survives a kill anywhere inside itself: %s", (_name, config) => {
  let kills = 0
  fc.assert(
    fc.property(quiet, fc.integer({ min: 1, max: 12 }), (script, effects) => {
      const { disk } = played(config, script)
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
