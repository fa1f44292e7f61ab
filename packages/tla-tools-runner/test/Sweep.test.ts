import { describe, expect, it } from "vitest"
import { coverage, expression, sweep } from "../src/index.ts"
import { choices } from "../src/Sweep.ts"
import { describeTlc, spec } from "./support.ts"

describe("The choices of constants", () => {
  it("come by the sum of their places, so that none is tried before one with everything smaller", () => {
    expect(choices({ a: [1, 2, 3], b: ["x", "y"] })).toEqual([
      { a: 1, b: "x" },
      { a: 1, b: "y" },
      { a: 2, b: "x" },
      { a: 2, b: "y" },
      { a: 3, b: "x" },
      { a: 3, b: "y" }
    ])
    expect(choices({})).toEqual([{}])
    expect(choices({ a: [] })).toEqual([])
  })
})

describeTlc("sweep", () => {
  it("finds the smallest constants that violate, and passes over those that an assumption excludes", async () => {
    const told: Array<unknown> = []
    const found = await sweep(
      spec("Counter"),
      { Max: [0, 1, 3, 4] },
      { constants: { CanReset: true }, invariants: ["BelowThree"] },
      ({ constants, result }) => told.push([constants["Max"], result.verdict])
    )
    expect(told).toEqual([[0, "assumption"], [1, "success"], [3, "safety"]])
    expect(found.runs).toHaveLength(3)
    expect(found.violating).toMatchObject({ constants: { Max: 3 }, result: { violated: "BelowThree" } })
  })

  it("says so where nothing is violated, and fails where a run cannot be judged", async () => {
    const options = { constants: { CanReset: true }, invariants: ["TypeOK"] }
    expect((await sweep(spec("Counter"), { Max: [1, expression("1 + 1")] }, options)).violating).toBeUndefined()
    await expect(sweep(spec("Counter"), { Max: [expression("1 +")] }, options)).rejects.toMatchObject({
      reason: "bad-spec"
    })
  })
})

describeTlc("coverage", () => {
  it("lists the actions that are never taken", async () => {
    const found = await coverage(spec("Counter"), { constants: { Max: 3, CanReset: false }, deadlock: false })
    expect(found.result.verdict).toBe("success")
    expect(found.actions.map(({ action }) => action)).toEqual(["Up", "Reset", "Never"])
    expect(found.dead).toEqual(["Reset", "Never"])
  })
})
