/** Random small machines: the search and a five-line twin over a Set of JSON agree, and a shortest path is shortest. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { explore } from "../../src/explore/Search.ts"
import { action, labelsOf, type Machine, step } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

interface State {
  readonly at: number
  readonly seen: ReadonlyArray<number>
}

const places = 12
/** A machine that moves between places by a random table, and notes whether it passed the first three. */
const machineOf = (table: ReadonlyArray<ReadonlyArray<number>>): Machine<State> => ({
  name: "Moves",
  constants: {},
  variables: S.record({ at: S.range(0, places - 1), seen: S.subset([0, 1, 2]) }),
  initial: [{ at: 0, seen: [0] }],
  actions: {
    Move: action([[0, 1, 2]], (s: State, by) => {
      const to = table[s.at]?.[by]
      if (to === undefined || to >= places) return undefined
      const seen = to > 2 || s.seen.includes(to) ? s.seen : [...s.seen, to].sort((a, b) => a - b)
      return { at: to, seen }
    })
  },
  always: { NotThere: (s) => s.at !== places - 1 },
  alwaysStep: {},
  sometimes: {},
  reachableFromAll: { Home: (s) => s.at === 0 }
})

/** The twin: the same search over JSON texts; distances, steps, and the edges to walk back on. */
const twin = (machine: Machine<State>) => {
  const depth = new Map(machine.initial.map((s) => [JSON.stringify(s), 0]))
  const edges: Array<readonly [string, string]> = []
  for (const [key, distance] of depth) {
    for (const label of labelsOf(machine)) {
      const after = step(machine, JSON.parse(key) as State, label)
      if (after === undefined) continue
      edges.push([key, JSON.stringify(after)])
      if (!depth.has(JSON.stringify(after))) depth.set(JSON.stringify(after), distance + 1)
    }
  }
  return { depth, edges }
}

const tables = fc.array(fc.array(fc.nat(places + 3), { minLength: 3, maxLength: 3 }), {
  minLength: places,
  maxLength: places
})

describe("a breadth-first search is what its twin is", () => {
  it("counts, shortest paths and reachability agree", () => {
    const tags = new Set<string>()
    fc.assert(
      fc.property(tables, (table) => {
        const machine = machineOf(table)
        const [found, { depth, edges }] = [explore(machine, { limitBytes: 1 << 20 }), twin(machine)]
        expect([found.states, found.transitions]).toEqual([depth.size, edges.length])
        expect(found.depth).toBe(Math.max(...depth.values()) + 1)
        const distances = [...depth].filter(([key]) => (JSON.parse(key) as State).at === places - 1).map(([, d]) => d)
        const broken = found.violations.find(({ property }) => property === "NotThere")
        expect(broken?.path.steps.length).toBe(distances.length === 0 ? undefined : Math.min(...distances))
        const good = new Set([...depth.keys()].filter((key) => (JSON.parse(key) as State).at === 0))
        for (let size = -1; size !== good.size;) {
          size = good.size
          for (const [from, to] of edges) if (good.has(to)) good.add(from)
        }
        expect(found.violations.some(({ kind }) => kind === "reachableFromAll")).toBe(good.size < depth.size)
        tags.add(broken === undefined ? "holds" : "broken").add(good.size < depth.size ? "stuck" : "home")
      }),
      { numRuns: 300 }
    )
    expect([...tags].sort()).toEqual(["broken", "holds", "home", "stuck"])
  })
})
