/**
 * A behaviour of TLC in the model, and a behaviour of the model for TLC.
 *
 * The decision: TLC prints a counterexample's states and not its arguments, so each step is looked for among the labels
 * of the model; a step that no label takes is the answer, not an exception.
 */
import type { Path, Step } from "../explore/Path.ts"
import { compile } from "../machine/Codec.ts"
import { labelsOf, type Machine, showLabel, step } from "../machine/Machine.ts"
import type { TlaValue } from "../machine/TlaValue.ts"
import { variablesFromTla, variablesToTla } from "../machine/Translation.ts"

type Variables = Readonly<Record<string, TlaValue>>

export type Replayed<State> =
  | { readonly _tag: "Replayed"; readonly path: Path<State> }
  /** `at` counts states from 0: the first that the model does not reach so. */
  | { readonly _tag: "Refused"; readonly at: number; readonly enabled: ReadonlyArray<string> }

/** Follows the states of a behaviour of TLC in the model. Throws `OutsideSchema` for a state that is none of its own. */
export const replayStates = <State>(machine: Machine<State>, states: ReadonlyArray<Variables>): Replayed<State> => {
  const codec = compile(machine.variables)
  const labels = labelsOf(machine)
  const [one, two] = [new Int32Array(codec.words), new Int32Array(codec.words)]
  const same = (a: State, b: State): boolean => {
    codec.pack(a, one, 0)
    codec.pack(b, two, 0)
    return one.every((word, i) => word === two[i])
  }
  const [first, ...rest] = states.map((variables) => variablesFromTla(machine.variables, variables))
  if (states.length === 0 || !machine.initial.some((state) => same(state, first!))) {
    return { _tag: "Refused", at: 0, enabled: [] }
  }
  const steps: Array<Step<State>> = []
  let before: State = first!
  for (const [index, state] of rest.entries()) {
    const taken = labels.map((label) => ({ label, after: step(machine, before, label) }))
    const found = taken.find(({ after }) => after !== undefined && same(after, state))
    if (found === undefined) {
      const enabled = taken.filter(({ after }) => after !== undefined).map(({ label }) => showLabel(label))
      return { _tag: "Refused", at: index + 1, enabled }
    }
    steps.push({ label: found.label, state })
    before = state
  }
  return { _tag: "Replayed", path: { initial: first!, steps } }
}

/** A step as the oracle is asked about it. */
export interface AskedStep {
  readonly action: string
  readonly parameters: ReadonlyArray<TlaValue>
  readonly state: Variables
}

/** A behaviour of the model as the oracle follows it: every action with its arguments, every variable of every state. */
export const asked = <State>(
  machine: Machine<State>,
  path: Path<State>
): { readonly first: Variables; readonly steps: ReadonlyArray<AskedStep> } => ({
  first: variablesToTla(machine.variables, path.initial),
  steps: path.steps.map(({ label, state }) => ({
    action: label.action,
    parameters: label.args,
    state: variablesToTla(machine.variables, state)
  }))
})
