import { expect, it } from "vitest"
import {
  graph,
  type GraphEdge,
  type GraphOptions,
  type GraphState,
  modelValue,
  printValue,
  setOf
} from "../src/index.ts"
import { processes, valuesOfEveryKind } from "./EveryKind.ts"
import { describeTlc, spec } from "./support.ts"

interface Whole {
  readonly states: ReadonlyArray<GraphState>
  readonly edges: ReadonlyArray<GraphEdge>
}

const whole = async (name: string, options: GraphOptions): Promise<Whole> => {
  const states: Array<GraphState> = []
  const edges: Array<GraphEdge> = []
  for await (const part of graph(spec(name), options)) {
    if (part._tag === "State") states.push(part)
    else {
      expect(Math.max(part.from, part.to)).toBeLessThan(states.length)
      edges.push(part)
    }
  }
  return { states, edges }
}

/** Edges as lines: `sent` and `read` before, the label, `sent` and `read` after. */
const show = ({ edges, states }: Whole): ReadonlyArray<string> =>
  edges.map(({ action, from, parameters, to }) => {
    const [before, after] = [from, to].map((id) =>
      ["sent", "read"].map((name) => printValue(states[id]!.values[name]!)).join(" ")
    )
    return `${before} ${action}(${parameters.map(printValue).join(", ")}) ${after}`
  }).sort()

describeTlc("graph", () => {
  it("has every state once and every edge with action and parameters", async () => {
    const found = await whole("Letters", { constants: { Most: 2 } })
    // Each of two letters is not sent, sent or read.
    expect(found.states.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(found.states.filter(({ initial }) => initial).map(({ values }) => values)).toEqual([{
      sent: setOf(),
      read: setOf()
    }])
    // By hand: a letter takes its next step, the other being in any of its three states; `sent read` before and after.
    const sets = (sent: ReadonlyArray<number>, read: ReadonlyArray<number>) =>
      `{${sent.join(", ")}} {${read.join(", ")}}`
    const stages = [[[], []], [[1], []], [[1], [1]]] as const
    const both = (one: number, two: number) => {
      const [a, b] = [stages[one]!, stages[two]!]
      return sets([...a[0], ...b[0].map(() => 2)], [...a[1], ...b[1].map(() => 2)])
    }
    const names = ["Send", "Read"]
    const expected = [0, 1, 2].flatMap((other) =>
      [0, 1].flatMap((stage) => [
        `${both(stage, other)} ${names[stage]}(1) ${both(stage + 1, other)}`,
        `${both(other, stage)} ${names[stage]}(2) ${both(other, stage + 1)}`
      ])
    )
    expect(show(found)).toEqual(expected.sort())
  })

  it("has parameters of any kind, and labels that are numbered", async () => {
    const { edges } = await whole("Lock", { constants: { Processes: processes, Guarded: true } })
    expect(new Set(edges.map(({ action, parameters }) => `${action}(${parameters.map(printValue).join()})`)))
      .toEqual(new Set(["Request(p1)", "Request(p2)", "Enter(p1)", "Enter(p2)", "Leave(p1)", "Leave(p2)"]))
    expect(edges[0]!.parameters[0]).toEqual(modelValue("p1"))
    const labels = new Map(edges.map(({ action, label, parameters }) => [label, `${action}${printValue(parameters)}`]))
    expect([...labels.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(edges.every(({ action, label, parameters }) => labels.get(label) === `${action}${printValue(parameters)}`))
      .toBe(true)
  })

  it("goes past violations and deadlocks, and says of each state which predicates it satisfies", async () => {
    const { edges, states } = await whole("Counter", {
      constants: { Max: 5, CanReset: false },
      invariants: ["BelowThree"],
      properties: ["ComesBack"],
      predicates: ["BelowThree", "x % 2 = 0"]
    })
    expect(states.map(({ predicates, values }) => [values["x"], predicates["BelowThree"], predicates["x % 2 = 0"]]))
      .toEqual([
        [0, true, true],
        [1, true, false],
        [2, true, true],
        [3, false, false],
        [4, false, true],
        [5, false, false]
      ])
    expect(edges).toHaveLength(5)
  })

  it("says of each edge which action properties it satisfies", async () => {
    const truths: Array<string> = []
    await graph(spec("Counter"), { constants: { Max: 2, CanReset: true }, stepPredicates: ["NeverDown", "Up"] }).visit({
      edge: (from, _, to, [neverDown, isUp]) => {
        truths.push(`${from} ${to} ${neverDown} ${isUp}`)
      }
    })
    // By hand: 0 to 1 to 2 go up, and the way back to 0 goes down.
    expect(truths).toEqual(["0 1 true true", "1 2 true true", "2 0 false false"])
  })

  it("has an edge once however many ways there are to it, and loops too", async () => {
    const options = { constants: { Most: 1 }, specification: "Repeated" }
    const found = await whole("Letters", options)
    expect(show(found)).toEqual([
      "{1} {1} Again(1) {1} {1}",
      "{1} {} Read(1) {1} {1}",
      "{} {} Send(1) {1} {}"
    ])
    expect(show(await whole("Letters", { ...options, workers: 2 }))).toEqual(show(found))
  })

  it("names the line to rewrite where an edge has no action name", async () => {
    const anonymous = graph(spec("Letters"), { constants: { Most: 1 }, specification: "Anonymous" }).visit({})
    // Read in `\E n \in sent : Read(n)` is on line 27; to TLC the whole disjunct is one action.
    await expect(anonymous).rejects.toMatchObject({ reason: "unnamed-action" })
    await expect(anonymous).rejects.toThrow(/^line 27, column 6 of module Letters/)
    const configured = graph(spec("Letters"), { constants: { Most: 1 }, init: "Init", next: "Unnamed" }).visit({})
    await expect(configured).rejects.toThrow(/^line 27, column 6 of module Letters/)
  })

  it("has the values of every kind, as a check of the same spec has them", async () => {
    const { states } = await whole("Values", { constants: { m: modelValue("m"), Procs: processes } })
    expect(states.map(({ values }) => values)).toEqual(valuesOfEveryKind)
  })

  it("streams 100,000 states and 450,000 edges", async () => {
    const seen = new Int32Array(100_000)
    let edges = 0
    const summary = await graph(spec("Dials"), { constants: { Count: 5, Top: 9 }, predicates: ["InRange"] }).visit({
      state: (id, [dial], initial, [inRange]) => {
        if (initial !== (id === 0) || inRange !== true) throw new Error(`state ${id}`)
        // Each state is its dials, read as the digits of a number.
        seen[(dial as ReadonlyArray<number>).reduce((number, digit) => number * 10 + digit, 0)]!++
      },
      edge: (from, label, to) => {
        if (from < to && label < 5) edges++
      }
    })
    expect(seen.every((times) => times === 1)).toBe(true)
    // In breadth-first order every edge of this spec leads to a later state. Five dials, nine turns, 10^4 others.
    expect(edges).toBe(450_000)
    expect(summary).toMatchObject({ states: 100_000, edges: 450_000, variables: ["dial"] })
    expect(summary.labels.map(({ action, parameters }) => `${action} ${parameters[0]}`).sort())
      .toEqual(["Turn 1", "Turn 2", "Turn 3", "Turn 4", "Turn 5"])
  })

  it("ends TLC when the reader has had enough", async () => {
    let seen = 0
    for await (const _ of graph(spec("Dials"), { constants: { Count: 7, Top: 9 } })) if (++seen === 1000) break
    expect(seen).toBe(1000)
  })

  it("fails with the place where a spec cannot be parsed, evaluated, or has no such predicate", async () => {
    const of = (name: string, options: GraphOptions) => graph(spec(name), options).visit({})
    await expect(of("malformed/NoElse", { init: "Init", next: "Next" })).rejects.toThrow(/NoElse\.tla:5:1: found ====/)
    await expect(of("Faults", { constants: { Kind: "head" } })).rejects.toThrow(/Faults\.tla:13:53: .*empty sequence/)
    await expect(of("Counter", { constants: { Max: 1, CanReset: true }, predicates: ["Nope"] }))
      .rejects.toMatchObject({ reason: "unknown-predicate" })
    await expect(of("Counter", { constants: { Max: 1, CanReset: true }, predicates: ["x + 1"] }))
      .rejects.toThrow("x + 1 is no state predicate")
  })
})
