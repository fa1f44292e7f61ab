/** Consume counts, recovery after faults, what answers of real clients mean, verdicts and budgets. */
import { describe, expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import { outcomeOf, outcomeOfAttempts, outcomes } from "../../src/history/Outcomes.ts"
import { history } from "./Notation.ts"

const stats = (text: string) => check(history(text)).stats

it("consume counts are kept for subscribers only, one process at a time (jepsen.tests.kafka, consume-counts)", () => {
  expect(
    stats(`
    0 ok subscribe [:x]
    1 ok assign [:x]
    9 ok send [[:send :x [0 1]] [:send :x [1 2]]]
    0 ok poll [[:poll {:x [[0 1] [1 2]]}]]
    0 ok poll [[:poll {:x [[0 1]]}]]
    0 fail poll [[:poll {:x [[0 1]]}]]
    1 ok poll [[:poll {:x [[0 1]]}]]`)["consume-counts"]
  ).toEqual({
    distribution: { 1: 1, 2: 1 },
    duplicates: [{ key: "x", value: 1, count: 2 }]
  })
})

describe("recovery (OpenChaos, RTOChecker and RecoveryChecker)", () => {
  const during = `
    :nemesis info kill
    0 invoke send [[:send 0 1]]
    0 fail send [[:send 0 1]]
    1 invoke send [[:send 0 2]]
    1 info send [[:send 0 2]]
    2 invoke send [[:send 0 3]]
    2 ok send [[:send 0 [0 3]]]`
  it("is from the invocation of the first send that did not succeed to the next success", () => {
    const { faults, unexpectedFailure } = stats(`${during}
    :nemesis info start`).recovery
    expect(faults).toEqual([{
      fault: "kill",
      start: 0,
      end: 7,
      unavailable: { from: 1, to: 6, duration: 5 },
      recoveredWithinFault: true
    }])
    expect(unexpectedFailure).toBe(false)
  })
  it("a failure while no fault is on is unexpected", () => {
    expect(
      stats(`
    0 invoke send [[:send 0 1]]
    0 fail send [[:send 0 1]]`).recovery
    ).toEqual({
      faults: [],
      windows: [{ from: 0, to: null, duration: null }],
      unexpectedFailure: true
    })
  })
})

describe("what an answer means", () => {
  it("KAFKA-13574: not leader is indefinite; after the append is indefinite; unknown answers are indefinite", () => {
    expect(outcomeOf("kafka", "NOT_LEADER_OR_FOLLOWER")).toBe("info")
    expect(outcomeOf("kafka", 6)).toBe("info")
    expect(outcomeOf("kafka", 19)).toBe("fail")
    expect(outcomeOf("kafka", 20)).toBe("info")
    expect(outcomeOf("kafka", "SOMETHING_ELSE")).toBe("info")
  })
  it("RocketMQ's soft statuses stored the message and promise nothing", () => {
    for (const status of ["FLUSH_DISK_TIMEOUT", "FLUSH_SLAVE_TIMEOUT", "SLAVE_NOT_AVAILABLE"]) {
      expect(outcomeOf("rocketmq", status)).toBe("info")
    }
    expect(outcomeOf("rocketmq", "SEND_OK")).toBe("ok")
  })
  it("a send that was retried failed only where every attempt did", () => {
    expect(outcomeOfAttempts(["fail", "ok"])).toBe("ok")
    expect(outcomeOfAttempts(["fail", "info", "fail"])).toBe("info")
    expect(outcomeOfAttempts(["fail", "fail"])).toBe("fail")
  })
  it("every row has a reason and a source, and no answer stands twice", () => {
    for (const { source, why } of outcomes) expect(source.length > 0 && why.length > 0).toBe(true)
    expect(new Set(outcomes.map(({ name, system }) => `${system} ${name}`)).size).toBe(outcomes.length)
  })
})

describe("verdicts", () => {
  const circle = `
    0 invoke txn [[:send :x 1] [:poll]]
    1 invoke txn [[:send :y 2] [:poll]]
    0 ok txn [[:send :x [0 1]] [:poll {:y [[0 2]]}]]
    1 ok txn [[:send :y [0 2]] [:poll {:x [[0 1]]}]]`
  it("an information flow in a circle is invalid, and allowed with ww edges", () => {
    expect(check(history(circle)).verdict).toBe("invalid")
    const { stats, verdict } = check(history(circle), { wwDeps: true })
    expect(verdict).toBe("valid")
    expect(stats.allowed).toEqual(["G1c", "PL-2-cycle-exists"])
  })
  it("a search that its budget ends leaves the verdict unknown, and never valid", () => {
    const { anomalies, verdict } = check(history(circle), { budget: 1 })
    expect(verdict).toBe("unknown")
    expect(Object.keys(anomalies)).toEqual(["cycle-search-timeout"])
  })
  it("a send of unknown outcome is never lost", () => {
    expect(
      check(history(`
    0 invoke send [[:send :x 1]]
    0 info send [[:send :x [0 1]]]
    1 invoke send [[:send :x 2]]
    1 ok send [[:send :x [1 2]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[1 2]]}]]`)).verdict
    ).toBe("valid")
  })
  it("with subscribe a skip between polls is allowed", () => {
    const text = `
    0 invoke send [[:send :x 0] [:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [0 0]] [:send :x [1 1]] [:send :x [2 2]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 0]]}]]
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[1 1]]}]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[2 2]]}]]`
    expect(check(history(text)).verdict).toBe("invalid")
    expect(check(history(text), { subscribe: true }).verdict).toBe("valid")
  })
})
