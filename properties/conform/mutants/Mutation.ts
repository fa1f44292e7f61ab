/**
 * Mutants of a source file: each is one edit of its text that a check of the project has to notice.
 *
 *     a && b             b, a               a guard dropped            !a          a
 *     if (a) return x    {}                 the same                   a ? x : y   x, y
 *     a < b              a <= b, ...        a comparison flipped       a === b     a !== b
 *     { ...s, x: 1 }     { ...s }           a field not reset          [...q, m]   [...q], [m]
 *     a + 1, 2           a, 3               off by one                 some        every
 *
 * The decision: edits are made on the syntax tree (oxc-parser) and applied to the text, so a mutant is the file as it is
 * but for one place, and it parses. What describes types and bounds is left out: the codec checks it by itself.
 *
 * Authority: the operators of mutation analysis (DeMillo, Lipton and Sayward 1978; Andrews, Briand and Labiche 2005).
 */
import { parseSync } from "oxc-parser"

/** One edit: `from` at `start` becomes `to`. */
export interface Mutant {
  /** The path of the file, from the root. */
  readonly file: string
  /** The name of the innermost thing with a name around it: an action, a function. */
  readonly within: string
  readonly line: number
  readonly operator: Operator
  readonly from: string
  readonly to: string
  readonly start: number
}

/** What kinds of edit there are. */
type Operator =
  | "guard dropped"
  | "comparison flipped"
  | "negation dropped"
  | "branch taken"
  | "field not set"
  | "element dropped"
  | "off by one"
  | "constant flipped"
  | "quantifier flipped"
  | "opposite called"
  | "by hand"

/** An edit of a family's own, for what no operator makes: `from` stands exactly once in the file. */
export interface ByHand {
  readonly file: string
  readonly what: string
  readonly from: string
  readonly to: string
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { readonly type?: unknown }).type === "string"

const childrenOf = (node: Node): ReadonlyArray<Node> => Object.values(node).flat().filter(isNode)

const flipped: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "==="
}

/** An edit before it is named: what replaces the text of a node. */
interface Edit {
  readonly operator: Operator
  readonly start: number
  readonly end: number
  readonly to: string
}

const textOf = (source: string, node: Node): string => source.slice(node.start, node.end)

/** The list without one element, with the comma that goes with it. */
const without = (list: ReadonlyArray<Node>, index: number): Omit<Edit, "operator"> =>
  index === 0 && list.length > 1
    ? { start: list[0]!.start, end: list[1]!.start, to: "" }
    : { start: index === 0 ? list[0]!.start : list[index - 1]!.end, end: list[index]!.end, to: "" }

const isOne = (node: Node): boolean => node.type === "Literal" && node["value"] === 1

const isUndefined = (node: Node): boolean => node.type === "Identifier" && node["name"] === "undefined"

/** What is done with a value; `swaps` are pairs of functions of which one undoes the other. */
const editsOf = (source: string, node: Node, swaps: ReadonlyMap<string, string>): ReadonlyArray<Edit> => {
  const whole = (operator: Operator, to: string): Edit => ({ operator, start: node.start, end: node.end, to })
  const part = (name: string) => node[name] as Node
  const inBrackets = (child: Node) => `(${textOf(source, child)})`
  switch (node.type) {
    case "LogicalExpression":
      if (node["operator"] === "??") return []
      return [part("left"), part("right")].map((side) => whole("guard dropped", inBrackets(side)))
    case "UnaryExpression":
      return node["operator"] === "!" ? [whole("negation dropped", inBrackets(part("argument")))] : []
    case "IfStatement":
      if (node["alternate"] !== null) return []
      return part("consequent").type === "ReturnStatement"
        ? [whole("guard dropped", "{}")]
        : [{ operator: "guard dropped", start: part("test").start, end: part("test").end, to: "true" }]
    case "ConditionalExpression": {
      const [one, other] = [part("consequent"), part("alternate")]
      return isUndefined(one) || isUndefined(other)
        ? [whole("guard dropped", inBrackets(isUndefined(one) ? other : one))]
        : [one, other].map((branch) => whole("branch taken", inBrackets(branch)))
    }
    case "BinaryExpression": {
      const operator = node["operator"] as string
      const [left, right] = [part("left"), part("right")]
      const to = flipped[operator]
      if (to !== undefined) {
        const between = source.slice(left.end, right.start).replace(operator, to)
        return [whole("comparison flipped", `${textOf(source, left)}${between}${textOf(source, right)}`)]
      }
      return (operator === "+" || operator === "-") && isOne(right) ? [whole("off by one", inBrackets(left))] : []
    }
    case "ObjectExpression": {
      const fields = node["properties"] as ReadonlyArray<Node>
      if (fields[0]?.type !== "SpreadElement") return []
      return fields.flatMap((field, i) =>
        field.type === "SpreadElement" ? [] : [{ operator: "field not set" as const, ...without(fields, i) }]
      )
    }
    case "ArrayExpression": {
      const elements = node["elements"] as ReadonlyArray<Node>
      if (elements.length < 2 || !elements.some(({ type }) => type === "SpreadElement")) return []
      return elements.map((_, i) => ({ operator: "element dropped", ...without(elements, i) }))
    }
    case "Literal": {
      const { value } = node
      if (typeof value === "boolean") return [whole("constant flipped", String(!value))]
      return typeof value === "number" ? [whole("off by one", String(value + 1))] : []
    }
    case "CallExpression": {
      const callee = part("callee")
      const name = callee.type === "Identifier" ? callee : callee["property"] as Node | undefined
      if (name?.type !== "Identifier") return []
      const called = textOf(source, name)
      const opposite = called === "some" ? "every" : called === "every" ? "some" : swaps.get(called)
      if (opposite === undefined) return []
      const operator = called === "some" || called === "every" ? "quantifier flipped" : "opposite called"
      return [{ operator, start: name.start, end: name.end, to: opposite }]
    }
    default:
      return []
  }
}

/** Whether a value is a function, or a call that is given one, as an action is. */
const isFunction = (value: unknown): boolean =>
  isNode(value) && (value.type === "ArrowFunctionExpression" ||
    (value.type === "CallExpression" && value["callee"] !== undefined && (value["arguments"] as ReadonlyArray<Node>)
      .some(({ type }) => type === "ArrowFunctionExpression") &&
      (value["callee"] as Node).type === "Identifier"))

const nameOf = (node: Node): string | undefined => {
  const declares = node.type === "VariableDeclarator"
  const named = declares ? node["id"] : node.type === "Property" ? node["key"] : undefined
  const isNamed = isNode(named) && named.type === "Identifier" && isFunction(declares ? node["init"] : node["value"])
  return isNamed ? named["name"] as string : undefined
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim()

export interface MutationOptions {
  /** Functions and fields that are left out, by name. */
  readonly except: ReadonlyArray<string>
  /** Pairs of functions that are called one for the other. */
  readonly opposites: ReadonlyArray<readonly [string, string]>
}

/** Every mutant of a file, in the order of the text. Throws where the file does not parse. */
export const mutantsOf = (file: string, source: string, options: MutationOptions): ReadonlyArray<Mutant> => {
  const { errors, program } = parseSync(file, source)
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0]!.message}`)
  const swaps = new Map(options.opposites.flatMap(([one, other]) => [[one, other], [other, one]]))
  const found: Array<Mutant> = []
  const seen = new Set<string>()
  const visit = (node: Node, within: string, depth: number): void => {
    const isType = node.type.startsWith("TS") && !/^TS(As|NonNull|Satisfies)/.test(node.type)
    if (isType || node.type === "ImportDeclaration") return
    const name = nameOf(node) ?? within
    const key = node.type === "Property" ? (node["key"] as Node)["name"] as string | undefined : undefined
    if (options.except.includes(name) || (key !== undefined && options.except.includes(key))) return
    const deeper = node.type === "ArrowFunctionExpression" ? depth + 1 : depth
    for (const { end, operator, start, to } of depth === 0 ? [] : editsOf(source, node, swaps)) {
      const key = `${start} ${end} ${to}`
      if (seen.has(key)) continue
      seen.add(key)
      const line = source.slice(0, start).split("\n").length
      found.push({ file, within: name, line, operator, from: source.slice(start, end), to, start })
    }
    // The 1 of an off by one is one mutant, not two.
    const isStep = node.type === "BinaryExpression" && /^[+-]$/.test(node["operator"] as string) &&
      isOne(node["right"] as Node)
    for (const child of isStep ? [node["left"] as Node] : childrenOf(node)) visit(child, name, deeper)
  }
  visit(program as unknown as Node, "", 0)
  return found.toSorted((a, b) => a.start - b.start)
}

/** The mutant that an edit by hand is. Throws where its text does not stand in the file exactly once. */
export const byHand = (edit: ByHand, source: string): Mutant => {
  const start = source.indexOf(edit.from)
  if (start < 0 || source.includes(edit.from, start + 1)) {
    throw new RangeError(`${edit.file}: ${edit.from} does not stand there exactly once`)
  }
  const line = source.slice(0, start).split("\n").length
  const { file, from, to, what } = edit
  return { file, within: what, line, operator: "by hand", from, to, start }
}

/** The text of the file with the edit. */
export const applied = (source: string, { from, start, to }: Mutant): string =>
  source.slice(0, start) + to + source.slice(start + from.length)

/** One line for a person, and the identity of a mutant however the lines of its file move. */
export const showMutant = ({ file, from, operator, to, within }: Mutant): string => {
  const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.ts$/, "")
  return `${name} ${within}: ${operator}: ${oneLine(from)} => ${oneLine(to) || "nothing"}`
}
