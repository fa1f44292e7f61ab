/**
 * `ackproof scenarios [ID...]`: for each guard whether TLC, the model, the nodes and the judge of histories find what
 * breaks without it; exit 1 while any column of a row is missing.
 */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { type Column, type Runs, type Scenario, scenarioRow, scenarios as known } from "../conform/Scenario.ts"
import { kindOfProperty } from "../conform/SpecText.ts"
import { explore } from "../explore/index.ts"
import { electionSearches } from "../simulate/coordination/ElectionScenarios.ts"
import { routingSearches } from "../simulate/routing/RoutingScenarios.ts"
import { searchScenario } from "../simulate/Search.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { checkRow } from "./Spec.ts"
import { modulesNamed, type SpecModule, type SpecRow } from "./SpecFiles.ts"
import { type TlaTools, tlaTools } from "./TlaTools.ts"
import { twins } from "./Twins.ts"

interface Job {
  readonly module: SpecModule
  readonly row: SpecRow
}

/** The configurations of a scenario that are expected to break: the guard is off, and its id is in the name. */
const jobsOf = (scenario: Scenario, modules: ReadonlyArray<SpecModule>): ReadonlyArray<Job> =>
  modules.flatMap((module) =>
    module.rows
      .filter(({ configuration, expected }) =>
        configuration.includes(`_${scenario.id}_`) && expected.startsWith("violates")
      )
      .map((row) => ({ module, row }))
  )

/** Whether the model breaks the same property in each of the configurations. */
const inModel = (jobs: ReadonlyArray<Job>): Column => {
  const properties = jobs.map(({ module, row }) => ({ module, row, name: row.expected.replace("violates ", "") }))
  const visible = properties.filter(({ module, name }) => kindOfProperty(module.text, name) !== "behaviour")
  if (visible.length === 0) return jobs.length === 0 ? "not run" : "not visible"
  if (visible.some(({ module }) => twins[module.name] === undefined)) return "not run"
  const isFound = visible.every(({ module, name, row }) =>
    explore(twins[module.name]!(row.config.constants)).violations.some(({ property }) => property === name)
  )
  return isFound ? "found" : "not found"
}

const inSpec = async (tools: TlaTools, jobs: ReadonlyArray<Job>): Promise<Column> => {
  for (const { module, row } of jobs) {
    if ((await checkRow(tools, module, row)).unexpected.length > 0) return "not found"
  }
  return jobs.length === 0 ? "not run" : "found"
}

/** Histories on nodes in which nothing was seen are enough after so many. */
const mostHistories = 300

/** How each scenario is looked for on nodes. */
const searches = { ...routingSearches, ...electionSearches }

/** What the nodes and their clients showed; a scenario that nothing looks for on nodes is not run there. */
const onNodes = (scenario: Scenario): { simulation: Column; history: Column; runs: Runs } => {
  const search = searches[scenario.id]
  const unseen = scenario.seenByClients ? "not run" : "not visible"
  if (search === undefined) return { simulation: "not run", history: unseen, runs: { runs: 0, guardedRuns: 0 } }
  const { clients, guardedRuns, nodes, runs } = searchScenario(search, mostHistories)
  const simulation = nodes ? "found" : "not found"
  const history = search.anomaly === undefined ? unseen : clients ? "found" : "not found"
  return { simulation, history, runs: { runs, guardedRuns } }
}

const rowOf = async (tools: TlaTools, scenario: Scenario, modules: ReadonlyArray<SpecModule>) => {
  const jobs = jobsOf(scenario, modules)
  const { history, runs, simulation } = onNodes(scenario)
  const columns = { spec: await inSpec(tools, jobs), model: inModel(jobs), simulation, history }
  const search = searches[scenario.id]
  return scenarioRow(scenario, columns, runs, {
    properties: [...new Set(jobs.map(({ row }) => row.expected.replace("violates ", "")))],
    ...(search && { nodes: search.onNodes }),
    ...(search?.anomaly && { anomaly: search.anomaly.name })
  })
}

const chosen = Effect.fnUntraced(function*(ids: ReadonlyArray<string>) {
  const unknown = ids.find((id) => !known.some((scenario) => scenario.id === id))
  if (unknown === undefined) return known.filter(({ id }) => ids.length === 0 || ids.includes(id))
  const names = known.map(({ id }) => id).join(", ")
  return yield* new BadInput({ message: `scenarios: no scenario is called ${unknown}; there are: ${names}` })
})

const runScenarios = Effect.fnUntraced(
  function*(options: { readonly ids: ReadonlyArray<string>; readonly json: boolean }) {
    const wanted = yield* chosen(options.ids)
    const modules = yield* modulesNamed("scenarios", undefined)
    const tools = yield* tlaTools("scenarios")
    const progress = Output.progress("scenarios")
    const rows: Array<ReturnType<typeof scenarioRow>> = []
    for (const [index, scenario] of wanted.entries()) {
      progress.update(index, wanted.length, scenario.id)
      const row = yield* Effect.tryPromise({
        try: () => rowOf(tools, scenario, modules),
        catch: (error) => new BadInput({ message: `scenarios: ${scenario.id}: ${String(error).replace(/\s+/g, " ")}` })
      })
      rows.push(row)
      if (options.json) continue
      const { guardedRuns, runs, seen } = row
      yield* Output.line(`${row.id} ${row.guard}: ${row.status}: ${row.title}`)
      yield* Output.line(
        `    spec ${row.spec}, model ${row.model}, simulation ${row.simulation}, history ${row.history}; seen: ` +
          [...seen.properties, seen.nodes, seen.anomaly].filter((name, i, all) => all.indexOf(name) === i && name).join(
            ", "
          )
      )
      if (runs > 0) {
        yield* Output.line(
          `    ${runs} histories on nodes without the guard, ${guardedRuns} with it`
        )
      }
    }
    progress.end()
    if (options.json) yield* Output.document(rows)
    if (rows.some(({ status }) => status === "missing")) return yield* new NotAsStated()
  }
)

const ids = Argument.String("id").pipe(
  Argument.withDescription("Scenarios, by id; all of them without one"),
  Argument.variadic({ min: 0 })
)

export const scenarios = Command.make("scenarios", { ids, json: Output.json }, runScenarios).pipe(
  Command.withDescription("K1.., R1..: what spec, model, simulation and history checker find")
)
