/** Measures agree with their definitions, word by word, on small histories: lag, consume counts, what is unseen when. */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { consumeCounts } from "../../src/history/ConsumeCounts.ts"
import { judged } from "../../src/history/Judged.ts"
import { lags, worstLag } from "../../src/history/Lag.ts"
import { isAssign, isData, type Key, keyOf, type Operation } from "../../src/history/Operation.ts"
import { unseenSeries } from "../../src/history/Unseen.ts"
import { histories } from "./Histories.ts"
import { completions, type History, polls, sends } from "./Twins.ts"

/** Every key that an operation polls or was told an offset of, with the highest one; -1 for what says none. */
const named = (op: Operation): ReadonlyArray<readonly [Key, number]> => {
  if (!isData(op)) return []
  const listed = op.value.flatMap((step) => step[0] === "poll" && step.length === 2 ? Object.keys(step[1]) : [])
  const told = sends(op).filter(([, [offset]]) => offset !== null)
  return [
    ...listed.map((key) => [keyOf(key), -1] as const),
    ...[...polls(op), ...told].map(([key, [offset]]) => [key, offset ?? -1] as const)
  ]
}

/** The earliest time at which an offset was known to exist: somebody saw it or a higher one, and did not fail. */
const expired = (history: History, key: Key, offset: number): number =>
  Math.min(
    ...completions(history)
      .filter((op) => op.type !== "fail" && named(op).some(([k, at]) => k === key && at >= offset))
      .map(({ time }) => time),
    Infinity
  )

/** What a process tracks after an operation of its own, and the highest offset that it knows of each. */
const tracked = (history: History, op: Operation): ReadonlyMap<Key, number> => {
  let known = new Map<Key, number>()
  for (const one of history.slice(0, history.indexOf(op) + 1)) {
    if (one.process !== op.process || one.type !== "ok") continue
    if (isAssign(one)) {
      const kept = one.f === "assign" ? one.value : []
      known = new Map(kept.map((key) => [keyOf(key), known.get(keyOf(key)) ?? -1]))
    } else if (one.f !== "send") {
      for (const [key, offset] of named(one)) known.set(key, Math.max(known.get(key) ?? -1, offset))
    }
  }
  return known
}

const invokedAt = (history: History, op: Operation): number =>
  history.slice(0, history.indexOf(op)).findLast((one) => one.process === op.process)!.time

it("realtime lag is how long the next offset had been known when a poll was invoked, for every key that is tracked", () => {
  let behind = 0
  fc.assert(
    fc.property(histories, (history) => {
      const theirs = completions(history).filter(({ f, type }) => type === "ok" && f !== "send").flatMap((op) =>
        [...tracked(history, op)].map(([key, offset]) => {
          const time = invokedAt(history, op)
          return { time, process: op.process, key, lag: Math.max(0, time - expired(history, key, offset + 1)) }
        })
      )
      const mine = judged(history, false)
      const order = (all: ReadonlyArray<object>) => all.map((one) => JSON.stringify(one)).sort()
      expect(order(lags(mine))).toEqual(order(theirs))
      expect(worstLag(mine).lag).toBe(Math.max(0, ...theirs.map(({ lag }) => lag)))
      if (worstLag(mine).lag > 0) behind++
    }),
    { numRuns: 500 }
  )
  expect(behind).toBeGreaterThan(50)
})

it("consume counts are how often each subscriber polled each value since it subscribed", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(histories, (history) => {
      const counts = new Map<string, number>()
      history.forEach((op, at) => {
        if (!isData(op) || op.type !== "ok") return
        const isSubscriber = history.slice(0, at).some((one) =>
          one.process === op.process && one.f === "subscribe" && one.type === "ok"
        )
        for (const [key, [, value]] of isSubscriber ? polls(op) : []) {
          const id = `${op.process} ${key} ${value}`
          counts.set(id, (counts.get(id) ?? 0) + 1)
        }
      })
      const distribution: { [times: string]: number } = {}
      for (const count of counts.values()) distribution[count] = (distribution[count] ?? 0) + 1
      const { distribution: mine, duplicates } = consumeCounts(judged(history, false))
      expect(mine).toEqual(distribution)
      expect(duplicates.length).toBe([...counts.values()].filter((count) => count > 1).length)
      for (const times of Object.keys(distribution)) reached.add(times)
    }),
    { numRuns: 500 }
  )
  for (const times of ["1", "2"]) expect(reached).toContain(times)
})

it("unseen is at every moment what was acknowledged and not polled yet, of each key that was named so far", () => {
  let unseen = 0
  fc.assert(
    fc.property(histories, (history) => {
      const oks = completions(history).filter(({ type }) => type === "ok")
      const theirs = oks.map((op, at) => {
        const past = oks.slice(0, at + 1)
        const seen = new Set(past.flatMap(polls).map(([key, [, value]]) => `${key} ${value}`))
        const keys = new Set(past.flatMap((one) => [...named(one), ...sends(one)]).map(([key]) => key))
        const left = (key: Key) =>
          new Set(
            past.flatMap(sends).filter(([k, [, value]]) => k === key && !seen.has(`${k} ${value}`))
              .map(([, [, value]]) => value)
          ).size
        return { time: op.time, unseen: Object.fromEntries([...keys].map((key) => [String(key), left(key)])) }
      })
      expect(unseenSeries(judged(history, false))).toEqual(theirs)
      if (theirs.some((one) => Object.values(one.unseen).some((count) => count > 0))) unseen++
    }),
    { numRuns: 300 }
  )
  expect(unseen).toBeGreaterThan(50)
})
