/**
 * How many bits a value of a schema takes, and the code that reads and writes a run of bits in 32-bit words.
 *
 * The decision: every part of a value has its fixed place, whatever the rest is, so that one variable can be read or
 * rewritten alone; bits that a value does not use are zero, so that equal values are equal words.
 *
 *     range, choice     the index, in as many bits as the largest needs
 *     subset            a bit for each element of the domain
 *     record, tuple,    the parts one after the other
 *       function
 *     sequence, set     the length, then room for the most elements
 *     union             the index of the case, then room for the largest case
 */
import { elementsOf } from "./Domain.ts"
import type { SchemaNode } from "./StateSchema.ts"

/** The bits that an index up to `max` takes: none where there is one value only. */
export const widthOf = (max: number): number => 32 - Math.clz32(max)

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, number) => total + number, 0)

/** The most elements that a subset's domain may have, and the most bits of an element of a set. */
const largestMask = 31
export const largestCode = 30

const bounded = (value: number, what: string, most: number): number => {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value
  throw new RangeError(`${what} is ${value}: a schema that is packed needs an integer from 0 to ${most}`)
}

/** The bits that a value takes. Throws a `RangeError` for a schema with an infinite or too large bound. */
export const bitsOf = (node: SchemaNode): number => {
  switch (node._tag) {
    case "Boolean":
      return 1
    case "Range":
      if (!Number.isInteger(node.min) || node.min < -0x8000_0000) bounded(node.min, "the least of a range", 0x7fff_ffff)
      return widthOf(bounded(node.max - node.min, `the span of the range ${node.min}..${node.max}`, 0x7fff_ffff))
    case "Choice":
      return widthOf(bounded(node.of.length - 1, "the last index of a choice", 0xffff))
    case "Record":
      return sum(Object.values(node.fields).map(bitsOf))
    case "Tuple":
      return sum(node.of.map(bitsOf))
    case "Sequence":
      return widthOf(bounded(node.max, "the longest sequence", 0xffff)) + node.max * bitsOf(node.of)
    case "Union": {
      const cases = Object.values(node.cases).map((fields) => sum(Object.values(fields).map(bitsOf)))
      return widthOf(bounded(cases.length - 1, "the last case of a union", 0xffff)) + Math.max(...cases)
    }
    case "Subset":
      return bounded(elementsOf(node.domain).length, "the size of a subset's domain", largestMask)
    case "SetOf":
      return widthOf(bounded(node.max, "the largest set", 0xffff)) +
        node.max * bounded(bitsOf(node.of), "the number of bits of a set's element", largestCode)
    case "Function":
      return node.domain.length * bitsOf(node.of)
  }
}

/** A field of a record or a case, and where its bits begin. */
export interface Placed {
  readonly name: string
  readonly node: SchemaNode
  readonly at: number
}

/** The fields one after the other, from bit `at` on. */
export const placed = (fields: Readonly<Record<string, SchemaNode>>, at: number): ReadonlyArray<Placed> => {
  let next = at
  return Object.entries(fields).map(([name, node]) => {
    const field = { name, node, at: next }
    next += bitsOf(node)
    return field
  })
}

/** Elements one after the other, from bit `at` on. */
export const placedInRow = (nodes: ReadonlyArray<SchemaNode>, at: number): ReadonlyArray<Placed> =>
  placed(Object.fromEntries(nodes.map((node, i) => [i, node])), at)

/** Code that puts `width` bits of the integer expression `value`, which is used twice, into the words `w0`, `w1`, ... */
export const putBits = (at: number, width: number, value: string): string => {
  if (width === 0) return ""
  const [word, shift] = [at >> 5, at & 31]
  const low = shift === 0 ? `w${word}|=${value};` : `w${word}|=${value}<<${shift};`
  return shift + width > 32 ? `${low}w${word + 1}|=${value}>>>${32 - shift};` : low
}

/** Code that sets the bits `[at, at + width)` to zero. */
export const clearBits = (at: number, width: number): string => {
  let code = ""
  for (let from = at; from < at + width;) {
    const until = Math.min(at + width, (from | 31) + 1)
    const count = until - from
    const mask = count === 32 ? -1 : (((1 << count) - 1) << (from & 31)) | 0
    code += `w${from >> 5}&=${~mask};`
    from = until
  }
  return code
}

/** An expression that reads `width` bits as an integer from 0. */
export const getBits = (at: number, width: number): string => {
  if (width === 0) return "0"
  const [word, shift] = [at >> 5, at & 31]
  if (width === 32) throw new RangeError("a part of 32 bits would be read with its sign")
  const mask = 2 ** width - 1
  if (shift + width > 32) return `((w${word}>>>${shift}|w${word + 1}<<${32 - shift})&${mask})`
  return shift + width === 32 ? `(w${word}>>>${shift})` : `(w${word}>>${shift}&${mask})`
}
