/**
 * `ackproof conform [NAME]`: TLC's whole labelled graph of every configuration against the model's; exit 1 at a
 * difference, which is printed with its state, action and fields.
 */
import { Command } from "effect/cli"
import { performance } from "node:perf_hooks"
import { compareGraphs, type Comparison, type VisitSpec } from "../conform/CompareGraphs.ts"
import { showDifference } from "../conform/Difference.ts"
import { compareNames } from "../conform/Names.ts"
import { kindOfProperty } from "../conform/SpecText.ts"
import { OutsideSchema } from "../machine/OutsideSchema.ts"
import { name, overConfigurations, tierFlag } from "./Configurations.ts"
import * as Output from "./Output.ts"
import { checkedProperties, type SpecModule, type SpecRow } from "./SpecFiles.ts"
import type { TlaTools } from "./TlaTools.ts"
import { type Twin, twins } from "./Twins.ts"

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

const text = (row: ConformRow): ReadonlyArray<string> => [
  `${row.module} ${row.configuration}: ${row.identical ? "identical" : "DIFFERENT"}, ` +
  `${row.states} states, ${row.transitions} transitions, ${row.seconds} s`,
  ...(row.firstDifference === undefined ? [] : showDifference(row.firstDifference).map((line) => `  ${line}`))
]

const runConform = overConfigurations<ConformRow>({
  command: "conform",
  tierOf: (row) => row.graphTier ?? row.tier,
  look: (tools, module, row) => compareConfiguration(visitorOf(tools, module, row), module, row, twins[module.name]),
  isAsStated: ({ identical }) => identical,
  text
})

export const conform = Command.make("conform", { name, tier: tierFlag("quick"), json: Output.json }, runConform).pipe(
  Command.withDescription("TLC's whole labelled graph against ours")
)
