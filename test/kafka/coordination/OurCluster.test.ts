/**
 * Our brokers and our ZooKeeper under the events of a real cluster: what they write is what it wrote (SameEvents.ts says
 * which runs of ours count).
 */
import { describe, expect, it } from "vitest"
import { counted, countedInReal, paths, runsAsReal, writtenIn } from "./SameEvents.ts"

const runs = runsAsReal(120, 3)

describe("our cluster under the events of a real one", () => {
  it("went through the same races several times", () => {
    expect(runs).toHaveLength(3)
  })

  it.each(paths.map((path, register) => ({ path, register })))(
    "writes the same values in the same order: $path",
    ({ path, register }) => {
      const written = writtenIn(register)
      expect(written.length).toBeGreaterThan(1)
      for (const { writes } of runs) {
        expect(writes.filter((write) => write.path === path).map(({ value }) => value)).toEqual(written)
      }
    }
  )

  it("writes them in transactions of the same shapes, as many of each", () => {
    // The multis on which everything rests are in the log: one that registers, one that claims, two that are fenced.
    expect(Object.keys(countedInReal)).toHaveLength(5)
    for (const { shapes } of runs) expect(counted(shapes)).toEqual(countedInReal)
  })
})
