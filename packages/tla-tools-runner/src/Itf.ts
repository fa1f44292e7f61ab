/**
 * Traces in the Informal Trace Format, which Apalache, Quint and the tools around them read.
 *
 * The decision: integers of any size are `#bigint`, as the format's description asks; a model value becomes the string
 * of its name, for which the format has no word of its own; the action and its place go into a state's `#meta`.
 * Authority: Apalache ADR-015, revision of 2023-09-14.
 */
import type { Trace } from "./Trace.ts"
import { canonical, isSequence, type Value } from "./Value.ts"

/** A value of the format. */
export type ItfValue =
  | boolean
  | string
  | ReadonlyArray<ItfValue>
  | { readonly "#bigint": string }
  | { readonly "#set": ReadonlyArray<ItfValue> }
  | { readonly "#map": ReadonlyArray<readonly [ItfValue, ItfValue]> }
  | { readonly "#unserializable": string }
  | { readonly [field: string]: ItfValue }

/** A state of the format: `#meta`, and each variable by its name. */
export interface ItfState {
  readonly "#meta": { readonly index: number; readonly action?: string; readonly location?: string }
  readonly [variable: string]: ItfValue | {
    readonly index: number
    readonly action?: string
    readonly location?: string
  }
}

/** A trace of the format; `loop` is the index of the state that follows the last one. */
export interface ItfTrace {
  readonly "#meta": { readonly [key: string]: unknown }
  readonly vars: ReadonlyArray<string>
  readonly states: ReadonlyArray<ItfState>
  readonly loop?: number
}

/** A value in the format. */
export const toItfValue = (given: Value): ItfValue => {
  const value = canonical(given)
  if (typeof value === "boolean" || typeof value === "string") return value
  if (typeof value !== "object") return { "#bigint": String(value) }
  if (isSequence(value)) return value.map(toItfValue)
  switch (value._tag) {
    case "ModelValue":
      return value.name
    case "Opaque":
      return { "#unserializable": value.text }
    case "Set":
      return { "#set": value.elements.map(toItfValue) }
    case "Record":
      return Object.fromEntries(Object.entries(value.fields).map(([name, field]) => [name, toItfValue(field)]))
    case "Function":
      return { "#map": value.entries.map(([from, to]) => [toItfValue(from), toItfValue(to)] as const) }
  }
}

/** A trace in the format, ready for JSON.stringify; `meta` goes into its `#meta`. */
export const toItf = (trace: Trace, meta: { readonly [key: string]: unknown } = {}): ItfTrace => ({
  "#meta": { format: "ITF", "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html", ...meta },
  vars: Object.keys(trace.states[0]?.values ?? {}),
  states: trace.states.map((state, index) => ({
    ...Object.fromEntries(Object.entries(state.values).map(([name, value]) => [name, toItfValue(value)])),
    "#meta": {
      index,
      ...(state.action === undefined ? {} : { action: state.action }),
      ...(state.location === undefined
        ? {}
        : { location: `${state.location.module}:${state.location.line}:${state.location.column}` })
    }
  })),
  ...(trace.loop === undefined ? {} : { loop: trace.loop.to })
})
