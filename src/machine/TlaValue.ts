/**
 * TLA+ values as plain data: booleans, strings and integers are themselves, a sequence is an array, the other kinds are
 * tagged.
 *
 * The decision: the shapes are those that tla-tools-runner decodes TLC's output to, so that a value passes from one to
 * the other as it is; nothing here depends on the package.
 */

/** A TLA+ value. A set and a function are equal to any with the same elements, whatever their order here. */
export type TlaValue =
  | boolean
  | number
  | bigint
  | string
  | ReadonlyArray<TlaValue>
  | { readonly _tag: "Set"; readonly elements: ReadonlyArray<TlaValue> }
  | { readonly _tag: "Record"; readonly fields: { readonly [name: string]: TlaValue } }
  | { readonly _tag: "Function"; readonly entries: ReadonlyArray<readonly [TlaValue, TlaValue]> }
  | { readonly _tag: "ModelValue"; readonly name: string }
  | { readonly _tag: "Opaque"; readonly text: string }

/** `Array.isArray` does not narrow a readonly array. */
export const isSequence = (value: TlaValue): value is ReadonlyArray<TlaValue> => Array.isArray(value)

/** Whether a value is of one of the tagged kinds. */
export const isTagged = <Tag extends string>(
  value: TlaValue,
  tag: Tag
): value is Extract<TlaValue, { readonly _tag: Tag }> =>
  typeof value === "object" && !isSequence(value) && value._tag === tag

/** A text that two values share just when they are equal. */
export const keyOf = (value: TlaValue): string => {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value !== "object") return String(value)
  if (isSequence(value)) return `<${value.map(keyOf).join()}>`
  switch (value._tag) {
    case "Set":
      return `{${value.elements.map(keyOf).sort().join()}}`
    case "Record":
      return `[${Object.entries(value.fields).map(([name, field]) => `${name}:${keyOf(field)}`).sort().join()}]`
    case "Function":
      return `(${value.entries.map(([from, to]) => `${keyOf(from)}:${keyOf(to)}`).sort().join()})`
    case "ModelValue":
      return `model ${value.name}`
    case "Opaque":
      return `opaque ${value.text}`
  }
}

/** How TLC holds a function over this domain: as a sequence, as a record, or as pairs. */
export const kindOfFunction = (domain: ReadonlyArray<TlaValue>): "sequence" | "record" | "pairs" =>
  domain.every((element, i) => element === i + 1)
    ? "sequence"
    : domain.every((element) => typeof element === "string")
    ? "record"
    : "pairs"
