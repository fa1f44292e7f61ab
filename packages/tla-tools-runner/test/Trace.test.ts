import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  check,
  formatTrace,
  type ItfTrace,
  modelValue,
  parseValue,
  recordOf,
  setOf,
  toItf,
  toItfValue,
  type Trace,
  type Value,
  valueKey
} from "../src/index.ts"
import { parseAssignments, parseLoop, parseState } from "../src/Trace.ts"
import { processes, valuesOfEveryKind } from "./EveryKind.ts"
import { describeTlc, spec } from "./support.ts"

const trace: Trace = {
  states: [
    {
      action: undefined,
      location: undefined,
      values: { log: [], term: 0, role: parseValue("(1 :> \"a\" @@ 0 :> \"b\")") }
    },
    {
      action: "Append",
      location: { module: "Log", line: 12, column: 3, endLine: 13, endColumn: 9 },
      values: { log: [recordOf({ term: 1 })], term: 1, role: parseValue("(1 :> \"a\" @@ 0 :> \"b\")") }
    },
    {
      action: "Idle",
      location: undefined,
      values: { log: [recordOf({ term: 1 })], term: 1, role: parseValue("(1 :> \"a\" @@ 0 :> \"b\")") }
    }
  ],
  loop: { to: 1, action: "Again", location: undefined }
}

describe("A trace", () => {
  it("is written with each step's action and the variables that it changed only", () => {
    expect(formatTrace(trace)).toBe([
      "1  initial state",
      "     log = <<>>",
      "     term = 0",
      "     role = (0 :> \"b\" @@ 1 :> \"a\")",
      "2  Append  (Log:12)",
      "     log = <<>> -> <<[term |-> 1]>>",
      "     term = 0 -> 1",
      "3  Idle",
      "     nothing changes",
      "   Again leads back to 2"
    ].join("\n"))
    expect(formatTrace({ states: trace.states.slice(0, 1), loop: { to: 0, action: undefined, location: undefined } }))
      .toMatch(/stays here for ever$/)
  })

  it("is exported in the Informal Trace Format, its loop included", () => {
    // Written from ADR-015: #bigint for every integer, #map for functions, lists for sequences, objects for records.
    const role = { "#map": [[{ "#bigint": "0" }, "b"], [{ "#bigint": "1" }, "a"]] }
    const log = [{ term: { "#bigint": "1" } }]
    const expected: ItfTrace = {
      "#meta": {
        format: "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        source: "Log.tla"
      },
      vars: ["log", "term", "role"],
      states: [
        { "#meta": { index: 0 }, log: [], term: { "#bigint": "0" }, role },
        { "#meta": { index: 1, action: "Append", location: "Log:12:3" }, log, term: { "#bigint": "1" }, role },
        { "#meta": { index: 2, action: "Idle" }, log, term: { "#bigint": "1" }, role }
      ],
      loop: 1
    }
    expect(toItf(trace, { source: "Log.tla" })).toEqual(expected)
    expect(toItfValue(setOf(modelValue("m"), 2n ** 64n))).toEqual({
      "#set": [{ "#bigint": "18446744073709551616" }, "m"]
    })
    expect(toItfValue({ _tag: "Opaque", text: "Nat" })).toEqual({ "#unserializable": "Nat" })
  })

  it("is read from TLC's messages, values on several lines and actions with parameters included", () => {
    // As TLC 2.18 prints a state; later builds print an action's parameters too.
    const state = parseState(
      "2: <Change line 21, col 3 to line 30, col 76 of module Values>\n/\\ flag = FALSE\n/\\ nested = ( p1 :> 1 @@\n  p2 :> 2 )\n\n",
      false
    )
    expect(state).toEqual({
      action: "Change",
      location: { module: "Values", line: 21, column: 3, endLine: 30, endColumn: 76 },
      values: { flag: false, nested: parseValue("(p1 :> 1 @@ p2 :> 2)") }
    })
    expect(parseState("1: <Initial predicate>\nx = 0\n", false)).toEqual({
      action: undefined,
      location: undefined,
      values: { x: 0 }
    })
    expect(parseState("3: <Fetch(2,1) line 9, col 1 to line 9, col 9 of module M>\nx = 0\n", false).action).toBe(
      "Fetch(2,1)"
    )
    expect(parseLoop("1: Back to state: <Reset line 16, col 10 to line 16, col 38 of module Counter>\n", 6))
      .toMatchObject({ to: 0, action: "Reset", location: { line: 16 } })
    expect(parseLoop("6: Stuttering", 5)).toEqual({ to: 4, action: undefined, location: undefined })
  })

  it("keeps what TLC prints and nobody can take apart, and leaves out a variable without a value", () => {
    expect(parseAssignments("/\\ some = 1\n/\\ x = null\n", true)).toEqual({ some: 1 })
    expect(parseAssignments("/\\ some = [Nat -> {1}]\n/\\ x = null\n", false))
      .toEqual({ some: { _tag: "Opaque", text: "[Nat -> {1}]" }, x: modelValue("null") })
  })
})

// Values that TLC can compare: the elements of a set, and the arguments of a function, are of one kind. The parser of
// TLC 2.18 takes a backquote in a string for the beginning of a comment, so there is none.
const characters = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\t", "\"", "\\", " "),
    fc.integer({ min: 33, max: 126 }).map((c) => String.fromCharCode(c)).filter((letter) => letter !== "`")
  ),
  maxLength: 6
})
const integer = fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 })
const comparable: ReadonlyArray<fc.Arbitrary<Value>> = [
  integer,
  characters,
  fc.constantFrom("m1", "m2", "m3").map(modelValue),
  fc.array(integer, { maxLength: 3 }),
  fc.array(integer, { maxLength: 3 }).map((elements) => setOf(...elements)),
  fc.boolean()
]
const distinctBy = (
  entries: ReadonlyArray<readonly [Value, Value]>
): ReadonlyArray<readonly [Value, Value]> => [...new Map(entries.map((entry) => [valueKey(entry[0]), entry])).values()]
const printable = fc.letrec<{ readonly value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    ...comparable,
    fc.oneof(...comparable.map((kind) => fc.array(kind, { maxLength: 4 }))).map((elements): Value =>
      setOf(...elements)
    ),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "IF", "b_1", "x y", "9"), tie("value"), { maxKeys: 3 })
      .map((fields): Value => ({ _tag: "Record", fields })),
    fc.oneof(...comparable.map((kind) => fc.array(fc.tuple(kind, tie("value")), { maxLength: 3 })))
      .map((entries): Value => ({ _tag: "Function", entries: distinctBy(entries) }))
  )
})).value

describeTlc("TLC", () => {
  it("reads values as they are printed, and prints them as they are read", async () => {
    const values = fc.sample(printable, { numRuns: 300, seed: 20250101 })
    const result = await check(spec("Echo"), { constants: { Given: values }, invariants: ["x = <<>>"] }).result
    expect(result).toMatchObject({
      verdict: "safety",
      message: expect.stringContaining("violated by the initial state")
    })
    const [back] = [result.trace!.states[0]!.values["x"] as ReadonlyArray<Value>]
    expect(back!.map(valueKey)).toEqual(values.map(valueKey))
    const kinds = new Set(
      values.map((value) =>
        typeof value !== "object" ? typeof value : Array.isArray(value) ? "sequence" : valueKey(value).slice(0, 14)
      )
    )
    expect(kinds.size).toBeGreaterThanOrEqual(8)
  })

  it("prints every kind of value in a trace so that it is read back", async () => {
    const { trace: found } = await check(spec("Values"), {
      constants: { m: modelValue("m"), Procs: processes },
      invariants: ["Running"]
    }).result
    expect(found!.states.map(({ values }) => values)).toEqual(valuesOfEveryKind)
  })
})
