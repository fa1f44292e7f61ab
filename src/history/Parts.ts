/**
 * What an operation is made of, and the operation without some of it.
 *
 *     operation --- send                    of a send, poll or txn
 *               \-- poll --- record         one record that it returned, or a key that it lists with none
 *                \- key                     of an assign, subscribe, commit, committed or list-offsets
 *
 * The one decision: an invocation and its completion lose the same parts, so what is left is a history again. A key of which
 * a poll keeps no record is not listed either, since an empty list says something else.
 */
import { type ClientOperation, isClient, isData, type Operation, type Step } from "./Operation.ts"

/** An operation as its places in a history: its invocation and its completion, or the one that is there. */
export interface Unit {
  readonly places: ReadonlyArray<number>
}

/** One thing that can be left out; what it belongs to has to be there, or it goes too. */
export interface Part {
  readonly unit: Unit
  readonly parent: Part | undefined
  /** Its place among its brothers: of a step its number, of a record its key and number, of a key its name; else "". */
  readonly name: string
}

const nameOfRecord = (key: string, at: number): string => `${at} ${key}`

const namesOfKeys = (value: unknown): ReadonlyArray<string> =>
  Array.isArray(value) ? value.map(String) : Object.keys(value as object)

/** What an operation other than a send or poll names keys in. */
const keyed = (operation: ClientOperation): unknown => {
  switch (operation.f) {
    case "commit":
    case "committed":
      return operation.value[1]
    case "assign":
    case "subscribe":
    case "list-offsets":
      return operation.value
    case "send":
    case "poll":
    case "txn":
    case "crash":
    case "debug-topic-partitions":
      return []
  }
}

/** All parts of an operation, each behind the one that it belongs to. */
export const partsOf = (operations: ReadonlyArray<Operation>, unit: Unit): ReadonlyArray<Part> => {
  const whole: Part = { unit, parent: undefined, name: "" }
  const parts = [whole]
  const last = operations[unit.places[unit.places.length - 1]!]!
  if (isData(last)) {
    last.value.forEach((step, at) => {
      const parent: Part = { unit, parent: whole, name: String(at) }
      parts.push(parent)
      if (step[0] === "send" || step.length === 1) return
      for (const [key, pairs] of Object.entries(step[1])) {
        const count = Math.max(1, pairs.length)
        for (let i = 0; i < count; i++) parts.push({ unit, parent, name: nameOfRecord(key, i) })
      }
    })
  } else if (isClient(last)) {
    const names = new Set(unit.places.flatMap((at) => namesOfKeys(keyed(operations[at] as ClientOperation))))
    for (const name of names) parts.push({ unit, parent: whole, name })
  }
  return parts
}

/** Those parts that what they belong to is among, too. */
export const rooted = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const kept = new Set<Part>()
  for (const part of parts) if (part.parent === undefined || kept.has(part.parent)) kept.add(part)
  return kept.size === parts.length ? parts : [...kept]
}

const withoutRecords = (step: Step, parent: Part, kept: Kept): Step => {
  if (step[0] === "send" || step.length === 1) return step
  const names = kept.below(parent)
  const polled: { [key: string]: ReadonlyArray<readonly [number | null, number | string]> } = {}
  for (const [key, pairs] of Object.entries(step[1])) {
    const left = pairs.filter((_, at) => names.has(nameOfRecord(key, at)))
    if (left.length > 0 || (pairs.length === 0 && names.has(nameOfRecord(key, 0)))) polled[key] = left
  }
  return ["poll", polled]
}

const withoutKeys = (value: unknown, names: ReadonlySet<string>): unknown =>
  Array.isArray(value)
    ? value.filter((key) => names.has(String(key)))
    : Object.fromEntries(Object.entries(value as object).filter(([key]) => names.has(key)))

interface Kept {
  /** The names of the parts that belong to one. */
  readonly below: (part: Part) => ReadonlySet<string>
  /** The steps of an operation that are kept. */
  readonly steps: (whole: Part) => ReadonlyArray<Part>
}

const keptOf = (parts: ReadonlyArray<Part>): Kept => {
  const children = new Map<Part, Array<Part>>()
  for (const part of parts) {
    if (part.parent === undefined) continue
    const brothers = children.get(part.parent)
    if (brothers === undefined) children.set(part.parent, [part])
    else brothers.push(part)
  }
  const steps = (part: Part): ReadonlyArray<Part> => children.get(part) ?? []
  return { steps, below: (part) => new Set(steps(part).map(({ name }) => name)) }
}

/** An operation with its kept parts only; `steps` is how many its completion has. */
const cut = (operation: Operation, whole: Part, kept: Kept, steps: number): Operation => {
  if (isData(operation)) {
    if (operation.value.length !== steps) return operation
    const value = kept.steps(whole).map((part) => withoutRecords(operation.value[Number(part.name)]!, part, kept))
    return { ...operation, value }
  }
  if (!isClient(operation)) return operation
  switch (operation.f) {
    case "commit":
    case "committed": {
      const [group, positions] = operation.value
      return { ...operation, value: [group, withoutKeys(positions, kept.below(whole))] } as Operation
    }
    case "assign":
    case "subscribe":
    case "list-offsets":
      return { ...operation, value: withoutKeys(operation.value, kept.below(whole)) } as Operation
    case "crash":
    case "debug-topic-partitions":
      return operation
  }
}

/** The history of the parts that are kept: `parts` are rooted. An operation that lost none is the same object. */
export const historyOf = (
  operations: ReadonlyArray<Operation>,
  parts: ReadonlyArray<Part>,
  count: (unit: Unit) => number
): ReadonlyArray<Operation> => {
  const kept = keptOf(parts)
  const left = new Map<Unit, number>()
  for (const { unit } of parts) left.set(unit, (left.get(unit) ?? 0) + 1)
  const found: Array<readonly [number, Operation]> = []
  for (const whole of parts) {
    if (whole.parent !== undefined) continue
    const { places } = whole.unit
    const last = operations[places[places.length - 1]!]!
    const steps = isData(last) ? last.value.length : 0
    const isWhole = left.get(whole.unit) === count(whole.unit)
    for (const at of places) found.push([at, isWhole ? operations[at]! : cut(operations[at]!, whole, kept, steps)])
  }
  return found.sort(([a], [b]) => a - b).map(([, operation]) => operation)
}
