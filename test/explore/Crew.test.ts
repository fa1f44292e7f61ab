/**
 * A search by two threads: it counts what TLC counts (see Search.test.ts), both threads have a share in it, and whatever
 * goes wrong in either of them is told by the one that was asked.
 */
import { afterAll, describe, expect, it } from "vitest"
import { startThreads } from "../../src/cli/SearchThreads.ts"
import { type Crew, exploreWith } from "../../src/explore/Crew.ts"
import { Count, type SharedMemory } from "../../src/explore/SharedTable.ts"
import { labelsOf } from "../../src/machine/Machine.ts"
import { machineOf as grid } from "./Grid.ts"
import { configurations, machineOf, replication } from "./Replication.ts"

const pool = startThreads(1)
afterAll(() => pool.close())
const source = (module: string, argument: string) => ({ module: new URL(module, import.meta.url).href, argument })

describe("two threads count what TLC counts", () => {
  it.each(
    [["S1", 10_597, 30_619, 26], ["M1", 68_128, 212_903, 31]] as const
  )("%s, in which both have a share", async (name, states, generated, depth) => {
    const machine = replication(configurations[name])
    const crew = pool.crewFor(source("./Replication.ts", name))
    let memory: SharedMemory | undefined
    const watched: Crew = {
      ...crew,
      board: (shared) => {
        memory = shared
        return crew.board(shared)
      }
    }
    const found = await exploreWith(machine, watched, { alone: 0, slab: 64 })
    expect(found.end).toEqual({ _tag: "Complete" })
    expect([found.states, found.generated, found.depth]).toEqual([states, generated, depth])
    expect(found.violations).toEqual([])
    const shares = [0, 1].map((thread) =>
      memory!.counts[thread * (Count.labels + labelsOf(machine).length) + Count.expanded]!
    )
    expect(shares[0]! + shares[1]!).toBe(states)
    expect(Math.min(...shares)).toBeGreaterThan(0)
    expect(machineOf(name).constants).toEqual(machine.constants)
  })

  it("the first thread alone finds all, too", async () => {
    const found = await exploreWith(replication(configurations.S1), { assistants: 0, board: async () => undefined })
    expect([found.states, found.generated, found.depth]).toEqual([10_597, 30_619, 26])
  })

  it("they stop where their memory ends, and say how much was left", async () => {
    const crew = pool.crewFor(source("./Replication.ts", "M1"))
    const limitBytes = 1 << 20
    const found = await exploreWith(replication(configurations.M1), crew, { limitBytes, alone: 0 })
    expect(found.end._tag).toBe("OutOfMemory")
    expect(found.bytes).toBeLessThanOrEqual(limitBytes)
    expect(found.states).toBeGreaterThan(10_000)
    let listed = 0
    found.graph.eachId(() => listed++)
    expect(listed).toBe(found.states)
    if (found.end._tag === "OutOfMemory") expect(found.end.queue).toBeGreaterThan(0)
  })
})

describe("what goes wrong in a thread is told by the first", () => {
  const options = { alone: 0, slab: 1 }
  const searched = (here: string, there: string) =>
    exploreWith(grid(here), pool.crewFor(source("./Grid.ts", there)), options)

  it("a grid that never fails is searched whole", async () => {
    expect((await searched("whole", "whole")).states).toBe(41 * 41)
  })

  it.each([
    ["outside", /^x is 99, outside 0\.\.40: after Right\(\), which follows ((Up|Right)\(\) ?){60}$/],
    ["step", "no step from here"],
    ["property", "no judgement of this"]
  ])("%s", async (name, message) => {
    await expect(searched(name, name)).rejects.toThrow(message)
  })

  it("a thread that fails where the first does not", async () => {
    // Which thread meets the step is the machine's to say; on a busy one the first may meet it in many searches in a row.
    const failures: Array<string> = []
    for (let attempt = 0; attempt < 1_000 && failures.length === 0; attempt++) {
      await searched("whole", "outside").catch((error: unknown) => void failures.push(String(error)))
    }
    expect(failures[0]).toContain("a step failed in one thread and not in another")
  })

  it("a thread that cannot build the machine, or is lost", async () => {
    const lost = startThreads(1)
    const crew = lost.crewFor(source("./Nowhere.ts", ""))
    await expect(exploreWith(grid("whole"), crew, options)).rejects.toThrow("Nowhere.ts")
    await lost.close()
    await expect(exploreWith(grid("whole"), lost.crewFor(source("./Grid.ts", "whole")), options)).rejects.toThrow()
  })
})
