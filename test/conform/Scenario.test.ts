/** A row of the scenarios is green only where every part that could see it was run and found it. */
import { expect, it } from "vitest"
import { type Columns, scenarioRow, scenarios } from "../../src/conform/Scenario.ts"

const scenario = { ...scenarios[0]!, brokenInReality: false }
const seen = { properties: [] }
const runs = { runs: 1, guardedRuns: 50 }
const all: Columns = { spec: "found", model: "found", simulation: "found", history: "found" }

it.each(["spec", "model", "simulation", "history"] as const)("a row is missing while %s is", (column) => {
  expect(scenarioRow(scenario, all, runs, seen).status).toBe("found")
  expect(scenarioRow(scenario, { ...all, [column]: "not run" }, runs, seen).status).toBe("missing")
  expect(scenarioRow(scenario, { ...all, [column]: "not found" }, runs, seen).status).toBe("missing")
  expect(scenarioRow(scenario, { ...all, [column]: "not visible" }, runs, seen).status).toBe("found")
})

it("what breaks in reality too is expected to be broken", () => {
  expect(scenarioRow({ ...scenario, brokenInReality: true }, all, runs, seen).status).toBe("expected broken")
  expect(scenarioRow({ ...scenario, brokenInReality: true }, { ...all, spec: "not found" }, runs, seen).status).toBe(
    "missing"
  )
})
