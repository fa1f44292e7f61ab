/** Random commands on the simulated disk, the live disk and the reference in lockstep: the same answers, always. */
import { Effect } from "effect"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as os from "node:os"
import * as nodePath from "node:path"
import { afterAll, expect, it } from "vitest"
import type { File, Operations } from "../../src/world/Disk.ts"
import { makeLive } from "../../src/world/live/LiveDisk.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { type Command, command, crowded, play, player } from "./DiskCommands.ts"
import { referenceDisk } from "./ReferenceDisk.ts"

const root = fs.mkdtempSync(nodePath.join(os.tmpdir(), "ackproof-lockstep-"))
afterAll(() => fs.rmSync(root, { recursive: true }))

const commands = fc.array(command, { maxLength: 40, size: "max" })

/** Runs commands on a disk and on the reference; answers what was reached, as command and answer. */
const lockstep = (
  disk: Operations,
  steps: ReadonlyArray<Command>,
  commit: (targets: ReadonlyArray<File | string>) => void
): ReadonlyArray<string> => {
  const real = player(disk, crowded, commit)
  const reference = player(referenceDisk(), crowded, () => {})
  return steps.map((step, index) => {
    const expected = play(reference, step)
    const actual = play(real, step)
    if (actual !== expected) throw new Error(`step ${index}, ${JSON.stringify(step)}: ${actual}, expected ${expected}`)
    return `${step._tag} ${/^E[A-Z]+$/.test(expected) ? expected : expected === "-" ? "-" : "done"}`
  })
}

/** What the commands must reach for the property to say anything; all of it by the same generator. */
const wanted = [
  ...["Open", "Append", "Write", "Read", "Truncate", "Close", "Rename", "Remove", "MakeDirectory", "List", "Stat"]
    .map((tag) => `${tag} done`),
  "Open ENOENT",
  "Open EEXIST",
  "Open EISDIR",
  "Open ENOTDIR",
  "Append EBADF",
  "Write EBADF",
  "Read EBADF",
  "Rename ENOENT",
  "Rename EISDIR",
  "Rename ENOTDIR",
  "Rename ENOTEMPTY",
  "Rename EINVAL",
  "Remove ENOENT",
  "Remove ENOTEMPTY",
  "Remove EINVAL",
  "MakeDirectory EEXIST",
  "MakeDirectory ENOENT",
  "MakeDirectory EINVAL",
  "List ENOENT"
]

it.each([1, 512, 4096])("the simulated disk with pieces of %i bytes answers as the reference does", (pieceSize) => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(commands, (steps) => {
      const disk = new SimulatedDisk({ pieceSize })
      const operations = disk.operations()
      const tags = lockstep(operations, steps, (targets) => {
        Effect.runSync(Effect.result(operations.commit(targets)))
      })
      for (const tag of tags) reached.add(tag)
    }),
    { numRuns: 3_000 }
  )
  expect(wanted.filter((tag) => !reached.has(tag))).toEqual([])
})

it("the live disk answers as the reference does", async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const { closeAll, operations } = makeLive(fs.mkdtempSync(nodePath.join(root, "disk-")))
      const commits: Array<Promise<unknown>> = []
      const tags = lockstep(operations, steps, (targets) => {
        commits.push(Effect.runPromise(Effect.result(operations.commit(targets))))
      })
      await Promise.all(commits)
      closeAll()
      for (const tag of tags) reached.add(tag)
    }),
    { numRuns: 300 }
  )
  expect(["Append done", "Rename done", "Commit done", "Open ENOENT"].filter((tag) => !reached.has(tag))).toEqual([])
})
