/**
 * EDN (the notation of Clojure's data) as the plain data of JSON: what a history file needs, read fast.
 *
 *     nil true 12 1.5 "text" \c     null true 12 1.5 "text" "c"
 *     :keyword symbol               "keyword" "symbol"
 *     [..] (..) #{..}               an array
 *     {:a 1, 8 [2]}                 an object; the text of a key is its name
 *     #tag form                     the form alone
 *
 * The one decision: words of both kinds become strings, so a history reads the same from EDN and from JSON. An integer
 * that a JavaScript number cannot hold exactly is refused. Authority: the EDN format (edn-format/edn, README).
 */
import { Schema } from "effect"

/** What reading a form gives. */
export type Data = null | boolean | number | string | ReadonlyArray<Data> | { readonly [name: string]: Data }

/** A form that cannot be read: where (the place of a character), and what was expected there. */
export class EdnProblem extends Schema.TaggedError<EdnProblem>()("EdnProblem", {
  position: Schema.Int,
  expected: Schema.String
}) {}

const table = (characters: string): Uint8Array => {
  const marks = new Uint8Array(256)
  for (const character of characters) marks[character.charCodeAt(0)] = 1
  return marks
}
const isSpace = table(" \n\r\t,\f\v")
const endsWord = table(" \n\r\t,\f\v()[]{}\";\\")
const backslash = 92
const quote = 34

const named: { readonly [name: string]: string } = {
  newline: "\n",
  return: "\r",
  space: " ",
  tab: "\t",
  formfeed: "\f",
  backspace: "\b"
}
const escapes: { readonly [letter: string]: string } = {
  n: "\n",
  r: "\r",
  t: "\t",
  f: "\f",
  b: "\b",
  "\"": "\"",
  "\\": "\\",
  "/": "/"
}

/** Reads forms of one text, one after the other; `position` may be set to go on elsewhere. */
export interface Reader {
  /** The next form, or `undefined` at the end. Throws an `EdnProblem`. */
  readonly next: () => Data | undefined
  /** Skips space, comments and discarded forms; answers the code of the next character, or -1 at the end. */
  readonly peek: () => number
  position: number
}

/** Words recur in every line of a history, so each is made once: a cache by the hash of its characters. */
const cacheSize = 2048
const cached: Array<string | undefined> = Array.from({ length: cacheSize })

type Entries = { [name: string]: Data }

const put = (entries: Entries, name: string, value: Data): void => {
  if (name !== "__proto__") entries[name] = value
  else Object.defineProperty(entries, name, { value, enumerable: true, configurable: true, writable: true })
}

/**
 * A map with room for the names that stand at every second place of `stack` from `base` on. V8 keeps names that are
 * integers in an array as long as the largest of them and half as long again, so a poll of key 1000 would cost 12 KB; what
 * JSON.parse makes is as large as what it holds.
 */
const emptyMap = (stack: ReadonlyArray<Data>, base: number): Entries => {
  const first = base < stack.length ? (stack[base] as string).charCodeAt(0) : 0
  if (first < 48 || first > 57) return {}
  let shape = "{"
  for (let i = base; i < stack.length; i += 2) shape += `${i === base ? "" : ","}${JSON.stringify(stack[i])}:0`
  return JSON.parse(`${shape}}`) as Entries
}

/** A reader of the forms of `text`. */
export const reader = (text: string): Reader => {
  const length = text.length
  let at = 0
  /** Items of the lists that are open. A list is cut from it at its size, since one that grows keeps room for more. */
  let stack: Array<Data> = []

  const problem = (position: number, expected: string): never => {
    throw new EdnProblem({ position, expected })
  }

  const wordEnd = (from: number): number => {
    let end = from
    while (end < length) {
      const code = text.charCodeAt(end)
      if (code < 256 && endsWord[code] === 1) break
      end++
    }
    return end
  }

  /** The word from `from` up to the next delimiter; moves behind it. */
  const word = (from: number): string => {
    let hash = 0
    let end = from
    for (; end < length; end++) {
      const code = text.charCodeAt(end)
      if (code < 256 && endsWord[code] === 1) break
      hash = Math.imul(hash, 31) + code | 0
    }
    at = end
    const size = end - from
    const slot = (hash ^ (hash >>> 11)) & (cacheSize - 1)
    const known = cached[slot]
    if (known !== undefined && known.length === size) {
      let same = 0
      while (same < size && known.charCodeAt(same) === text.charCodeAt(from + same)) same++
      if (same === size) return known
    }
    const made = text.slice(from, end)
    if (size <= 32) cached[slot] = made
    return made
  }

  const number = (): number => {
    const from = at
    let end = from
    let code = text.charCodeAt(end)
    const negative = code === 45
    if (negative || code === 43) end++
    let sum = 0
    const digits = end
    for (; end < length; end++) {
      code = text.charCodeAt(end)
      if (code < 48 || code > 57) break
      sum = sum * 10 + code - 48
    }
    if (end - digits <= 15 && (end === length || endsWord[code] === 1)) {
      at = end
      return negative ? 0 - sum : sum
    }
    const rest = wordEnd(from)
    const written = text.slice(from, rest)
    const whole = /^[+-]?\d+N?$/.test(written)
    const parsed = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?[NM]?$/.test(written) ? Number.parseFloat(written) : Number.NaN
    const ratio = /^([+-]?\d+)\/(\d+)$/.exec(written)
    if (ratio !== null) {
      at = rest
      return Number(ratio[1]) / Number(ratio[2])
    }
    if (Number.isNaN(parsed)) problem(from, `a number, not ${JSON.stringify(written)}`)
    if (whole && !Number.isSafeInteger(parsed)) problem(from, `an integer between -2^53 and 2^53, not ${written}`)
    at = rest
    return parsed
  }

  const string = (): string => {
    const from = at
    let end = text.indexOf("\"", from + 1)
    if (end < 0) problem(from, "the closing quote of this string")
    const escape = text.indexOf("\\", from + 1)
    if (escape < 0 || escape > end) {
      at = end + 1
      return text.slice(from + 1, end)
    }
    let made = ""
    let start = from + 1
    for (;;) {
      end = start
      while (end < length && text.charCodeAt(end) !== quote && text.charCodeAt(end) !== backslash) end++
      if (end >= length) problem(from, "the closing quote of this string")
      made += text.slice(start, end)
      if (text.charCodeAt(end) === quote) break
      const letter = text[end + 1] ?? ""
      if (letter === "u") {
        const digits = text.slice(end + 2, end + 6)
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) problem(end, "four hexadecimal digits behind \\u")
        made += String.fromCharCode(Number.parseInt(digits, 16))
        start = end + 6
      } else {
        const meant = escapes[letter]
        if (meant === undefined) problem(end, "one of \\n \\r \\t \\f \\b \\\" \\\\ \\uXXXX")
        made += meant
        start = end + 2
      }
    }
    at = end + 1
    return made
  }

  const peek = (): number => {
    for (;;) {
      if (at >= length) return -1
      const code = text.charCodeAt(at)
      if (code < 256 && isSpace[code] === 1) {
        at++
      } else if (code === 59) {
        const end = text.indexOf("\n", at)
        at = end < 0 ? length : end + 1
      } else if (code === 35 && text.charCodeAt(at + 1) === 95) {
        const from = at
        at += 2
        if (peek() < 0) problem(from, "a form behind #_")
        form(peek())
      } else {
        return code
      }
    }
  }

  const list = (close: number, closing: string): Array<Data> => {
    const from = at
    const base = stack.length
    at++
    for (;;) {
      const code = peek()
      if (code === close) break
      if (code < 0) problem(from, `the ${closing} that closes this`)
      stack.push(form(code))
    }
    at++
    const items = stack.slice(base)
    stack.length = base
    return items
  }

  const map = (): { readonly [name: string]: Data } => {
    const from = at
    const base = stack.length
    at++
    for (;;) {
      const code = peek()
      if (code === 125) break
      if (code < 0) problem(from, "the } that closes this map")
      const keyAt = at
      const key = form(code)
      if (key !== null && typeof key === "object") problem(keyAt, "a word, a number or a string as a key")
      const next = peek()
      if (next === 125 || next < 0) problem(keyAt, "a value for this key")
      stack.push(String(key), form(next))
    }
    at++
    const entries = emptyMap(stack, base)
    for (let i = base; i < stack.length; i += 2) put(entries, stack[i] as string, stack[i + 1]!)
    stack.length = base
    return entries
  }

  const form = (code: number): Data => {
    switch (code) {
      case 91:
        return list(93, "]")
      case 40:
        return list(41, ")")
      case 123:
        return map()
      case quote:
        return string()
      case 58:
        if (wordEnd(at + 1) === at + 1) problem(at, "a word behind :")
        return word(at + 1)
      case backslash: {
        const from = at + 1
        const end = Math.max(from + 1, wordEnd(from))
        at = end
        const name = text.slice(from, end)
        if (name.length === 1) return name
        if (/^u[0-9a-fA-F]{4}$/.test(name)) return String.fromCharCode(Number.parseInt(name.slice(1), 16))
        return named[name] ?? problem(from, "a character: one letter, its name, or uXXXX")
      }
      case 35: {
        if (text.charCodeAt(at + 1) === 123) {
          at++
          return list(125, "}")
        }
        const from = at
        word(at + 1)
        if (at === from + 1) problem(from, "a tag or { behind #")
        const next = peek()
        if (next < 0) problem(from, "a form behind this tag")
        return form(next)
      }
      case 93:
      case 41:
      case 125:
        return problem(at, `no ${String.fromCharCode(code)} here`)
    }
    const second = code === 45 || code === 43 ? text.charCodeAt(at + 1) : code
    if (second >= 48 && second <= 57) return number()
    const symbol = word(at)
    switch (symbol) {
      case "nil":
        return null
      case "true":
        return true
      case "false":
        return false
    }
    return symbol
  }

  return {
    get position() {
      return at
    },
    set position(position: number) {
      at = position
    },
    peek,
    next: () => {
      stack = []
      const code = peek()
      return code < 0 ? undefined : form(code)
    }
  }
}
