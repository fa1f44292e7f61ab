/**
 * Random walks: behaviours at bounds that no search can exhaust, each judged step by step, and a failing one shrunk.
 *
 * The decision: a failing walk shrinks on the labels that it took, not on the choices that led to them: a label that is no
 * longer enabled is left out (src/replay/DeltaDebugging). Faults are `rare`: one choice in sixteen, since a walk in which
 * they are as likely as any other label hardly ever gets anywhere.
 */
import { type Label, labelsOf, type Machine, type Named } from "../machine/Machine.ts"
import { type Choose, oneIn } from "../replay/Choose.ts"
import { shrink } from "../replay/DeltaDebugging.ts"
import { successors } from "./Expansion.ts"
import { follow, type Path, type Step } from "./Path.ts"

/** A broken property of a state or of a step, and the path that ends by breaking it. */
export interface BrokenWalk<State> {
  readonly kind: "always" | "alwaysStep"
  readonly property: string
  readonly path: Path<State>
}

export interface Walk<State> {
  readonly path: Path<State>
  readonly broken: BrokenWalk<State> | undefined
  /** Each `sometimes` that a state of the path reached, and each `sometimesStep` that a step of it was. */
  readonly reached: ReadonlySet<string>
}

export interface WalkOptions {
  /** The most steps of a walk. */
  readonly steps: number
  /** Actions that are taken one time in sixteen where another is enabled too. */
  readonly rare?: ReadonlyArray<string> | undefined
}

const judge = <State>(
  machine: Machine<State>,
  before: State | undefined,
  label: Label | undefined,
  after: State
): Pick<BrokenWalk<State>, "kind" | "property"> | undefined => {
  const state = Object.entries(machine.always).find(([, holds]) => !holds(after))
  if (state !== undefined) return { kind: "always", property: state[0] }
  if (before === undefined || label === undefined) return undefined
  const edge = Object.entries(machine.alwaysStep).find(([, holds]) => !holds(before, label, after))
  return edge === undefined ? undefined : { kind: "alwaysStep", property: edge[0] }
}

const holding = <State>(named: Named<(state: State) => boolean>, state: State): ReadonlyArray<string> =>
  Object.entries(named).filter(([, holds]) => holds(state)).map(([name]) => name)

/** One that walks the machine at random, as `choose` says; it ends where nothing is enabled or a property is broken. */
export const walker = <State>(machine: Machine<State>, options: WalkOptions): (choose: Choose) => Walk<State> => {
  const labels = labelsOf(machine)
  const rare = new Set(options.rare)
  const common: Array<Step<State>> = []
  const unusual: Array<Step<State>> = []
  const enabled = successors(machine, labels, (state, index) => {
    const label = labels[index]!
    if (rare.has(label.action)) unusual.push({ label, state })
    else common.push({ label, state })
  })
  const choice = (choose: Choose, state: State): Step<State> | undefined => {
    common.length = 0
    unusual.length = 0
    enabled(state)
    const from = common.length === 0 || (unusual.length > 0 && oneIn(choose, 16)) ? unusual : common
    return from.length === 0 ? undefined : from[choose(from.length)]
  }
  return (choose) => {
    const initial = machine.initial[choose(machine.initial.length)]!
    const steps: Array<Step<State>> = []
    const path = { initial, steps }
    const reached = new Set(holding(machine.sometimes, initial))
    let broken = judge(machine, undefined, undefined, initial)
    let state: State = initial
    while (broken === undefined && steps.length < options.steps) {
      const next = choice(choose, state)
      if (next === undefined) break
      steps.push(next)
      broken = judge(machine, state, next.label, next.state)
      for (const name of holding(machine.sometimes, next.state)) reached.add(name)
      for (const [name, holds] of Object.entries(machine.sometimesStep ?? {})) {
        if (holds(state, next.label, next.state)) reached.add(name)
      }
      state = next.state
    }
    return { path, reached, broken: broken === undefined ? undefined : { ...broken, path } }
  }
}

/** The path up to the first step that breaks this property; nothing where none does. */
const untilBroken = <State>(
  machine: Machine<State>,
  { kind, property }: Pick<BrokenWalk<State>, "kind" | "property">,
  path: Path<State>
): Path<State> | undefined => {
  if (kind === "always" && !machine.always[property]!(path.initial)) return { initial: path.initial, steps: [] }
  let before = path.initial
  for (const [index, { label, state }] of path.steps.entries()) {
    const holds = kind === "always"
      ? machine.always[property]!(state)
      : machine.alwaysStep[property]!(before, label, state)
    if (!holds) return { initial: path.initial, steps: path.steps.slice(0, index + 1) }
    before = state
  }
  return undefined
}

/** The path that takes these labels, as far as they are enabled, up to where the property breaks; nothing if it never does. */
export const untilBrokenBy = <State>(
  machine: Machine<State>,
  broken: BrokenWalk<State>,
  labels: ReadonlyArray<Label>
): Path<State> | undefined => untilBroken(machine, broken, follow(machine, broken.path.initial, labels))

/** The same property broken by a path from which no single step can be left out. */
export const shrinkWalk = <State>(machine: Machine<State>, broken: BrokenWalk<State>): BrokenWalk<State> => {
  const replayed = (labels: ReadonlyArray<Label>) => untilBrokenBy(machine, broken, labels)
  const labels = broken.path.steps.map(({ label }) => label)
  const { steps } = shrink(labels, (kept) => replayed(kept)?.steps.map(({ label }) => label))
  return { ...broken, path: replayed(steps)! }
}
