import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  canonical,
  equalValues,
  functionOf,
  modelValue,
  parseValue,
  printValue,
  recordOf,
  setOf,
  TlaToolsError,
  type Value,
  valueKey
} from "../src/index.ts"

const kindOf = (value: Value): string =>
  Array.isArray(value) ? "sequence" : typeof value === "object" && "_tag" in value ? value._tag : typeof value

const kindsIn = (value: Value): ReadonlyArray<string> => {
  if (typeof value !== "object") return [kindOf(value)]
  if (Array.isArray(value)) return ["sequence", ...value.flatMap(kindsIn)]
  if (!("_tag" in value)) return []
  switch (value._tag) {
    case "Set":
      return ["Set", ...value.elements.flatMap(kindsIn)]
    case "Record":
      return ["Record", ...Object.values(value.fields).flatMap(kindsIn)]
    case "Function":
      return ["Function", ...value.entries.flat().flatMap(kindsIn)]
    case "ModelValue":
    case "Opaque":
      return [value._tag]
  }
}

// Names as TLA+ has them, some of which are reserved as names of fields, and text of any kind.
const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,6}$/)
const fieldName = fc.oneof(
  name,
  fc.constantFrom("IF", "WF_x", "EXCEPT", "10", "9", "a b", ""),
  fc.string({ maxLength: 4 })
)
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.constantFrom("\n", "\t\r\f", "\\", "\"", "\\n", "<<1>>"),
  name.filter((text) => text !== "TRUE" && text !== "FALSE").map(modelValue)
)
const firstOf = (
  entries: ReadonlyArray<readonly [Value, Value]>
): ReadonlyArray<readonly [Value, Value]> => [...new Map(entries.map((entry) => [valueKey(entry[0]), entry])).values()]

const value: fc.Arbitrary<Value> = fc.letrec<{ readonly value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(tie("value"), { maxLength: 4 }).map((elements): Value => ({ _tag: "Set", elements })),
    fc.dictionary(fieldName, tie("value"), { maxKeys: 4 }).map((fields): Value => ({ _tag: "Record", fields })),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 })
      .map((entries): Value => ({ _tag: "Function", entries: firstOf(entries) }))
  )
})).value

describe("Value", () => {
  it("comes back from its TLA+ text as it was, whatever its kind", () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(value, (given) => {
        const back = parseValue(printValue(given))
        kindsIn(canonical(given)).forEach((kind) => seen.add(kind))
        expect(back).toEqual(canonical(given))
        expect(valueKey(back)).toBe(valueKey(given))
      }),
      { numRuns: 2000 }
    )
    expect([...seen].sort()).toEqual(
      ["Function", "ModelValue", "Record", "Set", "bigint", "boolean", "number", "sequence", "string"]
    )
  })

  it("has one canonical form, which does not depend on the order in which it was written", () => {
    fc.assert(fc.property(value, (given) => {
      const once = canonical(given)
      expect(canonical(once)).toEqual(once)
      expect(valueKey(reversed(given))).toBe(valueKey(given))
    }))
  })

  it("is equal to another just when TLA+ says so", () => {
    // Specifying Systems, 16.1: a sequence is a function over 1..n, a record one over strings, and empty ones are equal.
    expect(equalValues([7, 8], functionOf([[2, 8], [1, 7]]))).toBe(true)
    expect(equalValues(recordOf({ a: 1, b: 2 }), functionOf([["b", 2], ["a", 1]]))).toBe(true)
    expect(equalValues([], recordOf({}))).toBe(true)
    expect(equalValues([], functionOf([]))).toBe(true)
    expect(equalValues(setOf(1, 2, 2, 1n), setOf(2, 1))).toBe(true)
    expect(equalValues(setOf(), [])).toBe(false)
    expect(equalValues("a", modelValue("a"))).toBe(false)
    expect(equalValues(1, "1")).toBe(false)
    expect(equalValues(functionOf([[0, 7], [1, 8]]), [7, 8])).toBe(false)
  })

  it("keeps integers exact beyond 2^53 and as numbers up to there", () => {
    expect(parseValue("9007199254740991")).toBe(9007199254740991)
    expect(parseValue("9007199254740992")).toBe(9007199254740992n)
    expect(parseValue("-9007199254740993")).toBe(-9007199254740993n)
    expect(canonical(-0)).toBe(0)
    expect(Object.is(canonical(-0), 0)).toBe(true)
    expect(() => canonical(2 ** 53)).toThrow(TlaToolsError)
    expect(() => canonical(0.5)).toThrow("0.5 is no integer")
  })

  it("sorts integers in sets by size, before everything else", () => {
    expect(setOf(10, 9, -1, "a", modelValue("m")).elements).toEqual([-1, 9, 10, "a", modelValue("m")])
    expect(setOf(2n ** 60n, 3, -(2n ** 60n)).elements).toEqual([-(2n ** 60n), 3, 2n ** 60n])
  })

  it("reads what TLC prints", () => {
    // As TLC 2.18 printed the states of specs/Values.tla.
    expect(parseValue("\"say \\\"hi\\\" \\\\ twice\"")).toBe("say \"hi\" \\ twice")
    expect(parseValue("0..3")).toEqual(setOf(0, 1, 2, 3))
    expect(parseValue("1..0")).toEqual(setOf())
    expect(parseValue("<< >>")).toEqual([])
    expect(
      parseValue("( p1 :> [votes |-> {p1, p2}, log |-> <<[term |-> 1]>>] @@\n  p2 :> [votes |-> {}, log |-> <<>>] )")
    )
      .toEqual(functionOf([
        [
          modelValue("p1"),
          recordOf({ votes: setOf(modelValue("p1"), modelValue("p2")), log: [recordOf({ term: 1 })] })
        ],
        [modelValue("p2"), recordOf({ votes: setOf(), log: [] })]
      ]))
    expect(parseValue("({} :> 0 @@ {1} :> 1 @@ {1, 2} :> 2)"))
      .toEqual(functionOf([[setOf(), 0], [setOf(1), 1], [setOf(1, 2), 2]]))
    expect(parseValue("{{}, {m}, {m, 2}}")).toEqual(setOf(setOf(), setOf(modelValue("m")), setOf(modelValue("m"), 2)))
  })

  it("says where a text is no value", () => {
    expect(() => parseValue("{1, }")).toThrow("expected a value at character 5")
    expect(() => parseValue("<<1, 2")).toThrow("expected '>>' at character 7")
    expect(() => parseValue("1 2")).toThrow("expected the end at character 3")
    expect(() => parseValue("Nat \\ {0}")).toThrow("expected the end")
    expect(() => parseValue("")).toThrow("expected a value at character 1")
  })

  it("refuses a function with two values for one argument", () => {
    expect(() => functionOf([[1, 2], [1n, 3]])).toThrow("two values for 1")
  })

  it("prints a record whose fields are no names in TLA+ as a function over strings", () => {
    expect(printValue(recordOf({ "a b": 1, c: 2 }))).toBe("(\"a b\" :> 1 @@ \"c\" :> 2)")
    expect(printValue(recordOf({ IF: 1 }))).toBe("(\"IF\" :> 1)")
    expect(printValue(recordOf({ a1: 1, b: [] }))).toBe("[a1 |-> 1, b |-> <<>>]")
  })
})

const reversed = (given: Value): Value => {
  if (typeof given !== "object" || Array.isArray(given) || !("_tag" in given)) return given
  switch (given._tag) {
    case "ModelValue":
    case "Opaque":
      return given
    case "Set":
      return { ...given, elements: [...given.elements, ...given.elements].reverse() }
    case "Record":
      return { ...given, fields: Object.fromEntries(Object.entries(given.fields).reverse()) }
    case "Function":
      return { ...given, entries: [...given.entries].reverse() }
  }
}
