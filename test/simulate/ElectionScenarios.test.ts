/** What a guard of the controller keeps out is found on nodes without it, and is not with it, under the same schedules. */
import { expect, it } from "vitest"
import { scenarios } from "../../src/conform/Scenario.ts"
import { electionSearches } from "../../src/simulate/coordination/ElectionScenarios.ts"
import { searchScenario } from "../../src/simulate/Search.ts"
import { byTier } from "../Tier.ts"

const guardedRuns = byTier({ quick: { factor: 1, least: 5 }, deep: { factor: 10, least: 200 } })

it.each(Object.entries(electionSearches))("is found on nodes, and not with its guard on: %s", (id, search) => {
  expect(scenarios.map((scenario) => scenario.id)).toContain(id)
  expect(searchScenario(search, 30, guardedRuns)).toMatchObject({ nodes: true, clients: false })
})
