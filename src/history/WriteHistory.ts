/**
 * Operations as text: EDN as Jepsen writes its history.edn (one map a line), neutral JSON as one array or as lines.
 *
 * The one decision: words are printed as keywords where they can be, so what was read from EDN is written as it stood.
 * Authority: jepsen.store, which prints each operation as a plain map; docs/histories.md for the names of the fields.
 */
import type { Data } from "./Edn.ts"
import { isClient, type Key, type Operation, type Pair, type Step, type Value } from "./Operation.ts"
import { print, printName, printString, printWord } from "./PrintEdn.ts"

const key = (name: Key): string => printName(String(name))
const value = (value: Value): string => typeof value === "number" ? String(value) : printWord(value)
const pair = ([offset, sent]: Pair): string => `[${offset ?? "nil"} ${value(sent)}]`
const keys = (names: ReadonlyArray<Key>): string => `[${names.map(key).join(" ")}]`

const map = <A>(entries: { readonly [key: string]: A }, show: (value: A) => string): string =>
  `{${Object.entries(entries).map(([name, entry]) => `${printName(name)} ${show(entry)}`).join(", ")}}`

const step = (step: Step): string => {
  if (step[0] === "send") {
    const sent = step[2]
    return `[:send ${key(step[1])} ${typeof sent === "object" ? pair(sent) : value(sent)}]`
  }
  return step.length === 1 ? "[:poll]" : `[:poll ${map(step[1], (pairs) => `[${pairs.map(pair).join(" ")}]`)}]`
}

const body = (operation: Operation): string => {
  if (!isClient(operation)) return print(operation.value as Data)
  switch (operation.f) {
    case "send":
    case "poll":
    case "txn":
      return `[${operation.value.map(step).join(" ")}]`
    case "assign":
    case "subscribe":
      return keys(operation.value)
    case "crash":
    case "debug-topic-partitions":
      return "nil"
    case "commit":
    case "committed": {
      const [group, positions] = operation.value
      const named = Array.isArray(positions) ? keys(positions) : map(positions as { [key: string]: number }, String)
      return `[${printString(group)} ${named}]`
    }
    case "list-offsets": {
      const bounds = operation.value as { readonly [key: string]: readonly [number, number] } | ReadonlyArray<Key>
      return isKeys(bounds) ? keys(bounds) : map(bounds, ([earliest, latest]) => `[${earliest} ${latest}]`)
    }
  }
}

const isKeys = (bounds: object): bounds is ReadonlyArray<Key> => Array.isArray(bounds)

/** One operation as an EDN map on one line. */
export const edn = (operation: Operation): string => {
  const process = typeof operation.process === "number" ? String(operation.process) : printWord(operation.process)
  const { f, index, time, type } = operation
  let line = `{:index ${index}, :time ${time}, :type :${type}, :process ${process}, :f ${printWord(f)}, :value ${
    body(operation)
  }`
  if ("rebalanceLog" in operation) {
    line += `, :rebalance-log [${operation.rebalanceLog.map((entry) => `{:keys ${keys(entry.keys)}}`).join(" ")}]`
  }
  if ("recordKey" in operation) line += `, :record-key ${printString(operation.recordKey)}`
  if ("seekToBeginning" in operation) line += `, :seek-to-beginning? ${operation.seekToBeginning}`
  if ("reset" in operation) line += `, :reset? ${operation.reset}`
  if ("group" in operation) line += `, :group ${printString(operation.group)}`
  if (operation.error !== undefined) line += `, :error ${printString(operation.error)}`
  return `${line}}`
}

/** A history as EDN, one map a line. */
export const toEdn = (operations: ReadonlyArray<Operation>): string =>
  operations.map((operation) => `${edn(operation)}\n`).join("")

/** A history as neutral JSON, one object a line. */
export const toJsonLines = (operations: ReadonlyArray<Operation>): string =>
  operations.map((operation) => `${JSON.stringify(operation)}\n`).join("")

/** A history as one JSON array, one operation a line. */
export const toJson = (operations: ReadonlyArray<Operation>): string =>
  operations.length === 0
    ? "[]\n"
    : `[\n${operations.map((operation) => JSON.stringify(operation)).join(",\n")}\n]\n`
