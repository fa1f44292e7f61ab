/**
 * The code that packs a value: straight-line JavaScript generated from its schema.
 *
 * The decision: a successor shares with its predecessor every part that its action did not touch, and a part that is the
 * same object has the same bits. So besides packing a whole value there is packing a value over the words of another,
 * which compares by identity and writes only what is not shared; readonly data makes that exact.
 *
 * Every bound is checked, since an integer out of range would silently become another state.
 */
import { bitsOf, clearBits, placed, placedInRow, putBits, widthOf } from "./BitLayout.ts"
import { elementsOf } from "./Domain.ts"
import type { SchemaNode } from "./StateSchema.ts"

/** What generated code calls: `outside` throws; `codes` pack an element of a set; `places` are indices in a domain. */
export interface PackingHelpers {
  readonly outside: (path: string, found: unknown, expected: string) => never
  readonly codes: Array<(value: unknown) => number>
  readonly places: Array<ReadonlyMap<unknown, number>>
}

/** Generates code over the words `w0`, `w1`, ..., which are declared around it. */
export interface Packer {
  /** Code that puts `value`, an identifier, at bit `at`, where all bits are zero. */
  readonly pack: (node: SchemaNode, at: number, value: string, path: string) => string
  /** Code that puts `value` where the bits of `base` stand. */
  readonly repack: (node: SchemaNode, at: number, value: string, base: string, path: string) => string
}

const quoted = (text: string): string => JSON.stringify(text)

/** Code to fail with. */
const outside = (path: string, found: string, expected: string): string =>
  `outside(${quoted(path)},${found},${quoted(expected)})`

const within = (path: string, name: string): string => path === "" ? name : `${path}.${name}`

/** The packer of one codec; it adds what its code calls to `helpers`. */
export const packer = (
  helpers: PackingHelpers,
  compileCode: (node: SchemaNode) => (value: unknown) => number
): Packer => {
  let names = 0
  const fresh = (): string => `v${names++}`

  const part = (node: SchemaNode, at: number, expression: string, path: string): string => {
    const name = fresh()
    return `const ${name}=${expression};${pack(node, at, name, path)}`
  }

  const fixedLength = (value: string, length: number, path: string): string =>
    `if(${value}.length!==${length})${outside(path, value, `the arrays of ${length} elements`)};`

  const atMost = (value: string, max: number, at: number, path: string): string =>
    `if(${value}.length>${max})${outside(path, value, `the arrays of at most ${max} elements`)};` +
    putBits(at, widthOf(max), `${value}.length`)

  /** A chain of comparisons beats a look-up in a list for the few strings of a choice. */
  const choice = (of: ReadonlyArray<string>, at: number, value: string, path: string): string => {
    const index = fresh()
    const chain = of.map((text, i) => `${value}===${quoted(text)}?${i}:`).join("")
    return `const ${index}=${chain}${outside(path, value, of.join(", "))};${putBits(at, widthOf(of.length - 1), index)}`
  }

  const subset = (node: Extract<SchemaNode, { _tag: "Subset" }>, at: number, value: string, path: string): string => {
    const elements = elementsOf(node.domain)
    const [mask, last, i, x, place] = [fresh(), fresh(), fresh(), fresh(), fresh()]
    const index = helpers.places.push(new Map(elements.map((element, position) => [element, position]))) - 1
    const found = elements.every((element) => typeof element === "number") && elements.length > 0 &&
        elements.every((element, position) => element === Number(elements[0]) + position)
      ? `${x}===(${x}|0)&&${x}<=${Number(elements.at(-1))}?${x}-${Number(elements[0])}:-1`
      : `places[${index}].get(${x})??-1`
    return `let ${mask}=0,${last}=-1;for(let ${i}=0;${i}<${value}.length;${i}++){const ${x}=${value}[${i}],${place}=${found};` +
      `if(!(${place}>${last}))${outside(path, value, `the ascending subsets of ${elements.join(", ")}`)};` +
      `${last}=${place};${mask}|=1<<${place};}${putBits(at, elements.length, mask)}`
  }

  const set = (node: Extract<SchemaNode, { _tag: "SetOf" }>, at: number, value: string, path: string): string => {
    const code = helpers.codes.push(compileCode(node.of)) - 1
    const [last, width, first] = [fresh(), bitsOf(node.of), at + widthOf(node.max)]
    const each = Array.from({ length: node.max }, (_, i) => {
      const name = fresh()
      return `if(${value}.length>${i}){const ${name}=codes[${code}](${value}[${i}]);` +
        `if(!(${name}>${last}))${outside(path, value, "the sets whose elements ascend by their code")};` +
        `${last}=${name};${putBits(first + i * width, width, name)}}`
    })
    return `${atMost(value, node.max, at, path)}let ${last}=-1;${each.join("")}`
  }

  const pack = (node: SchemaNode, at: number, value: string, path: string): string => {
    switch (node._tag) {
      case "Boolean":
        return `if(${value}!==true&&${value}!==false)${outside(path, value, "the booleans")};` +
          putBits(at, 1, `(${value}?1:0)`)
      case "Range":
        return `if(${value}!==(${value}|0)||${value}<${node.min}||${value}>${node.max})` +
          `${outside(path, value, `${node.min}..${node.max}`)};` +
          putBits(at, widthOf(node.max - node.min), node.min === 0 ? value : `(${value}-(${node.min}))`)
      case "Choice":
        return choice(node.of, at, value, path)
      case "Record":
        return placed(node.fields, at)
          .map((field) => part(field.node, field.at, `${value}[${quoted(field.name)}]`, within(path, field.name))).join(
            ""
          )
      case "Tuple":
        return fixedLength(value, node.of.length, path) +
          placedInRow(node.of, at).map((x, i) => part(x.node, x.at, `${value}[${i}]`, `${path}[${i}]`)).join("")
      case "Function":
        return pack({ _tag: "Tuple", of: node.domain.map(() => node.of) }, at, value, path)
      case "Sequence": {
        const [width, first] = [bitsOf(node.of), at + widthOf(node.max)]
        const each = Array.from(
          { length: node.max },
          (_, i) => `if(${value}.length>${i}){${part(node.of, first + i * width, `${value}[${i}]`, `${path}[${i}]`)}}`
        )
        return atMost(value, node.max, at, path) + each.join("")
      }
      case "Union": {
        const cases = Object.entries(node.cases)
        const tag = fresh()
        const first = at + widthOf(cases.length - 1)
        return `const ${tag}=${value}._tag;${choice(cases.map(([name]) => name), at, tag, within(path, "_tag"))}` +
          cases.map(([name, fields]) =>
            `if(${tag}===${quoted(name)}){${pack({ _tag: "Record", fields }, first, value, path)}}`
          ).join("")
      }
      case "Subset":
        return subset(node, at, value, path)
      case "SetOf":
        return set(node, at, value, path)
    }
  }

  const repackParts = (
    parts: ReadonlyArray<
      { readonly node: SchemaNode; readonly at: number; readonly of: string; readonly path: string }
    >,
    value: string,
    base: string
  ): string =>
    parts.map(({ at, node, of, path }) => {
      const [x, y] = [fresh(), fresh()]
      return `const ${x}=${value}${of},${y}=${base}${of};${repack(node, at, x, y, path)}`
    }).join("")

  const repack = (node: SchemaNode, at: number, value: string, base: string, path: string): string => {
    const inside = (): string => {
      switch (node._tag) {
        case "Record":
          return repackParts(
            placed(node.fields, at).map((x) => ({ ...x, of: `[${quoted(x.name)}]`, path: within(path, x.name) })),
            value,
            base
          )
        case "Tuple":
          return fixedLength(value, node.of.length, path) + repackParts(
            placedInRow(node.of, at).map((x, i) => ({ ...x, of: `[${i}]`, path: `${path}[${i}]` })),
            value,
            base
          )
        case "Function":
          return repack({ _tag: "Tuple", of: node.domain.map(() => node.of) }, at, value, base, path)
        case "Boolean":
        case "Range":
        case "Choice":
        case "Sequence":
        case "Union":
        case "Subset":
        case "SetOf":
          return clearBits(at, bitsOf(node)) + pack(node, at, value, path)
      }
    }
    return `if(${value}!==${base}){${inside()}}`
  }

  return { pack, repack }
}
