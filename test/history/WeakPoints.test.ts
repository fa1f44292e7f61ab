/**
 * Where jepsen.tests.kafka throws or answers by chance, this project answers; `asUpstream` gives its reading. The points
 * are those of docs/histories.md, seen in the source of jepsen.tests.kafka (functions named in each test).
 */
import { describe, expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import { found, history, namesOf } from "./Notation.ts"

const upstream = (text: string) => check(history(text), { asUpstream: true })

it("a polled value without a writer: wr-graph throws no-writer-of-value, here it is a phantom", () => {
  const text = `
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[0 7]]}]]`
  expect(upstream(text).verdict).toBe("unknown")
  expect(upstream(text).stats.throws).toEqual({ type: "no-writer-of-value", key: "x", value: 7 })
  expect(upstream(text).anomalies).toEqual({})
  expect(found(text, "phantom")).toEqual([{ key: "x", value: 7, offset: 0, reader: 1 }])
})

it("a read that only an invocation explains is no phantom", () => {
  expect(namesOf(`
    0 invoke send [[:send :x 7]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 7]]}]]`)).not.toContain("phantom")
})

it("an ok poll that lists a key nobody ever read: lost-write-cases takes the -1st element and throws", () => {
  const text = `
    0 invoke send [[:send :y 1]]
    0 ok send [[:send :y [0 1]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [] :y [[0 1]]}]]`
  expect(upstream(text).stats.throws).toEqual({ type: "IndexOutOfBoundsException", key: "x" })
  expect(check(history(text)).verdict).toBe("valid")
})

it("unseen counts what the last ok poll shows of a key that nobody was acknowledged for", () => {
  const text = `
    0 invoke send [[:send :x 1]]
    0 info send [[:send :x 1]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 1]]}]]`
  expect(upstream(text).anomalies.unseen?.[0]?.messages).toEqual({ x: [1] })
  expect(namesOf(text)).toEqual([])
})

it("a value that loses its offset to another has no place upstream; here it has the place of its offset", () => {
  const text = `
    0 invoke send [[:send :x 1] [:send :x 2] [:send :x 4]]
    0 ok send [[:send :x [0 1]] [:send :x [1 2]] [:send :x [2 4]]]
    1 invoke send [[:send :x 3]]
    1 ok send [[:send :x [1 3]]]
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[2 4] [1 3]]}]]`
  expect(found(text, "int-nonmonotonic-poll", { asUpstream: true })).toEqual([])
  expect(found(text, "int-nonmonotonic-poll")).toEqual([{ key: "x", values: [4, 3], delta: -1, op: 5 }])
})

it("logs cost what they hold: an offset near 2^53 is one entry", () => {
  expect(namesOf(`
    0 invoke send [[:send :x 1]]
    0 ok send [[:send :x [9007199254740990 1]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[9007199254740990 1]]}]]`)).toEqual([])
})

describe("where a poll left off", () => {
  const polls = (second: string, between = "") => `
    0 invoke send [[:send :x 0] [:send :x 1] [:send :x 2] [:send :x 3]]
    0 ok send [[:send :x [0 0]] [:send :x [1 1]] [:send :x [2 2]] [:send :x [3 3]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x ${second}}]]${between}
    1 invoke poll [[:poll]]`
  it("going to the beginning on purpose is a nonmonotonic poll upstream, and none here", () => {
    const edn = `${polls("[[0 0] [1 1] [2 2] [3 3]]")}
    1 ok poll [[:poll {:x [[0 0] [1 1]]}]]`
    const operations = history(edn)
    const seek = {
      index: 3.5,
      time: 3,
      process: 1,
      type: "ok",
      f: "assign",
      value: ["x"],
      seekToBeginning: true
    } as const
    const sought = [...operations.slice(0, 4), seek, ...operations.slice(4)]
    expect(Object.keys(check(sought, { asUpstream: true }).anomalies)).toEqual(["nonmonotonic-poll"])
    expect(Object.keys(check(sought).anomalies)).toEqual([])
    expect(namesOf(edn)).toEqual(["nonmonotonic-poll"])
  })
  it("is the last value upstream and the highest here", () => {
    const text = `${polls("[[0 0] [2 2] [1 1]]")}
    1 ok poll [[:poll {:x [[3 3]]}]]`
    expect(namesOf(text, { asUpstream: true })).toContain("poll-skip")
    expect(namesOf(text)).not.toContain("poll-skip")
  })
})
