/**
 * Agreement with the public cases of jepsen.tests.kafka (jepsen/test/jepsen/tests/kafka_test.clj): the shape of each
 * history and what upstream expects of it, told in this project's notation and with values of its own. The name of each
 * test here names the test there. Both readings must agree where upstream's weak points play no part.
 */
import { describe, expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { judged } from "../../src/history/Judged.ts"
import { lags, worstLag } from "../../src/history/Lag.ts"
import { unseenSeries } from "../../src/history/Unseen.ts"
import { found, history, namesOf } from "./Notation.ts"

const bothReadings = (text: string, name: Name, expected: ReadonlyArray<unknown>, wwDeps = false) => {
  expect(found(text, name, { wwDeps })).toEqual(expected)
  expect(found(text, name, { wwDeps, asUpstream: true })).toEqual(expected)
}

describe("inconsistent-offsets-test", () => {
  const conflict = `
    0 invoke send [[:send :x 1] [:send :y 1]]
    0 info send [[:send :x [0 1]] [:send :y 1]]
    1 invoke send [[:send :x 2]]
    1 ok send [[:send :x [0 2]]]`
  it("a send of unknown outcome is no conflict while nothing shows that it committed", () => {
    bothReadings(conflict, "inconsistent-offsets", [])
  })
  it("and is one when another of its values was read", () => {
    bothReadings(
      `${conflict}
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:y [[5 1]]}]]`,
      "inconsistent-offsets",
      [{ key: "x", offset: 0, index: 0, values: [1, 2] }]
    )
  })
  it("version-orders-test: two acknowledged sends at one offset conflict without a poll", () => {
    bothReadings(
      `
    379 invoke send [[:send 11 641]]
    379 ok send [[:send 11 [537 641]]]
    363 invoke send [[:send 11 645]]
    363 ok send [[:send 11 [537 645]]]`,
      "inconsistent-offsets",
      [{ key: 11, offset: 537, index: 0, values: [641, 645] }]
    )
  })
})

it("g1a-test: an ok poll of a failed send is an aborted read", () => {
  bothReadings(
    `
    0 invoke send [[:send :x 2] [:send :y 3]]
    0 fail send [[:send :x 2] [:send :y 3]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 2]]}]]`,
    "G1a",
    [{ key: "x", value: 2, writer: 1, reader: 3 }]
  )
})

describe("lost-write-test", () => {
  it("consistent: a poll behind two acknowledged sends that nobody read", () => {
    bothReadings(
      `
    0 invoke send [[:send :x 10]]
    0 ok send [[:send :x [0 10]]]
    0 invoke send [[:send :x 11] [:send :x 13]]
    0 ok send [[:send :x [1 11]] [:send :x [3 13]]]
    1 invoke send [[:send :x 12]]
    1 info send [[:send :x 12]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[2 12]]}]]`,
      "lost-write",
      [
        { key: "x", value: 10, index: 0, "max-read-index": 2, writer: 1, "max-read": 7 },
        { key: "x", value: 11, index: 1, "max-read-index": 2, writer: 3, "max-read": 7 }
      ]
    )
  })
  it("inconsistent: a value whose offset another one won is lost all the same", () => {
    bothReadings(
      `
    0 invoke send [[:send :x 10]]
    0 ok send [[:send :x [0 10]]]
    0 invoke send [[:send :x 11] [:send :x 12]]
    0 ok send [[:send :x [0 11]] [:send :x [2 12]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[0 11] [2 12]]}]]`,
      "lost-write",
      [{ key: "x", value: 10, index: 0, "max-read-index": 1, writer: 1, "max-read": 5 }]
    )
  })
  const crashed = `
    0 invoke send [[:send :x 10] [:send :y 11]]
    0 info send [[:send :x 10] [:send :y [0 11]]]
    1 invoke send [[:send :y 12]]
    1 info send [[:send :y 12]]`
  const last = `
    3 invoke poll [[:poll]]
    3 ok poll [[:poll {:y [[1 12]]}]]`
  it("atomic: a crashed transaction of which nothing was read loses nothing", () => {
    bothReadings(`${crashed}${last}`, "lost-write", [])
  })
  it("atomic: one of which a value was read committed, and can lose another", () => {
    bothReadings(
      `${crashed}
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[0 10]]}]]${last}`,
      "lost-write",
      [{ key: "y", value: 11, index: 0, "max-read-index": 1, writer: 1, "max-read": 7 }]
    )
  })
})

describe("poll-skip-test", () => {
  const polls = (between: string) => `
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[1 21] [2 22]]}]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[3 23]]}]]
    0 invoke ${between}
    0 ok ${between}
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[4 24]]}]]
    2 invoke send [[:send :x 26]]
    2 ok send [[:send :x [6 26]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[7 27]]}]]
    3 invoke send [[:send :x 21] [:send :x 22] [:send :x 23] [:send :x 24] [:send :x 27]]
    3 info send [[:send :x 21] [:send :x 22] [:send :x 23] [:send :x 24] [:send :x 27]]`
  const second = { key: "x", delta: 2, skipped: [26], ops: [7, 11] }
  it("two skips over what others saw; a subscription that keeps the key keeps the position", () => {
    bothReadings(polls("subscribe [:x :y]"), "poll-skip", [{ key: "x", delta: 2, skipped: [23], ops: [1, 7] }, second])
  })
  it("with intermediate subscribe: one that drops the key forgets it", () => {
    bothReadings(polls("subscribe [:y]"), "poll-skip", [second])
    bothReadings(polls("assign [:y]"), "poll-skip", [second])
  })

  const sends = `
    0 invoke send [[:send :x 0] [:send :x 1] [:send :x 2] [:send :x 3] [:send :x 4] [:send :x 5]]
    0 ok send [[:send :x [0 0]] [:send :x [1 1]] [:send :x [2 2]] [:send :x [3 3]] [:send :x [4 4]] [:send :x [5 5]]]
    1 invoke txn [[:poll]]
    1 ok txn [[:poll {:x [[0 0]]}]]
    1 invoke txn [[:poll]]
    1 fail txn [[:poll {:x [[1 1] [2 2]]}]]`
  it("good: after an abort the next polls begin where the last committed one left off", () => {
    const text = `${sends}
    1 invoke txn [[:poll]]
    1 info txn [[:poll {:x [[1 1] [2 2]]}]]
    1 invoke txn [[:poll]]
    1 ok txn [[:poll {:x [[1 1] [2 2]]}]]
    1 invoke txn [[:poll]]
    1 ok txn [[:poll {:x [[3 3] [4 4] [5 5]]}]]`
    expect(namesOf(text)).toEqual([])
    expect(namesOf(text, { asUpstream: true })).toEqual([])
  })
  it("abort doesn't roll back: an aborted and a committed poll that go on are both skips", () => {
    bothReadings(
      `${sends}
    1 invoke txn [[:poll]]
    1 fail txn [[:poll {:x [[3 3] [4 4]]}]]
    1 invoke txn [[:poll]]
    1 ok txn [[:poll {:x [[5 5]]}]]`,
      "poll-skip",
      [
        { key: "x", delta: 3, skipped: [1, 2], ops: [3, 7] },
        { key: "x", delta: 5, skipped: [1, 2, 3, 4], ops: [3, 9] }
      ]
    )
  })
  it("info can be a poll-skip", () => {
    bothReadings(
      `${sends}
    1 invoke txn [[:poll]]
    1 info txn [[:poll {:x [[3 3] [4 4]]}]]`,
      "poll-skip",
      [{ key: "x", delta: 3, skipped: [1, 2], ops: [3, 7] }]
    )
  })
})

describe("nonmonotonic-poll-test", () => {
  const polls = (between: string) => `
    0 invoke send [[:send :x 1] [:send :x 2] [:send :x 3] [:send :x 4]]
    0 ok send [[:send :x 1] [:send :x 2] [:send :x 3] [:send :x 4]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[1 1] [2 2] [3 3]]}]]${between}
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[2 2] [3 3] [4 4]]}]]`
  it("together", () => {
    bothReadings(polls(""), "nonmonotonic-poll", [{ key: "x", values: [3, 2], delta: -1, ops: [3, 5] }])
  })
  it("with intermediate subscribe", () => {
    for (const f of ["assign", "subscribe"]) {
      bothReadings(polls(`\n    0 invoke ${f} [:y]\n    0 ok ${f} [:y]`), "nonmonotonic-poll", [])
      bothReadings(polls(`\n    0 invoke ${f} [:x :y]\n    0 ok ${f} [:x :y]`), "nonmonotonic-poll", [
        { key: "x", values: [3, 2], delta: -1, ops: [3, 7] }
      ])
    }
  })
})

it("nonmonotonic-send-test: a process's later sends stand before its earlier ones", () => {
  const sends = (between: string) => `
    0 invoke send [[:send :x 3] [:send :x 4]]
    0 ok send [[:send :x [3 3]] [:send :x [4 4]]]${between}
    0 invoke send [[:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [1 1]] [:send :x [2 2]]]`
  bothReadings(sends(""), "nonmonotonic-send", [{ key: "x", values: [4, 1], delta: -3, ops: [1, 3] }])
  bothReadings(sends("\n    0 invoke subscribe [:y]\n    0 ok subscribe [:y]"), "nonmonotonic-send", [])
  bothReadings(sends("\n    0 invoke assign [:y]\n    0 info assign [:y]"), "nonmonotonic-send", [])
})

it("int-poll-skip-test: within one poll, and between two polls of one operation", () => {
  bothReadings(
    `
    1 invoke send [[:send :x 1] [:send :x 2] [:send :x 4]]
    1 info send [[:send :x 1] [:send :x 2] [:send :x 4]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[1 1] [4 4]]}]]
    0 invoke poll [[:poll] [:poll]]
    0 ok poll [[:poll {:x [[1 1]]}] [:poll {:x [[4 4]]}]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[2 2]]}]]`,
    "int-poll-skip",
    [
      { key: "x", values: [1, 4], skipped: [2], delta: 2, op: 3 },
      { key: "x", values: [1, 4], skipped: [2], delta: 2, op: 5 }
    ]
  )
})

it("int-send-skip-test: another's record between two sends of one operation", () => {
  bothReadings(
    `
    0 invoke send [[:send :x 1] [:send :x 3]]
    0 ok send [[:send :x [1 1]] [:send :x 3]]
    1 invoke send [[:send :x 2]]
    1 info send [[:send :x 2]]
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[2 2] [3 3]]}]]`,
    "int-send-skip",
    [{ key: "x", values: [1, 3], skipped: [2], delta: 2, op: 1 }]
  )
})

it("int-nonmonotonic-poll-test: back within one poll, and the same value again in the next", () => {
  bothReadings(
    `
    0 invoke send [[:send :x 1] [:send :x 2] [:send :x 3]]
    0 info send [[:send :x 1] [:send :x 2] [:send :x 3]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[3 3] [1 1]]}]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[2 2] [3 3]]}] [:poll {:x [[3 3]]}]]`,
    "int-nonmonotonic-poll",
    [{ key: "x", values: [3, 1], delta: -2, op: 3 }, { key: "x", values: [3, 3], delta: 0, op: 5 }]
  )
})

it("int-nonmonotonic-send-test: by offsets of its own, and by offsets that a poll tells", () => {
  bothReadings(
    `
    0 invoke send [[:send :x 3] [:send :x 1]]
    0 ok send [[:send :x [3 3]] [:send :x [1 1]]]
    0 invoke send [[:send :y 4] [:send :y 2]]
    0 info send [[:send :y 4] [:send :y 2]]
    1 invoke send [[:send :y 3]]
    1 info send [[:send :y 3]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:y [[2 2] [3 3] [4 4]]}]]`,
    "int-nonmonotonic-send",
    [{ key: "x", values: [3, 1], delta: -1, op: 1 }, { key: "y", values: [4, 2], delta: -2, op: 3 }]
  )
})

describe("duplicate-test", () => {
  it("basic: sent to one offset, polled at another", () => {
    bothReadings(
      `
    0 invoke send [[:send :x 1]]
    0 ok send [[:send :x [1 1]]]
    1 invoke send [[:send :x 2]]
    1 info send [[:send :x 2]]
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[2 2] [3 1]]}]]`,
      "duplicate",
      [{ key: "x", value: 1, count: 2, offsets: [1, 3] }]
    )
  })
  it("hash-insensitive: ten values, all at the same two offsets, are ten duplicates", () => {
    const values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    const text = values.map((value) => `
    0 invoke send [[:send :x ${value}]]
    0 ok send [[:send :x [0 ${value}]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[1 ${value}]]}]]`).join("")
    bothReadings(text, "inconsistent-offsets", [
      { key: "x", offset: 0, index: 0, values },
      { key: "x", offset: 1, index: 1, values }
    ])
    expect(found(text, "duplicate").map((one) => (one as { value: number }).value)).toEqual(values)
  })
  it("aborted txns: an aborted poll counts, an aborted send does not", () => {
    bothReadings(
      `
    0 invoke send [[:send :x 0]]
    0 ok send [[:send :x [1 0]]]
    0 invoke send [[:send :x 1]]
    0 fail send [[:send :x [2 1]]]
    1 invoke poll [[:poll]]
    1 fail poll [[:poll {:x [[11 0] [12 1]]}]]`,
      "duplicate",
      [{ key: "x", value: 0, count: 2, offsets: [1, 11] }]
    )
  })
})

it("realtime-lag-test and worst realtime lag", () => {
  const text = `
    0 invoke assign [:x]
    0 ok assign [:x]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x []}]]
    0 invoke send [[:send :x 1]]
    0 ok send [[:send :x [0 1]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x []}]]
    1 invoke send [[:send :x 3] [:send :x 4]]
    1 ok send [[:send :x [2 3]] [:send :x [3 4]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[0 1] [1 2]]}]]
    0 invoke assign [:x :y]
    0 ok assign [:x :y]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {}]]
    0 invoke assign [:y]
    0 ok assign [:y]
    0 invoke assign [:x]
    0 ok assign [:x]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {}]]
    0 invoke poll [[:poll] [:poll]]
    0 ok poll [[:poll {:x [[0 1] [1 2]]}] [:poll {:x [[2 3] [3 4]]}]]
    1 invoke send [[:send :x 2]]
    1 info send [[:send :x 2]]`
  const lag = (time: number, key: string, lag: number) => ({ time, process: 0, key, lag })
  for (const asUpstream of [false, true]) {
    const columns = judged(history(text), asUpstream)
    expect(lags(columns)).toEqual([
      lag(2, "x", 0),
      lag(6, "x", 1),
      lag(10, "x", 5),
      lag(12, "x", 3),
      lag(16, "x", 7),
      lag(16, "y", 0),
      lag(22, "x", 17),
      lag(24, "x", 0)
    ])
    expect(worstLag(columns)).toEqual(lag(22, "x", 17))
  }
})

it("empty-history-test: a history without sends and polls does not pass", () => {
  for (const asUpstream of [false, true]) {
    expect(namesOf("0 invoke assign [:x]\n0 ok assign [:x]", { asUpstream })).toEqual(["empty-transaction-graph"])
  }
})

it("unseen-test: the series rises with acknowledgements and falls with polls", () => {
  expect(unseenSeries(judged(
    history(`
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {}]]
    0 invoke send [[:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [0 1]] [:send :x [1 2]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[0 1]]}]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[1 2]]}]]`),
    true
  ))).toEqual([
    { time: 1, unseen: {} },
    { time: 3, unseen: { x: 2 } },
    { time: 5, unseen: { x: 1 } },
    { time: 7, unseen: { x: 0 } }
  ])
})

/** The type, the operations of a cycle from its least on, and the steps in the same order, without sentences. */
const cyclesOf = (text: string, name: "G0" | "G1c", wwDeps: boolean) =>
  found(text, name, { wwDeps }).map((one) => {
    const { cycle, steps } = one as { cycle: ReadonlyArray<number>; steps: ReadonlyArray<{ sentence: string }> }
    const open = cycle.slice(0, -1)
    const from = open.indexOf(Math.min(...open))
    const turned = <A>(items: ReadonlyArray<A>) => [...items.slice(from), ...items.slice(0, from)]
    return { cycle: turned(open), steps: turned(steps.map((step) => ({ ...step, sentence: undefined }))) }
  })

it("g0-test: two sends that two keys order in two ways", () => {
  expect(cyclesOf(
    `
    0 invoke send [[:send :x 1] [:send :y 1]]
    1 invoke send [[:send :x 2] [:send :y 2]]
    0 ok send [[:send :x [0 1]] [:send :y [1 1]]]
    1 ok send [[:send :x [1 2]] [:send :y [0 2]]]`,
    "G0",
    true
  )).toEqual([{
    cycle: [2, 3],
    steps: [
      { type: "ww", key: "x", value: 1, "value'": 2, "a-mop-index": 0, "b-mop-index": 0 },
      { type: "ww", key: "y", value: 2, "value'": 1, "a-mop-index": 1, "b-mop-index": 1 }
    ]
  }])
})

it("g1c-pure-wr-test: two transactions that see each other", () => {
  expect(cyclesOf(
    `
    0 invoke txn [[:send :x 1] [:poll]]
    1 invoke txn [[:send :y 2] [:poll]]
    0 ok txn [[:send :x [0 1]] [:poll {:y [[0 2]]}]]
    1 ok txn [[:send :y [0 2]] [:poll {:x [[0 1]]}]]`,
    "G1c",
    false
  )).toEqual([{
    cycle: [2, 3],
    steps: [
      { type: "wr", key: "x", value: 1, "a-mop-index": 0, "b-mop-index": 1 },
      { type: "wr", key: "y", value: 2, "a-mop-index": 0, "b-mop-index": 1 }
    ]
  }])
})

it("g1c-ww-wr-test: seen by one that the log puts before it", () => {
  expect(cyclesOf(
    `
    0 invoke txn [[:send :x 1] [:send :y 3]]
    1 invoke txn [[:poll] [:send :y 2]]
    0 ok txn [[:send :x [0 1]] [:send :y [2 3]]]
    1 ok txn [[:poll {:x [[0 1]]}] [:send :y [1 2]]]`,
    "G1c",
    true
  )).toEqual([{
    cycle: [2, 3],
    steps: [
      { type: "wr", key: "x", value: 1, "a-mop-index": 0, "b-mop-index": 0 },
      { type: "ww", key: "y", value: 2, "value'": 3, "a-mop-index": 1, "b-mop-index": 1 }
    ]
  }])
})

it("precommitted-read-test: a transaction that polls what it sends", () => {
  bothReadings(
    `
    0 invoke txn [[:send :x 1] [:poll]]
    0 ok txn [[:send :x [0 1]] [:poll {:x [[0 1]]}]]`,
    "precommitted-read",
    [{ op: 1, key: "x", value: 1 }]
  )
})
