/**
 * ZooKeeper, controllers and brokers do only what the model does, keep its properties, whatever fails, and settle when
 * nothing does any more.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { guarded } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { play } from "../../../src/simulate/coordination/ElectionCommands.ts"
import { byTier } from "../../../test/Tier.ts"
import { commands, everything, rare } from "./Histories.ts"
import { unsettled } from "./Settled.ts"

describe("ZooKeeper and a cluster of brokers on the simulated world", () => {
  it("are a path of the model in every order and under every fault, break nothing, and settle soon after the last one", () => {
    const reached = new Set<string>()
    let events = 0
    let pending = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, fc.constantFrom(1, 2), (seed, list, minInSync) => {
        const run = play(guarded, seed, list, minInSync)
        run.reached.forEach((tag) => reached.add(tag))
        run.labels.forEach(({ action }) => reached.add(action))
        events += run.events
        pending += run.pending
        expect(run.broken).toEqual([])
        expect(unsettled(run.state)).toEqual([])
      }),
      { numRuns: byTier({ quick: 40, deep: 2_000 }), seed: 8 }
    )
    const wanted = [...everything, ...byTier({ quick: [], deep: rare })]
    expect(wanted.filter((tag) => !reached.has(tag))).toEqual([])
    // A read may be under way in the end; what came after it is compared only once it is answered.
    expect(pending / events).toBeLessThan(0.001)
  })
})
