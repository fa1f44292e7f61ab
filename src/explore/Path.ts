/** A behaviour of a machine, finite: an initial state, then labels and the states that they lead to. */
import { type Label, type Machine, showLabel, step } from "../machine/Machine.ts"
import { outsideAfter, OutsideSchema } from "../machine/OutsideSchema.ts"

export interface Step<State> {
  readonly label: Label
  readonly state: State
}

export interface Path<State> {
  readonly initial: State
  readonly steps: ReadonlyArray<Step<State>>
}

/** The state in which a path ends. */
export const lastOf = <State>(path: Path<State>): State => path.steps.at(-1)?.state ?? path.initial

/** The behaviour that takes the labels in their order and leaves out each that is not enabled when its turn comes. */
export const follow = <State>(machine: Machine<State>, initial: State, labels: ReadonlyArray<Label>): Path<State> => {
  const steps: Array<Step<State>> = []
  let state = initial
  for (const label of labels) {
    const after = step(machine, state, label)
    if (after === undefined) continue
    steps.push({ label, state: after })
    state = after
  }
  return { initial, steps }
}

/** The labels of a path as text: `Produce(1) Fetch(2,1)`. */
export const showLabels = (path: Path<unknown>): string => path.steps.map(({ label }) => showLabel(label)).join(" ")

/** What a failed step fails with: a value outside its schema says which step of which behaviour made it. */
export const failureOf = <State>(error: unknown, before: Path<State>, label: Label): unknown =>
  error instanceof OutsideSchema ? outsideAfter(error, showLabels(before), showLabel(label)) : error
