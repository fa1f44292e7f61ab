/**
 * A ZooKeeper server and its clients refine the model, whatever fails, and come back when nothing does any more; paths of
 * the model are schedules of theirs, and without a guard they break as it says.
 */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { explore } from "../../../src/explore/Search.ts"
import { type State, zooKeeper } from "../../../src/kafka/models/ZooKeeper.ts"
import { stampsOf, treeOf } from "../../../src/kafka/models/ZooKeeperState.ts"
import { action, type Label, type Machine, showLabel } from "../../../src/machine/Machine.ts"
import { byTier } from "../../../test/Tier.ts"
import { commands } from "./Histories.ts"
import { counterexamples, playedPaths } from "./PlayedPaths.ts"
import { follow } from "./Schedule.ts"
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

/**
 * Sessions of a client expire in their order: the node heard of an earlier one earlier, so its bucket is not later. The
 * model, which has no time, lets them expire in any.
 */
const inOrder = (machine: Machine<State>): Machine<State> => {
  const { over, step } = machine.actions["Expire"]!
  const ordered = action(over, (state: State, ...args) => {
    const [client, session] = args as ReadonlyArray<number>
    const earlier = state.sessions[client! - 1]!.some((live) => live < session!)
    return earlier ? undefined : step(state, ...args as ReadonlyArray<never>)
  })
  return { ...machine, actions: { ...machine.actions, Expire: ordered } }
}

describe("a small graph of the model", () => {
  it("is played on the nodes edge by edge: each gives the state that the model has", () => {
    const machine = zooKeeper({
      ...guarded,
      Clients: 1,
      Kinds: ["Take", "Look"],
      MaxAsks: 2,
      MaxSessions: 2,
      MaxFaults: 1,
      FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
      MaxKept: 3
    })
    const { graph } = explore(inOrder(machine))
    const left = new Map<number, Array<readonly [label: Label, to: number]>>()
    let edges = 0
    graph.eachEdge((from, index, to) => {
      edges++
      left.set(from, [...left.get(from) ?? [], [graph.labels[index]!, to]])
    })
    // All but those after an expiry out of order, which are few.
    expect(edges).toBeGreaterThan(1_000)
    expect(edges / explore(machine).transitions).toBeGreaterThan(0.9)
    // From the far end of the graph, and on from edge to edge while there is one that was not played.
    const different: Array<string> = []
    let played = 0
    for (const start of [...left.keys()].reverse()) {
      while (left.get(start)!.length > 0) {
        const path = graph.pathTo(start).steps.map((step) => step.label)
        for (let at = start, next = left.get(at)?.pop(); next !== undefined; next = left.get(at)?.pop()) {
          path.push(next[0])
          at = next[1]
          played++
        }
        try {
          drive({ clients: 1, guards: guarded, seed: 1, judge: [] }, (deployed) => follow(deployed, path))
        } catch (error) {
          different.push(`${path.map(showLabel).join(" ")}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    }
    expect(different).toEqual([])
    expect(played).toBe(edges)
  })
})
