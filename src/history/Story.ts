/**
 * A history as text: one lane a process, time downwards, an operation from its invocation to its completion.
 *
 *     index  process 0       process 1
 *         0  ┌ send x:a
 *         1  │               ┌ poll
 *         2  └ ok x:a@0      │
 *         3                  └ ok x: b@1
 *
 * The one decision: a lane is as wide as its widest text, and a long list of records is cut, so that a story of a few
 * operations fits a terminal. Pure: operations in, text out.
 */
import type { FieldsOf, Name } from "./Anomaly.ts"
import type { Evidence, Report } from "./Check.ts"
import { names } from "./Checks.ts"
import { isClient, type Operation, type Pair, type Step, type Value } from "./Operation.ts"

const maximumRecords = 6
const maximumWidth = 44

const record = ([offset, value]: Pair): string => offset === null ? `${value}@?` : `${value}@${offset}`

const cut = <A>(items: ReadonlyArray<A>, show: (item: A) => string, separator: string): string =>
  items.length <= maximumRecords
    ? items.map(show).join(separator)
    : `${items.slice(0, maximumRecords - 1).map(show).join(separator)}${separator}+${items.length - maximumRecords + 1}`

const sent = (key: Value, value: Value | Pair): string =>
  typeof value === "object" ? `${key}:${record(value)}` : `${key}:${value}`

const step = (step: Step): string => {
  if (step[0] === "send") return sent(step[1], step[2])
  if (step.length === 1) return "poll"
  const keys = Object.entries(step[1])
  return keys.length === 0 ? "nothing" : cut(keys, ([key, pairs]) => `${key}: ${cut(pairs, record, " ")}`, "; ")
}

const entries = (value: { readonly [key: string]: unknown }): string =>
  cut(Object.entries(value), ([key, entry]) => `${key}: ${Array.isArray(entry) ? entry.join("..") : entry}`, "; ")

const positions = (asked: object): string =>
  Array.isArray(asked) ? asked.join(", ") : entries(asked as { readonly [key: string]: unknown })

/** What an operation asks for, or what it was answered. */
const body = (operation: Operation): string => {
  if (!isClient(operation)) return operation.value === null ? "" : JSON.stringify(operation.value)
  switch (operation.f) {
    case "send":
    case "poll":
    case "txn":
      return operation.type === "invoke" && operation.f === "poll" ? "" : cut(operation.value, step, ", ")
    case "assign":
    case "subscribe":
      return `${cut(operation.value, String, ", ")}${operation.seekToBeginning === true ? " from the beginning" : ""}`
    case "crash":
    case "debug-topic-partitions":
      return ""
    case "commit":
    case "committed":
      return `${operation.value[0]} ${positions(operation.value[1])}${operation.reset === true ? " (reset)" : ""}`
    case "list-offsets":
      return positions(operation.value)
  }
}

const shorten = (text: string): string => text.length <= maximumWidth ? text : `${text.slice(0, maximumWidth - 3)}...`

/** The cell of an operation in its lane. */
const cell = (operation: Operation, opened: boolean): string => {
  const said = body(operation)
  if (operation.type === "invoke") return shorten(`┌ ${operation.f} ${said}`.trimEnd())
  const verb = opened ? operation.type : `${operation.type} ${operation.f}`
  return shorten(`${opened ? "└" : "·"} ${verb} ${said}`.trimEnd())
}

/** Lanes of the processes that take part, in the order in which they appear; every line indented by four. */
export const lanes = (operations: ReadonlyArray<Operation>): string => {
  const processes = [...new Set(operations.map((operation) => operation.process))]
  const open = new Set<number | string>()
  const rows = operations.map((operation) => {
    const drawn = cell(operation, open.has(operation.process))
    if (operation.type === "invoke") open.add(operation.process)
    else open.delete(operation.process)
    return processes.map((process) => process === operation.process ? drawn : open.has(process) ? "│" : "")
  })
  const heads = processes.map((process) => typeof process === "number" ? `process ${process}` : process)
  const widths = heads.map((head, lane) => Math.max(head.length, ...rows.map((row) => row[lane]!.length)))
  const indexWidth = Math.max(5, ...operations.map(({ index }) => String(index).length))
  const line = (index: string, cells: ReadonlyArray<string>) =>
    `    ${index.padStart(indexWidth)}  ${cells.map((text, lane) => text.padEnd(widths[lane]!)).join("  ")}`.trimEnd()
  return [
    line("index", heads),
    ...rows.map((row, at) => line(String(operations[at]!.index), row))
  ].join("\n")
}

/** One anomaly as a short story: its name, what happened, why, and the operations in order. */
export const story = (name: Name, anomaly: FieldsOf[Name] & Evidence, isAllowed: boolean): string => {
  const shown = anomaly.smallest ?? anomaly.operations
  const head = `${name}${isAllowed ? " (allowed)" : ""}: ${anomaly.sentence}`
  return shown.length === 0 ? head : `${head}\n\n${lanes(shown)}`
}

const seconds = (nanoseconds: number): string => `${(nanoseconds / 1e9).toFixed(3)} s`

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? "" : "s"}`

/** A report for a person; at most `stories` of each name are told in full. */
export const reportText = (file: string, { anomalies, stats, verdict }: Report, stories: number): string => {
  const lag = stats["worst-realtime-lag"]
  const lines = [
    `${file}: ${verdict}`,
    `  ${plural(stats.operations, "operation")}: ${stats.ok} ok, ${stats.fail} fail, ${stats.info} info; ` +
    `${plural(stats.keys, "key")}, ${plural(stats.values, "value")}; worst lag ${seconds(lag.lag)}`
  ]
  for (const { fault, unavailable } of stats.recovery.faults) {
    const duration = unavailable?.duration
    const told = unavailable === null
      ? "sends went on"
      : duration === null || duration === undefined
      ? "sends never worked again"
      : `sends worked again after ${seconds(duration)}`
    lines.push(`  ${fault}: ${told}`)
  }
  if (stats.throws !== undefined) lines.push(`  upstream throws ${stats.throws.type} at key ${stats.throws.key}`)
  for (const name of names) {
    const found = anomalies[name] as ReadonlyArray<FieldsOf[Name] & Evidence> | undefined
    if (found === undefined) continue
    const isAllowed = stats.allowed.includes(name)
    for (const anomaly of found.slice(0, stories)) lines.push("", story(name, anomaly, isAllowed))
    if (found.length > stories) {
      lines.push("", `${name}: ${found.length - stories} more; --all tells them, --json lists them`)
    }
  }
  return lines.join("\n")
}
