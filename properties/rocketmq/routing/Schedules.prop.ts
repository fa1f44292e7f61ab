/** Paths of the model are schedules of the nodes: every counterexample, and every move of a small graph. */
import { describe, expect, it } from "vitest"
import { check } from "../../../packages/tla-tools-runner/src/index.ts"
import { type SpecModule, specModules, type SpecRow } from "../../../src/cli/SpecFiles.ts"
import { replayStates } from "../../../src/conform/Counterexample.ts"
import { showCover } from "../../../src/conform/Cover.ts"
import { kindOfProperty } from "../../../src/conform/SpecText.ts"
import type { Path } from "../../../src/explore/Path.ts"
import { explore } from "../../../src/explore/Search.ts"
import { showLabel } from "../../../src/machine/Machine.ts"
import { type Constants, nameServerRouting, type State } from "../../../src/rocketmq/models/NameServerRouting.ts"
import { drive } from "../../../src/simulate/routing/RoutingCluster.ts"
import { itTlc } from "../../../test/Tlc.ts"
import { castOf, playedGraph } from "./PlayedGraph.ts"
import { follow, play } from "./Schedule.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }

const module: SpecModule = specModules().find(({ name }) => name === "NameServerRouting")!
const constantsOf = (row: SpecRow) => row.config.constants as unknown as Constants
const machineOf = (row: SpecRow) => nameServerRouting(constantsOf(row))
/** Rows in which a guard is off and a property falls; what never happens is no guard. */
const falling = module.rows.flatMap((row) => {
  const property = row.expected.replace(/^violates /, "")
  const kind = kindOfProperty(module.text, property)
  return row.expected.startsWith("violates ") && !property.startsWith("Never")
    ? [{ row, name: row.configuration, property, kind }]
    : []
})
const judgedByNodes = falling.filter(({ kind }) => kind !== "behaviour")

/** Plays a path and compares every state of it with the nodes'. */
const played = (row: SpecRow, guards: typeof guarded, path: Path<State>, promises: ReadonlyArray<string>) => {
  const differing: Array<string> = []
  const labels = path.steps.map(({ label }) => label)
  const run = drive(castOf(row), guards, 1, (deployed) => {
    const moves = labels.map((label) => ({ labels: [label], crashes: false }))
    play(deployed, moves, (index) => {
      const [nodes, model] = [deployed.state(), path.steps[index]!.state].map((state) => JSON.stringify(state))
      if (nodes !== model) differing.push(`after ${index + 1} steps: nodes ${nodes}, model ${model}`)
    })
  }, promises)
  return { differing, labels: run.labels.map(showLabel), wanted: labels.map(showLabel) }
}

describe("a counterexample of the model", () => {
  const shortest = (row: SpecRow, property: string): Path<State> =>
    explore(machineOf(row)).violations.find((violation) => violation.property === property)!.path

  it.each(judgedByNodes)(
    "is a schedule of the nodes, state by state, and breaks the same property: $name $property",
    ({ property, row }) => {
      const path = shortest(row, property)
      const { differing, labels, wanted } = played(row, constantsOf(row), path, [])
      expect(differing).toEqual([])
      expect(labels).toEqual(wanted)
      expect(() => played(row, constantsOf(row), path, [property])).toThrow(`${property} is broken`)
    }
  )

  // Of R13 there are no such nodes: the tables of a NameServer are in its memory.
  it.each(judgedByNodes.filter(({ name }) => !name.includes("_R13_")))(
    "breaks nothing on nodes whose guard is on, under the same schedule: $name $property",
    ({ property, row }) => {
      const labels = shortest(row, property).steps.map(({ label }) => label)
      const run = drive(castOf(row), guarded, 1, (deployed) => follow(deployed, labels), [property])
      expect(run.labels).toEqual(labels)
    }
  )
})

describe("a counterexample of TLC", () => {
  const replay = async (row: SpecRow): Promise<Path<State>> => {
    const { trace } = await check(module.file, { config: row.configFile, workers: 1 }).result
    const states = trace!.states.map(({ values }) => values)
    const replayed = replayStates(machineOf(row), states)
    if (replayed._tag === "Refused") throw new Error(`the model refuses state ${replayed.at}`)
    expect(replayed.path.steps.length).toBeGreaterThan(1)
    return replayed.path
  }

  itTlc.each(judgedByNodes)("is a schedule of the nodes, state by state: $name $property", async ({ row }) => {
    const { differing, labels, wanted } = played(row, constantsOf(row), await replay(row), [])
    expect(differing).toEqual([])
    expect(labels).toEqual(wanted)
  })

  // Which lasso TLC stops at depends on when it looks, and some have a broker beat to one NameServer twice before another's
  // turn comes, which the clock of a node does not.
  itTlc.each(falling.filter(({ kind }) => kind === "behaviour"))(
    "is a path of the model, which ends where the behaviour repeats itself: $name $property",
    async ({ row }) => void await replay(row)
  )
})

describe("a small graph of the model", () => {
  it("is played on the nodes move by move, crashes inside handlers too: each gives the state that the model has", () => {
    const { cast, commuting, covered, stateAfter } = playedGraph()
    expect(commuting.broken).toEqual([])
    console.info(showCover(covered, commuting))
    expect(covered.edges).toBeGreaterThan(10_000)
    // Nothing is eager here, so no edge may be left.
    expect(covered.covered).toBe(covered.edges)
    const different: Array<string> = []
    for (const path of covered.paths) {
      const labels = () => path.flatMap((move) => move.labels).map(showLabel).join(" ")
      try {
        drive(cast, guarded, 1, (deployed) => {
          play(deployed, path, (index) => {
            const [nodes, model] = [deployed.state(), stateAfter(path[index]!)].map((s) => JSON.stringify(s))
            if (nodes !== model) different.push(`another state: ${labels()}`)
          })
        }, [])
      } catch (error) {
        different.push(`${labels()}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    expect(different).toEqual([])
    // A crash inside a handler is a move of its own.
    expect(covered.paths.flat().some(({ crashes }) => crashes)).toBe(true)
  })
})
