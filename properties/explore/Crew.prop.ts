/** Random machines, searched by one thread and by two over shared memory: the same graph, and paths as short. */
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { startThreads } from "../../src/cli/SearchThreads.ts"
import { exploreWith } from "../../src/explore/Crew.ts"
import type { Exploration } from "../../src/explore/Exploration.ts"
import { follow, type Path } from "../../src/explore/Path.ts"
import { explore } from "../../src/explore/Search.ts"
import { moves, places, type State } from "./Moves.ts"

const pool = startThreads(1)
afterAll(() => pool.close())

const module = new URL("./Moves.ts", import.meta.url).href
const tables = fc.array(fc.array(fc.nat(places + 3), { minLength: 3, maxLength: 3 }), {
  minLength: places,
  maxLength: places
})
const initials = fc.array(fc.nat(places - 1).map((at): State => ({ at, seen: at > 2 ? [] : [at] })), {
  minLength: 1,
  maxLength: 5
})

/** What does not depend on which thread was the faster. */
const summary = (found: Exploration<State>) => {
  const states: Array<string> = []
  const edges: Array<string> = []
  found.graph.eachId((id) => states.push(JSON.stringify(found.graph.stateAt(id))))
  found.graph.eachEdge((from, label, to) => {
    edges.push([found.graph.stateAt(from), label, found.graph.stateAt(to)].map((x) => JSON.stringify(x)).join())
  })
  const length = ({ steps }: Path<State>) => steps.length
  return {
    counts: [found.end._tag, found.states, found.transitions, found.generated, found.depth],
    taken: found.taken,
    states: states.sort(),
    edges: edges.sort(),
    violations: found.violations.map(({ kind, path, property }) => `${kind} ${property} ${length(path)}`).sort(),
    witnesses: Object.fromEntries(Object.entries(found.witnesses).map(([name, path]) => [name, length(path)])),
    unreached: found.unreached
  }
}

describe("a search by two threads is the search by one", () => {
  it("states, steps, what broke, what was reached, and the lengths of paths agree", async () => {
    const tags = new Set<string>()
    await fc.assert(
      fc.asyncProperty(tables, initials, fc.boolean(), async (table, initial, stopAtViolation) => {
        const machine = moves(table, initial)
        const crew = pool.crewFor({ module, argument: JSON.stringify([table, initial]) })
        const options = { limitBytes: 1 << 20, stopAtViolation }
        const one = explore(machine, options)
        const two = await exploreWith(machine, crew, { ...options, slab: 1, alone: 0 })
        expect(summary(two)).toEqual(summary(one))
        for (const { kind, path, property } of two.violations) {
          expect(follow(machine, path.initial, path.steps.map(({ label }) => label))).toEqual(path)
          const [before, last] = [path.steps.at(-2)?.state ?? path.initial, path.steps.at(-1)]
          if (kind === "always") expect(machine.always[property]!(last?.state ?? path.initial)).toBe(false)
          if (kind === "alwaysStep") expect(machine.alwaysStep[property]!(before, last!.label, last!.state)).toBe(false)
          tags.add(kind)
        }
        tags.add(two.end._tag).add(Object.keys(two.witnesses).length > 0 ? "reached" : "unreached")
      }),
      { numRuns: 150 }
    )
    expect([...tags].sort()).toEqual(
      ["Complete", "Violated", "always", "alwaysStep", "reachableFromAll", "reached", "unreached"]
    )
  })
})
