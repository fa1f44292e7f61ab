/**
 * The evidence of an anomaly shows it: the smallest sub-history has it, and none of its operations can be left out, nor a
 * send, a poll, a record or a key of one. And the order of unrelated operations does not matter.
 */
import { Schema } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import type { Finding, Name } from "../../src/history/Anomaly.ts"
import { findAll, findNamed } from "../../src/history/Checks.ts"
import { judged } from "../../src/history/Judged.ts"
import {
  isAssign,
  isData,
  type Operation,
  Operation as OperationSchema,
  type Step
} from "../../src/history/Operation.ts"
import { smallestOf } from "../../src/history/Smallest.ts"
import { byTier } from "../../test/Tier.ts"
import { groupHistories } from "./GroupHistories.ts"
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

/** A step without one of the records that it polled. */
const withFewerRecords = (step: Step): ReadonlyArray<Step> => {
  if (step[0] === "send" || step.length === 1) return []
  const polled = step[1]
  return Object.entries(polled).flatMap(([key, pairs]): ReadonlyArray<Step> => {
    const others = Object.entries(polled).filter(([name]) => name !== key)
    if (pairs.length < 2) return [["poll", Object.fromEntries(others)]]
    return pairs.map((_, at) => ["poll", { ...polled, [key]: pairs.toSpliced(at, 1) }])
  })
}

/** The value of an operation without one thing: as its completion, and as its invocation where that changes with it. */
const fewer = (operation: Operation): ReadonlyArray<readonly [completed: unknown, invoked: "alike" | number]> => {
  const { value } = operation
  if (isData(operation)) {
    return operation.value.flatMap((step, at) => [
      [operation.value.toSpliced(at, 1), at] as const,
      ...withFewerRecords(step).map((less) => [operation.value.with(at, less), -1] as const)
    ])
  }
  return isAssign(operation) ? operation.value.map((_, at) => [(value as []).toSpliced(at, 1), "alike"] as const) : []
}

/** Every history that holds one thing less inside an operation. */
const oneThingLess = (history: ReadonlyArray<Operation>): ReadonlyArray<ReadonlyArray<Operation>> =>
  pairs(history).flatMap(({ completion, invocation }) =>
    fewer(completion).map(([value, invoked]) =>
      history.map((operation) => {
        if (operation === completion) return { ...operation, value } as Operation
        if (operation !== invocation || invoked === -1) return operation
        if (invoked === "alike") return { ...operation, value } as Operation
        const steps = operation.value as ReadonlyArray<Step>
        const isPaired = steps.length === (completion.value as ReadonlyArray<Step>).length
        return { ...operation, value: isPaired ? steps.toSpliced(invoked, 1) : steps } as Operation
      })
    )
  )

/** The indices of the operations that an anomaly is told with. */
const toldWith = ({ fields }: Finding): ReadonlyArray<unknown> =>
  Object.values(fields).flat().flatMap((one: unknown) => isOperation(one) ? [one.index] : [])
const isOperation = (one: unknown): one is Operation => typeof one === "object" && one !== null && "process" in one

const messagesOf = ({ fields }: Finding): ReadonlyArray<string> =>
  "messages" in fields
    ? Object.entries(fields.messages).flatMap(([key, values]) => values.map((value) => `${key} ${value}`))
    : []

it(
  "an anomaly shows in its smallest sub-history, and not without any one thing in it",
  () => {
    const shrunk = new Set<string>()
    const decode = Schema.decodeUnknownSync(Schema.Array(OperationSchema))
    let lighter = 0
    fc.assert(
      fc.property(fc.oneof(histories, groupHistories), (history) => {
        const smallest = smallestOf(history, effort, false)
        const findings = (part: ReadonlyArray<Operation>, name: Name) => findNamed(judged(part, false), effort, name)
        for (const finding of findAll(judged(history, false), effort).slice(0, 20)) {
          const part = smallest(finding)
          const isSame = (found: Finding) =>
            found.identity === finding.identity &&
            (found.name !== "unseen" || messagesOf(found).some((message) => messagesOf(finding).includes(message)))
          const shown = findings(part, finding.name).find(isSame)
          expect(shown, finding.name).toBeDefined()
          expect(messagesOf(finding)).toEqual(expect.arrayContaining([...messagesOf(shown!)]))
          const without = ({ completion, invocation }: ReturnType<typeof pairs>[number]) =>
            part.filter((one) => one !== completion && one !== invocation)
          for (const less of [...pairs(part).map(without), ...oneThingLess(part)]) {
            const found = findings(less, finding.name).find(isSame)
            if (found !== undefined) expect(toldWith(found), finding.name).not.toEqual(toldWith(shown!))
          }
          expect(decode(part)).toEqual(part)
          const originals = part.map(({ index }) => history.find((one) => one.index === index))
          expect(originals).not.toContain(undefined)
          if (part.some((one, at) => JSON.stringify(one) !== JSON.stringify(originals[at]))) lighter++
          shrunk.add(finding.name)
        }
      }),
      { numRuns: byTier({ quick: 400, deep: 10_000 }) }
    )
    expect(lighter).toBeGreaterThan(50)
    for (
      const name of [
        "lost-write",
        "duplicate",
        "G0",
        "G1c-realtime",
        "unseen",
        "phantom",
        "key-order",
        "end-offset-went-back"
      ]
    ) {
      expect(shrunk).toContain(name)
    }
  },
  3_600_000
)

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
