/**
 * The zoo: each real bug, planted in the small log, is found and named as it must be, record by record; and nothing is
 * named that does not follow from it. How each must be named is how its reporters measured it: Jepsen's reports on
 * redpanda, Bufstream and NATS and the issues behind them; Kafka's issues; the FAST '17 study of storage faults.
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { check } from "../../src/history/Check.ts"
import type { Operation } from "../../src/history/Operation.ts"
import { outcomeOf } from "../../src/history/Outcomes.ts"
import { seeded } from "../../src/replay/Choose.ts"
import { byTier } from "../../test/Tier.ts"
import { bugs } from "./Bugs.ts"
import { workload } from "./Workload.ts"

interface Row {
  /** Named in every run in which the bug shows. */
  readonly always: ReadonlyArray<Name>
  /** Named in the runs in which it shows in this way, and there are such. */
  readonly sometimes?: ReadonlyArray<Name>
  /** What else may be named, since it follows. */
  readonly follows?: ReadonlyArray<Name>
  /** What some run must have reached. */
  readonly reaches?: string
}

/** Readers go past an acknowledged record that is not there, and may see the rest of its transaction. */
const passed = ["unseen", "int-poll-skip", "poll-skip", "torn-transaction"] as const
/** The log goes on at lower offsets: for who sends, for who reads, and for who asks where it ends. */
const wentBack = ["nonmonotonic-send", "nonmonotonic-poll", "end-offset-went-back"] as const
const truncated: Row = {
  always: ["lost-write"],
  sometimes: ["inconsistent-offsets", "delivered-then-gone"],
  follows: [...passed, ...wentBack]
}

const zoo: { readonly [B in keyof typeof bugs]: Row } = {
  "acknowledged before committed": { ...truncated, sometimes: ["inconsistent-offsets"] },
  "in-sync set of one dies": truncated,
  "acknowledged before fsync": { ...truncated, reaches: "divergence" },
  "truncated behind a corrupt entry": truncated,
  "vanishes while healthy": { always: ["lost-write"], follows: passed },
  /** The record also stands where it really is. */
  "spurious zero offset": { always: ["inconsistent-offsets"], follows: ["duplicate"] },
  /** Both offsets are the place of the record, so nearly every order may look wrong. */
  "retry appended again": {
    always: ["duplicate"],
    follows: ["int-poll-skip", "poll-skip", "int-nonmonotonic-poll", "nonmonotonic-poll", "int-nonmonotonic-send"]
  },
  /** Of a transaction of unknown outcome whose open record was read the rest counts as committed. */
  "last stable offset off by one": {
    always: [],
    sometimes: ["G1a", "G1c", "precommitted-read"],
    follows: [
      "G1c-realtime",
      "PL-2-cycle-exists",
      "strong-PL-2-cycle-exists",
      "delivered-then-gone",
      "lost-write",
      "int-poll-skip",
      "poll-skip",
      "torn-transaction"
    ]
  },
  /** The offset of the old record is below what the client was told before. */
  "sequence number used again": {
    always: ["lost-write"],
    follows: [...passed, "int-nonmonotonic-send", "nonmonotonic-send"]
  },
  "coordinator forgets": { always: ["lost-write"], sometimes: ["torn-transaction"], follows: passed },
  "committed but told failed": { always: ["G1a"] },
  "delayed end of transaction": {
    always: [],
    sometimes: ["lost-write", "G1a", "torn-transaction"],
    follows: passed
  },
  "no rewind after an abort": { always: ["poll-skip"] },
  "not leader taken as definite": { always: ["G1a"] },
  /** Who read past the place before the record came there has skipped it, and polled what was sent later first. */
  "batch offsets go backwards": { always: ["nonmonotonic-send"], follows: ["key-order", "int-poll-skip", "poll-skip"] }
}

const rows = Object.entries(zoo) as ReadonlyArray<readonly [keyof typeof bugs, Row]>

it.each(rows)("%s is named as its reporters named it", (bug, { always, follows = [], reaches, sometimes = [] }) => {
  const claimed = new Set<Name>()
  const tags = new Set<string | undefined>([undefined])
  let shown = 0
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const { claims, operations, reached } = workload(seeded(seed), bugs[bug])
      if (claims.length === 0) return
      shown++
      for (const tag of reached) tags.add(tag)
      const { anomalies, stats, verdict } = check(operations, { smallest: 0 })
      expect(verdict).toBe("invalid")
      for (const { fields, name } of claims) {
        claimed.add(name)
        expect(anomalies[name], `${name} ${JSON.stringify(fields)}`)
          .toEqual(expect.arrayContaining([expect.objectContaining(fields)]))
      }
      expect(claims.map(({ name }) => name)).toEqual(expect.arrayContaining([...always]))
      expect([...always, ...sometimes, ...follows]).toEqual(expect.arrayContaining([...stats["bad-error-types"]]))
    }),
    { numRuns: byTier({ quick: 250, deep: 10_000 }) }
  )
  expect([...claimed].sort()).toEqual([...always, ...sometimes].sort())
  expect(tags).toContain(reaches)
  expect(shown).toBeGreaterThan(20)
}, 3_600_000)

/** A history with the answers of its clients recorded as the table of outcomes says. */
const recordedByTable = (history: ReadonlyArray<Operation>): ReadonlyArray<Operation> =>
  history.map((operation) =>
    operation.type === "fail" && operation.error !== undefined
      ? { ...operation, type: outcomeOf("kafka", operation.error) } as Operation
      : operation
  )

it("an answer that is taken as definite and is not makes an aborted read of nothing; the table of outcomes does not", () => {
  let shown = 0
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const { claims, operations } = workload(seeded(seed), bugs["not leader taken as definite"])
      if (claims.length === 0) return
      shown++
      expect(check(operations, { smallest: 0 }).stats["bad-error-types"]).toEqual(["G1a"])
      expect(check(recordedByTable(operations), { smallest: 0 }).stats["bad-error-types"]).toEqual([])
    }),
    { numRuns: 100 }
  )
  expect(shown).toBeGreaterThan(50)
})

it("followers that crash on the corruption of their leader leave sends refused until somebody mends it", () => {
  let shown = 0
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const { claims, operations } = workload(seeded(seed), bugs["truncated behind a corrupt entry"])
      if (claims.length === 0) return
      shown++
      const { faults } = check(operations, { smallest: 0 }).stats.recovery
      expect(faults).toEqual([expect.objectContaining({ fault: "kill", recoveredWithinFault: false })])
      const { end, unavailable } = faults[0]!
      expect(unavailable!.from).toBeLessThan(end!)
      expect(unavailable!.to).toBeGreaterThan(end!)
    }),
    { numRuns: 100 }
  )
  expect(shown).toBeGreaterThan(50)
})

it("a broker that refuses to start leaves sends that never work again", () => {
  let shown = 0
  fc.assert(
    fc.property(fc.nat(0x7fff_ffff), (seed) => {
      const { claims, operations } = workload(seeded(seed), bugs["batch offsets go backwards"])
      if (claims.length === 0) return
      shown++
      const { faults } = check(operations, { smallest: 0 }).stats.recovery
      expect(faults).toEqual([expect.objectContaining({ fault: "kill", recoveredWithinFault: false })])
      expect(faults[0]!.unavailable).toMatchObject({ to: null, duration: null })
    }),
    { numRuns: 100 }
  )
  expect(shown).toBeGreaterThan(20)
})
