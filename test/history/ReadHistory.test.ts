/** What a file may hold, and what is said of a line that is broken: its number and what was expected there. */
import { Result } from "effect"
import { expect, it } from "vitest"
import { formatOf, read, readLeniently } from "../../src/history/ReadHistory.ts"

const edn = (fields: string) => `{:index 0 :time 0 :process 0 :type :ok ${fields}}`
const messageOf = (text: string) => {
  const first = readLeniently(text).broken[0]
  return first === undefined ? undefined : `${first.line}: ${first.message}`
}

it("knows EDN from JSON by the first map", () => {
  expect(formatOf("[\n {:index 0}]")).toBe("edn")
  expect(formatOf("#jepsen.history.Op{:index 0}")).toBe("edn")
  expect(formatOf("; a comment\n{:index 0}")).toBe("edn")
  expect(formatOf("[\n {\"index\": 0}]")).toBe("json")
  expect(formatOf("{\"index\": 0}\n")).toBe("json")
  expect(readLeniently("").operations).toEqual([])
  expect(readLeniently("[]").operations).toEqual([])
})

it("reads tags, comments, sets, extra fields, and a vector of maps over many lines", () => {
  const text = `[#jepsen.history.Op{:index 0, :time 1 :process 0 :type :invoke
                   :f :send :value [[:send :x 1]] :node "n1" :clock #{1 2.5}} ; the first
                 #_{:ignored true}
                 {:index 2, :time 1, :process :nemesis, :type :info, :f :kill, :value {:nodes ("n1")}}]`
  expect(Result.getOrThrow(read(text))).toEqual([
    { index: 0, time: 1, process: 0, type: "invoke", f: "send", value: [["send", "x", 1]] },
    { index: 2, time: 1, process: "nemesis", type: "info", f: "kill", value: { nodes: ["n1"] } }
  ])
})

it("one key may be written as an integer, a string or a keyword", () => {
  const [operation] = readLeniently(
    "{\"process\":0,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"send\",\"8\",[0,1]],[\"poll\",{\"8\":[[0,1]]}]]}"
  ).operations
  expect(operation?.value).toEqual([["send", 8, [0, 1]], ["poll", { 8: [[0, 1]] }]])
})

it.each([
  [edn(":f :send :value [[:send 1 [0 1.5]]]"), "1: expected a value (an integer within 2^53, or a word), found 1.5"],
  [edn(":f :send :value [[:send 1 [-1 1]]]"), "1: expected an offset (an integer from 0, or null), found -1"],
  [edn(":f :send :value [[:poll]]"), "1: expected only sends in an operation whose f is send, found [\"poll\"]"],
  [edn(":f :txn :value [[:push 1 2]]"), "1: expected \"send\" or \"poll\" first in each step, found \"push\""],
  [
    edn(":f :read :value []"),
    "1: expected f to be send, poll, txn, assign, subscribe, crash, commit, committed or " +
    "list-offsets, found \"read\""
  ],
  [
    edn(":f :send :value [[:send 1 9007199254740993]]"),
    "1: expected an integer between -2^53 and 2^53, not 9007199254740993"
  ],
  ["{:process 0}", "1: expected type to be invoke, ok, fail or info, found nothing"],
  [
    `${edn(":f :crash")}\n${edn(":f :crash")}`,
    "2: expected index to be above 0, that of the operation before, found 0"
  ],
  ["{:index 0 :f [1 2", "1: expected the ] that closes this"],
  ["{\"process\":0,\"type\":\"ok\",\"f\":\"crash\"}\n{\"process\":", "2: expected the } that closes this operation"],
  ["[1, 2]", "1: expected an operation: {\"index\": ...}"]
])("%s", (text, message) => {
  expect(messageOf(text)).toBe(message)
})

it("what is broken costs its own operation only, in both notations", () => {
  const good = (index: number) => `{"index":${index},"time":0,"process":0,"type":"info","f":"crash","value":null}`
  const word = (index: number) => `{:index ${index} :time 0 :process 0 :type :info :f :crash :value nil}`
  const texts = [
    `${good(0)}\n{"index":1,\n${good(2)}\n{"index":3,"type":"x"}\n${good(4)}\n`,
    `[${good(0)},\n{"index":1,\n${good(2)},\n{"index":3,"type":"x"},\n${good(4)}]`,
    `${word(0)}\n{:index 1,\n${word(2)}\n{:index 3 :type :x}\n${word(4)}\n`,
    `[${word(0)}\n{:index 1 "\n${word(2)}\n{:index 3 :type :x}\n${word(4)}]`
  ]
  for (const text of texts) {
    const { broken, operations } = readLeniently(text)
    expect(operations.map(({ index }) => index)).toEqual([0, 2, 4])
    expect(broken.map(({ line }) => line)).toEqual([2, 4])
  }
})
