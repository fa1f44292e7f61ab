/**
 * The values of specs/Values.tla, written from its definitions: one behaviour with every kind of value.
 */
import { functionOf, modelValue, parseValue, recordOf, setOf, type Value } from "../src/index.ts"

/** Two processes. */
export const processes = setOf(modelValue("p1"), modelValue("p2"))

const p = (value: Value) => functionOf([[modelValue("p1"), value], [modelValue("p2"), value]])

/** The three states of specs/Values.tla with the constants m and Procs, from its definitions. */
export const valuesOfEveryKind: ReadonlyArray<{ readonly [variable: string]: Value }> = [
  {
    number: -7,
    flag: true,
    text: "say \"hi\" \\ twice",
    model: modelValue("m"),
    set: setOf(1, 2, 3),
    sequence: [],
    record: recordOf({ a: "x", b: 1 }),
    function: functionOf([[2, "two"], [5, "five"]]),
    nested: p(recordOf({ votes: setOf(), log: [] }))
  },
  {
    number: 2147483647,
    flag: false,
    text: "",
    model: setOf(modelValue("m"), 1),
    set: setOf(setOf(), setOf(modelValue("m")), setOf(modelValue("m"), 2)),
    sequence: [1, ["a", true], setOf()],
    record: recordOf({ f: recordOf({ g: setOf([1, 2]) }) }),
    function: functionOf([[setOf(), 0], [setOf(1), 1], [setOf(2), 1], [setOf(1, 2), 2]]),
    nested: p(recordOf({ votes: processes, log: [recordOf({ term: 1 })] }))
  },
  {
    number: 2147483647,
    flag: false,
    text: "last",
    model: setOf(setOf(), setOf(modelValue("m"))),
    set: setOf(1, 2, 3),
    sequence: [],
    record: recordOf({ z: setOf(0, 1), y: setOf(0, 1) }),
    function: [1, 4, 9],
    nested: functionOf([0, 1].map((i) => [i, parseValue(`("a b" :> <<${i}, "a b">> @@ "c" :> <<${i}, "c">>)`)]))
  }
]
