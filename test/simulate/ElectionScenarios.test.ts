/**
 * What a guard of the controller keeps out is found on nodes without it, by clients too where the catalogue says so, and is
 * not with it, under the same schedules.
 */
import { expect, it } from "vitest"
import { scenarios } from "../../src/conform/Scenario.ts"
import { electionSearches } from "../../src/simulate/coordination/ElectionScenarios.ts"
import { searchScenario } from "../../src/simulate/Search.ts"
import { byTier } from "../Tier.ts"

const guardedRuns = byTier({ quick: { factor: 1, least: 5 }, deep: { factor: 10, least: 200 } })

it.each(Object.entries(electionSearches))("is found on nodes, and not with its guard on: %s", (id, search) => {
  const { seenByClients } = scenarios.find((scenario) => scenario.id === id)!
  expect(searchScenario(search, 60, guardedRuns)).toMatchObject({ nodes: true, clients: seenByClients })
})

it("is looked for on nodes for every row of the catalogue that the controller has", () => {
  expect(Object.keys(electionSearches)).toEqual(["K14", "K15", "K16", "K17", "K18", "K20", "K21", "K22"])
})
