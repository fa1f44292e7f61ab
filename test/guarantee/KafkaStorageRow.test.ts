/** The cells of one Kafka log: every class of faults has its column, and a shrunk history breaks the same thing in the same place. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { type Command, real } from "../../src/guarantee/KafkaStorageCommand.ts"
import { expectations, isSourced } from "../../src/guarantee/KafkaStorageExpectations.ts"
import { faultClasses } from "../../src/guarantee/KafkaStorageHistories.ts"
import { part, shrunk } from "../../src/guarantee/KafkaStorageRow.ts"
import { run } from "../../src/guarantee/KafkaStorageRun.ts"
import * as Matrix from "../../src/guarantee/Matrix.ts"
import * as Token from "../../src/replay/Token.ts"

const append: Command = { _tag: "Append", producerId: -1, sequence: "next", records: 1, size: 5, newEpoch: false }
const flip: Command = { _tag: "Fault", fault: { _tag: "BitRot", path: "/logs/p-0/*.log", position: 63, bit: 0 } }
const settings = { ...real, isFlushed: true }

describe("the matrix of a Kafka log", () => {
  it("has a column for every class of faults under both flush policies, and a hardened one", () => {
    for (const isFlushed of [true, false]) {
      const columns = expectations.filter((each) => each.isFlushed === isFlushed && !each.hardened)
      expect(new Set(columns.map(({ faults }) => faults))).toEqual(new Set(faultClasses))
    }
    const hardened = expectations.filter((each) => each.hardened && each.faults === "F15 mid")
    expect(hardened.map(({ expected }) => expected)).toEqual(hardened.map(() => "kept"))
    expect(hardened.length).toBeGreaterThan(0)
  })

  it("shows a cell without a source as not checked, and counts histories and states of the others", () => {
    const wanted = "flush.messages=1; one bit flipped in a record that has others behind it (F15)"
    const rows = part.rows.filter(({ expectation }) => expectation.deployment === wanted)
    const cells = Matrix.documented(Matrix.run(rows, { runs: 320, seed: 1, progress: () => {} }))
    expect(cells.map(({ verdict }) => verdict).filter((verdict) => verdict === "not checked").length).toBe(
      expectations.filter((each) => each.deployment === wanted && !isSourced(each)).length
    )
    for (const cell of cells.filter(({ verdict }) => verdict !== "not checked")) {
      expect(cell.asExpected).toBe(true)
      expect(cell.histories).toBeGreaterThan(0)
      expect(cell.states).toBeGreaterThan(cell.histories)
    }
    const keys = ["guarantee", "deployment", "verdict", "asExpected", "histories", "states", "promise", "source"]
    for (const cell of JSON.parse(JSON.stringify(cells)) as ReadonlyArray<object>) {
      expect(Object.keys(cell).filter((key) => key !== "token").sort()).toEqual([...keys].sort())
    }
  })

  it("shrinks a flip in mid-log to one that has a batch behind it still", () => {
    const commands = [append, append, append, { _tag: "Flush" }, flip, { _tag: "Kill" }] as const
    const outcome = run(settings, commands)
    expect(outcome.place).toBe("batches behind")
    expect(outcome.findings.map(({ kind }) => kind)).toContain("flushed")
    const placed = shrunk({ settings, kind: "flushed", place: "batches behind", commands })
    const { body } = Result.getOrThrow(Token.parse(placed.token))
    const left = (body as { readonly commands: ReadonlyArray<Command> }).commands
    expect(left.map(({ _tag }) => _tag)).toEqual(["Append", "Append", "Fault", "Kill"])
    expect(run(settings, left).place).toBe("batches behind")
    // Without the place a single batch is enough, and what is left is a torn tail.
    expect(shrunk({ settings, kind: "flushed", commands }).steps).toBe(3)
  })
})
