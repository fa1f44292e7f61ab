/** Runs of a producer by key, masters that freeze and a reader refine ProducerRouting; without the guard they break it. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { check } from "../../../src/history/Check.ts"
import { keyedByModel } from "../../../src/simulate/routing/RoutingScenarios.ts"
import { byTier } from "../../../test/Tier.ts"

/** Every action of the model that a producer by key, who does not avoid anybody, can come to. */
const everything = [
  "Acknowledged",
  "Consume",
  "Freeze",
  "GiveUp",
  "Leave",
  "Refresh",
  "Return",
  "Send",
  "Store",
  "Thaw"
]

describe("a producer by key, its masters and a reader on the simulated world", () => {
  it("do only what the model does, and reach all of it, with a configured order and without", () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), fc.boolean(), (seed, isOrderStatic) => {
        const run = keyedByModel(seed, isOrderStatic, isOrderStatic ? ["KeyOrder"] : [])
        for (const { action } of run.producerLabels) reached.add(action)
        const found = Object.keys(check(run.operations, { smallest: 0 }).anomalies)
        // A history in which nothing was sent has nothing to look at, which the judge says.
        const allowed = ["empty-transaction-graph", ...(isOrderStatic ? [] : ["key-order"])]
        expect(found.filter((name) => !allowed.includes(name))).toEqual([])
      }),
      { numRuns: byTier({ quick: 60, deep: 10_000 }) }
    )
    expect([...reached].sort()).toEqual(everything)
  })

  it("lose the order of a key without a configured order, and then the judge of histories says so as well (R18)", () => {
    const broken: Array<number> = []
    for (let seed = 1; seed <= 60; seed++) {
      try {
        keyedByModel(seed, false, ["KeyOrder"])
      } catch (error) {
        expect(String(error)).toContain("KeyOrder is broken after")
        broken.push(seed)
      }
    }
    expect(broken.length).toBeGreaterThan(0)
    for (const seed of broken) {
      // The same run to its end, judged by what its clients were told. A send of unknown outcome makes another process of
      // its sender, whose sends are not compared with those before.
      const { operations } = keyedByModel(seed, false, [])
      const unknown = operations.some((operation) => operation.f === "send" && operation.type === "info")
      if (!unknown) expect(Object.keys(check(operations).anomalies)).toEqual(["key-order"])
    }
  })
})
