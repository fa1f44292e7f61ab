/** Paths of the model are schedules of the nodes: every counterexample of a guard that is off, every move of a graph. */
import { describe, expect, it } from "vitest"
import { check } from "../../../packages/tla-tools-runner/src/index.ts"
import { specModules, type SpecRow } from "../../../src/cli/SpecFiles.ts"
import { replayStates } from "../../../src/conform/Counterexample.ts"
import { showCover } from "../../../src/conform/Cover.ts"
import { kindOfProperty } from "../../../src/conform/SpecText.ts"
import type { Path } from "../../../src/explore/Path.ts"
import { explore } from "../../../src/explore/Search.ts"
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import { type Constants, guarded, type State } from "../../../src/kafka/models/ControllerElectionState.ts"
import type { Named } from "../../../src/machine/Machine.ts"
import { byTier } from "../../../test/Tier.ts"
import { itTlc } from "../../../test/Tlc.ts"
import { played, playedGraph, showPath } from "./PlayedGraph.ts"
import { guardsOf, playPath } from "./PlayedPaths.ts"

const module = specModules().find(({ name }) => name === "ControllerElection")!
const constantsOf = (row: SpecRow) => row.config.constants as unknown as Constants
/** Rows of the catalogue in which a guard is off and a property of states or steps falls; of lassos TLC alone knows. */
const falling = module.rows.filter(({ configuration }) => /_K\d\d_/.test(configuration)).flatMap((row) => {
  const property = row.expected.replace(/^violates /, "")
  return kindOfProperty(module.text, property) === "behaviour" ? [] : [{ row, name: row.configuration, property }]
})

const shortest = (row: SpecRow, property: string): Path<State> => {
  const machine = controllerElection(constantsOf(row))
  const only = <A>(all: Named<A>): Named<A> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name === property))
  const judged = { ...machine, always: only(machine.always), alwaysStep: only(machine.alwaysStep) }
  return explore(judged, { stopAtViolation: true }).violations[0]!.path
}

/** Plays a counterexample on nodes that lack its guard: the property falls with the last step and not before. */
const breaks = (row: SpecRow, property: string, { initial, steps }: Path<State>): void => {
  const labels = steps.map(({ label }) => label)
  const states = [initial, ...steps.map(({ state }) => state)]
  const { fell, taken } = playPath(constantsOf(row), guardsOf(constantsOf(row)), labels, property, states)
  expect(taken).toBe(labels.length)
  expect(fell).toBe(labels.length)
}

it("covers every scenario of the catalogue that the module has", () => {
  const ids = falling.map(({ name }) => /_(K\d\d)_/.exec(name)![1])
  expect([...new Set(ids)].sort()).toEqual(["K14", "K15", "K16", "K17", "K18", "K20", "K21", "K22"])
})

/** TLC finds these in two or three seconds. */
const small = ["K15", "K17", "K21", "K22"]
const byTlc = byTier({
  quick: falling.filter(({ name }) => small.some((id) => name.includes(id))),
  ci: falling,
  deep: falling
})

describe("a counterexample of TLC", () => {
  itTlc.each(byTlc)("is a schedule of the nodes, state by state: $name $property", async ({ property, row }) => {
    const { trace } = await check(module.file, { config: row.configFile, workers: 1 }).result
    const replayed = replayStates(
      controllerElection(constantsOf(row)),
      trace!.states.map(({ values }) => values)
    )
    if (replayed._tag === "Refused") throw new Error(`the model refuses state ${replayed.at}`)
    expect(replayed.path.steps.length).toBe(row.depth! - 1)
    breaks(row, property, replayed.path)
  })
})

describe("a counterexample of the model", () => {
  it.each(falling)("breaks nothing on nodes whose guard is on, under the same schedule: $name $property", ({
    property,
    row
  }) => {
    const path = shortest(row, property)
    breaks(row, property, path)
    const labels = path.steps.map(({ label }) => label)
    const { fell, run, taken } = playPath(constantsOf(row), guarded, labels, property)
    expect(fell).toBeUndefined()
    expect(run.broken).toEqual([])
    // A guard forbids no step here: each is taken, and what it does is another thing.
    expect(taken).toBe(labels.length)
    // Nodes without the guard do not go the way of the model that has it.
    const off = guardsOf(constantsOf(row))
    expect(() => playPath(constantsOf(row), guarded, labels, property, [], off)).toThrow(/model|enabled|was played/)
  })
})

describe("a small graph of the model", () => {
  const common = [
    "Answered",
    "Dial",
    "Expire",
    "Hear",
    "Kill",
    "Obey",
    "PowerLoss",
    "Reconnect",
    "Restart",
    "Serve",
    "Terminate"
  ]
  /** Of each: one schedule in so many is played by default, all in the other tiers; actions that are taken. */
  const graphs = [
    { name: "standing", oneIn: 120, actions: [...common, "Disconnect"] },
    { name: "alone", oneIn: 100, actions: [...common, "CreatePartition"] }
  ] as const

  it.each(graphs)(
    "is played on the nodes move by move: each gives the state that the model has: $name",
    ({ actions, name, oneIn }) => {
      const { commuting, covered, play } = playedGraph(played[name])
      const step = byTier({ quick: oneIn, ci: 1, deep: 1 })
      // The first ones begin with a fault each, and are the longest.
      const paths = covered.paths.filter((_, i) => i % step === 0 || i < 40)
      console.info(`${name}: ${showCover(covered, commuting)}; ${paths.length} of the schedules are played`)
      expect(covered.edges).toBeGreaterThan(10_000)
      // Nothing is eager here, so no edge may be left.
      expect(commuting.broken).toEqual([])
      expect(covered.covered).toBe(covered.edges)
      const different: Array<string> = []
      for (const path of paths) {
        try {
          play(path)
        } catch (error) {
          different.push(`${showPath(path)}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
      expect(different).toEqual([])
      const taken = new Set(paths.flat().flatMap(({ labels }) => labels.map(({ action }) => action)))
      expect(actions.filter((action) => !taken.has(action))).toEqual([])
      // A crash inside a handler is a move of its own; a cluster that stands does nothing before its one fault.
      expect(paths.flat().some(({ crashes }) => crashes)).toBe(name === "alone")
    },
    byTier({ quick: 240_000, ci: 1_800_000, deep: 1_800_000 })
  )
})
