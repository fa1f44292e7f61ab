/**
 * The evidence of an anomaly shows it: the smallest sub-history has it, and none of its operations can be left out. And the
 * order of unrelated operations does not matter.
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Finding } from "../../src/history/Anomaly.ts"
import { findAll, findNamed } from "../../src/history/Checks.ts"
import { judged } from "../../src/history/Judged.ts"
import type { Operation } from "../../src/history/Operation.ts"
import { smallestOf } from "../../src/history/Smallest.ts"
import { histories } from "./Histories.ts"

const effort = { wwDeps: true, budget: 1_000_000 }

/** Each completion with its invocation; an invocation that nothing completes stands alone. */
const pairs = (history: ReadonlyArray<Operation>) => {
  const open = new Map<number | string, Operation>()
  const found: Array<{ completion: Operation; invocation: Operation | undefined }> = []
  for (const operation of history) {
    if (operation.type === "invoke") open.set(operation.process, operation)
    else {
      found.push({ completion: operation, invocation: open.get(operation.process) })
      open.delete(operation.process)
    }
  }
  for (const completion of open.values()) found.push({ completion, invocation: undefined })
  return found
}

it("the smallest sub-history of an anomaly shows it, and shows it no more without any one of its operations", () => {
  const shrunk = new Set<string>()
  fc.assert(
    fc.property(histories, (history) => {
      const smallest = smallestOf(history, effort, false)
      const shows = (part: ReadonlyArray<Operation>, { identity, name }: Finding) =>
        findNamed(judged(part, false), effort, name).some((found) => found.identity === identity)
      for (const finding of findAll(judged(history, false), effort).slice(0, 20)) {
        const part = smallest(finding)
        expect(shows(part, finding), finding.name).toBe(true)
        for (const { completion, invocation } of pairs(part)) {
          expect(shows(part.filter((one) => one !== completion && one !== invocation), finding), finding.name).toBe(
            false
          )
        }
        shrunk.add(finding.name)
      }
    }),
    { numRuns: 600 }
  )
  for (const name of ["lost-write", "duplicate", "G0", "G1c", "unseen", "phantom", "torn-transaction"]) {
    expect(shrunk).toContain(name)
  }
})

const identities = (history: ReadonlyArray<Operation>) =>
  findAll(judged(history, false), effort)
    .filter(({ name }) => !/realtime|strong|empty|delivered-then-gone/.test(name))
    .map(({ identity, name }) => `${name} ${identity}`)
    .filter((id, at, all) => all.indexOf(id) === at)
    .sort()

/** Swaps neighbours that belong to different processes. */
const swapped = (history: ReadonlyArray<Operation>, places: ReadonlyArray<number>) => {
  const order = [...history]
  for (const place of places) {
    const at = Math.min(place, order.length - 2)
    const [a, b] = [order[at], order[at + 1]]
    if (a === undefined || b === undefined || a.process === b.process) continue
    order[at] = b
    order[at + 1] = a
  }
  return order.map((operation, index) => ({ ...operation, index, time: index }) as Operation)
}

it("the order of operations of different processes does not matter, but to what real time decides", () => {
  let moved = 0
  fc.assert(
    fc.property(histories, fc.array(fc.nat(30), { maxLength: 20 }), (history, places) => {
      const other = swapped(history, places)
      if (other.some(({ process }, i) => process !== history[i]!.process)) moved++
      expect(identities(other)).toEqual(identities(history))
    }),
    { numRuns: 500 }
  )
  expect(moved).toBeGreaterThan(20)
})
