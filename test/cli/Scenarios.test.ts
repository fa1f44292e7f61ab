/** `scenarios` as a user types it. */
import { expect, it } from "vitest"
import { itTlc } from "../Tlc.ts"
import { ackproof } from "./CommandLine.ts"

itTlc("a scenario that every part finds as the catalogue says is exit 0, with what was run", () => {
  const { status, stdout } = ackproof("scenarios", "R13", "R11", "--json")
  const rows = JSON.parse(stdout) as ReadonlyArray<Record<string, unknown>>
  // R11 is a property of whole behaviours: no state of the model shows it, and no client sees it.
  expect(rows).toMatchObject([
    {
      id: "R11",
      guard: "LinksHeal",
      spec: "found",
      model: "not visible",
      simulation: "found",
      history: "not visible",
      status: "expected broken"
    },
    {
      id: "R13",
      guard: "TablesSurviveRestart",
      spec: "found",
      model: "found",
      simulation: "found",
      history: "not visible",
      status: "expected broken"
    }
  ])
  expect(rows.every(({ runs }) => (runs as number) > 0)).toBe(true)
  expect(status).toBe(0)
})

it("a scenario that there is not is said in a line, with those that there are", () => {
  const { status, stderr, stdout } = ackproof("scenarios", "R99")
  expect([status, stdout]).toEqual([2, ""])
  expect(stderr).toMatch(/^ackproof: scenarios: no scenario is called R99; there are: R10, R11, R12, R13, R18\b.*\n$/)
})
