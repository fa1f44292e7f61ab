/**
 * The inner loop of a search: every successor of a state, checked and put into a table.
 *
 * The decision: each instance of an action is one call in generated code, with its arguments as literals. V8 then inlines
 * a small action where it is called and knows the types that this action meets, which one loop over all instances hides.
 */
import type { Label, Machine } from "../machine/Machine.ts"

/** Instances in one generated function: V8 does not optimise very long ones. */
const instancesTogether = 32

/** The most instances that a table can name in 16 bits. */
const mostLabels = 0x1_0000

/** Calls `emit` with each successor of a state and the index of its label, in the order of the labels. */
export const successors = <State>(
  machine: Machine<State>,
  labels: ReadonlyArray<Label>,
  emit: (after: State, label: number) => void
): (state: State) => void => {
  if (labels.length > mostLabels) {
    throw new RangeError(`${machine.name} has ${labels.length} instances of actions, ${mostLabels} are the most`)
  }
  const groups: Array<{ readonly action: string; readonly calls: Array<string> }> = []
  for (const [index, { action, args }] of labels.entries()) {
    const last = groups.at(-1)
    const call = `t=step(${["s", ...args.map((arg) => JSON.stringify(arg))].join()});if(t!==undefined)emit(t,${index});`
    if (last?.action === action && last.calls.length < instancesTogether) last.calls.push(call)
    else groups.push({ action, calls: [call] })
  }
  const functions: ReadonlyArray<(state: State) => void> = groups.map(({ action, calls }) =>
    new Function("step", "emit", `return (s)=>{let t;${calls.join("")}}`)(machine.actions[action]!.step, emit)
  )
  return (state) => {
    for (const each of functions) each(state)
  }
}

/** Where a search keeps the states that it has seen. */
export interface Table<State> {
  /** The id of a state found by `label` from `before`: itself where it was not known, else its complement `~id`. */
  readonly add: (after: State, before: State, from: number, label: number) => number
  readonly stateAt: (id: number) => State
}

/** The kinds of property that a search judges on its way. */
type Kind = "always" | "alwaysStep" | "sometimes" | "sometimesStep"

/** A property by its name. */
export interface Property {
  readonly kind: Kind
  readonly property: string
}

/** The first place where a property was broken, or where something that must happen sometimes happened. */
export interface Finding extends Property {
  /** The state that the edge leaves; none for an initial state. */
  readonly from: number | undefined
  /** The index of the edge's label. */
  readonly label: number
  /** The state in question, or the one that the edge leads to. */
  readonly id: number
}

/** Whether a finding is of something that should happen, not of something that must not. */
export const isWitness = ({ kind }: Property): boolean => kind === "sometimes" || kind === "sometimesStep"

/** What an expansion counts and finds. */
export interface Tally {
  transitions: number
  /** Steps by each label. */
  readonly taken: Float64Array
  readonly findings: Array<Finding>
}

export interface Expansion {
  /** Expands the state of this id. */
  readonly expand: (id: number) => void
  /** Judges an initial state. */
  readonly judge: (id: number) => void
  /** Which step was tried last: where a step fails, that one. */
  readonly last: () => { readonly from: number; readonly label: number }
  /** No longer looks at these properties. */
  readonly close: (properties: ReadonlyArray<Property>) => void
  readonly tally: Tally
}

/** Expands states of a table. A property that was found once is not looked at again. */
export const expansion = <State>(
  machine: Machine<State>,
  labels: ReadonlyArray<Label>,
  table: Table<State>
): Expansion => {
  const tally: Tally = { transitions: 0, taken: new Float64Array(labels.length), findings: [] }
  let always = Object.entries(machine.always)
  let sometimes = Object.entries(machine.sometimes)
  let alwaysStep = Object.entries(machine.alwaysStep)
  let sometimesStep = Object.entries(machine.sometimesStep ?? {})
  let from = -1
  let last = 0
  let before: State

  const close = (properties: ReadonlyArray<Property>): void => {
    const closed = (kind: Kind) => new Set(properties.filter((x) => x.kind === kind).map(({ property }) => property))
    const [a, b, c, d] = [closed("always"), closed("sometimes"), closed("alwaysStep"), closed("sometimesStep")]
    always = always.filter(([name]) => !a.has(name))
    sometimes = sometimes.filter(([name]) => !b.has(name))
    alwaysStep = alwaysStep.filter(([name]) => !c.has(name))
    sometimesStep = sometimesStep.filter(([name]) => !d.has(name))
  }
  const found = (kind: Kind, property: string, label: number, id: number): void => {
    const finding = { kind, property, from: from < 0 ? undefined : from, label, id }
    tally.findings.push(finding)
    close([finding])
  }
  const judgeState = (state: State, label: number, id: number): void => {
    for (const [name, holds] of always) if (!holds(state)) found("always", name, label, id)
    for (const [name, holds] of sometimes) if (holds(state)) found("sometimes", name, label, id)
  }
  const emit = (after: State, label: number): void => {
    last = label
    tally.transitions++
    tally.taken[label]!++
    const id = table.add(after, before, from, label)
    if (alwaysStep.length > 0) {
      for (const [name, holds] of alwaysStep) {
        if (!holds(before, labels[label]!, after)) found("alwaysStep", name, label, id < 0 ? ~id : id)
      }
    }
    if (sometimesStep.length > 0) {
      for (const [name, holds] of sometimesStep) {
        if (holds(before, labels[label]!, after)) found("sometimesStep", name, label, id < 0 ? ~id : id)
      }
    }
    if (id >= 0) judgeState(after, label, id)
  }
  const each = successors(machine, labels, emit)
  return {
    tally,
    close,
    last: () => ({ from, label: last }),
    judge: (id) => {
      from = -1
      judgeState(table.stateAt(id), 0, id)
    },
    expand: (id) => {
      from = id
      before = table.stateAt(id)
      each(before)
    }
  }
}
