/**
 * Values as TLA+ text: `parseValue` reads what TLC prints (tlc2.value.impl.*.toString), `printValue` writes an
 * expression that TLC reads back as the same value. A function needs the operators `:>` and `@@` of module TLC.
 *
 *   value = integer | integer ".." integer | "string" | TRUE | FALSE | identifier
 *         | <<value, ...>> | {value, ...} | [field |-> value, ...] | (value :> value @@ ...)
 */
import { TlaToolsError } from "./Failure.ts"
import { canonical, functionOf, isSequence, modelValue, recordOf, setOf, type Value } from "./Value.ts"

/** The largest interval that is written out as a set; TLC enumerates no larger set either (`-maxSetSize`). */
const largestInterval = 1_000_000

interface Cursor {
  readonly text: string
  at: number
}

const space = /\s*/y
const word = /[0-9]*[A-Za-z_][A-Za-z0-9_]*/y
const digits = /-?\s*[0-9]+/y
const literal = /"(?:[^"\\]|\\.)*"/y

const unread = (cursor: Cursor, wanted: string): TlaToolsError =>
  new TlaToolsError(
    "bad-value",
    `expected ${wanted} at character ${cursor.at + 1} of a TLA+ value: ${cursor.text.slice(cursor.at, cursor.at + 40)}`
  )

const match = (cursor: Cursor, pattern: RegExp): string | undefined => {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)?.[0]
  if (found !== undefined) cursor.at += found.length
  return found
}

const eat = (cursor: Cursor, token: string): boolean => {
  match(cursor, space)
  const here = cursor.text.startsWith(token, cursor.at)
  if (here) cursor.at += token.length
  return here
}

const expect = (cursor: Cursor, token: string): void => {
  if (!eat(cursor, token)) throw unread(cursor, `'${token}'`)
}

const list = <A>(cursor: Cursor, end: string, item: () => A): Array<A> => {
  const items: Array<A> = []
  if (eat(cursor, end)) return items
  do items.push(item())
  while (eat(cursor, ","))
  expect(cursor, end)
  return items
}

const integer = (cursor: Cursor): number | bigint | undefined => {
  const found = match(cursor, digits)
  return found === undefined ? undefined : canonical(BigInt(found.replace(/\s/g, ""))) as number | bigint
}

const escapes: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", f: "\f", "\"": "\"", "\\": "\\" }

const primary = (cursor: Cursor): Value => {
  match(cursor, space)
  if (eat(cursor, "<<")) return list(cursor, ">>", () => single(cursor))
  if (eat(cursor, "{")) return setOf(...list(cursor, "}", () => single(cursor)))
  if (eat(cursor, "[")) return recordOf(Object.fromEntries(list(cursor, "]", () => field(cursor))))
  if (eat(cursor, "(")) {
    const inner = single(cursor)
    expect(cursor, ")")
    return inner
  }
  const string = match(cursor, literal)
  if (string !== undefined) {
    return string.slice(1, -1).replace(/\\(.)/g, (whole, letter: string) => escapes[letter] ?? whole)
  }
  const name = match(cursor, word)
  if (name !== undefined) return name === "TRUE" ? true : name === "FALSE" ? false : modelValue(name)
  return integer(cursor) ?? fail(cursor)
}

const fail = (cursor: Cursor): never => {
  throw unread(cursor, "a value")
}

const field = (cursor: Cursor): readonly [string, Value] => {
  match(cursor, space)
  const name = match(cursor, word)
  if (name === undefined) throw unread(cursor, "a field's name")
  expect(cursor, "|->")
  return [name, single(cursor)]
}

const interval = (cursor: Cursor, low: Value): Value => {
  if (typeof low !== "number" || !eat(cursor, "..")) return low
  match(cursor, space)
  const high = integer(cursor)
  if (typeof high !== "number" || high - low >= largestInterval) throw unread(cursor, "the end of a small interval")
  return setOf(...Array.from({ length: Math.max(0, high - low + 1) }, (_, i) => low + i))
}

const single = (cursor: Cursor): Value => {
  const first = interval(cursor, primary(cursor))
  if (!eat(cursor, ":>")) return first
  const entries: Array<readonly [Value, Value]> = [[first, interval(cursor, primary(cursor))]]
  while (eat(cursor, "@@")) {
    const from = interval(cursor, primary(cursor))
    expect(cursor, ":>")
    entries.push([from, interval(cursor, primary(cursor))])
  }
  return functionOf(entries)
}

/** Reads one value as TLC prints it, in canonical form; fails with `bad-value` where the text is something else. */
export const parseValue = (text: string): Value => {
  const cursor: Cursor = { text, at: 0 }
  const value = single(cursor)
  match(cursor, space)
  if (cursor.at < text.length) throw unread(cursor, "the end")
  return value
}

/** Reads what TLC printed for a variable; what is none of the kinds above is kept as it stands. */
export const parsePrinted = (text: string): Value => {
  try {
    return parseValue(text)
  } catch {
    return { _tag: "Opaque", text: text.trim() }
  }
}

const reserved = new Set(
  ("ACTION ASSUME ASSUMPTION AXIOM BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE ENABLED EXCEPT " +
    "EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER PICK PROOF " +
    "PROPOSITION PROVE QED RECURSIVE SF_ STATE SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE " +
    "VARIABLE VARIABLES WF_ WITH WITNESS").split(" ")
)

const isIdentifier = (name: string): boolean =>
  /^[0-9]*[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reserved.has(name) && !/^(WF|SF)_/.test(name)

const unescapes: { readonly [letter: string]: string } = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f" }

const string = (value: string): string =>
  `"${value.replace(/["\\]/g, "\\$&").replace(/[\n\t\r\f]/g, (letter) => unescapes[letter]!)}"`

const pairs = (entries: ReadonlyArray<readonly [Value, Value]>): string =>
  `(${entries.map(([from, to]) => `${printValue(from)} :> ${printValue(to)}`).join(" @@ ")})`

/**
 * Writes a value as a TLA+ expression on one line. TLC's parser (2.15, 2.18) cannot read a string with a backquote, which
 * it takes for the beginning of a comment.
 */
export const printValue = (value: Value): string => {
  switch (typeof value) {
    case "boolean":
      return value ? "TRUE" : "FALSE"
    case "string":
      return string(value)
    case "number":
    case "bigint":
      return String(canonical(value))
    case "object":
      return printObject(canonical(value) as Exclude<Value, boolean | number | bigint | string>)
  }
}

const printObject = (value: Exclude<Value, boolean | number | bigint | string>): string => {
  if (isSequence(value)) return value.length === 0 ? "<<>>" : `<<${value.map(printValue).join(", ")}>>`
  switch (value._tag) {
    case "ModelValue":
      return value.name
    case "Opaque":
      return value.text
    case "Set":
      return `{${value.elements.map(printValue).join(", ")}}`
    case "Record": {
      const fields = Object.entries(value.fields)
      return fields.every(([name]) => isIdentifier(name))
        ? `[${fields.map(([name, inner]) => `${name} |-> ${printValue(inner)}`).join(", ")}]`
        : pairs(fields)
    }
    case "Function":
      return pairs(value.entries)
  }
}
