/**
 * TLA+ values as plain data: booleans, strings and integers are themselves (an integer beyond 2^53 is a bigint), a
 * sequence is an array, the other kinds carry a `_tag`.
 *
 * The decision: every value has one canonical form, so that equal values are deeply equal and have the same text. Sets
 * and functions are sorted (integers by size and first, everything else by its text), a function over 1..n is a
 * sequence, one over strings a record, and the empty function the empty sequence, as in TLA+ itself (Specifying Systems,
 * 16.1). `TlcBridge.Encoder` writes the same text from TLC's side; the oracle compares the two.
 */
import { TlaToolsError } from "./Failure.ts"

/** A constant that is equal to nothing but itself. */
export interface ModelValue {
  readonly _tag: "ModelValue"
  readonly name: string
}

/** A finite set; its elements are sorted and distinct where it is canonical. */
export interface SetValue {
  readonly _tag: "Set"
  readonly elements: ReadonlyArray<Value>
}

/** A function over strings. */
export interface RecordValue {
  readonly _tag: "Record"
  readonly fields: { readonly [name: string]: Value }
}

/** Any other function, by its pairs of argument and value. */
export interface FunctionValue {
  readonly _tag: "Function"
  readonly entries: ReadonlyArray<readonly [Value, Value]>
}

/** What TLC printed and nothing here can take apart, such as an infinite set. */
export interface OpaqueValue {
  readonly _tag: "Opaque"
  readonly text: string
}

/** A TLA+ value. */
export type Value =
  | boolean
  | number
  | bigint
  | string
  | ReadonlyArray<Value>
  | ModelValue
  | SetValue
  | RecordValue
  | FunctionValue
  | OpaqueValue

/** The model value of that name. */
export const modelValue = (name: string): ModelValue => ({ _tag: "ModelValue", name })

/** The set of these elements, in canonical form. */
export const setOf = (...elements: ReadonlyArray<Value>): SetValue => canonicalSet(elements)

/** The record with these fields, in canonical form: without fields it is the empty sequence. */
export const recordOf = (fields: { readonly [name: string]: Value }): Value => canonicalRecord(Object.entries(fields))

/** The function with these pairs, in canonical form: a sequence, record or function. Fails on two values for one argument. */
export const functionOf = (entries: Iterable<readonly [Value, Value]>): Value => canonicalFunction([...entries])

/**
 * The canonical form of a value; fails with `bad-value` on a number that is no integer and on a function with two values
 * for one argument.
 */
export const canonical = (value: Value): Value => {
  switch (typeof value) {
    case "boolean":
    case "string":
      return value
    case "number":
      if (!Number.isSafeInteger(value)) {
        throw new TlaToolsError("bad-value", `${value} is no integer that a number can hold: give it as a bigint`)
      }
      return value === 0 ? 0 : value
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
    case "object":
      return canonicalObject(value)
  }
}

const canonicalObject = (value: Exclude<Value, boolean | number | bigint | string>): Value => {
  if (isSequence(value)) return value.map(canonical)
  switch (value._tag) {
    case "ModelValue":
    case "Opaque":
      return value
    case "Set":
      return canonicalSet(value.elements)
    case "Record":
      return canonicalRecord(Object.entries(value.fields))
    case "Function":
      return canonicalFunction(value.entries)
  }
}

/** Whether a value is a sequence: Array.isArray does not narrow a readonly array. */
export const isSequence = (value: Value): value is ReadonlyArray<Value> => Array.isArray(value)

const canonicalSet = (elements: ReadonlyArray<Value>): SetValue => {
  const keyed = elements.map((element) => keyOf(canonical(element), undefined)).sort(byKey)
  return { _tag: "Set", elements: keyed.filter((x, i) => i === 0 || x.key !== keyed[i - 1]!.key).map((x) => x.value) }
}

const canonicalRecord = (fields: ReadonlyArray<readonly [string, Value]>): Value =>
  fields.length === 0 ? [] : {
    _tag: "Record",
    fields: Object.fromEntries(
      fields.map(([name, value]) => [name, canonical(value)] as const).sort(([a], [b]) => a < b ? -1 : 1)
    )
  }

const canonicalFunction = (entries: ReadonlyArray<readonly [Value, Value]>): Value => {
  const keyed = entries.map(([from, to]) => keyOf(canonical(from), canonical(to))).sort(byKey)
  const twice = keyed.find((x, i) => i > 0 && x.key === keyed[i - 1]!.key)
  if (twice !== undefined) throw new TlaToolsError("bad-value", `a function has two values for ${twice.key}`)
  if (keyed.every((x, i) => x.value === i + 1)) return keyed.map((x) => x.image!)
  if (keyed.every((x) => typeof x.value === "string")) {
    return canonicalRecord(keyed.map((x) => [x.value as string, x.image!]))
  }
  return { _tag: "Function", entries: keyed.map((x) => [x.value, x.image!]) }
}

interface Keyed {
  readonly key: string
  readonly value: Value
  readonly image: Value | undefined
}

const keyOf = (value: Value, image: Value | undefined): Keyed => ({ key: text(value), value, image })

const isInteger = (key: string): boolean => /^-?[0-9]/.test(key)

const byKey = (a: Keyed, b: Keyed): number => {
  if (isInteger(a.key) && isInteger(b.key)) {
    const [left, right] = [a.value as number | bigint, b.value as number | bigint]
    return left < right ? -1 : left > right ? 1 : 0
  }
  if (isInteger(a.key) !== isInteger(b.key)) return isInteger(a.key) ? -1 : 1
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

const plainText = /^[ !#-[\]-~]*$/

const quoted = (value: string): string =>
  plainText.test(value)
    ? `"${value}"`
    : JSON.stringify(value).replace(
      /[\u007f-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
    )

/** An object lists names that look like array indices first, whatever the order in which they were put in. */
const sortedFields = (value: RecordValue): ReadonlyArray<readonly [string, Value]> =>
  Object.entries(value.fields).sort(([a], [b]) => a < b ? -1 : 1)

/** The ASCII JSON of a canonical value, byte for byte as `TlcBridge` writes it. */
const text = (value: Value): string => {
  if (typeof value === "string") return quoted(value)
  if (typeof value !== "object") return String(value)
  if (isSequence(value)) return `[${value.map(text).join(",")}]`
  switch (value._tag) {
    case "ModelValue":
      return `{"_tag":"ModelValue","name":${quoted(value.name)}}`
    case "Opaque":
      return `{"_tag":"Opaque","text":${quoted(value.text)}}`
    case "Set":
      return `{"_tag":"Set","elements":[${value.elements.map(text).join(",")}]}`
    case "Record":
      return `{"_tag":"Record","fields":{${
        sortedFields(value).map(([name, field]) => `${quoted(name)}:${text(field)}`).join(",")
      }}}`
    case "Function":
      return `{"_tag":"Function","entries":[${
        value.entries.map(([from, to]) => `[${text(from)},${text(to)}]`).join(",")
      }]}`
  }
}

/** The text of a value's canonical form: two values are equal in TLA+ just when these are equal. */
export const valueKey = (value: Value): string => text(canonical(value))

/** Whether two values are equal in TLA+. */
export const equalValues = (a: Value, b: Value): boolean => valueKey(a) === valueKey(b)
