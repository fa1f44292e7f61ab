/**
 * A bounded state schema compiled to a codec: a state as a few 32-bit words.
 *
 * The decision: a state is its words. Packing is exact and canonical, so two states are equal just when their words are,
 * and no hash is ever trusted. The code is generated once for each schema (`new Function`): straight lines over local
 * words, with every offset and mask a literal. The properties hold it to JSON texts of random values.
 */
import { bitsOf, largestCode } from "./BitLayout.ts"
import { outsideSchema } from "./OutsideSchema.ts"
import { packer, type PackingHelpers } from "./Packing.ts"
import type { SchemaNode, StateSchema } from "./StateSchema.ts"
import { unpacker, type UnpackingHelpers } from "./Unpacking.ts"

/** Where words are read and written; over a `SharedArrayBuffer` too. */
export type Words = Int32Array

export interface Codec<A> {
  /** Bits that a value takes. */
  readonly bits: number
  /** 32-bit words that a value takes, at least 1. */
  readonly words: number
  /** Writes the words of a value and answers a hash of them. Throws `OutsideSchema`. */
  readonly pack: (value: A, into: Words, at: number) => number
  /** The same for a value that shares parts with `base`, whose words stand at `baseAt`: what is shared is not looked at. */
  readonly repack: (value: A, base: A, from: Words, baseAt: number, into: Words, at: number) => number
  /** Builds the value: equal to what was packed. Its parts may be shared with other values. */
  readonly unpack: (from: Words, at: number) => A
  /** The hash that `pack` answers, of words that are already there. */
  readonly hash: (words: Words, at: number) => number
  /** Whether the words at two places are equal. */
  readonly same: (words: Words, a: number, b: number) => boolean
}

const outside = (path: string, found: unknown, expected: string): never => {
  throw outsideSchema(path, found, expected)
}

const packingHelpers = (): PackingHelpers => ({ outside, codes: [], places: [] })

/** Packs a value of at most 30 bits into one integer. */
const compileCode = (node: SchemaNode): (value: unknown) => number => {
  const helpers = packingHelpers()
  const body = packer(helpers, compileCode).pack(node, 0, "value", "")
  return new Function("outside", "codes", "places", `return (value)=>{let w0=0;${body}return w0}`)(
    outside,
    helpers.codes,
    helpers.places
  )
}

const unpackingHelpers = (): UnpackingHelpers => ({ shared: [], large: [], lists: [] })

/** Wraps the code of an unpacking function in what it calls. */
const buildFunction = (helpers: UnpackingHelpers, code: string) => {
  const share = (index: number, bits: number): unknown => {
    const part = helpers.shared[index]!
    return part.known[bits] = part.build(bits)
  }
  const tables = helpers.shared.map((_, i) => `const s${i}=shared[${i}].known;`).join("")
  return new Function("shared", "large", "lists", "share", `${tables}return ${code}`)(
    helpers.shared,
    helpers.large,
    helpers.lists,
    share
  )
}

/** Builds a value of at most 30 bits from one integer. */
const compileBuild = (node: SchemaNode): (bits: number) => unknown => {
  const helpers = unpackingHelpers()
  const body = unpacker(helpers, compileBuild).composed(node, 0)
  return buildFunction(helpers, `(w0)=>(${body})`) as (bits: number) => unknown
}

/** The integer that orders the elements of a set (`setOf`). Throws a `RangeError` for elements of more than 30 bits. */
export const codeOf = <A>(schema: StateSchema<A>): (value: A) => number => {
  const bits = bitsOf(schema)
  if (bits > largestCode) throw new RangeError(`an element of a set takes ${bits} bits, ${largestCode} are the most`)
  return compileCode(schema)
}

/** Three rounds of multiply and shift for each word, after MurmurHash3's 32-bit mixing. */
const hashCode = (words: ReadonlyArray<number>, word: (i: number) => string): string =>
  `let h=${0x9747b28c | 0};` + words.map((i) =>
    `k=Math.imul(${word(i)},${0xcc9e2d51 | 0});h^=Math.imul(k<<15|k>>>17,0x1b873593);h=Math.imul(h<<13|h>>>19,5)+${
      0xe6546b64 | 0
    }|0;`
  ).join("") + "h^=h>>>16;h=Math.imul(h,0x85ebca6b);h^=h>>>13;h=Math.imul(h,0xc2b2ae35);h^=h>>>16;"

/** Compiles a schema. Throws a `RangeError` for a schema with an infinite or too large bound. */
export const compile = <A>(schema: StateSchema<A>): Codec<A> => {
  const bits = bitsOf(schema)
  const words = Math.max(1, Math.ceil(bits / 32))
  const all = Array.from({ length: words }, (_, i) => i)
  const helpers = packingHelpers()
  const code = packer(helpers, compileCode)
  const write = `${hashCode(all, (i) => `w${i}`)}${all.map((i) => `into[at+${i}]=w${i};`).join("")}return h`
  const packing = (parameters: string, start: (i: number) => string, body: string): never =>
    new Function(
      "outside",
      "codes",
      "places",
      `return (${parameters})=>{let k=0,${all.map((i) => `w${i}=${start(i)}`).join()};${body}${write}}`
    )(outside, helpers.codes, helpers.places) as never
  const reading = unpackingHelpers()
  const value = unpacker(reading, compileBuild).composed(schema, 0)
  return {
    bits,
    words,
    pack: packing("value,into,at", () => "0", code.pack(schema, 0, "value", "")),
    repack: packing(
      "value,base,from,baseAt,into,at",
      (i) => `from[baseAt+${i}]`,
      code.repack(schema, 0, "value", "base", "")
    ),
    unpack: buildFunction(
      reading,
      `(from,at)=>{const ${all.map((i) => `w${i}=from[at+${i}]`).join()};return ${value}}`
    ) as Codec<A>["unpack"],
    hash: new Function(`return (words,at)=>{let k=0;${hashCode(all, (i) => `words[at+${i}]`)}return h}`)(),
    same: new Function(`return (words,a,b)=>${all.map((i) => `words[a+${i}]===words[b+${i}]`).join("&&")}`)()
  }
}
