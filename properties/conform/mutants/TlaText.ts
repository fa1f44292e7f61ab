/**
 * Values as TLA+ expressions that any module can read: functions are written without the operators of module TLC, which a
 * specification need not extend.
 */
import type { Value } from "../../../packages/tla-tools-runner/src/index.ts"

/** An expression for a value; `depth` tells the keys of nested functions apart. Throws a `RangeError` for a model value. */
export const tlaText = (value: Value, depth = 0): string => {
  const inner = (part: Value): string => tlaText(part, depth + 1)
  const byKey = (entries: ReadonlyArray<readonly [Value, Value]>): string => {
    const key = `key${depth}`
    const cases = entries.map(([from, to]) => `${key} = ${inner(from)} -> ${inner(to)}`)
    return `[${key} \\in {${entries.map(([from]) => inner(from)).join(", ")}} |-> CASE ${cases.join(" [] ")}]`
  }
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE"
  if (typeof value !== "object") return typeof value === "string" ? JSON.stringify(value) : String(value)
  if (!("_tag" in value)) return `<<${value.map(inner).join(", ")}>>`
  switch (value._tag) {
    case "Opaque":
    case "ModelValue":
      throw new RangeError(`no schema has ${value._tag}`)
    case "Set":
      return `{${value.elements.map(inner).join(", ")}}`
    case "Record":
      return byKey(Object.entries(value.fields))
    case "Function":
      return byKey(value.entries)
  }
}
