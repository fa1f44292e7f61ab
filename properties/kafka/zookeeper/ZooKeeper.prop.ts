/**
 * A ZooKeeper server and its clients refine the model, whatever fails, and come back when nothing does any more; paths of
 * the model are schedules of theirs, and without a guard they break as it says.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { showCover } from "../../../src/conform/Cover.ts"
import { stampsOf, treeOf } from "../../../src/kafka/models/ZooKeeperState.ts"
import { showLabel } from "../../../src/machine/Machine.ts"
import { byTier } from "../../../test/Tier.ts"
import { commands } from "./Histories.ts"
import { oneClient, type PlayedGraph, twoClients } from "./PlayedGraph.ts"
import { counterexamples, playedPaths } from "./PlayedPaths.ts"
import { follow, play as playMoves, timeoutsFor } from "./Schedule.ts"
import { drive, guarded, play } from "./ZooKeeperRun.ts"

/** Every action of the model that a guarded node does, every code and kind of event that this tree has. */
const everything = [
  "Ask",
  "BadVersion",
  "Connect",
  "Expire",
  "GiveUp",
  "Hear",
  "Kill",
  "LoseClient",
  "LoseServer",
  "NoNode",
  "NodeChildrenChanged",
  "NodeCreated",
  "NodeDataChanged",
  "NodeDeleted",
  "NodeExists",
  "NotEmpty",
  "Reset",
  "Restart",
  "Serve",
  "expired",
  "told late"
]

describe("a ZooKeeper server and its clients on the simulated world", () => {
  it("do only what the model does, in every order and under every fault, and are settled soon after the last one", () => {
    const reached = new Set<string>()
    let events = 0
    let telling = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        const run = play(guarded, seed, list)
        run.reached.forEach((tag) => reached.add(tag))
        events += run.events
        telling += run.telling
        // Mended for a while: everyone is in a session, knows what became of its question, and heard of every change.
        const { own, status, tree } = run.state
        expect(status.every((is) => is === "up")).toBe(true)
        expect(own.every(({ asks, ready }) => ready && asks.length === 0)).toBe(true)
        const now = stampsOf(treeOf(tree))
        own.forEach(({ registered }) =>
          registered.forEach((left, watch) => expect(left.every((stamp) => stamp[0] === now[watch]![0])).toBe(true))
        )
      }),
      { numRuns: byTier({ quick: 200, deep: 5_000 }) }
    )
    expect([...reached].sort()).toEqual(everything)
    expect(telling / events).toBeGreaterThan(0.1)
  })
})

const broken = counterexamples()

describe("a counterexample of the model", () => {
  it.each(broken)(
    "is a schedule of the nodes, step by step, and breaks the same property: $configuration",
    ({ clients, guards, labels, property }) => {
      const run = drive({ clients, guards, seed: 1, judge: [] }, (deployed) => follow(deployed, labels))
      expect(run.labels).toEqual(labels)
      const judged = () =>
        drive({ clients, guards, seed: 1, judge: [property] }, (deployed) => follow(deployed, labels))
      expect(judged).toThrow(`${property} is broken`)
    }
  )

  it.each(broken)(
    "breaks nothing on nodes whose guard is on, under the same schedule: $configuration",
    ({ clients, configuration, labels, property }) => {
      const options = { clients, guards: guarded, seed: 1, judge: [property] }
      // What a client sends in a session that has ended goes nowhere: its connection is closed.
      if (configuration === "MCZooKeeper_RefusesEndedSessions") {
        const refused = () => drive(options, (deployed) => follow(deployed, labels))
        expect(refused).toThrow("Serve(1) was played, and the nodes did nothing")
      } else {
        expect(drive(options, (deployed) => follow(deployed, labels)).labels).toEqual(labels)
      }
    }
  )
})

describe("a path of the model", () => {
  it("leads the nodes to the state that it has, also where ephemerals are swept up and events released later", () => {
    const done = new Set<string>()
    for (const { guards, labels, state } of playedPaths()) {
      const run = drive({ clients: 1, guards, seed: 1, judge: [] }, (deployed) => follow(deployed, labels))
      expect(run.state).toEqual(state)
      for (const { action } of labels) done.add(action)
    }
    expect(["Expire", "GiveUp", "Release", "Sweep"].filter((each) => !done.has(each))).toEqual([])
  })
})

/** Plays paths of a graph, and says where nodes do other labels than the model has, or are in another state after them. */
const differing = ({ clients, covered, stateAfter }: PlayedGraph, onePathIn: number): ReadonlyArray<string> =>
  covered.paths.filter((_, i) => i % onePathIn === 0).flatMap((path) => {
    const labels = path.flatMap((move) => move.labels)
    const timeoutOf = timeoutsFor(labels)
    const different: Array<string> = []
    try {
      drive(
        { clients, guards: guarded, seed: 1, judge: [], timeoutOf },
        (deployed) =>
          playMoves(deployed, path, timeoutOf, (index) => {
            const [nodes, model] = [deployed.state(), stateAfter(path[index]!)].map((state) => JSON.stringify(state))
            if (nodes !== model) different.push(`another state after ${index + 1} moves`)
          })
      )
    } catch (error) {
      different.push(error instanceof Error ? error.message : String(error))
    }
    return different.map((what) => `${labels.map(showLabel).join(" ")}: ${what}`)
  })

describe("a small graph of the model", () => {
  it("is played on two clients move by move, crashes inside handlers too: each gives the state that the model has", () => {
    const graph = twoClients()
    const { commuting, covered } = graph
    const onePathIn = byTier({ quick: 20, ci: 1, deep: 1 })
    console.info(`${showCover(covered, commuting)}; one schedule in ${onePathIn} is played here`)
    expect(covered.edges).toBeGreaterThan(10_000)
    // Nothing is eager here, so no edge may be left.
    expect(covered.covered).toBe(covered.edges)
    expect(covered.paths.flat().some(({ crashes }) => crashes)).toBe(true)
    expect(differing(graph, onePathIn)).toEqual([])
  })

  it("is played on a client that comes back in a second session, but for what follows an expiry out of order", () => {
    const graph = oneClient()
    const { commuting, covered, outOfOrder } = graph
    console.info(`${showCover(covered, commuting)}; ${outOfOrder} edges follow an expiry out of order`)
    expect(covered.covered).toBe(covered.edges)
    expect(outOfOrder / covered.edges).toBeLessThan(0.1)
    expect(differing(graph, 1)).toEqual([])
  })
})
