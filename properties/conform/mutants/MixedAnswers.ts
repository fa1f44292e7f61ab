/**
 * What TLC says of properties in states and steps that nothing reaches.
 *
 *     Init  the states, one disjunct each                 Next  nothing
 *     Init  where the steps begin                         Next  the steps, one disjunct each
 *
 * The decision: TLC's own graph of this, with the specification's properties as predicates, so what says whether they hold
 * is what says so of every other graph.
 */
import { graph, type Value } from "../../../packages/tla-tools-runner/src/index.ts"
import type { SpecModule, SpecRow } from "../../../src/cli/SpecFiles.ts"
import type { Machine } from "../../../src/machine/Machine.ts"
import { variablesFromTla, variablesToTla } from "../../../src/machine/Translation.ts"
import type { MixedQuestions, MixedStates } from "./MixedStates.ts"
import { tlaText } from "./TlaText.ts"

/** An action with a name, whose parts TLC does not take for actions. */
const action = (body: string): string => `LET MixedStep == TRUE /\\ (${body}) IN MixedStep`

const anyOf = (all: ReadonlyArray<string>): string => [...new Set(all)].map((each) => `(${each})`).join("\n  \\/ ")

/** Asks TLC; a state or a step that was asked twice is answered once. */
export const mixedAnswers = async <State>(
  module: SpecModule,
  row: SpecRow,
  machine: Machine<State>,
  { predicates, states, stepPredicates, steps }: MixedQuestions<State>
): Promise<MixedStates> => {
  const text = (state: State, prime = ""): string =>
    Object.entries(variablesToTla(machine.variables, state)).map(([name, value]) =>
      `${name}${prime} = ${tlaText(value as Value)}`
    ).join(" /\\ ")
  let names: ReadonlyArray<string> = []
  const variables = (all: ReadonlyArray<string>): void => {
    names = all
  }
  const read = (values: ReadonlyArray<Value>): State =>
    variablesFromTla(machine.variables, Object.fromEntries(names.map((name, i) => [name, values[i]!])))

  // TLC takes no constant for a next-state relation.
  const [some] = Object.keys(machine.variables.fields)
  const never = action(`${some} # ${some} /\\ ${some}' = ${some}`)
  const told: Array<MixedStates["states"][number]> = []
  await graph(module.file, {
    config: row.configFile,
    init: anyOf(states.map((state) => text(state))),
    next: never,
    predicates
  }).visit({ variables, state: (_, values, __, truths) => void told.push({ state: read(values), truths }) })

  const toldSteps: Array<MixedStates["steps"][number]> = []
  if (steps.length > 0) {
    const byId: Array<State> = []
    await graph(module.file, {
      config: row.configFile,
      init: anyOf(steps.map(([before]) => text(before))),
      next: action(anyOf(steps.map(([before, after]) => `${text(before)} /\\ ${text(after, "'")}`))),
      stepPredicates
    }).visit({
      variables,
      state: (id, values) => {
        byId[id] = read(values)
      },
      edge: (from, _, to, truths) => void toldSteps.push({ before: byId[from], after: byId[to], truths })
    })
  }
  return { predicates, states: told, stepPredicates, steps: toldSteps }
}
