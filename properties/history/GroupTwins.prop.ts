/** The checks that upstream does not know agree with their twins on small histories, and each of their anomalies occurs. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { findNamed } from "../../src/history/Checks.ts"
import { judged } from "../../src/history/Judged.ts"
import { isAssign, type Operation } from "../../src/history/Operation.ts"
import { groupHistories } from "./GroupHistories.ts"
import { groupTwins, outOfOrder } from "./GroupTwins.ts"

const find = (history: ReadonlyArray<Operation>, name: Name) =>
  findNamed(judged(history, false), { wwDeps: false, budget: 1_000_000 }, name)
    .map(({ identity }) => identity.split("\u0000"))
const sorted = (found: ReadonlyArray<string>) => [...new Set(found)].sort()

it("groups, transactions, re-reads and ends are judged as their definitions say", () => {
  const reached = new Map<string, number>()
  fc.assert(
    fc.property(groupHistories, (history) => {
      for (const [name, twin] of Object.entries(groupTwins)) {
        const theirs = sorted(twin(history))
        if (theirs.length > 0) reached.set(name, (reached.get(name) ?? 0) + 1)
        expect(sorted(find(history, name as Name).map((parts) => parts.join(" "))), name).toEqual(theirs)
      }
    }),
    { numRuns: 2000 }
  )
  for (const name of Object.keys(groupTwins)) expect(reached.get(name) ?? 0, name).toBeGreaterThan(0)
})

it("an order of record keys is reported where its definition says; behind a rewind perhaps not", () => {
  let reached = 0
  fc.assert(
    fc.property(groupHistories, (history) => {
      const mine = sorted(find(history, "key-order").map(([reader, , , second]) => `${reader} ${second}`))
      const theirs = sorted(outOfOrder(history))
      if (mine.length > 0) reached++
      const rewinds = history.some((op) => isAssign(op) && op.seekToBeginning === true)
      if (rewinds) expect(theirs).toEqual(expect.arrayContaining(mine))
      else expect(mine).toEqual(theirs)
    }),
    { numRuns: 2000 }
  )
  expect(reached).toBeGreaterThan(0)
})
