/**
 * Sends while a master is dead or frozen, as the real client made them (real clusters: a killed master gave no failed
 * sends, a frozen one failed about every other send, since the hung first try eats the whole budget of 3 s).
 */
import { describe, expect, it } from "vitest"
import { check } from "../../../src/history/Check.ts"
import { isData, type Operation, type Pair, type SendStep } from "../../../src/history/Operation.ts"
import { gapSeconds, sends, sendsDuring } from "./SendsDuring.ts"

const tries = (operations: ReadonlyArray<Operation>, type: Operation["type"]): ReadonlyArray<number> =>
  operations.flatMap((operation) => {
    if (!isData(operation) || operation.f !== "send" || operation.type !== type) return []
    return operation.value.map((step) => (step as SendStep)[2] as number)
  })

const stored = (operations: ReadonlyArray<Operation>): ReadonlyArray<number> =>
  operations.flatMap((operation) => {
    if (!isData(operation) || operation.f !== "poll" || operation.type !== "ok") return []
    return operation.value.flatMap((step) =>
      Object.values(step[1] ?? {}).flat().map((pair) => (pair as Pair)[1] as number)
    )
  })

describe("a producer with two masters", () => {
  it("fails no send when one of them is killed: it writes to the other", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const run = sendsDuring({ _tag: "Kill", process: "broker-1" }, seed)
      expect(run.sends.length).toBe(sends + 2)
      expect(run.sends.filter((end) => end === "given up")).toEqual([])
      expect(check(run.operations).anomalies).toEqual({})
    }
  })

  it("fails about every other send while one is frozen and still in its route, and finds them stored when it thaws", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const run = sendsDuring({ _tag: "Pause", process: "broker-1" }, seed)
      const givenUp = run.sends.filter((end) => end === "given up").length
      expect(run.sends.length).toBe(sends + 2)
      expect(Math.abs(run.sends.length - 2 - 2 * givenUp)).toBeLessThanOrEqual(1)
      expect(check(run.operations).anomalies).toEqual({})
      const unknown = tries(run.operations, "info")
      expect(unknown.length).toBe(givenUp)
      expect(stored(run.operations)).toEqual(expect.arrayContaining([...unknown]))
    }
  })

  // MQFaultStrategy of 4.9.7: a try that failed counts as 30 s of latency, and whoever took so long is left out for 600 s.
  it("fails one send while one is frozen where it avoids who failed, and none while one is killed", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const frozen = sendsDuring({ _tag: "Pause", process: "broker-1" }, seed, true)
      expect(frozen.sends.length).toBe(sends + 2)
      expect(frozen.sends.filter((end) => end === "given up").length).toBe(1)
      const killed = sendsDuring({ _tag: "Kill", process: "broker-1" }, seed, true)
      expect(killed.sends.filter((end) => end === "given up")).toEqual([])
    }
  })

  it("is caught when a value that it was told to be stored is not there", () => {
    const { operations } = sendsDuring({ _tag: "Kill", process: "broker-1" }, 1)
    // Of the read of the master that lives, the second last value is left out.
    const without = (operation: Operation): Operation => {
      const [step] = isData(operation) && operation.type === "ok" && operation.f === "poll" ? operation.value : []
      const records = step?.[0] === "poll" ? step[1]?.["2"] : undefined
      if (!isData(operation) || records === undefined) return operation
      return { ...operation, value: [["poll", { 2: [...records.slice(0, -2), ...records.slice(-1)] }]] }
    }
    const emptied = operations.map(without)
    expect(Object.keys(check(emptied).anomalies)).toContain("lost-write")
  })
})

describe("a producer by key whose master is killed", () => {
  // Real clusters: the route lost a killed master 0.08 s after the kill, and a client polls every 30 s. A channel that is
  // not seen to close is found out by a scan, 120 s after the last registration, which was at most 30 s before.
  it("writes again within a poll where the closed channel is detected, and after an expiry where it is not (R10)", () => {
    for (let seed = 1; seed <= 6; seed++) {
      expect(gapSeconds(seed, true)).toBeLessThan(32)
      const undetected = gapSeconds(seed, false)
      expect(undetected).toBeGreaterThan(89)
      expect(undetected).toBeLessThan(120 + 10 + 30 + 2)
    }
  })
})
