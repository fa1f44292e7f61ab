/** What is left of a history when an anomaly is told: no operation too many, and of those nothing that does not matter. */
import { expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import { edn } from "../../src/history/WriteHistory.ts"
import { history } from "./Notation.ts"

const smallestOf = (text: string, name: keyof ReturnType<typeof check>["anomalies"]) =>
  check(history(text)).anomalies[name]!.map(({ smallest }) =>
    smallest!.map((operation) => edn(operation).replace(/^.*:type/, ":type"))
  )
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `[${from + at} ${from + at}]`).join(" ")
const sends = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `[:send 8 [${from + at} ${from + at}]]`).join(" ")

it("of a poll of 500 records that passed one over, the two beside it are left, and the send of the one", () => {
  expect(smallestOf(
    `
    0 invoke send [${sends(0, 501)}]
    0 ok send [${sends(0, 501)}]
    1 invoke poll [[:poll]]
    1 ok poll [[:poll {8 [${records(0, 250)} ${records(251, 501)}], 9 [[0 1]]}]]
    2 invoke send [[:send 9 1]]
    2 ok send [[:send 9 [0 1]]]`,
    "int-poll-skip"
  )).toEqual([[
    ":type :invoke, :process 0, :f :send, :value [[:send 8 [250 250]]]}",
    ":type :ok, :process 0, :f :send, :value [[:send 8 [250 250]]]}",
    ":type :invoke, :process 1, :f :poll, :value [[:poll]]}",
    ":type :ok, :process 1, :f :poll, :value [[:poll {8 [[249 249] [251 251]]}]]}"
  ]])
})

it("of a transaction the steps are left that matter, in its invocation too", () => {
  expect(smallestOf(
    `
    0 invoke txn [[:send :x 1] [:poll] [:send :y 2] [:poll]]
    0 ok txn [[:send :x [0 1]] [:poll {:z []}] [:send :y [0 2]] [:poll {:x [[0 1]], :y [[0 2]]}]]`,
    "precommitted-read"
  )).toEqual([[
    ":type :invoke, :process 0, :f :txn, :value [[:send :x 1] [:poll]]}",
    ":type :ok, :process 0, :f :txn, :value [[:send :x [0 1]] [:poll {:x [[0 1]]}]]}"
  ]])
})

it("of what was asked of many keys the one is left whose end went back", () => {
  expect(smallestOf(
    `
    0 invoke list-offsets [:x :y]
    0 ok list-offsets {:x [0 7], :y [0 3]}
    0 invoke list-offsets [:x :y]
    0 ok list-offsets {:x [0 5], :y [0 3]}`,
    "end-offset-went-back"
  )).toEqual([[
    ":type :invoke, :process 0, :f :list-offsets, :value [:x]}",
    ":type :ok, :process 0, :f :list-offsets, :value {:x [0 7]}}",
    ":type :invoke, :process 0, :f :list-offsets, :value [:x]}",
    ":type :ok, :process 0, :f :list-offsets, :value {:x [0 5]}}"
  ]])
})

it("what is unseen in the smallest history is unseen in the whole one", () => {
  expect(smallestOf(
    `
    0 invoke send [[:send :x 1] [:send :x 2]]
    0 ok send [[:send :x [0 1]] [:send :x [1 2]]]
    0 invoke poll [[:poll]]
    0 ok poll [[:poll {:x [[0 1]]}]]`,
    "unseen"
  )).toEqual([[
    ":type :invoke, :process 0, :f :send, :value [[:send :x 2]]}",
    ":type :ok, :process 0, :f :send, :value [[:send :x [1 2]]]}"
  ]])
})

it("every anomaly has one, and a limit leaves out those behind it", () => {
  const lines = Array.from(
    { length: 1200 },
    (_, at) => `${at} ok send [[:send ${at} [0 1]]]\n${at} ok poll [[:poll {${at} [[0 2]]}]]`
  )
  const phantoms = check(history(lines.join("\n"))).anomalies.phantom!
  expect(phantoms.length).toBe(1200)
  expect(phantoms.every(({ operations, smallest }) => smallest?.length === 1 && smallest[0] === operations[0])).toBe(
    true
  )
  const limited = check(history(lines.join("\n")), { smallest: 3 }).anomalies.phantom!
  expect(limited.filter((one) => "smallest" in one).length).toBe(3)
  expect(JSON.parse(JSON.stringify(limited[0])).smallest).toEqual(limited[0]!.operations)
})
