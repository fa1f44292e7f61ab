/** The cells of one RocketMQ store: which deployments have them, and what a token of one tells. */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Matrix from "../../src/guarantee/Matrix.ts"
import { expectations, isSourced } from "../../src/guarantee/RocketmqStorageExpectations.ts"
import { faultClasses } from "../../src/guarantee/RocketmqStorageHistories.ts"
import { part } from "../../src/guarantee/RocketmqStorageRow.ts"
import * as Token from "../../src/replay/Token.ts"

const cellsOf = (deployment: string) =>
  Matrix.run(part.rows.filter(({ expectation }) => expectation.deployment === deployment), {
    runs: 500,
    seed: 1,
    progress: () => {}
  })

describe("the matrix of a RocketMQ store", () => {
  it("has a column for every class of faults in both versions with both kinds of flush", () => {
    for (const version of ["4.9.7", "5.5.0"]) {
      for (const flush of ["SYNC_FLUSH", "ASYNC_FLUSH"]) {
        const columns = expectations.filter(({ settings }) =>
          settings.version === version && settings.flush === flush && !settings.pool
        )
        expect(new Set(columns.map(({ faults }) => faults))).toEqual(new Set(faultClasses))
      }
    }
  })

  it("shows a cell without a source as not checked", () => {
    const deployment = "5.5.0, SYNC_FLUSH; fsync lies, then power cut (F11)"
    const unsourced = expectations.filter((each) => each.deployment === deployment && !isSourced(each))
    const unchecked = cellsOf(deployment).filter(({ verdict }) => verdict === "not checked")
    expect(unchecked.map(({ guarantee }) => guarantee)).toEqual(unsourced.map(({ guarantee }) => guarantee))
    expect(unchecked.length).toBeGreaterThan(0)
  })

  it("loses what a transient pool acknowledged to a mere kill, and tells how, with the disk after each step", () => {
    const [cell] = cellsOf("4.9.7, ASYNC_FLUSH, transientStorePoolEnable=true; process kill, inside a step too (F1)")
    expect(cell).toMatchObject({ verdict: "expected broken", asExpected: true })
    const { body, kind } = Result.getOrThrow(Token.parse(cell!.token!))
    const teller = part.tellers.find((teller) => teller.kind === kind)!
    const { broken, lines, title } = teller.tell(body)
    expect(broken).toBe(true)
    expect(title).toMatch(/^A RocketMQ store, 4.9.7, ASYNC_FLUSH, transientStorePoolEnable=true: \d+ steps\.$/)
    expect(lines.some((line) => line.includes("/store/commitlog/00000000000000000000  1536 bytes"))).toBe(true)
    expect(lines.some((line) => line.startsWith("Broken: ") && line.includes("gone from the log"))).toBe(true)
  })

  it("tells nothing of a token that is none of its own, and says so", () => {
    const [teller] = part.tellers
    expect(() => teller!.tell({ settings: { off: ["NoSuchGuard"] }, kind: "acknowledged", commands: [] }))
      .toThrow(/none of a rocketmq-storage run/)
  })
})
