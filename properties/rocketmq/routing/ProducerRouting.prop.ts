/** Runs of a producer, masters that freeze or die and a reader refine ProducerRouting; without the guard they break it. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Divergence } from "../../../src/conform/Shadow.ts"
import { check } from "../../../src/history/Check.ts"
import type { Operation } from "../../../src/history/Operation.ts"
import { producerRun } from "../../../src/simulate/routing/ProducerRuns.ts"
import type { Run, Workload } from "../../../src/simulate/routing/RoutingCluster.ts"
import { byTier } from "../../../test/Tier.ts"
import { byKey, followDuplicates, inTurn } from "./Workloads.ts"

/** Every action of the model but `Forgive`, which is of producers that avoid who failed. */
const everything = [
  "Acknowledged",
  "Answer",
  "Ask",
  "Consume",
  "Freeze",
  "GiveUp",
  "Kill",
  "Leave",
  "Refresh",
  "Resend",
  "Retry",
  "Return",
  "Send",
  "Start",
  "Store",
  "Thaw"
]

const seeds = fc.integer({ min: 1, max: 0x7fff_ffff })
const resends = fc.nat(2)
const anomaliesOf = (operations: ReadonlyArray<Operation>): ReadonlyArray<string> => {
  const found = Object.keys(check(operations, { smallest: 0 }).anomalies)
  const isTwice = found.includes("duplicate")
  // A history in which nothing was sent has nothing to look at, which the judge says.
  return found.filter((name) => name !== "empty-transaction-graph" && !(isTwice && followDuplicates.includes(name)))
}

/** The property that a run breaks first, if any. */
const brokenBy = (run: () => void): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof Divergence && error.kind === "property") return error.message.replace(/ is broken after.*/, "")
    throw error
  }
}

describe("a producer, its masters and a reader on the simulated world", () => {
  it("do only what the model does, by key and in turn, and reach all of it", () => {
    const reached = new Set<string>()
    const told = ({ producerLabels }: Run): void => {
      for (const { action } of producerLabels) reached.add(action)
    }
    const numRuns = byTier({ quick: 50, deep: 10_000 })
    fc.assert(
      fc.property(seeds, fc.boolean(), resends, (seed, isOrderStatic, most) => {
        // What is tried once cannot be there twice, and a configured order keeps each key in its queue.
        const promises = [
          "AckedIsStored",
          ...(most === 0 ? ["StoredOnce"] : []),
          ...(isOrderStatic ? ["KeyOrder"] : [])
        ]
        const run = producerRun(seed, byKey(isOrderStatic, most), ["Pause", "Kill"], promises)
        told(run)
        const allowed = [...(most === 0 ? [] : ["duplicate"]), ...(isOrderStatic ? [] : ["key-order"])]
        expect(anomaliesOf(run.operations).filter((name) => !allowed.includes(name))).toEqual([])
      }),
      { numRuns }
    )
    fc.assert(
      fc.property(seeds, fc.boolean(), resends, (seed, kills, most) => {
        // A master that only freezes has the last try of a send, and who sends again goes elsewhere.
        const isOnce = !kills && most === 0
        const promises = ["AckedIsStored", ...(isOnce ? ["StoredOnce"] : [])]
        const run = producerRun(seed, inTurn(most), kills ? ["Pause", "Kill"] : ["Pause"], promises)
        told(run)
        expect(anomaliesOf(run.operations).filter((name) => isOnce || name !== "duplicate")).toEqual([])
      }),
      { numRuns }
    )
    expect([...reached].sort()).toEqual(everything)
  })

  it("store twice what was sent again while a master was frozen, and what it was killed before answering (R10)", () => {
    const found = (workload: Workload, how: "Pause" | "Kill") =>
      Array.from(
        { length: how === "Pause" ? 30 : 80 },
        (_, seed) => brokenBy(() => producerRun(seed + 1, workload, [how], ["StoredOnce"]))
      )
        .filter((property) => property !== undefined)
    const [resent, unanswered] = [found(inTurn(1), "Pause"), found(inTurn(0), "Kill")]
    for (const all of [resent, unanswered]) {
      expect(all.length).toBeGreaterThan(0)
      expect(new Set(all)).toEqual(new Set(["StoredOnce"]))
    }
    expect(found(inTurn(0), "Pause")).toEqual([])
  })

  it("lose the order of a key without a configured order, and then the judge of histories says so as well (R18)", () => {
    const broken: Array<number> = []
    for (let seed = 1; seed <= 60; seed++) {
      const property = brokenBy(() => producerRun(seed, byKey(false, 0), ["Pause"], ["KeyOrder"]))
      if (property === undefined) continue
      expect(property).toBe("KeyOrder")
      broken.push(seed)
    }
    expect(broken.length).toBeGreaterThan(0)
    for (const seed of broken) {
      // The same run to its end, judged by what its clients were told. A send of unknown outcome makes another process of
      // its sender, whose sends are not compared with those before.
      const { operations } = producerRun(seed, byKey(false, 0), ["Pause"], [])
      const unknown = operations.some((operation) => operation.f === "send" && operation.type === "info")
      if (!unknown) expect(anomaliesOf(operations)).toEqual(["key-order"])
    }
  })
})
