/** Counts down what the command line lists and does not have: a command that is built leaves this list. */
import { describe, expect, it } from "vitest"
import { ackproof } from "./CommandLine.ts"

const notBuilt: ReadonlyArray<ReadonlyArray<string>> = [
  ["scenarios"],
  ["audit", "server.properties"]
]

describe("a command that is not built says so", () => {
  it.each(notBuilt)("%s", (...args) => {
    const { status, stderr, stdout } = ackproof(...args)
    expect(stderr).toMatch(/^ackproof: [a-z ]+: not built yet\n$/)
    expect(stdout).toBe("")
    expect(status).toBe(2)
  })

  it("and no other command says it", () => {
    const listed = ackproof("--help").stdout.split("SUBCOMMANDS")[1]!.trim().split("\n")
    const names = listed.map((line) => line.trim().split(/\s+/)[0]!)
    const alone = new Set(notBuilt.map(([name]) => name))
    const others = names.filter((name) => !alone.has(name))
    expect(others.filter((name) => ackproof(name).stderr.includes("not built"))).toEqual([])
    expect([...names].sort()).toEqual([
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
