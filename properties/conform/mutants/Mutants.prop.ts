/** Mutants are what they are said to be, and those of the rules and models of routing are noticed: one in so many here. */
import { describe, expect, it } from "vitest"
import { checkedProperties, specModules } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import { keep } from "../../../src/conform/KeptGraph.ts"
import { toldGraph } from "../../../test/conform/ToldGraph.ts"
import { families } from "./Families.ts"
import type { KeptConfiguration } from "./Judge.ts"
import { applied, byHand, mutantsOf, showMutant } from "./Mutation.ts"
import { believed, judgeAll, mutantsIn } from "./MutationRun.ts"

const made = (source: string) =>
  mutantsOf("Some.ts", source, { except: ["variablesOf"], opposites: [["including", "excluding"]] })
    .map((mutant) => applied(source, mutant).replace(/\s+/g, " ").trim())

describe("the mutants of a text", () => {
  it.each([
    ["guards and negations", "const f = (a, b) => a && !b", [
      "const f = (a, b) => (a)",
      "const f = (a, b) => (!b)",
      "const f = (a, b) => a && (b)"
    ]],
    ["early returns", "const f = (a) => { if (a) return undefined; return g(a) }", [
      "const f = (a) => { {} return g(a) }"
    ]],
    ["what is undefined on one side", "const f = (a) => a ? undefined : g(a)", ["const f = (a) => (g(a))"]],
    ["branches", "const f = (a) => a ? g(a) : h(a)", ["const f = (a) => (g(a))", "const f = (a) => (h(a))"]],
    ["comparisons", "const f = (a, b) => a < b", ["const f = (a, b) => a <= b"]],
    ["fields over a spread", "const f = (s) => ({ ...s, x: g(s) })", ["const f = (s) => ({ ...s })"]],
    ["elements beside a spread", "const f = (s, m) => [...s, m]", [
      "const f = (s, m) => [m]",
      "const f = (s, m) => [...s]"
    ]],
    ["steps of one, once", "const f = (a) => a + 1", ["const f = (a) => (a)"]],
    ["numbers and truths", "const f = () => g(0, true)", ["const f = () => g(1, true)", "const f = () => g(0, false)"]],
    ["quantifiers", "const f = (a) => a.some(g)", ["const f = (a) => a.every(g)"]],
    ["opposites", "const f = (s, b) => including(s, b)", ["const f = (s, b) => excluding(s, b)"]]
  ])("are those of %s", (_, source, expected) => {
    expect(made(source)).toEqual(expected)
  })

  it("leave out types, imports, what is no function, and what is to be left out", () => {
    expect(made(`import { a } from "./1.ts"
type T = 1 | true
const limit = 30_000
const variablesOf = (c) => S.range(0, c + 1)`)).toEqual([])
  })

  it("are named by where they are, not by their line", () => {
    const source = "const rule = (s) => s.x === 1\n"
    const [one, moved] = [source, `\n\n${source}`].map((text) =>
      mutantsOf("a/Some.ts", text, { except: [], opposites: [] })
    )
    expect(one!.map(showMutant)).toEqual(moved!.map(showMutant))
    expect(showMutant(one![0]!)).toBe("Some rule: comparison flipped: s.x === 1 => s.x !== 1")
  })

  it("by hand stand where their text stands, once", () => {
    const edit = { file: "Some.ts", what: "answers first", from: "store(); answer()", to: "answer(); store()" }
    expect(applied("f => { store(); answer() }", byHand(edit, "f => { store(); answer() }"))).toBe(
      "f => { answer(); store() }"
    )
    expect(() => byHand(edit, "")).toThrow("exactly once")
  })
})

describe("a mutant of the rules and models of routing", () => {
  it("is nearly always noticed by the graph of a tiny configuration, or known to be the same program", async () => {
    const family = families.find(({ name }) => name === "NameServerRouting")!
    const rows = specModules().filter(({ name }) => family.modules.includes(name)).flatMap((module) =>
      module.rows.filter(({ distinct, expected, tier }) =>
        tier === "quick" && distinct <= 3_000 && !expected.startsWith("violates NeverTwo")
      ).map((row) => ({ module, row }))
    )
    const configurations = await Promise.all(rows.map(async ({ module, row }): Promise<KeptConfiguration> => {
      const machine = twins[module.name]!(row.config.constants)
      return {
        module: module.name,
        configuration: row.configuration,
        constants: row.config.constants,
        holding: [],
        graph: await keep(machine, toldGraph(machine), new Set(checkedProperties(module)))
      }
    }))
    const kept = configurations.toSorted((a, b) => a.graph.states - b.graph.states)
    expect(await believed(family, kept, ["identity"])).toBeUndefined()
    // What only nodes use is looked at by `npm run mutants`, which asks every judge about every mutant.
    const mutants = mutantsIn(family).filter(({ mutant }) =>
      /RouteTables|NameServerRouting\.ts|ProducerRouting/.test(mutant.file)
    )
      .filter((_, i) => i % 12 === 5)
    const judged = await judgeAll(family, kept, mutants, { wanted: ["identity"], threads: 1 })
    expect(judged.length).toBeGreaterThan(20)
    const survivors = judged.filter(({ kill }) => kill === undefined).map(({ name }) => name)
    // A few of the others need a larger graph: `npm run mutants` asks those too, and lets none of them go.
    expect(survivors.filter((name) => !(name in family.equal)).length).toBeLessThanOrEqual(judged.length / 10)
    // They are noticed at more than one configuration, so it is not one that notices everything.
    expect(new Set(judged.map(({ kill }) => kill?.at)).size).toBeGreaterThan(5)
  })
})
