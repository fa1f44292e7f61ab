/**
 * What a .cfg file says, as far as this project writes them: the constants as TypeScript has them, and which properties
 * are to be checked.
 *
 * The decision: constants are booleans, integers, strings, or sets of these, the values that a machine can be built with.
 * Grammar: tlc2.tool.impl.ModelConfig.
 */
import type { Constant } from "../machine/Machine.ts"
import { withoutComments } from "./SpecText.ts"

export interface Configuration {
  readonly constants: Readonly<Record<string, Constant>>
  readonly invariants: ReadonlyArray<string>
  readonly properties: ReadonlyArray<string>
  readonly specification: string | undefined
  /** Sections that make the graph that TLC finds another one than the module's. */
  readonly reducing: ReadonlyArray<string>
  readonly checksDeadlock: boolean
}

const constantOf = (text: string): Constant => {
  if (text === "TRUE" || text === "FALSE") return text === "TRUE"
  if (/^-?\d+$/.test(text)) return Number(text)
  if (/^".*"$/.test(text)) return text.slice(1, -1)
  if (/^\{.*\}$/.test(text)) {
    return text.slice(1, -1).split(",").map((part) => part.trim()).filter((part) => part !== "").map(constantOf)
  }
  throw new RangeError(`the constant ${text} is no boolean, integer, string, nor a set of these`)
}

const keywords =
  /^(SPECIFICATION|INIT|NEXT|CONSTANTS?|INVARIANTS?|PROPERTY|PROPERTIES|CONSTRAINTS?|ACTION_CONSTRAINTS?|SYMMETRY|VIEW|CHECK_DEADLOCK)\b/m

/** Reads the text of a .cfg file. Throws a `RangeError` at a constant of another kind. */
export const readConfiguration = (source: string): Configuration => {
  const parts = withoutComments(source).split(new RegExp(keywords.source, "gm"))
  const sections = Array.from({ length: (parts.length - 1) / 2 }, (_, i) => ({
    keyword: parts[2 * i + 1]!,
    body: parts[2 * i + 2]!.trim()
  }))
  const bodies = (keyword: RegExp) => sections.filter((each) => keyword.test(each.keyword)).map(({ body }) => body)
  const words = (keyword: RegExp) => bodies(keyword).flatMap((body) => body.split(/\s+/)).filter((word) => word !== "")
  const constants = bodies(/^CONSTANT/).flatMap((body) =>
    [...body.matchAll(/(\w+)\s*=\s*(\{[^}]*\}|"[^"]*"|[^\s]+)/g)].map(([, name, value]) =>
      [name!, constantOf(value!)] as const
    )
  )
  return {
    constants: Object.fromEntries(constants),
    invariants: words(/^INVARIANT/),
    properties: words(/^PROPERT/),
    specification: words(/^SPECIFICATION$/)[0],
    reducing: sections.map(({ keyword }) => keyword).filter((each) => /CONSTRAINT|SYMMETRY|VIEW/.test(each)),
    checksDeadlock: bodies(/^CHECK_DEADLOCK$/).at(-1) !== "FALSE"
  }
}
