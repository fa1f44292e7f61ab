/**
 * The translation between states and TLA+ values, given by the schema.
 *
 * The decision: since records carry `_tag` on both sides and brokers, records and epochs count from 1, only sets and
 * functions over other domains than 1..n are not already the same data.
 */
import { codeOf } from "./Codec.ts"
import { elementsOf } from "./Domain.ts"
import { outsideSchema } from "./OutsideSchema.ts"
import type { RecordSchema, SchemaNode, StateSchema } from "./StateSchema.ts"
import { isSequence, isTagged, keyOf, kindOfFunction, type TlaValue } from "./TlaValue.ts"

type Fields = { readonly [name: string]: TlaValue }
/** What unpacking gives, before it has its own type. */
type Plain = Readonly<Record<string, unknown>> & ReadonlyArray<unknown>

const recordOf = (fields: Fields): TlaValue => Object.keys(fields).length === 0 ? [] : { _tag: "Record", fields }

const mapFields = (
  fields: Readonly<Record<string, SchemaNode>>,
  each: (node: SchemaNode, name: string) => TlaValue
): Fields => Object.fromEntries(Object.entries(fields).map(([name, node]) => [name, each(node, name)]))

const toTlaNode = (node: SchemaNode, given: unknown): TlaValue => {
  const value = given as Plain
  switch (node._tag) {
    case "Boolean":
    case "Range":
    case "Choice":
      return given as boolean | number | string
    case "Record":
      return recordOf(mapFields(node.fields, (field, name) => toTlaNode(field, value[name])))
    case "Tuple":
      return node.of.map((of, i) => toTlaNode(of, value[i]))
    case "Sequence":
      return value.map((element) => toTlaNode(node.of, element))
    case "Union": {
      const tag = value["_tag"] as string
      return recordOf({ _tag: tag, ...mapFields(node.cases[tag]!, (field, name) => toTlaNode(field, value[name])) })
    }
    case "Subset":
      return { _tag: "Set", elements: given as ReadonlyArray<TlaValue> }
    case "SetOf":
      return { _tag: "Set", elements: value.map((element) => toTlaNode(node.of, element)) }
    case "Function": {
      const images = value.map((image) => toTlaNode(node.of, image))
      switch (kindOfFunction(node.domain)) {
        case "sequence":
          return images
        case "record":
          return recordOf(Object.fromEntries(node.domain.map((name, i) => [name as string, images[i]!])))
        case "pairs":
          return { _tag: "Function", entries: node.domain.map((element, i) => [element, images[i]!] as const) }
      }
    }
  }
}

/** A value as TLA+ has it; its sets and functions are in the schema's order. */
export const toTla = <A>(schema: StateSchema<A>, value: A): TlaValue => toTlaNode(schema, value)

/** Each variable of a state as TLA+ has it. */
export const variablesToTla = <State>(
  schema: RecordSchema<State>,
  state: State
): { readonly [variable: string]: TlaValue } =>
  mapFields(schema.fields, (node, name) => toTlaNode(node, (state as Plain)[name]))

const fieldsOf = (value: TlaValue, path: string, wanted: ReadonlyArray<string>): Fields => {
  const fields = wanted.length === 0 && isSequence(value) && value.length === 0
    ? {}
    : isTagged(value, "Record")
    ? value.fields
    : undefined
  const found = Object.keys(fields ?? {})
  if (fields === undefined || found.length !== wanted.length || wanted.some((name) => !Object.hasOwn(fields, name))) {
    throw outsideSchema(path, value, `the records with fields ${wanted.join(", ")}`)
  }
  return fields
}

const arrayOf = (value: TlaValue, path: string, least: number, most: number): ReadonlyArray<TlaValue> => {
  if (isSequence(value) && value.length >= least && value.length <= most) return value
  throw outsideSchema(path, value, `the sequences of ${least === most ? most : `at most ${most}`} elements`)
}

const elementsOfSet = (value: TlaValue, path: string): ReadonlyArray<TlaValue> => {
  if (isTagged(value, "Set")) return value.elements
  throw outsideSchema(path, value, "the sets")
}

const imagesOf = (value: TlaValue, domain: ReadonlyArray<TlaValue>, path: string): ReadonlyArray<TlaValue> => {
  switch (kindOfFunction(domain)) {
    case "sequence":
      return arrayOf(value, path, domain.length, domain.length)
    case "record": {
      const names = domain as ReadonlyArray<string>
      const fields = fieldsOf(value, path, names)
      return names.map((name) => fields[name]!)
    }
    case "pairs": {
      const entries = isTagged(value, "Function") ? value.entries : []
      const images = new Map(entries.map(([from, to]) => [keyOf(from), to]))
      const found = domain.map((element) => images.get(keyOf(element)))
      if (entries.length !== domain.length || found.includes(undefined)) {
        throw outsideSchema(path, value, `the functions over ${domain.map(keyOf).join()}`)
      }
      return found as ReadonlyArray<TlaValue>
    }
  }
}

/** Each order is compiled once: a graph has a set in every state. */
const orders = new WeakMap<SchemaNode, (value: unknown) => number>()
const orderOf = (node: SchemaNode): (value: unknown) => number => {
  const known = orders.get(node)
  if (known !== undefined) return known
  const code = codeOf<unknown>(node)
  orders.set(node, code)
  return code
}

const fromTlaNode = (node: SchemaNode, value: TlaValue, path: string): unknown => {
  const read = (of: SchemaNode, inner: TlaValue, place: string | number) =>
    fromTlaNode(of, inner, typeof place === "number" ? `${path}[${place}]` : path === "" ? place : `${path}.${place}`)
  const readFields = (fields: Readonly<Record<string, SchemaNode>>, from: Fields) =>
    Object.fromEntries(Object.entries(fields).map(([name, of]) => [name, read(of, from[name]!, name)]))
  switch (node._tag) {
    case "Boolean":
      if (typeof value === "boolean") return value
      throw outsideSchema(path, value, "the booleans")
    case "Range":
      if (typeof value === "number" && Number.isInteger(value) && value >= node.min && value <= node.max) return value
      throw outsideSchema(path, value, `${node.min}..${node.max}`)
    case "Choice":
      if (typeof value === "string" && node.of.includes(value)) return value
      throw outsideSchema(path, value, node.of.join(", "))
    case "Record":
      return readFields(node.fields, fieldsOf(value, path, Object.keys(node.fields)))
    case "Tuple":
      return arrayOf(value, path, node.of.length, node.of.length).map((element, i) => read(node.of[i]!, element, i))
    case "Sequence":
      return arrayOf(value, path, 0, node.max).map((element, i) => read(node.of, element, i))
    case "Union": {
      const tag = isTagged(value, "Record") ? value.fields["_tag"] : undefined
      const fields = typeof tag === "string" && Object.hasOwn(node.cases, tag) ? node.cases[tag] : undefined
      if (fields === undefined) {
        throw outsideSchema(path, value, `the records with a _tag of ${Object.keys(node.cases).join(", ")}`)
      }
      return { _tag: tag, ...readFields(fields, fieldsOf(value, path, ["_tag", ...Object.keys(fields)])) }
    }
    case "Subset": {
      const elements = elementsOf(node.domain)
      const found = elementsOfSet(value, path)
      const kept = elements.filter((element) => found.includes(element))
      if (kept.length !== found.length) throw outsideSchema(path, value, `the subsets of ${elements.join(", ")}`)
      return kept
    }
    case "SetOf": {
      const code = orderOf(node.of)
      const elements = elementsOfSet(value, path).map((element, i) => read(node.of, element, i))
      if (elements.length > node.max) throw outsideSchema(path, value, `the sets of at most ${node.max} elements`)
      return elements.sort((a, b) => code(a) - code(b))
    }
    case "Function":
      return imagesOf(value, node.domain, path).map((image, i) => read(node.of, image, i))
  }
}

/** Reads a TLA+ value. Throws `OutsideSchema` at the first place that does not fit. */
export const fromTla = <A>(schema: StateSchema<A>, value: TlaValue): A => fromTlaNode(schema, value, "") as A

/** Reads a state from its variables. Throws `OutsideSchema` for a variable too many, too few, or out of its bounds. */
export const variablesFromTla = <State>(schema: RecordSchema<State>, variables: Fields): State =>
  fromTlaNode(schema, recordOf(variables), "") as State
