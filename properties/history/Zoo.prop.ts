/**
 * The zoo: each real bug, planted in the small log, is found and named as it must be; and without it nothing is.
 * What is expected of each is how its reporters named it (histories of redpanda, Bufstream and NATS by Jepsen; Kafka's
 * issues; the FAST'17 study of storage faults).
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { check } from "../../src/history/Check.ts"
import { seeded } from "../../src/replay/Choose.ts"
import type { Bug } from "./Bug.ts"
import { workload } from "./Workload.ts"

/** One of these names is found whenever the bug shows; each of them at least once. */
const zoo: ReadonlyArray<readonly [Bug, ReadonlyArray<Name>]> = [
  ["acknowledged before committed", ["lost-write", "inconsistent-offsets"]],
  ["in-sync set of one dies", ["lost-write", "inconsistent-offsets"]],
  ["acknowledged before fsync", ["lost-write", "inconsistent-offsets", "delivered-then-gone"]],
  ["truncated behind a corrupt entry", ["lost-write", "inconsistent-offsets", "delivered-then-gone"]],
  ["vanishes while healthy", ["lost-write"]],
  ["spurious zero offset", ["inconsistent-offsets"]],
  ["retry appended again", ["duplicate"]],
  ["last stable offset off by one", ["G1a", "precommitted-read", "G1c"]],
  ["sequence number used again", ["lost-write"]],
  ["commit covers offsets only", ["lost-write"]],
  ["committed but told failed", ["G1a"]],
  ["delayed end of transaction", ["lost-write", "torn-transaction", "G1a"]],
  ["no rewind after an abort", ["poll-skip"]],
  ["not leader taken as definite", ["G1a"]],
  ["batch offsets go backwards", ["nonmonotonic-send"]]
]

it.each(zoo)("%s is named %s", (bug, expected) => {
  const named = new Set<Name>()
  let shown = 0
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const { operations, planted } = workload(seeded(seed), bug)
      if (!planted) return
      shown++
      const { anomalies, verdict } = check(operations, { smallest: 0 })
      const names = expected.filter((name) => anomalies[name] !== undefined)
      for (const name of names) named.add(name)
      expect(names, `seed ${seed}: ${Object.keys(anomalies).join()}`).not.toEqual([])
      expect(verdict).toBe("invalid")
    }),
    { numRuns: 200 }
  )
  expect([...named].sort()).toEqual([...expected].sort())
  expect(shown).toBeGreaterThan(25)
})
