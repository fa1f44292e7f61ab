/**
 * Where a specification and a model first part, as data: in a name, in a state, in a step, in the truth of a property.
 *
 * The decision: a difference names the state it was seen from, the action, and each variable that differs with both
 * values in TLA+'s notation, so that it can be read without running anything again.
 */
import { showValue } from "../explore/Story.ts"
import type { RecordSchema } from "../machine/StateSchema.ts"
import { keyOf, type TlaValue } from "../machine/TlaValue.ts"
import { variablesToTla } from "../machine/Translation.ts"

/** A variable with its value on each side; a side that has none says so in words. */
export interface DifferingField {
  readonly variable: string
  readonly spec: string
  readonly model: string
}

export interface Difference {
  readonly kind: "name" | "schema" | "initial state" | "step" | "state predicate" | "action property" | "search"
  /** One sentence: what is different. */
  readonly what: string
  /** The state from which it was seen, by variable, in TLA+'s notation. */
  readonly state?: Readonly<Record<string, string>>
  /** The action with its arguments. */
  readonly action?: string
  readonly fields?: ReadonlyArray<DifferingField>
}

type Variables = Readonly<Record<string, TlaValue>>

/** A state's variables in TLA+'s notation. */
export const shownState = <State>(schema: RecordSchema<State>, state: State): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(variablesToTla(schema, state)).map(([name, value]) => [name, showValue(value)]))

const none = "no such state"

/** Each variable whose values differ; a side that is missing has no value for any. */
export const differingFields = (
  spec: Variables | undefined,
  model: Variables | undefined
): ReadonlyArray<DifferingField> =>
  Object.keys({ ...spec, ...model }).flatMap((variable) => {
    const [one, two] = [spec?.[variable], model?.[variable]]
    if (one !== undefined && two !== undefined && keyOf(one) === keyOf(two)) return []
    const show = (value: TlaValue | undefined) => value === undefined ? none : showValue(value)
    return [{ variable, spec: show(one), model: show(two) }]
  })

/** A difference as lines for a person. */
export const showDifference = (difference: Difference): ReadonlyArray<string> => [
  difference.what,
  ...Object.entries(difference.state ?? {}).map(([name, value]) => `    ${name} = ${value}`),
  ...(difference.action === undefined ? [] : [`  ${difference.action}`]),
  ...(difference.fields ?? []).map(({ model, spec, variable }) => `    ${variable}: spec ${spec}, model ${model}`)
]
