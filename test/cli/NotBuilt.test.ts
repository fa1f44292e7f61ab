/** Counts down what the command line lists and does not have: a command that is built leaves this list. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { ackproof } from "./CommandLine.ts"

const notBuilt: ReadonlyArray<ReadonlyArray<string>> = [
  ["audit", "server.properties"]
]

describe("a command that is not built says so", () => {
  it.each(notBuilt)("%s", (...args) => {
    const { status, stderr, stdout } = ackproof(...args)
    expect(stderr).toMatch(/^ackproof: [a-z ]+: not built yet\n$/)
    expect(stdout).toBe("")
    expect(status).toBe(2)
  })

  it("and no other command can", () => {
    const source = readFileSync(join(import.meta.dirname, "..", "..", "src", "cli", "NotBuilt.ts"), "utf8")
    const said = [...source.matchAll(/notBuilt\("([a-z ]+)"\)/g)].map(([, name]) => name)
    expect(said.sort()).toEqual(notBuilt.map(([name]) => name).sort())
  })

  it("and help lists every command of the design", () => {
    const listed = ackproof("--help").stdout.split("SUBCOMMANDS")[1]!.trim().split("\n")
    expect(listed.map((line) => line.trim().split(/\s+/)[0]!).sort()).toEqual([
      "audit",
      "conform",
      "explore",
      "faults",
      "history",
      "log",
      "matrix",
      "replay",
      "scenarios",
      "spec"
    ])
  })
})
