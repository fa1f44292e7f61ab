/**
 * Plain data, as JSON or EDN gives it, into an operation; or one line that says what was expected.
 *
 * The one decision: a key that is written as an integer is that integer, so 8, "8" and :8 are one key. Nested lists are
 * checked in place and kept, not copied: a history of a million operations is read once. `Operation.ts` states the same
 * shapes as a Schema; a property holds the two together.
 */
import type { Data } from "./Edn.ts"
import {
  type Key,
  keyOf,
  type Operation,
  type Pair,
  type Rebalance,
  type Step,
  type Type,
  type Value
} from "./Operation.ts"

type Fields = { readonly [name: string]: Data }

/** What was expected, and what was found. */
export interface Mistake {
  readonly expected: string
}

const isFields = (data: Data | undefined): data is Fields =>
  typeof data === "object" && data !== null && !Array.isArray(data)
const isNatural = (data: Data | undefined): data is number =>
  typeof data === "number" && data >= 0 && Number.isSafeInteger(data)

const show = (data: Data | undefined): string => {
  if (data === undefined) return "nothing"
  const text = JSON.stringify(data)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

class Wrong {
  readonly expected: string
  constructor(expected: string) {
    this.expected = expected
  }
}
const wrong = (what: string, found: Data | undefined): never => {
  throw new Wrong(`expected ${what}, found ${show(found)}`)
}

const asKey = (data: Data | undefined): Key => {
  if (typeof data === "string") return keyOf(data)
  return Number.isSafeInteger(data) ? data as number : wrong("a key (an integer or a word)", data)
}

const asValue = (data: Data | undefined): Value => {
  if (typeof data === "string" || Number.isSafeInteger(data)) return data as Value
  return wrong("a value (an integer within 2^53, or a word)", data)
}

const checkPair = (data: Data | undefined): void => {
  if (!Array.isArray(data) || data.length !== 2) wrong("[offset, value]", data)
  const [offset, value] = data as ReadonlyArray<Data>
  if (offset !== null && !isNatural(offset)) wrong("an offset (an integer from 0, or null)", offset)
  asValue(value)
}

const asStep = (data: Data): Step => {
  if (!Array.isArray(data)) return wrong("[\"send\", key, ...] or [\"poll\", ...]", data)
  const step = data as ReadonlyArray<Data>
  switch (step[0]) {
    case "send": {
      if (step.length !== 3) wrong("[\"send\", key, value] or [\"send\", key, [offset, value]]", data)
      const key = asKey(step[1])
      const value = step[2]
      if (Array.isArray(value)) checkPair(value)
      else asValue(value)
      return key === step[1] ? data as unknown as Step : ["send", key, value as Value | Pair]
    }
    case "poll": {
      if (step.length === 1 || (step.length === 2 && step[1] === null)) return ["poll"]
      const keys = step[1]
      if (step.length !== 2 || !isFields(keys)) {
        return wrong("[\"poll\"] or [\"poll\", {key: [[offset, value]...]}]", data)
      }
      for (const name in keys) {
        const pairs = keys[name]
        if (!Array.isArray(pairs)) wrong(`a list of [offset, value] for key ${name}`, pairs)
        for (const pair of pairs as ReadonlyArray<Data>) checkPair(pair)
      }
      return data as unknown as Step
    }
  }
  return wrong("\"send\" or \"poll\" first in each step", step[0])
}

const asSteps = (f: "send" | "poll" | "txn", data: Data | undefined): ReadonlyArray<Step> => {
  if (data === null || data === undefined) return []
  if (!Array.isArray(data)) return wrong("a list of sends and polls as value", data)
  const steps = data as ReadonlyArray<Data>
  let copy: Array<Step> | undefined
  for (let i = 0; i < steps.length; i++) {
    const step = asStep(steps[i]!)
    if (f !== "txn" && step[0] !== f) wrong(`only ${f}s in an operation whose f is ${f}`, steps[i])
    if (copy !== undefined) copy.push(step)
    else if (step !== steps[i] as unknown) copy = [...steps.slice(0, i) as unknown as ReadonlyArray<Step>, step]
  }
  return copy ?? steps as unknown as ReadonlyArray<Step>
}

const asKeys = (data: Data | undefined): ReadonlyArray<Key> =>
  Array.isArray(data) ? data.map(asKey) : wrong("a list of keys as value", data)

const asPositions = (data: Data | undefined): { readonly [key: string]: number } => {
  if (!isFields(data)) return wrong("{key: position}", data)
  for (const name in data) {
    if (!isNatural(data[name])) wrong(`a position (an integer from 0) of key ${name}`, data[name])
  }
  return data as { readonly [key: string]: number }
}

const asRebalances = (data: Data): ReadonlyArray<Rebalance> =>
  Array.isArray(data)
    ? data.map((entry: Data) => isFields(entry) ? { keys: asKeys(entry["keys"] ?? []) } : wrong("{keys: [...]}", entry))
    : wrong("a list of {keys: [...]} as rebalanceLog", data)

const asText = (data: Data): string => typeof data === "string" ? data : JSON.stringify(data)

const either = (fields: Fields, name: string, edn: string): Data | undefined => fields[name] ?? fields[edn]

const asClient = (fields: Fields, index: number, time: number, process: number, type: Type): Operation => {
  const f = fields["f"]
  const { error, group, value } = fields
  const base = { index, time, process, type }
  const rest: { error?: string; group?: string } = {}
  if (error !== undefined && error !== null) rest.error = asText(error)
  if (group !== undefined && group !== null) rest.group = asText(group)
  switch (f) {
    case "send":
    case "poll":
    case "txn": {
      const steps = asSteps(f, value)
      const log = either(fields, "rebalanceLog", "rebalance-log")
      const recordKey = either(fields, "recordKey", "record-key")
      const operation = { ...base, f, value: steps, ...rest }
      if (log === undefined && recordKey === undefined) return operation
      return {
        ...operation,
        ...(log === undefined || log === null ? undefined : { rebalanceLog: asRebalances(log) }),
        ...(recordKey === undefined || recordKey === null ? undefined : { recordKey: asText(recordKey) })
      }
    }
    case "assign":
    case "subscribe": {
      const seek = either(fields, "seekToBeginning", "seek-to-beginning?")
      const keys = asKeys(value)
      return {
        ...base,
        f,
        value: keys,
        ...rest,
        ...(typeof seek === "boolean" ? { seekToBeginning: seek } : undefined)
      }
    }
    case "crash":
    case "debug-topic-partitions":
      return { ...base, f, value: null, ...rest }
    case "commit":
    case "committed": {
      if (!Array.isArray(value) || value.length !== 2) return wrong("[group, {key: position}] as value", value)
      const [name, asked] = value as unknown as readonly [Data, Data]
      if (typeof name !== "string") return wrong("the name of a group first in value", name)
      const positions = Array.isArray(asked) ? asKeys(asked) : asPositions(asked)
      const reset = either(fields, "reset", "reset?")
      return { ...base, f, value: [name, positions], ...rest, ...(typeof reset === "boolean" ? { reset } : undefined) }
    }
    case "list-offsets": {
      if (Array.isArray(value)) return { ...base, f, value: asKeys(value), ...rest }
      if (!isFields(value)) return wrong("{key: [earliest, latest]} or a list of keys as value", value)
      for (const name in value) {
        const bounds = value[name]
        if (!Array.isArray(bounds) || bounds.length !== 2 || !bounds.every(isNatural)) {
          wrong(`[earliest, latest] of key ${name}`, bounds)
        }
      }
      return { ...base, f, value: value as { readonly [key: string]: readonly [number, number] }, ...rest }
    }
  }
  return wrong("f to be send, poll, txn, assign, subscribe, crash, commit, committed or list-offsets", f)
}

const asOperation = (data: Data, before: { readonly index: number; readonly time: number }): Operation => {
  if (!isFields(data)) return wrong("an operation: a map with index, time, process, type, f and value", data)
  const { f, process, type } = data
  const index = data["index"] ?? before.index + 1
  const time = data["time"] ?? Math.max(0, before.time)
  if (!isNatural(index)) return wrong("index to be an integer from 0", index)
  if (index <= before.index) return wrong(`index to be above ${before.index}, that of the operation before`, index)
  if (!isNatural(time)) return wrong("time to be nanoseconds, an integer from 0", time)
  if (time < before.time) return wrong(`time to be at least ${before.time}, that of the operation before`, time)
  if (type !== "invoke" && type !== "ok" && type !== "fail" && type !== "info") {
    return wrong("type to be invoke, ok, fail or info", type)
  }
  if (Number.isSafeInteger(process)) return asClient(data, index, time, process as number, type)
  if (typeof process !== "string") return wrong("process to be an integer, or a word for what is no client", process)
  if (typeof f !== "string") return wrong("f to be a word", f)
  const error = data["error"]
  return {
    index,
    time,
    process,
    type,
    f,
    value: data["value"] ?? null,
    ...(error === undefined || error === null ? undefined : { error: asText(error) })
  }
}

/** The place of an operation before the first one. */
export const start = { index: -1, time: 0 } as const

/**
 * Reads one operation that follows `before`. An absent index is the next one, an absent time that of the operation
 * before; fields that are not known are left out.
 */
export const decode = (
  data: Data,
  before: { readonly index: number; readonly time: number }
): Operation | Mistake => {
  try {
    return asOperation(data, before)
  } catch (thrown) {
    if (thrown instanceof Wrong) return { expected: thrown.expected }
    throw thrown
  }
}
