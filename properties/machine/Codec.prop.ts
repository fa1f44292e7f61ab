/** Random schemas and random values of them: what is packed comes back, and words are equal just when values are. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { codeOf, compile } from "../../src/machine/Codec.ts"
import * as S from "../../src/machine/StateSchema.ts"
import { fromTla, toTla } from "../../src/machine/Translation.ts"

interface Sample {
  readonly schema: S.StateSchema<unknown>
  readonly value: fc.Arbitrary<unknown>
}
const pick = (of: ReadonlyArray<unknown>): fc.Arbitrary<unknown> => fc.constantFrom(...of)
const leaf: fc.Arbitrary<Sample> = fc.oneof(
  fc.constant<Sample>({ schema: S.boolean, value: fc.boolean() }),
  fc.tuple(fc.integer({ min: -40, max: 40 }), fc.nat(3000)).map(([min, span]): Sample => ({
    schema: S.range(min, min + span),
    value: fc.integer({ min, max: min + span })
  })),
  fc.constant<Sample>({ schema: S.oneOf("up", "down", "gone"), value: pick(["up", "down", "gone"]) }),
  fc.integer({ min: 1, max: 31 }).map((size): Sample => {
    const domain = Array.from({ length: size }, (_, i) => i + 1)
    return { schema: S.subset(domain), value: fc.subarray(domain) }
  }),
  fc.constant<Sample>({ schema: S.subset(["a", "b", "c"]), value: fc.subarray(["a", "b", "c"]) })
)
const grown = (inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> =>
  fc.oneof(
    fc.tuple(inner, fc.nat(6)).map(([of, max]): Sample => ({
      schema: S.sequence(max, of.schema),
      value: fc.array(of.value, { maxLength: max })
    })),
    fc.tuple(inner, inner).map(([a, b]): Sample => ({
      schema: S.tuple(a.schema, b.schema),
      value: fc.tuple(a.value, b.value)
    })),
    fc.tuple(inner, inner).map(([a, b]): Sample => ({
      schema: S.record({ a: a.schema, b: b.schema }),
      value: fc.record({ a: a.value, b: b.value }, { noNullPrototype: true })
    })),
    fc.tuple(inner, inner).map(([a, b]): Sample => ({
      schema: S.union({ One: { a: a.schema }, Two: { b: b.schema }, None: {} }),
      value: fc.oneof(
        a.value.map((a) => ({ _tag: "One", a })),
        b.value.map((b) => ({ _tag: "Two", b })),
        fc.constant({ _tag: "None" })
      )
    })),
    fc.tuple(inner, fc.constantFrom<ReadonlyArray<string | number>>([1, 2, 3], ["x", "y"], [0, 5])).map(
      ([of, domain]): Sample => ({
        schema: S.functionOver(domain, of.schema),
        value: fc.array(of.value, { minLength: domain.length, maxLength: domain.length })
      })
    ),
    fc.tuple(leaf, fc.nat(5)).filter(([of]) => compile(of.schema).bits <= 30).map(([of, max]): Sample => ({
      schema: S.setOf(max, of.schema),
      value: fc.array(of.value, { maxLength: max }).map((elements) => {
        const byCode = new Map(elements.map((element) => [codeOf(of.schema)(element), element]))
        return [...byCode].sort(([a], [b]) => a - b).map(([, element]) => element)
      })
    }))
  )
const samples = grown(fc.oneof(leaf, grown(fc.oneof(leaf, grown(leaf)))))
const pairs = samples.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value, value))
const text = (value: unknown): string => JSON.stringify(value)

describe("a state is its words", () => {
  it("packing, repacking over another value, unpacking and TLA+ keep every value apart and whole", () => {
    const tags = new Set<string>()
    fc.assert(
      fc.property(pairs, ([schema, one, two]) => {
        const codec = compile(schema)
        const words = new Int32Array(codec.words * 4)
        const [a, b, c] = [0, codec.words, codec.words * 2]
        const hashes = [codec.pack(one, words, a), codec.pack(two, words, b)]
        expect(text(codec.unpack(words, a))).toBe(text(one))
        expect(text(codec.unpack(words, b))).toBe(text(two))
        expect(codec.repack(two, codec.unpack(words, a), words, a, words, c)).toBe(hashes[1])
        expect(codec.same(words, b, c)).toBe(true)
        expect(codec.hash(words, a)).toBe(hashes[0])
        expect(codec.same(words, a, b)).toBe(text(one) === text(two))
        expect(text(fromTla(schema, toTla(schema, one)))).toBe(text(one))
        tags.add(codec.words > 1 ? "several words" : "one word").add(text(one) === text(two) ? "equal" : "different")
        tags.add(schema._tag)
      }),
      { numRuns: 1500 }
    )
    expect([...tags].sort()).toEqual(
      ["Function", "Record", "Sequence", "SetOf", "Tuple", "Union", "different", "equal", "one word", "several words"]
    )
  })

  it("a value outside its schema is refused with its place", () => {
    const codec = compile(S.record({ hw: S.functionOver([1, 2], S.range(0, 2)), role: S.oneOf("up", "down") }))
    const into = new Int32Array(4)
    const refused = (value: unknown) => () => codec.pack(value as never, into, 0)
    expect(refused({ hw: [0, 7], role: "up" })).toThrow("hw[1] is 7, outside 0..2")
    expect(refused({ hw: [0], role: "up" })).toThrow("hw")
    expect(refused({ hw: [0, 0.5], role: "up" })).toThrow("hw[1] is 0.5")
    expect(refused({ hw: [0, 0], role: "gone" })).toThrow("role is \"gone\", outside up, down")
  })
})
