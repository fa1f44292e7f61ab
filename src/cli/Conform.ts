/**
 * `ackproof conform [NAME]`: TLC's whole labelled graph of every configuration against the model's; exit 1 at a
 * difference, which is printed with its state, action and fields.
 */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { performance } from "node:perf_hooks"
import { compareGraphs, type Comparison, type VisitSpec } from "../conform/CompareGraphs.ts"
import { showDifference } from "../conform/Difference.ts"
import { compareNames } from "../conform/Names.ts"
import { kindOfProperty } from "../conform/SpecText.ts"
import { OutsideSchema } from "../machine/OutsideSchema.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { checkedProperties, modulesNamed, type SpecModule, type SpecRow } from "./SpecFiles.ts"
import { type TlaTools, tlaTools } from "./TlaTools.ts"
import { type Twin, twins } from "./Twins.ts"

const name = Argument.String("name").pipe(Argument.withDescription("A module, by name"), Argument.optional)
const tier = Flag.Literals("tier", ["quick", "deep"]).pipe(
  Flag.withDescription("quick: configurations of seconds; deep: all of them"),
  Flag.withDefault("quick" as const)
)

export interface ConformRow extends Comparison {
  readonly module: string
  readonly configuration: string
  readonly seconds: number
}

/** The graph that TLC finds of a configuration. */
const visitorOf = (tools: TlaTools, module: SpecModule, row: SpecRow): VisitSpec => (ask, visitor) =>
  tools.graph(module.file, { config: row.configFile, ...ask }).visit(visitor)

/** Compares one configuration with its twin. */
export const compareConfiguration = async (
  visit: VisitSpec,
  module: SpecModule,
  row: SpecRow,
  twin: Twin | undefined
): Promise<ConformRow> => {
  const begin = performance.now()
  const checked = checkedProperties(module)
  const known = new Set(checked.filter((property) => kindOfProperty(module.text, property) !== "none"))
  const result = (comparison: Comparison): ConformRow => ({
    module: module.name,
    configuration: row.configuration,
    ...comparison,
    seconds: Math.round(performance.now() - begin) / 1000
  })
  if (twin === undefined) {
    const what = `module ${module.name} is in the specification only: no model is its twin in src/cli/Twins.ts`
    return result({ states: 0, transitions: 0, identical: false, firstDifference: { kind: "name", what } })
  }
  try {
    const machine = twin(row.config.constants)
    const names = (variables: ReadonlyArray<string>) => compareNames(module.text, machine, checked, variables)
    return result(await compareGraphs(machine, visit, { known, names }))
  } catch (error) {
    if (!(error instanceof OutsideSchema)) throw error
    const what = `the model leaves the bounds of its schema: ${error.message}`
    return result({ states: 0, transitions: 0, identical: false, firstDifference: { kind: "schema", what } })
  }
}

/** TLC stops where it reaches what a `Never` forbids; the whole graph around that has no bound of seconds. */
const isQuick = (row: SpecRow): boolean => row.tier === "quick" && !row.expected.startsWith("violates Never")

const text = (row: ConformRow): ReadonlyArray<string> => [
  `${row.module} ${row.configuration}: ${row.identical ? "identical" : "DIFFERENT"}, ` +
  `${row.states} states, ${row.transitions} transitions, ${row.seconds} s`,
  ...(row.firstDifference === undefined ? [] : showDifference(row.firstDifference).map((line) => `  ${line}`))
]

interface Options {
  readonly name: Option.Option<string>
  readonly tier: "quick" | "deep"
  readonly json: boolean
}

const runConform = Effect.fnUntraced(function*(options: Options) {
  const modules = yield* modulesNamed("conform", Option.getOrUndefined(options.name))
  const tools = yield* tlaTools("conform")
  const jobs = modules.flatMap((module) =>
    module.rows.filter((row) => options.tier === "deep" || isQuick(row)).map((row) => ({ module, row }))
  )
  const progress = Output.progress("configurations")
  const rows: Array<ConformRow> = []
  for (const [index, { module, row }] of jobs.entries()) {
    progress.update(index, jobs.length, row.configuration)
    const found = yield* Effect.tryPromise({
      try: () => compareConfiguration(visitorOf(tools, module, row), module, row, twins[module.name]),
      catch: (error) => new BadInput({ message: `conform: ${row.configuration}: ${String(error)}` })
    })
    rows.push(found)
    if (!options.json) { for (const line of text(found)) yield* Output.line(line) }
  }
  progress.end()
  if (options.json) yield* Output.document(rows)
  if (rows.some(({ identical }) => !identical)) return yield* new NotAsStated()
})

export const conform = Command.make("conform", { name, tier, json: Output.json }, runConform).pipe(
  Command.withDescription("TLC's whole labelled graph against ours")
)
