/**
 * Specs and configurations that are wrong, each in one way. The places are those at which a person who reads the file
 * finds the fault, or where the grammar of TLA+ (Specifying Systems, chapter 15) first cannot go on.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { check, type CheckResult } from "../src/index.ts"
import { describeTlc, spec, temporaryFolder } from "./support.ts"

const behaviour = { init: "Init", next: "Next" }
const malformed = (name: string): string => spec(`malformed/${name}`)

/** Name of the module, file in which the fault is, line, column, and what the message has to say. */
const faults: ReadonlyArray<readonly [string, string, number, number, RegExp]> = [
  // The last token before the end of the file: the line of equals signs is missing after it.
  ["NoEnd", "NoEnd", 4, 15, /expected ==== or more Module body/],
  ["Empty", "Empty", 1, 1, /no module/],
  // The parenthesis of line 3 is still open where line 4 begins.
  ["UnclosedParenthesis", "UnclosedParenthesis", 4, 1, /Beginning of definition/],
  ["UnknownName", "UnknownName", 4, 14, /Unknown operator: `y'/],
  ["DefinedTwice", "DefinedTwice", 5, 1, /Init already defined/],
  ["WrongArity", "WrongArity", 4, 17, /Same requires 1 argument/],
  ["NoPlus", "NoPlus", 4, 16, /'\+'/],
  ["UnknownModule", "UnknownModule", 2, 9, /there is no module Nowhere/],
  ["OtherName", "OtherName", 1, 13, /called AnotherName, its file OtherName/],
  // The end of the line that opens the string.
  ["UnclosedString", "UnclosedString", 3, 18, /"zero/],
  ["UnclosedComment", "UnclosedComment", 4, 1, /never closed/],
  // The first of the two operators that have the same precedence.
  ["MixedJunctions", "MixedJunctions", 4, 16, /Precedence conflict/],
  ["DoublePrime", "DoublePrime", 4, 9, /Level error/],
  // ELSE is missing before the end of the module.
  ["NoElse", "NoElse", 5, 1, /found ==== after "1"/],
  ["UndeclaredRecursion", "UndeclaredRecursion", 3, 33, /Unknown operator: `Down'/],
  ["ReservedWord", "ReservedWord", 2, 10, /expected Identifier, found CASE/],
  ["UnknownSymbol", "UnknownSymbol", 4, 16, /";"/],
  ["MissingSubstitution", "MissingSubstitution", 3, 1, /Substitution missing for symbol Wanted/],
  ["Circular", "Circular", 2, 9, /Circular\.tla --> CircularBack\.tla --> Circular\.tla/],
  ["InImportedModule", "Broken", 3, 1, /found ==== after "\+"/],
  ["ExceptNothing", "ExceptNothing", 4, 27, /found =/],
  // The set after \in is missing: the parser goes back to where the expression begins.
  ["NoSet", "NoSet", 3, 9, /expected Expression/]
]

describeTlc("A malformed spec", () => {
  it.for(faults)("%s is a parse error with file, line and column", async ([name, file, line, column, message]) => {
    const result = await check(malformed(name), behaviour).result
    expect(result).toMatchObject({ verdict: "parse-error", error: { file: malformed(file), line, column } })
    expect(result.message).toMatch(message)
  })

  it("numbers more than twenty", () => {
    expect(faults.length).toBeGreaterThanOrEqual(20)
    expect(new Set(faults.map(([name]) => readFileSync(malformed(name), "utf8"))).size).toBe(faults.length)
  })
})

/** The text of the configuration, line, column, and what the message has to say. */
const configurations: ReadonlyArray<readonly [string, string, number, number, RegExp]> = [
  ["misses a constant", "INIT Init\nNEXT Next\n", 1, 1, /constant parameter N is not assigned/],
  ["names no action of the spec", "CONSTANT N = 1\nINIT Init\nNEXT Nextt\n", 3, 6, /next state action Nextt/],
  ["names no invariant of the spec", "CONSTANT N = 1\nINIT Init\nNEXT Next\nINVARIANT Nope\n", 4, 11, /invariant Nope/],
  [
    "takes an action for an invariant",
    "CONSTANT N = 1\nINIT Init\nNEXT Next\nINVARIANT Later\n",
    4,
    11,
    /not a state predicate/
  ],
  ["is no configuration", "CONSTANT N = 1\nINIT Init\nNEXT Next\n\n  WHATEVER ))\n", 5, 3, /expecting a keyword/],
  ["has no initial predicate", "CONSTANT N = 1\nNEXT Next\n", 1, 1, /did not specify the initial state predicate/]
]

describeTlc("A configuration that", () => {
  const folder = temporaryFolder()

  it.for(configurations)("%s is a parse error with its place", async ([name, text, line, column, message]) => {
    const config = join(folder, `${name.replaceAll(" ", "-")}.cfg`)
    writeFileSync(config, text)
    const result = await check(malformed("Plain"), { config }).result
    expect(result).toMatchObject({ verdict: "parse-error", error: { file: config, line, column } })
    expect(result.message).toMatch(message)
  })

  it("is given as values names the expression that is wrong", async () => {
    const result = await check(malformed("Plain"), {
      ...behaviour,
      constants: { N: 1 },
      invariants: ["x = 0", "x = ("]
    }).result
    expect(result).toMatchObject({ verdict: "parse-error", error: { file: undefined } })
    expect(result.message).toMatch(/^in the expression x = \(/)
  })
})

const faulty = (kind: string, invariants: ReadonlyArray<string> = []): Promise<CheckResult> =>
  check(spec("Faults"), { constants: { Kind: kind }, deadlock: false, invariants }).result

describeTlc("An error of evaluation", () => {
  it("has its place, and the behaviour that leads to it", async () => {
    const result = await faulty("head")
    // HeadOfEmpty is line 13 of the module; Head(list) stands in column 53.
    expect(result).toMatchObject({ verdict: "evaluation-error", error: { file: spec("Faults"), line: 13, column: 53 } })
    expect(result.message).toMatch(/Head to the empty sequence/)
    expect(result.trace!.states.map(({ values }) => values["step"])).toEqual([0, 1])
  })

  it("is a choice of nothing, an addition of text, an invariant without a value", async () => {
    expect(await faulty("choose")).toMatchObject({ verdict: "evaluation-error", error: { line: 17, column: 60 } })
    expect(await faulty("kind")).toMatchObject({ verdict: "evaluation-error", error: { line: 19, column: 51 } })
    expect(await faulty("none", ["InvariantFails"])).toMatchObject({ verdict: "evaluation-error" })
    expect(await faulty("none", ["FirstFails"])).toMatchObject({ verdict: "evaluation-error", error: { line: 31 } })
  })

  it("is a variable that is left without a value, and the last state does not have it", async () => {
    const result = await faulty("incomplete")
    expect(result.verdict).toBe("evaluation-error")
    expect(result.message).toMatch(/not assigned: list/)
    expect(result.trace!.states.at(-1)).toMatchObject({ action: "Incomplete", values: { step: 2 } })
    expect(result.trace!.states.at(-1)!.values).not.toHaveProperty("list")
  })

  it("is none where Assert fails: that is a safety violation", async () => {
    const result = await faulty("assert")
    expect(result).toMatchObject({ verdict: "safety", violated: "Assert", exitCode: 14, error: { line: 21 } })
    expect(result.message).toMatch(/the list must not be empty/)
  })
})
