/**
 * A path for people and for tools: as a story (each action and what it changed), as JSON, as ITF.
 *
 * The decision: a story shows only what changed, down to the slice of the process that changed it, in TLA+'s notation;
 * the other two hold every variable of every state. Authority of ITF: Apalache ADR-015, revision of 2023-09-14.
 */
import { type Machine, showLabel } from "../machine/Machine.ts"
import type { SchemaNode } from "../machine/StateSchema.ts"
import { isSequence, keyOf, kindOfFunction, type TlaValue } from "../machine/TlaValue.ts"
import { toTla, variablesToTla } from "../machine/Translation.ts"
import type { Path } from "./Path.ts"

/** A value in TLA+'s notation, on one line. */
export const showValue = (value: TlaValue): string => {
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE"
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value !== "object") return String(value)
  if (isSequence(value)) return value.length === 0 ? "<<>>" : `<<${value.map(showValue).join(", ")}>>`
  switch (value._tag) {
    case "Set":
      return `{${value.elements.map(showValue).join(", ")}}`
    case "Record":
      return `[${Object.entries(value.fields).map(([name, field]) => `${name} |-> ${showValue(field)}`).join(", ")}]`
    case "Function":
      return `(${value.entries.map(([from, to]) => `${showValue(from)} :> ${showValue(to)}`).join(" @@ ")})`
    case "ModelValue":
      return value.name
    case "Opaque":
      return value.text
  }
}

type Plain = Readonly<Record<string, unknown>> & ReadonlyArray<unknown>

/** `log[2]: <<>> -> <<<<1, 1>>>>`, a line for each part that differs. */
const changes = (node: SchemaNode, before: unknown, after: unknown, place: string): ReadonlyArray<string> => {
  const [old, value] = [toTla(node, before), toTla(node, after)]
  if (keyOf(old) === keyOf(value)) return []
  switch (node._tag) {
    case "Record":
      return Object.entries(node.fields).flatMap(([name, field]) =>
        changes(field, (before as Plain)[name], (after as Plain)[name], place === "" ? name : `${place}.${name}`)
      )
    case "Function":
      return node.domain.flatMap((element, i) =>
        changes(node.of, (before as Plain)[i], (after as Plain)[i], `${place}[${showValue(element)}]`)
      )
    case "Boolean":
    case "Range":
    case "Choice":
    case "Tuple":
    case "Sequence":
    case "Union":
    case "Subset":
    case "SetOf":
      return [`${place}: ${showValue(old)} -> ${showValue(value)}`]
  }
}

/** The path as lines: the initial state's variables, then each action and what it changed. */
export const story = <State>(machine: Machine<State>, path: Path<State>): ReadonlyArray<string> => {
  const first = Object.entries(variablesToTla(machine.variables, path.initial))
  const lines = [" 0  initial state", ...first.map(([name, value]) => `      ${name} = ${showValue(value)}`)]
  let before = path.initial
  for (const [index, { label, state }] of path.steps.entries()) {
    const changed = changes(machine.variables, before, state, "")
    lines.push(`${String(index + 1).padStart(2)}  ${showLabel(label)}`)
    lines.push(...(changed.length === 0 ? ["nothing changed"] : changed).map((line) => `      ${line}`))
    before = state
  }
  return lines
}

/** The path as plain JSON: states as TypeScript has them, and the label that led to each. */
export const toJson = <State>(machine: Machine<State>, path: Path<State>) => ({
  machine: machine.name,
  constants: machine.constants,
  initial: path.initial,
  steps: path.steps.map(({ label, state }) => ({ action: label.action, args: label.args, state }))
})

/** A value of the format. */
export type ItfValue =
  | boolean
  | string
  | ReadonlyArray<ItfValue>
  | { readonly "#bigint": string }
  | { readonly "#set": ReadonlyArray<ItfValue> }
  | { readonly "#tup": ReadonlyArray<ItfValue> }
  | { readonly "#map": ReadonlyArray<readonly [ItfValue, ItfValue]> }
  | { readonly [field: string]: ItfValue }

/** A constant of a schema, such as an argument of a function: its own type is all that there is to go by. */
const constantToItf = (value: TlaValue): ItfValue => {
  if (typeof value === "boolean" || typeof value === "string") return value
  if (typeof value !== "object") return { "#bigint": String(value) }
  return isSequence(value) ? { "#tup": value.map(constantToItf) } : showValue(value)
}

const toItfValue = (node: SchemaNode, given: unknown): ItfValue => {
  const value = given as Plain
  const fields = (of: Readonly<Record<string, SchemaNode>>) =>
    Object.fromEntries(Object.entries(of).map(([name, field]) => [name, toItfValue(field, value[name])]))
  switch (node._tag) {
    case "Boolean":
    case "Choice":
      return given as boolean | string
    case "Range":
      return { "#bigint": String(given) }
    case "Record":
      return fields(node.fields)
    case "Union": {
      const tag = value["_tag"] as string
      return { _tag: tag, ...fields(node.cases[tag]!) }
    }
    case "Tuple":
      return { "#tup": node.of.map((of, i) => toItfValue(of, value[i])) }
    case "Sequence":
      return value.map((element) => toItfValue(node.of, element))
    case "Subset":
      return { "#set": (given as ReadonlyArray<TlaValue>).map(constantToItf) }
    case "SetOf":
      return { "#set": value.map((element) => toItfValue(node.of, element)) }
    case "Function": {
      const images = value.map((image) => toItfValue(node.of, image))
      return kindOfFunction(node.domain) === "record"
        ? Object.fromEntries(node.domain.map((name, i) => [name as string, images[i]!]))
        : { "#map": node.domain.map((element, i) => [constantToItf(element), images[i]!] as const) }
    }
  }
}

/** The path in the Informal Trace Format, ready for `JSON.stringify`. */
export const toItf = <State>(machine: Machine<State>, path: Path<State>) => {
  const variables = Object.entries(machine.variables.fields)
  const state = (value: State, index: number, action: string | undefined) => ({
    "#meta": action === undefined ? { index } : { index, action },
    ...Object.fromEntries(variables.map(([name, node]) => [name, toItfValue(node, (value as Plain)[name])]))
  })
  return {
    "#meta": { format: "ITF", source: machine.name },
    vars: variables.map(([name]) => name),
    states: [
      state(path.initial, 0, undefined),
      ...path.steps.map((step, i) => state(step.state, i + 1, showLabel(step.label)))
    ]
  }
}
