/** The anomalies that upstream does not know, each on the smallest history that shows it, and on its innocent neighbour. */
import { describe, expect, it } from "vitest"
import type { Name } from "../../src/history/Anomaly.ts"
import { check } from "../../src/history/Check.ts"
import type { Operation } from "../../src/history/Operation.ts"
import { readLeniently } from "../../src/history/ReadHistory.ts"
import { found, namesOf } from "./Notation.ts"

/** Operations as `PROCESS TYPE F VALUE EXTRA...`, one a line, extras as EDN fields. */
const names = (text: string): ReadonlyArray<string> => {
  const lines = text.trim().split("\n").map((line, at) => {
    const [, process, type, f, value, extra] = /^\s*(\S+) (\S+) (\S+) (.*?)(?: \| (.*))?$/.exec(line)!
    return `{:index ${at} :time ${at} :process ${process} :type :${type} :f :${f} :value ${value} ${extra ?? ""}}`
  })
  const { broken, operations } = readLeniently(lines.join("\n"))
  expect(broken).toEqual([])
  return Object.keys(check(operations as ReadonlyArray<Operation>).anomalies)
}
const expectOnly = (text: string, name: Name, also: ReadonlyArray<string> = []) =>
  expect([...names(text)].sort()).toEqual([name, ...also].sort())

describe("torn-transaction", () => {
  const text = (last: string) => `
    0 invoke txn [[:send :x 1] [:send :y 1]]
    0 ok txn [[:send :x [1 1]] [:send :y [1 1]]]
    1 invoke txn [[:send :x 0] [:send :x 2] [:send :y 0]]
    1 ok txn [[:send :x [0 0]] [:send :x [2 2]] [:send :y [0 0]]]
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [[0 0] ${last} [2 2]] :y [[0 0] [1 1]]}]]`
  it("is reported where a reader passed one value and read another", () => {
    expect(found(text(""), "torn-transaction")).toEqual([{
      key: "x",
      value: 1,
      index: 1,
      writer: 1,
      reader: 5,
      read: { key: "y", value: 1 },
      "max-read": 5
    }])
  })
  it("and not where the reader read both", () => {
    expect(namesOf(text("[1 1]"))).not.toContain("torn-transaction")
  })
})

describe("delivered-then-gone", () => {
  const text = (again: string, end = "") => `
    0 invoke send [[:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [0 1]] [:send :x [1 2]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 1]]}]]${end}
    2 invoke assign [:x] | :seek-to-beginning? true
    2 ok assign [:x] | :seek-to-beginning? true
    2 invoke poll [[:poll]]
    2 ok poll [[:poll {:x [${again} [1 2]]}]]`
  it("is reported where the re-read passes the offset without the value", () => {
    expectOnly(text(""), "delivered-then-gone")
  })
  it("and neither where it is still there, nor below the beginning that a client was shown", () => {
    expect(names(text("[0 1]"))).toEqual([])
    expect(names(text("", "\n    3 invoke list-offsets [:x]\n    3 ok list-offsets {:x [1 2]}"))).toEqual([])
  })
})

describe("acknowledged-never-delivered", () => {
  const text = (f: string, polled: string, reset = "") => `
    0 invoke send [[:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [0 1]] [:send :x [1 2]]]
    1 invoke ${f} [:x]
    1 ok ${f} [:x]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [${polled} [1 2]]}]]
    3 invoke commit ["g" {:x 2}]${reset}
    3 ok commit ["g" {:x 2}]${reset}
    2 invoke poll [[:poll]] | :group "other"
    2 ok poll [[:poll {:x [[0 1] [1 2]]}]] | :group "other"`
  it("is reported where the position is past a value that no member polled", () => {
    expectOnly(text("subscribe", ""), "acknowledged-never-delivered")
  })
  it("and not where a subscriber polled it, who may be a member, nor behind a reset", () => {
    expect(names(text("subscribe", "[0 1]"))).toEqual([])
    expect(names(text("subscribe", "", " | :reset? true"))).toEqual([])
  })
  it("a process that assigned its keys itself is no member unless it says so", () => {
    expectOnly(text("assign", "[0 1]"), "acknowledged-never-delivered")
  })
})

describe("key-order", () => {
  const text = (second: string, third: string) => `
    0 invoke send [[:send 0 1]] | :record-key "k"
    0 ok send [[:send 0 [0 1]]] | :record-key "k"
    0 invoke send [[:send 1 2]] | :record-key "k"
    0 ok send [[:send 1 [0 2]]] | :record-key "k"
    1 invoke poll [[:poll]] | :group "g"
    1 ok poll [[:poll ${second}]] | :group "g"
    2 invoke poll [[:poll]] | :group "g"
    2 ok poll [[:poll ${third}]] | :group "g"`
  it("is reported where a record key moved to another partition and was overtaken", () => {
    expectOnly(text("{1 [[0 2]]}", "{0 [[0 1]]}"), "key-order")
  })
  it("and neither in order, nor in one poll of both partitions, whose order is not known", () => {
    expect(names(text("{0 [[0 1]]}", "{1 [[0 2]]}"))).toEqual([])
    expect(names(text("{1 [[0 2]] 0 [[0 1]]}", "{}"))).toEqual([])
  })
  it("is reported between two polls of one operation, also where another member polls meanwhile", () => {
    expectOnly(
      `
    0 invoke send [[:send 0 1]] | :record-key "k"
    0 ok send [[:send 0 [0 1]]] | :record-key "k"
    0 invoke send [[:send 2 3]] | :record-key "k"
    0 ok send [[:send 2 [0 3]]] | :record-key "k"
    0 invoke send [[:send 1 2]] | :record-key "k"
    0 ok send [[:send 1 [0 2]]] | :record-key "k"
    1 invoke poll [[:poll] [:poll]] | :group "g"
    2 invoke poll [[:poll]] | :group "g"
    1 ok poll [[:poll {1 [[0 2]]}] [:poll {0 [[0 1]]}]] | :group "g"
    2 ok poll [[:poll {2 [[0 3]]}]] | :group "g"`,
      "key-order"
    )
  })
})

describe("committed-went-back", () => {
  const sends = `
    0 invoke send [[:send :x 1]]
    0 ok send [[:send :x [0 1]]]
    1 invoke poll [[:poll]] | :group "g"
    1 ok poll [[:poll {:x [[0 1]]}]] | :group "g"
    1 invoke commit ["g" {:x 1}]
    1 ok commit ["g" {:x 1}]`
  it("is reported where a later answer is lower", () => {
    expectOnly(
      `${sends}
    2 invoke committed ["g" [:x]]
    2 ok committed ["g" {:x 0}]`,
      "committed-went-back"
    )
  })
  it("and not where a reset or a rewind asked for it, nor where an older request may have come late", () => {
    expect(names(`${sends}
    2 invoke commit ["g" {:x 0}] | :reset? true
    2 ok commit ["g" {:x 0}] | :reset? true
    2 invoke committed ["g" [:x]]
    2 ok committed ["g" {:x 0}]`)).toEqual([])
    expect(names(`${sends}
    1 invoke assign [:x] | :seek-to-beginning? true
    1 ok assign [:x] | :seek-to-beginning? true
    1 invoke commit ["g" {:x 0}]
    1 ok commit ["g" {:x 0}]`)).toEqual([])
    expect(names(`
    3 invoke commit ["g" {:x 0}]
    3 info commit ["g" {:x 0}]${sends}
    2 invoke committed ["g" [:x]]
    2 ok committed ["g" {:x 0}]`)).toEqual([])
  })
})

describe("end-offset-went-back", () => {
  const text = (first: number, second: number) => `
    0 invoke send [[:send :x 1]]
    0 ok send [[:send :x [0 1]]]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {:x [[0 1]]}]]
    1 invoke list-offsets [:x]
    1 ok list-offsets {:x [0 ${first}]}
    2 invoke list-offsets [:x]
    2 ok list-offsets {:x [0 ${second}]}`
  it("is reported where the latest offset falls, and not where it rises", () => {
    expectOnly(text(5, 3), "end-offset-went-back")
    expect(names(text(3, 5))).toEqual([])
  })
})
