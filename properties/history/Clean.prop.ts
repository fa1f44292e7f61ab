/** Clean histories are never accused: 5,000 random ones, 100,000 in the deep tier. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import { seeded } from "../../src/replay/Choose.ts"
import { byTier } from "../../test/Tier.ts"
import { workload } from "./Workload.ts"

const runs = byTier({ quick: 5_000, deep: 100_000 })

it("a history of a log that keeps its promises is valid, with and without ww edges", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const choose = seeded(seed)
      const size = { keys: 1 + choose(4), clients: 1 + choose(4), events: 10 + choose(80) }
      const run = workload(choose, undefined, size)
      for (const tag of run.reached) reached.add(tag)
      const report = check(run.operations, { wwDeps: seed % 2 === 0, smallest: 0 })
      for (const name of report.stats.allowed) reached.add(name)
      expect(report.stats["bad-error-types"]).toEqual([])
    }),
    { numRuns: runs }
  )
  for (
    const tag of ["ok", "fail", "info", "polled", "restart", "assign", "commit", "list-offsets", "int-send-skip", "G0"]
  ) {
    expect(reached).toContain(tag)
  }
}, 3_600_000)
