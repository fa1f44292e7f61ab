/**
 * Names on both sides: variables, actions with the number of their parameters, properties.
 *
 * The decision: names are compared before graphs, since what has no counterpart would otherwise be compared with nothing.
 * A `sometimes` or `sometimesStep` called `X` is the spec's `NeverX`, which a reachability configuration expects to be
 * broken. Properties of whole behaviours are TLC's and have no counterpart.
 */
import type { Label, Machine } from "../machine/Machine.ts"
import type { Difference } from "./Difference.ts"
import { kindOfProperty, type SpecText } from "./SpecText.ts"

/** A state predicate of the spec, and the model's. */
export interface PairedPredicate<State> {
  readonly name: string
  readonly holds: (state: State) => boolean
}

/** The spec's name of what the model says happens sometimes. */
const neverName = (sometimes: string): string => `Never${sometimes}`

/** The model's state predicates by the names that the spec has for them. */
export const pairedPredicates = <State>(machine: Machine<State>): ReadonlyArray<PairedPredicate<State>> => [
  ...Object.entries(machine.always).map(([name, holds]) => ({ name, holds })),
  ...Object.entries(machine.sometimes).map(([name, reached]) => ({
    name: neverName(name),
    holds: (state: State) => !reached(state)
  })),
  ...Object.entries(machine.reachableFromAll).map(([name, holds]) => ({ name, holds }))
]

/** A property of steps of the spec, and the model's. */
interface PairedStep<State> {
  readonly name: string
  readonly holds: (before: State, label: Label, after: State) => boolean
}

/** The model's properties of steps by the names that the spec has for them. */
export const pairedSteps = <State>(machine: Machine<State>): ReadonlyArray<PairedStep<State>> => [
  ...Object.entries(machine.alwaysStep).map(([name, holds]) => ({ name, holds })),
  ...Object.entries(machine.sometimesStep ?? {}).map(([name, is]): PairedStep<State> => ({
    name: neverName(name),
    holds: (before, label, after) => !is(before, label, after)
  }))
]

const onOneSide = (
  what: string,
  module: string,
  spec: ReadonlyArray<string>,
  model: ReadonlyArray<string>
): ReadonlyArray<Difference> => {
  const only = (names: ReadonlyArray<string>, others: ReadonlyArray<string>, side: string) =>
    names.filter((name) => !others.includes(name)).map((name) => ({
      kind: "name" as const,
      what: `${what} ${name} of ${module} is in the ${side} only`
    }))
  return [...only(spec, model, "specification"), ...only(model, spec, "model")]
}

/** `checked` are the properties that configurations of the module name; `variables` are those that TLC knows. */
export const compareNames = <State>(
  spec: SpecText,
  machine: Machine<State>,
  checked: ReadonlyArray<string>,
  variables: ReadonlyArray<string>
): ReadonlyArray<Difference> => {
  const withArity = (name: string, count: number) => `${name}/${count}`
  const properties = checked.filter((name) => kindOfProperty(spec, name) === "state")
  const stepProperties = checked.filter((name) => kindOfProperty(spec, name) === "step")
  const strange = [
    ...spec.strange.map((part) => `${part}: no action over constant sets`),
    ...checked.filter((name) => kindOfProperty(spec, name) === "none").map((name) => `${name}: not defined`)
  ].map((what) => ({ kind: "name" as const, what }))
  const compared = (what: string, ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>) =>
    onOneSide(what, spec.module, theirs, ours)
  return [
    ...strange,
    ...compared("variable", Object.keys(machine.variables.fields), variables),
    ...compared("constant", Object.keys(machine.constants), spec.constants),
    ...compared(
      "action",
      Object.entries(machine.actions).map(([name, { over }]) => withArity(name, over.length)),
      spec.actions.map(({ name, over }) => withArity(name, over.length))
    ),
    ...compared("state property", pairedPredicates(machine).map(({ name }) => name), properties),
    ...compared("action property", pairedSteps(machine).map(({ name }) => name), stepProperties)
  ]
}
