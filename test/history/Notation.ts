/** Short notation for histories in tests: one line an operation, `PROCESS TYPE F VALUE [EXTRA]` with the value in EDN. */
import type { Name } from "../../src/history/Anomaly.ts"
import { check, type Options } from "../../src/history/Check.ts"
import type { Operation } from "../../src/history/Operation.ts"
import { readLeniently } from "../../src/history/ReadHistory.ts"

/** Reads such lines; index and time are the number of the line, from 0. */
export const history = (text: string): ReadonlyArray<Operation> => {
  const lines = text.trim().split("\n").map((line) => line.trim()).filter((line) => line !== "")
  const edn = lines.map((line, at) => {
    const [, process, type, f, rest] = /^(\S+) (\S+) (\S+) ?(.*)$/.exec(line)!
    const value = rest === "" ? "nil" : rest!
    return `{:index ${at} :time ${at} :process ${process} :type :${type} :f :${f} :value ${value}}`
  })
  const { broken, operations } = readLeniently(edn.join("\n"))
  if (broken.length > 0) throw new Error(`line ${broken[0]!.line}: ${broken[0]!.message}`)
  return operations
}

/** The anomalies of one name, without the evidence, operations given as their indices. */
export const found = (text: string, name: Name, options?: Options): ReadonlyArray<unknown> => {
  const anomalies = (check(history(text), options).anomalies[name] ?? []) as ReadonlyArray<object>
  return anomalies.map((anomaly) =>
    Object.fromEntries(
      Object.entries(anomaly)
        .filter(([field]) => !["sentence", "operations", "smallest"].includes(field))
        .map(([field, value]) => [field, asIndices(value)])
    )
  )
}

const isOperation = (value: unknown): value is Operation =>
  typeof value === "object" && value !== null && "index" in value && "f" in value

const asIndices = (value: unknown): unknown =>
  isOperation(value) ? value.index : Array.isArray(value) ? value.map(asIndices) : value

/** The names that a history shows. */
export const namesOf = (text: string, options?: Options): ReadonlyArray<string> =>
  Object.keys(check(history(text), options).anomalies)
