/** What the small service promises, under every fault that the simulated world has for it, and that the guard matters. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cellOf } from "../../src/guarantee/Cell.ts"
import type { Choose } from "../../src/replay/Choose.ts"
import * as Token from "../../src/replay/Token.ts"
import type { WorldEvent } from "../../src/world/simulated/WorldEvent.ts"
import { acknowledged, broken } from "./Judge.ts"
import { planOf, rows, shrunk, tell } from "./Row.ts"
import { rerun, type Run, run } from "./Run.ts"

const guardOn = { AckAfterBackupCommit: true }
const guardOff = { AckAfterBackupCommit: false }
const seeds = 10_000

/** Kinds of events that chaos is made of: each must occur, or a promise about it says nothing. */
const chaos: ReadonlyArray<WorldEvent["_tag"]> = [
  "Kill",
  "PowerLoss",
  "During",
  "Pause",
  "Resume",
  "Jump",
  "Reset",
  "Cut",
  "Heal"
]

const failing = (count: number): ReadonlyArray<{ readonly seed: number; readonly run: Run }> => {
  const found: Array<{ readonly seed: number; readonly run: Run }> = []
  for (let seed = 1; found.length < count; seed++) {
    const made = run(planOf(guardOff, seed))
    if (broken(made.operations).length > 0) found.push({ seed, run: made })
  }
  return found
}

describe("a primary that acknowledges after its backup's commit", () => {
  it(`loses nothing in ${seeds} random histories, each of them run twice with equal hashes, and always comes back`, () => {
    const reached = new Set<WorldEvent["_tag"]>()
    let answered = 0
    let inDoubt = 0
    const hashes = new Set<number>()
    for (let seed = 1; seed <= seeds; seed++) {
      const made = run(planOf(guardOn, seed))
      if (run(planOf(guardOn, seed)).hash !== made.hash) throw new Error(`seed ${seed} does not repeat`)
      if (broken(made.operations).length > 0) {
        throw new Error(`npm run ackproof -- replay ${shrunk(planOf(guardOn, seed), made).token}`)
      }
      hashes.add(made.hash)
      made.faults.forEach((fault) => reached.add(fault))
      answered += acknowledged(made.operations)
      inDoubt += made.operations.filter(({ f, type }) => f === "send" && type === "info").length
    }
    expect([...reached].sort()).toEqual([...chaos].sort())
    expect(hashes.size).toBe(seeds)
    // Both outcomes of a write must be common, or the histories met no fault that mattered.
    expect(answered).toBeGreaterThan(seeds)
    expect(inDoubt).toBeGreaterThan(seeds / 20)
  })

  it("loses nothing whatever is chosen next, by any generator", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 50, maxLength: 400, size: "max" }), (numbers) => {
        let at = 0
        const choose: Choose = (count) => Math.floor((numbers[at++] ?? 0) / 0x1_0000 * count)
        const made = run(planOf(guardOn, 1), choose)
        if (broken(made.operations).length > 0) throw new Error(`lost after ${JSON.stringify(made.events)}`)
      }),
      { numRuns: 300 }
    )
  })
})

describe("a primary that acknowledges before any commit", () => {
  const found = failing(5)

  it("loses an acknowledged write, and every such run shrinks to at most 6 steps that still lose it", () => {
    for (const { run, seed } of found) {
      const { steps, token } = shrunk(planOf(guardOff, seed), run)
      expect(steps).toBeLessThanOrEqual(6)
      const body = Token.parse(token)
      expect(body._tag === "Success" && tell(body.success.body).broken).toBe(true)
    }
  })

  it("loses nothing under the same events once the guard is on", () => {
    for (const { run, seed } of found) {
      expect(broken(rerun(planOf(guardOff, seed), run.events).operations).length).toBeGreaterThan(0)
      expect(broken(rerun(planOf(guardOn, seed), run.events).operations)).toEqual([])
    }
  })

  it("is told step by step: what happened, what the client saw, what is gone", () => {
    const { run, seed } = found[0]!
    const body = Token.parse(shrunk(planOf(guardOff, seed), run).token)
    const { lines, title } = tell(body._tag === "Success" ? body.success.body : undefined)
    expect(title).toContain("before any commit")
    expect(lines.join("\n")).toMatch(/primary: Append\(\d\)\n[\s\S]*primary: Acknowledge\(\d\)/)
    expect(lines.join("\n")).toMatch(/power loss primary/)
    expect(lines.at(-1)).toMatch(/^Broken: (unseen|lost-write|inconsistent-offsets): /)
    expect(() => tell({ nothing: true })).toThrow("expected {plan, events}")
  })
})

describe("the row of the matrix", () => {
  it("is as expected for both deployments, and names what it looked at", () => {
    const cells = rows.map(({ expectation, look }) =>
      cellOf(expectation, look({ runs: 300, seed: 1, progress: () => {} }))
    )
    expect(cells.map(({ asExpected, verdict }) => [verdict, asExpected])).toEqual([
      ["survived", true],
      ["expected broken", true]
    ])
    expect(cells[0]!.histories).toBeGreaterThan(200)
    expect(cells[1]!.token).toMatch(/^ap1\.primary-backup\./)
  })

  it("is not as expected when what should break does not within its budget, or what should hold breaks", () => {
    const [kept, broken] = rows.map(({ expectation }) => expectation)
    const found = { histories: 10, states: 0, broken: { token: "t", steps: 3, runs: 4 } }
    expect(cellOf(broken!, { histories: 10, states: 0 }).asExpected).toBe(false)
    expect(cellOf(kept!, found)).toMatchObject({ verdict: "broken", asExpected: false })
    expect(cellOf(kept!, { histories: 0, states: 0 }).asExpected).toBe(false)
  })
})
