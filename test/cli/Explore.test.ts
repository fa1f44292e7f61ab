/**
 * `explore` as a user types it, on the models of the project: what it counts is what TLC counted, which
 * the manifests state of each configuration, and one thread counts what two do.
 */
import { describe, expect, it } from "vitest"
import { modelNamed, models } from "../../src/cli/Models.ts"
import { specModules } from "../../src/cli/SpecFiles.ts"
import { byTier } from "../Tier.ts"
import { ackproof } from "./CommandLine.ts"

interface Row {
  readonly module: string
  readonly configuration: string
  readonly end: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly violations: ReadonlyArray<{ readonly property: string; readonly verdict: string }>
}

const manifest = specModules().flatMap(({ rows }) => rows)
const rowsOf = (stdout: string): ReadonlyArray<Row> => JSON.parse(stdout) as ReadonlyArray<Row>
const counts = (rows: ReadonlyArray<Row>) =>
  rows.map(({ configuration, depth, states, transitions }) => ({ configuration, depth, states, transitions }))

describe("every model is explored by its name", () => {
  it.each(models.map(({ name }) => name))("%s, to TLC's states and depth", (name) => {
    const { status, stdout } = ackproof("explore", name, "--tier", byTier({ quick: "quick", deep: "deep" }), "--json")
    const rows = rowsOf(stdout)
    expect(rows.length).toBeGreaterThan(0)
    for (const { configuration, depth, end, module, states, violations } of rows) {
      const stated = manifest.find((each) => each.configuration === configuration)!
      const [, violated] = /^violates (\w+)$/.exec(stated.expected) ?? []
      expect([module, end]).toEqual([name, "Complete"])
      // TLC stops at a violation, and so counts a part.
      if (violated === undefined) expect([states, depth]).toEqual([stated.distinct, stated.depth])
      const broken = [...stated.breaks ?? [], ...violated === undefined ? [] : [violated]]
      expect(violations.map(({ property }) => property).sort()).toEqual(broken.sort())
      expect(violations.filter(({ verdict }) => verdict !== "expected broken")).toEqual([])
    }
    expect(status).toBe(0)
  })

  it("two threads count the same", () => {
    const [one, two] = ["1", "2"].map((threads) =>
      rowsOf(ackproof("explore", "NameServerRouting", "--threads", threads, "--json").stdout)
    )
    expect(counts(two!)).toEqual(counts(one!))
  })

  it("a person reads a line for each configuration", () => {
    const { stderr, stdout } = ackproof("explore", "NameServerRouting")
    expect(stdout.trimEnd().split("\n")).toHaveLength(
      Object.keys(modelNamed("NameServerRouting")!.configurations).length
    )
    expect(stdout).toMatch(
      /^NameServerRouting MCNameServerRoutingBrokers: Complete, 20743 states, \d+ transitions, depth 17, \d+ states\/s$/m
    )
    expect(stderr).toMatch(/^states \d+\/\d+ queue \d+, \d+ states\/s$/m)
  })
})

describe("what cannot be explored is said in a line", () => {
  it.each([
    [["Nobody"], "ackproof: explore: no model is called Nobody; registered: "],
    [["NameServerRouting", "--threads", "0"], "ackproof: explore: 0 threads; from 1 to 64 can search together"]
  ])("%j", (args, line) => {
    const { status, stderr, stdout } = ackproof("explore", ...args)
    expect([status, stdout]).toEqual([2, ""])
    expect(stderr.startsWith(line)).toBe(true)
    expect(stderr.trimEnd().split("\n")).toHaveLength(1)
  })
})
