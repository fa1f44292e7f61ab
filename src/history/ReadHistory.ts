/**
 * A file's text into operations: EDN (one map a line, as Jepsen's history.edn, or one vector of maps) or neutral JSON
 * (an array, or one object a line). Which one it is shows in the first map: JSON quotes its first name.
 *
 * The one decision: what is broken costs its own operation only. Reading goes on at the next line that begins an
 * operation, so that a report can name every broken line and, where that is wanted, the rest is judged all the same.
 */
import { Result, Schema } from "effect"
import { decode, start } from "./Decode.ts"
import { type Data, EdnProblem, reader } from "./Edn.ts"
import type { Operation } from "./Operation.ts"

/** A line that holds no operation: which one (from 1), and what was expected there. */
export class BrokenLine extends Schema.TaggedError<BrokenLine>()("BrokenLine", {
  line: Schema.Int,
  message: Schema.String
}) {}

/** What a file holds: its operations, and its broken lines in order. */
export interface Reading {
  readonly format: "edn" | "json"
  readonly operations: ReadonlyArray<Operation>
  readonly broken: ReadonlyArray<BrokenLine>
}

/** Which notation a text is in; an empty text is JSON. */
export const formatOf = (text: string): "edn" | "json" => {
  const map = text.indexOf("{")
  const form = /[^\s,[\]]/.exec(text.slice(0, 4096))
  if (form !== null && (form[0] === "#" || form[0] === ";" || form[0] === "(")) return "edn"
  if (map < 0) return "json"
  const first = /\S/.exec(text.slice(map + 1, map + 4096))
  return first === null || first[0] === "\"" || first[0] === "}" ? "json" : "edn"
}

const lineCounter = (text: string) => {
  let line = 1
  let counted = 0
  return (position: number): number => {
    if (position < counted) {
      line = 1
      counted = 0
    }
    for (let at = text.indexOf("\n", counted); at >= 0 && at < position; at = text.indexOf("\n", at + 1)) {
      line++
      counted = at + 1
    }
    return line
  }
}

/** Where reading goes on behind a broken operation that begins at `from`: at a line that begins no deeper than it. */
const nextOperation = (text: string, from: number): number => {
  const column = from - (text.lastIndexOf("\n", from - 1) + 1)
  for (let at = text.indexOf("\n", from); at >= 0; at = text.indexOf("\n", at + 1)) {
    let next = at + 1
    while (text[next] === " " || text[next] === "\t" || text[next] === ",") next++
    if ((text[next] === "{" || text[next] === "#") && next - at - 1 <= column) return next
  }
  return text.length
}

/** The end of the JSON value that begins with a brace at `from`, or -1 where its brace is never closed. */
const endOfObject = (text: string, from: number, limit: number): number => {
  let depth = 0
  for (let at = from; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (code === 34) {
      for (at++; at < limit && text.charCodeAt(at) !== 34; at++) if (text.charCodeAt(at) === 92) at++
    } else if (code === 123 || code === 91) {
      depth++
    } else if (code === 125 || code === 93) {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return -1
}

type Take = (data: Data, position: number) => void
type Refuse = (position: number, message: string) => void

const readEdn = (text: string, take: Take, refuse: Refuse): void => {
  const forms = reader(text)
  let nested = false
  for (;;) {
    let from = forms.position
    try {
      const code = forms.peek()
      from = forms.position
      if (code < 0) break
      if (!nested && (code === 91 || code === 40)) {
        nested = true
        forms.position = from + 1
        continue
      }
      if (nested && (code === 93 || code === 41)) {
        forms.position = from + 1
        continue
      }
      take(forms.next()!, from)
    } catch (thrown) {
      if (!(thrown instanceof EdnProblem)) throw thrown
      const outside = from + 1 >= text.length ? text.length : nextOperation(text, from)
      refuse(thrown.position < outside ? thrown.position : from, `expected ${thrown.expected}`)
      forms.position = Math.max(outside, from + 1)
    }
  }
}

/** Every operation on its own, so that a broken one is found and the others are kept. */
const readJsonObjects = (text: string, take: Take, refuse: Refuse): void => {
  let at = 0
  for (;;) {
    while (at < text.length && " \t\r\n,[]\ufeff".includes(text[at]!)) at++
    if (at >= text.length) return
    const next = nextOperation(text, at)
    const end = text[at] === "{" ? endOfObject(text, at, next) : -1
    if (end < 0) {
      refuse(
        at,
        text[at] === "{" ? "expected the } that closes this operation" : "expected an operation: {\"index\": ...}"
      )
      at = next
      continue
    }
    let data: Data | undefined
    try {
      data = JSON.parse(text.slice(at, end)) as Data
    } catch (thrown) {
      refuse(at, `expected JSON: ${(thrown as SyntaxError).message}`)
    }
    if (data !== undefined) take(data, at)
    at = end
  }
}

/** The whole at once where it is sound, else one by one: `undefined` where the whole is not an array that parses. */
const parseArray = (text: string): ReadonlyArray<Data> | undefined => {
  try {
    const data = JSON.parse(text) as Data
    return Array.isArray(data) ? data : undefined
  } catch {
    return undefined
  }
}

const isArrayText = (text: string): boolean => /^[\s\ufeff]*\[/.test(text.slice(0, 4096))

const readWhole = (text: string): Reading | undefined => {
  const array = isArrayText(text) ? parseArray(text) : undefined
  if (array === undefined) return undefined
  const operations: Array<Operation> = []
  let before: { readonly index: number; readonly time: number } = start
  for (const data of array) {
    const operation = decode(data, before)
    if ("expected" in operation) return undefined
    operations.push(operation)
    before = operation
  }
  return { format: "json", operations, broken: [] }
}

/** Lines of JSON, one operation each: `undefined` where a line is not one. */
const readLines = (text: string): Reading | undefined => {
  const operations: Array<Operation> = []
  let before: { readonly index: number; readonly time: number } = start
  for (let from = 0; from < text.length;) {
    const newline = text.indexOf("\n", from)
    const end = newline < 0 ? text.length : newline
    if (text.charCodeAt(from) !== 123) {
      if (text.slice(from, end).trim() !== "") return undefined
    } else {
      let data: Data
      try {
        data = JSON.parse(text.slice(from, end)) as Data
      } catch {
        return undefined
      }
      const operation = decode(data, before)
      if ("expected" in operation) return undefined
      operations.push(operation)
      before = operation
    }
    from = end + 1
  }
  return { format: "json", operations, broken: [] }
}

/** Reads everything that can be read, and says of each broken line what was expected there. */
export const readLeniently = (text: string): Reading => {
  const format = formatOf(text)
  if (format === "json") {
    const sound = isArrayText(text) ? readWhole(text) : readLines(text)
    if (sound !== undefined) return sound
  }
  const operations: Array<Operation> = []
  const broken: Array<BrokenLine> = []
  const lineAt = lineCounter(text)
  let before: { readonly index: number; readonly time: number } = start
  const refuse: Refuse = (position, message) => {
    broken.push(new BrokenLine({ line: lineAt(position), message }))
  }
  const take: Take = (data, position) => {
    const operation = decode(data, before)
    if ("expected" in operation) {
      refuse(position, operation.expected)
    } else {
      operations.push(operation)
      before = operation
    }
  }
  if (format === "edn") readEdn(text, take, refuse)
  else readJsonObjects(text, take, refuse)
  return { format, operations, broken }
}

/** Reads a history in which every line must be sound; fails with the first that is not. */
export const read = (text: string): Result.Result<ReadonlyArray<Operation>, BrokenLine> => {
  const reading = readLeniently(text)
  const first = reading.broken[0]
  return first === undefined ? Result.succeed(reading.operations) : Result.fail(first)
}
