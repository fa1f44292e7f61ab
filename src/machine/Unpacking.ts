/**
 * The expression that builds a value from packed words, generated from its schema.
 *
 * The decision: a part of few bits is built once for each pattern of its bits and shared from then on, since values are
 * readonly; most of a state costs a look-up and no allocation, and equal parts of two states are the same object.
 */
import { bitsOf, getBits, placed, placedInRow, widthOf } from "./BitLayout.ts"
import { elementsOf } from "./Domain.ts"
import type { SchemaNode } from "./StateSchema.ts"

/** A part of at most this many bits is shared: a table of at most 4096 entries. */
const sharedBits = 12
/** A sequence of at most this many elements that are not shared is built by a case for each length. */
const shortSequence = 4

/** Parts by their bits, filled as they are met, and how to build one that is missing. */
interface SharedPart {
  readonly known: Array<unknown>
  readonly build: (bits: number) => unknown
}

/** What generated code calls. */
export interface UnpackingHelpers {
  /** `shared[k](bits)` answers the part. */
  readonly shared: Array<SharedPart>
  /** `large[k](bits)` builds an element of a set, or a subset, of too many bits for a table. */
  readonly large: Array<(bits: number) => unknown>
  /** The strings of choices. */
  readonly lists: Array<ReadonlyArray<string>>
}

const quoted = (text: string): string => JSON.stringify(text)

/** Generates an expression over the words `w0`, `w1`, ... that builds a value from the bits at `at`. */
export const unpacker = (helpers: UnpackingHelpers, compileBuild: (node: SchemaNode) => (bits: number) => unknown) => {
  const shared = new Map<SchemaNode, number>()
  const once = (known: Map<SchemaNode, number>, node: SchemaNode, make: () => number): number => {
    const index = known.get(node) ?? make()
    known.set(node, index)
    return index
  }

  const unpack = (node: SchemaNode, at: number): string => {
    switch (node._tag) {
      case "Boolean":
        return `(${getBits(at, 1)}===1)`
      case "Range":
        return node.min === 0
          ? getBits(at, widthOf(node.max))
          : `(${getBits(at, widthOf(node.max - node.min))}+(${node.min}))`
      case "Choice":
        return `lists[${helpers.lists.push(node.of) - 1}][${getBits(at, widthOf(node.of.length - 1))}]`
      case "Record":
      case "Tuple":
      case "Sequence":
      case "Union":
      case "Subset":
      case "SetOf":
      case "Function": {
        const bits = bitsOf(node)
        if (bits > sharedBits) return composed(node, at)
        const index = once(
          shared,
          node,
          () => helpers.shared.push({ known: Array.from({ length: 2 ** bits }), build: compileBuild(node) }) - 1
        )
        const code = getBits(at, bits)
        return `(s${index}[${code}]??share(${index},${code}))`
      }
    }
  }

  const fields = (of: Readonly<Record<string, SchemaNode>>, at: number): ReadonlyArray<string> =>
    placed(of, at).map((field) => `${quoted(field.name)}:${unpack(field.node, field.at)}`)

  const built = (node: SchemaNode, at: number, width: number): string =>
    `large[${helpers.large.push(compileBuild(node)) - 1}](${getBits(at, width)})`

  /** An array of the first elements of which there are `max` places. */
  const upTo = (max: number, at: number, element: (at: number) => string, width: number): string => {
    const length = getBits(at, widthOf(max))
    const all = Array.from({ length: max }, (_, i) => element(at + widthOf(max) + i * width))
    if (max > shortSequence && width > sharedBits) return `[${all.join(",")}].slice(0,${length})`
    const cases = all.map((_, i) => `${length}===${i}?[${all.slice(0, i).join(",")}]:`)
    return `(${cases.join("")}[${all.join(",")}])`
  }

  /** The part itself, without looking for it among the shared ones. */
  const composed = (node: SchemaNode, at: number): string => {
    switch (node._tag) {
      case "Boolean":
      case "Range":
      case "Choice":
        return unpack(node, at)
      case "Record":
        return `{${fields(node.fields, at).join(",")}}`
      case "Tuple":
        return `[${placedInRow(node.of, at).map((x) => unpack(x.node, x.at)).join(",")}]`
      case "Function":
        return composed({ _tag: "Tuple", of: node.domain.map(() => node.of) }, at)
      case "Sequence":
        return upTo(node.max, at, (place) => unpack(node.of, place), bitsOf(node.of))
      case "SetOf": {
        const width = bitsOf(node.of)
        return upTo(
          node.max,
          at,
          (place) => width > sharedBits ? built(node.of, place, width) : unpack(node.of, place),
          width
        )
      }
      case "Union": {
        const cases = Object.entries(node.cases)
        const width = widthOf(cases.length - 1)
        const each = cases.map(([name, of]) =>
          `{_tag:${quoted(name)}${fields(of, at + width).map((x) => `,${x}`).join("")}}`
        )
        const chosen = each.map((text, i) => i < cases.length - 1 ? `${getBits(at, width)}===${i}?${text}:` : text)
        return `(${chosen.join("")})`
      }
      case "Subset": {
        const elements = elementsOf(node.domain)
        const chosen = (mask: number): ReadonlyArray<unknown> => elements.filter((_, i) => (mask & (1 << i)) !== 0)
        return `large[${helpers.large.push(chosen) - 1}](${getBits(at, elements.length)})`
      }
    }
  }

  return { unpack, composed }
}
