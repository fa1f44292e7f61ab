/**
 * `ackproof scenarios`: for each guard whether TLC and the model find what breaks without it; exit 1 while any column of
 * a row is missing.
 */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { type Column, type Scenario, scenarioRow, scenarios as known } from "../conform/Scenario.ts"
import { kindOfProperty } from "../conform/SpecText.ts"
import { explore } from "../explore/index.ts"
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

const runScenarios = Effect.fnUntraced(function*(options: { readonly json: boolean }) {
  const modules = yield* modulesNamed("scenarios", undefined)
  const tools = yield* tlaTools("scenarios")
  const progress = Output.progress("scenarios")
  const rows: Array<ReturnType<typeof scenarioRow>> = []
  for (const [index, scenario] of known.entries()) {
    progress.update(index, known.length, scenario.id)
    const jobs = jobsOf(scenario, modules)
    const spec = yield* Effect.tryPromise({
      try: () => inSpec(tools, jobs),
      catch: (error) => new BadInput({ message: `scenarios: ${scenario.id}: ${String(error).replace(/\s+/g, " ")}` })
    })
    const history = scenario.seenByClients ? "not run" : "not visible"
    const row = scenarioRow(scenario, { spec, model: inModel(jobs), simulation: "not run", history }, jobs.length)
    rows.push(row)
    if (options.json) continue
    yield* Output.line(
      `${row.id} ${row.guard}: ${row.status}; spec ${row.spec}, model ${row.model}, simulation ${row.simulation}, ` +
        `history ${row.history}, ${row.runs} configurations: ${row.title}`
    )
  }
  progress.end()
  if (options.json) yield* Output.document(rows)
  if (rows.some(({ status }) => status === "missing")) return yield* new NotAsStated()
})

export const scenarios = Command.make("scenarios", { json: Output.json }, runScenarios).pipe(
  Command.withDescription("K1.., R1..: what spec, model, simulation and history checker find")
)
