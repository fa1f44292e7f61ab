/** The specifications are written so that their graphs can be compared, and whatever is not is found. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { specFolder, specModules } from "../../src/cli/SpecFiles.ts"
import { readConfiguration } from "../../src/conform/Configuration.ts"
import { lintConfiguration, lintModule } from "../../src/conform/SpecLint.ts"
import { readSpec } from "../../src/conform/SpecText.ts"

const modules = specModules()

describe("the specifications", () => {
  it.each(modules.map((module) => [module.name, module] as const))("%s can be compared with a model", (_, module) => {
    expect(lintModule(module.text)).toEqual([])
    expect(module.rows.flatMap(({ config, configuration }) => lintConfiguration(module.text, configuration, config)))
      .toEqual([])
  })

  it("have a row in a manifest for every configuration beside them", () => {
    const files = ["kafka", "rocketmq"].flatMap((panel) => readdirSync(join(specFolder, panel)))
    const configurations = files.filter((file) => file.endsWith(".cfg")).map((file) => file.replace(/\.cfg$/, ""))
    const stated = modules.flatMap(({ rows }) => rows.map(({ configuration }) => configuration))
    expect(stated.toSorted()).toEqual(configurations.toSorted())
  })
})

const written = (next: string, more = "") =>
  readSpec(`---- MODULE M ----
EXTENDS Naturals
CONSTANTS Most
VARIABLES x, waiting
Up(n) == x < n /\\ x' = n /\\ UNCHANGED waiting
Back == x' = 0 /\\ UNCHANGED waiting
${more}
Next == ${next}
====`)

describe("a specification that cannot be compared", () => {
  const good = "\\/ \\E n \\in 1..Most : Up(n) \\/ Back"

  it("is told from one that can", () => {
    expect(lintModule(written(good))).toEqual([])
    expect(written(good).actions).toEqual([{ name: "Up", over: ["1..Most"] }, { name: "Back", over: [] }])
  })

  it.each([
    ["\\E n \\in waiting : Up(n)", "", /ranges over waiting/],
    ["Back \\/ x' = 7", "", /write \\E p/],
    ["\\E n \\in 1..Most : Up(n, n)", "", /parameters|write/],
    ["Back \\/ Tail", "Tail == x' = 1 /\\ UNCHANGED waiting", /standard module/],
    ["Back \\/ Any", "Any == \\E n \\in 1..2 : x' = n /\\ UNCHANGED waiting", /chooses inside/]
  ])("is refused: %s", (next, more, complaint) => {
    expect(lintModule(written(next, more)).join("\n")).toMatch(complaint)
  })

  it.each([
    ["CONSTRAINT Small", /CONSTRAINT/],
    ["SYMMETRY Turned", /SYMMETRY/],
    ["VIEW x", /VIEW/],
    ["CHECK_DEADLOCK TRUE", /deadlocks/],
    ["INVARIANT Nothing", /no state predicate/],
    ["CONSTANT Other = 1", /no constant/]
  ])("nor with a configuration that says %s", (line, complaint) => {
    const config = (more: string) =>
      readConfiguration(`SPECIFICATION Spec\nCONSTANT Most = 2\nCHECK_DEADLOCK FALSE\n${more}\n`)
    expect(lintConfiguration(written(good), "MC", config(""))).toEqual([])
    expect(lintConfiguration(written(good), "MC", config(line)).join("\n")).toMatch(complaint)
  })
})
