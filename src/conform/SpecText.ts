/**
 * What a module of TLA+ says about itself: its variables, constants, actions with their parameters, and definitions.
 *
 *     Next == \/ \E b \in Brokers, n \in NameServers : Connect(b, n)      Connect with two parameters
 *             \/ Tick                                                      Tick with none
 *
 * The decision: text is read, not parsed. A module of this project writes `Next` in the one form above (design.md, "Specs
 * whose graph can be compared"), so whatever is not of that form is a complaint, never a guess.
 */

/** An action as `Next` takes it. */
interface SpecAction {
  readonly name: string
  /** The sets that its parameters range over, as they are written. */
  readonly over: ReadonlyArray<string>
}

export interface SpecText {
  readonly module: string
  readonly extended: ReadonlyArray<string>
  readonly constants: ReadonlyArray<string>
  readonly variables: ReadonlyArray<string>
  readonly actions: ReadonlyArray<SpecAction>
  /** Each definition's parameters and body, by name. */
  readonly definitions: ReadonlyMap<string, { readonly parameters: ReadonlyArray<string>; readonly body: string }>
  /** Disjuncts of `Next` that are not of the one form. */
  readonly strange: ReadonlyArray<string>
}

/** The text without its comments; nested ones too. */
export const withoutComments = (text: string): string => {
  let bare = text.replace(/\\\*.*$/gm, "")
  for (let before = ""; before !== bare;) {
    before = bare
    bare = bare.replace(/\(\*(?:(?!\(\*)[\s\S])*?\*\)/g, " ")
  }
  return bare
}

const names = (text: string): ReadonlyArray<string> =>
  text.split(",").map((name) => name.trim().replace(/\(.*$/, "")).filter((name) => name !== "")

/** What stands after a keyword, up to the next definition, keyword or separator. */
const declared = (text: string, keyword: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(keyword)].flatMap((match) => names(match[1]!))

const definition = /^[ \t]*(?:LOCAL[ \t]+)?([A-Za-z]\w*)(?:\(([^()]*)\))?[ \t]*==/gm

const definitionsOf = (text: string): SpecText["definitions"] => {
  const found = [...text.matchAll(definition)].filter((match) => !/\bLET\b[^\n]*$/.test(text.slice(0, match.index)))
  const starts = found.filter((match) => /^\S/.test(match[0]))
  return new Map(starts.map((match, i) => {
    const end = starts[i + 1]?.index ?? text.length
    const body = text.slice(match.index + match[0].length, end).replace(/^(-{4,}|={4,}).*$/gm, "")
      .replace(/^(VARIABLES?|CONSTANTS?|ASSUME|THEOREM|EXTENDS|RECURSIVE)\b[\s\S]*$/m, "")
    return [match[1]!, { parameters: names(match[2] ?? ""), body: body.trim() }] as const
  }))
}

const disjunct = /^(?:\\E\s+([^:]*?)\s*:\s*)?([A-Za-z]\w*)(?:\(([^()]*)\))?$/

/** Each quantified name with its set: `b \in Brokers, n \in NameServers`, or `b, c \in Brokers`. */
const quantified = (text: string): ReadonlyMap<string, string> => {
  const sets = new Map<string, string>()
  let waiting: Array<string> = []
  for (const part of text.split(/,(?![^{(]*[})])/)) {
    const [left, set] = part.split("\\in").map((side) => side.trim())
    waiting.push(left!)
    if (set === undefined) continue
    for (const name of waiting) sets.set(name, set)
    waiting = []
  }
  return sets
}

const actionsOf = (next: string): Pick<SpecText, "actions" | "strange"> => {
  const actions: Array<SpecAction> = []
  const strange: Array<string> = []
  for (const part of next.split("\\/").map((text) => text.trim().replace(/\s+/g, " ")).filter((text) => text !== "")) {
    const match = disjunct.exec(part)
    const sets = quantified(match?.[1] ?? "")
    const args = names(match?.[3] ?? "")
    const isPlain = match !== null && args.length === sets.size && args.every((arg) => sets.has(arg))
    if (isPlain) actions.push({ name: match[2]!, over: args.map((arg) => sets.get(arg)!) })
    else strange.push(part)
  }
  return { actions, strange }
}

/** Reads the text of a module. */
export const readSpec = (source: string): SpecText => {
  const text = withoutComments(source)
  const definitions = definitionsOf(text)
  return {
    module: /MODULE\s+(\w+)/.exec(text)?.[1] ?? "",
    extended: declared(text, /^EXTENDS\s+([\w,\s]*?)(?=^\S|\n\s*\n)/gm),
    constants: declared(text, /^CONSTANTS?\s+([\s\S]*?)(?=^\S|\n\s*\n)/gm),
    variables: declared(text, /^VARIABLES?\s+([\s\S]*?)(?=^\S|\n\s*\n)/gm),
    definitions,
    ...actionsOf(definitions.get("Next")?.body ?? "")
  }
}

/** What kind of property a definition is: of states, of steps (`[][A]_v`), or of whole behaviours. */
export const kindOfProperty = (spec: SpecText, name: string): "state" | "step" | "behaviour" | "none" => {
  const body = spec.definitions.get(name)?.body.replaceAll(/<<\s*>>/g, "")
  if (body === undefined) return "none"
  if (/^\[\]\s*\[/.test(body)) return "step"
  return /<>|\[\]|~>|\bWF_|\bSF_/.test(body) ? "behaviour" : "state"
}
