/**
 * What survives on the simulated disk after random commands: all that was committed, nothing else for certain, and the
 * same each time. Authority: the contract in src/world/Disk.ts; fsync(2).
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { recorded, seeded } from "../../src/replay/Choose.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { commands, commitAll, profiles, run, seed } from "./DiskHistory.ts"

it("what was committed, files and directories, survives every power loss unchanged", () => {
  fc.assert(
    fc.property(commands, profiles, seed, (steps, profile, choices) => {
      const { disk } = run(steps)
      commitAll(disk)
      const before = disk.image()
      disk.powerLoss(seeded(choices), profile)
      expect(disk.image()).toEqual(before)
    }),
    { numRuns: 1_000 }
  )
})

it("without a survivor the disk is as the last commit left it, and all survivors give the page cache", () => {
  fc.assert(
    fc.property(commands, commands, (before, after) => {
      const { disk } = run(before)
      commitAll(disk)
      const durable = disk.image()
      run(after.filter((step) => step._tag !== "Commit"), disk)
      const snapshot = disk.snapshot()
      expect(disk.image("durable")).toEqual(durable)
      const cache = disk.image()
      disk.powerLoss(seeded(1), { _tag: "DropAll" })
      expect(disk.image()).toEqual(durable)
      const other = SimulatedDisk.fromSnapshot(snapshot)
      other.powerLoss(seeded(1), { _tag: "KeepAll" })
      expect(other.image()).toEqual(cache)
    }),
    { numRuns: 1_000 }
  )
})

it("a process kill keeps the page cache to the last byte", () => {
  fc.assert(
    fc.property(commands, seed, (steps, choices) => {
      const { disk, images } = run(steps)
      const unsynced = disk.unsynced()
      disk.kill(seeded(choices))
      expect(disk.image()).toEqual(images.at(-1))
      expect(disk.unsynced()).toEqual(unsynced)
    }),
    { numRuns: 300 }
  )
})

it("the same seed is the same run, to the hash, and recorded choices repeat it", () => {
  fc.assert(
    fc.property(commands, profiles, seed, (steps, profile, choices) => {
      const once = (): SimulatedDisk => {
        const { disk } = run(steps)
        disk.powerLoss(seeded(choices), profile)
        run(steps, disk)
        disk.kill(recorded([1, 0, 1]))
        return disk
      }
      const [one, two] = [once(), once()]
      expect(two.hash).toBe(one.hash)
      expect(two.describe()).toEqual(one.describe())
    }),
    { numRuns: 300 }
  )
})

it("crash after crash, the disk can be used, and what is then committed is kept (F22)", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(commands, profiles, seed), { minLength: 2, maxLength: 4 }), (rounds) => {
      const disk = new SimulatedDisk()
      for (const [steps, profile, choices] of rounds) {
        run(steps, disk)
        disk.powerLoss(seeded(choices), profile)
        expect(disk.image()).toEqual(disk.image("durable"))
      }
      run(rounds[0]![0], disk)
      commitAll(disk)
      const before = disk.image()
      disk.powerLoss(seeded(0), { _tag: "DropAll" })
      expect(disk.image()).toEqual(before)
    }),
    { numRuns: 300 }
  )
})
