/**
 * Plain data as EDN text.
 *
 * The one decision: a string is printed as a keyword where it can be one, since reading makes no difference between them.
 * Authority: the EDN format (edn-format/edn, README).
 */
import type { Data } from "./Edn.ts"

const keyword = /^[A-Za-z*!_?$%&=<>.+-][A-Za-z0-9*!_?$%&=<>.+#'/-]*$/
const unsafe = /["\\\n\r\t\f\b]/g
const escaped: { readonly [character: string]: string } = {
  "\"": "\\\"",
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b"
}

/** Prints text as an EDN string. */
export const printString = (text: string): string => `"${text.replace(unsafe, (found) => escaped[found]!)}"`

/** Prints a word as a keyword where it can be one, and as a string where it cannot; both read back alike. */
export const printWord = (word: string): string => keyword.test(word) ? `:${word}` : printString(word)

/** Prints the name of a map's entry: an integer as one, any other word as `printWord` does. */
export const printName = (name: string): string => /^(0|-?[1-9]\d{0,14})$/.test(name) ? name : printWord(name)

/** Prints plain data as one EDN form on one line; strings are printed as words. */
export const print = (data: Data): string => {
  if (data === null) return "nil"
  if (typeof data === "string") return printWord(data)
  if (typeof data !== "object") return String(data)
  if (Array.isArray(data)) return `[${data.map(print).join(" ")}]`
  return `{${Object.entries(data).map(([name, value]) => `${printName(name)} ${print(value)}`).join(", ")}}`
}
