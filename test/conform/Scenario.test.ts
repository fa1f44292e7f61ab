/** A row of the scenarios is green only where every part that could see it was run and found it. */
import { expect, it } from "vitest"
import { type Columns, scenarioRow, scenarios } from "../../src/conform/Scenario.ts"

const [scenario] = scenarios
const all: Columns = { spec: "found", model: "found", simulation: "found", history: "found" }

it.each(["spec", "model", "simulation", "history"] as const)("a row is missing while %s is", (column) => {
  expect(scenarioRow(scenario!, all, 1).status).toBe("found")
  expect(scenarioRow(scenario!, { ...all, [column]: "not run" }, 1).status).toBe("missing")
  expect(scenarioRow(scenario!, { ...all, [column]: "not found" }, 1).status).toBe("missing")
  expect(scenarioRow(scenario!, { ...all, [column]: "not visible" }, 1).status).toBe("found")
})

it("what breaks in reality too is expected to be broken", () => {
  expect(scenarioRow({ ...scenario!, brokenInReality: true }, all, 1).status).toBe("expected broken")
  expect(scenarioRow({ ...scenario!, brokenInReality: true }, { ...all, spec: "not found" }, 1).status).toBe("missing")
})
