/** Random small machines: the search and a five-line twin over a Set of JSON agree, and a shortest path is shortest. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { explore } from "../../src/explore/Search.ts"
import { type Label, labelsOf, type Machine, step } from "../../src/machine/Machine.ts"
import { moves, places, type State } from "./Moves.ts"

/** The twin: the same search over JSON texts; distances, steps, and the edges to walk back on. */
const twin = (machine: Machine<State>) => {
  const depth = new Map(machine.initial.map((s) => [JSON.stringify(s), 0]))
  const edges: Array<readonly [from: string, to: string, label: Label]> = []
  for (const [key, distance] of depth) {
    for (const label of labelsOf(machine)) {
      const after = step(machine, JSON.parse(key) as State, label)
      if (after === undefined) continue
      edges.push([key, JSON.stringify(after), label])
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
        const machine = moves(table)
        const [found, { depth, edges }] = [explore(machine, { limitBytes: 1 << 20 }), twin(machine)]
        expect([found.states, found.transitions]).toEqual([depth.size, edges.length])
        expect(found.depth).toBe(Math.max(...depth.values()) + 1)
        const distances = [...depth].filter(([key]) => (JSON.parse(key) as State).at === places - 1).map(([, d]) => d)
        const broken = found.violations.find(({ property }) => property === "NotThere")
        expect(broken?.path.steps.length).toBe(distances.length === 0 ? undefined : Math.min(...distances))
        const steps = edges.filter(([from, to, label]) =>
          !machine.alwaysStep["NoWayBack"]!(JSON.parse(from) as State, label, JSON.parse(to) as State)
        ).map(([from]) => depth.get(from)! + 1)
        const back = found.violations.find(({ kind }) => kind === "alwaysStep")
        expect(back?.path.steps.length).toBe(steps.length === 0 ? undefined : Math.min(...steps))
        for (const [name, holds] of Object.entries(machine.sometimes)) {
          const reached = [...depth].filter(([key]) => holds(JSON.parse(key) as State)).map(([, distance]) => distance)
          expect(found.witnesses[name]?.steps.length).toBe(reached.length === 0 ? undefined : Math.min(...reached))
          expect(found.unreached.includes(name)).toBe(reached.length === 0)
          tags.add(reached.length === 0 ? "unreached" : "reached")
        }
        for (const [name, is] of Object.entries(machine.sometimesStep!)) {
          const leaps = edges.filter(([from, to, label]) =>
            is(JSON.parse(from) as State, label, JSON.parse(to) as State)
          )
            .map(([from]) => depth.get(from)! + 1)
          expect(found.witnesses[name]?.steps.length).toBe(leaps.length === 0 ? undefined : Math.min(...leaps))
          expect(found.unreached.includes(name)).toBe(leaps.length === 0)
          tags.add(leaps.length === 0 ? "no leap" : "a leap")
        }
        tags.add(back === undefined ? "no way back" : "a way back")
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
    expect([...tags].sort()).toEqual([
      "a leap",
      "a way back",
      "broken",
      "holds",
      "home",
      "no leap",
      "no way back",
      "reached",
      "stuck",
      "unreached"
    ])
  })
})
