/** A scenario is found on nodes only where the guard makes the difference; those of routing are. */
import { describe, expect, it } from "vitest"
import { scenarios } from "../../src/conform/Scenario.ts"
import { routingSearches } from "../../src/simulate/routing/RoutingScenarios.ts"
import { type ScenarioSearch, searchScenario } from "../../src/simulate/Search.ts"

const search = (play: ScenarioSearch["play"], guardEndsIt = true): ScenarioSearch => ({
  onNodes: "a property",
  anomaly: { name: "duplicate", guardEndsIt },
  play
})

describe("a search for a scenario", () => {
  it("goes on until the nodes have shown it and the clients have seen it, and looks longer with the guard on", () => {
    const play = (seed: number, isGuarded: boolean) => ({
      nodes: !isGuarded && seed === 3,
      clients: !isGuarded && seed === 7
    })
    expect(searchScenario(search(play), 100)).toEqual({ runs: 7, guardedRuns: 70, nodes: true, clients: true })
  })

  it("finds nothing where nothing is shown, in all the histories that it may look at", () => {
    const { clients, nodes, runs } = searchScenario(search(() => ({ nodes: false, clients: false })), 12)
    expect({ clients, nodes, runs }).toEqual({ clients: false, nodes: false, runs: 12 })
  })

  it("finds nothing where the same is shown with the guard on: then the guard is not what ends it", () => {
    const always = () => ({ nodes: true, clients: true })
    expect(searchScenario(search(always), 5)).toMatchObject({ nodes: false, clients: false })
    expect(searchScenario(search(always, false), 5)).toMatchObject({ nodes: false, clients: true })
  })
})

describe("a scenario of routing", () => {
  it.each(Object.entries(routingSearches))("is found on nodes, and not with its guard on: %s", (id, of) => {
    const { clients, nodes, runs } = searchScenario(of, 100, { factor: 2, least: 10 })
    expect(nodes).toBe(true)
    expect(clients).toBe(of.anomaly !== undefined)
    expect(runs).toBeLessThan(100)
    const scenario = scenarios.find((each) => each.id === id)!
    expect(scenario.seenByClients).toBe(of.anomaly !== undefined)
  })

  it("is looked for on nodes for every row of the catalogue that routing has", () => {
    expect(Object.keys(routingSearches)).toEqual(["R10", "R11", "R12", "R13", "R18"])
  })
})
