/**
 * TLC's configuration: sections of a .cfg file, read tolerantly (TLC itself reports what is wrong with a file) and
 * written back with some of them replaced.
 *
 * The decision: a file is read only to be changed. A run that uses a file as it stands hands TLC the file.
 * Grammar: tlc2.tool.impl.ModelConfig.parse; keywords in tlc2.tool.impl.ModelConfig.ALL_KEYWORDS.
 */

/** One section: the keyword and the text after it, without comments. */
interface Section {
  readonly keyword: string
  readonly body: string
}

/** What a configuration says, by kind; assignments keep the text on the right of `=` or `<-`. */
export interface Configuration {
  readonly specification: string | undefined
  readonly init: string | undefined
  readonly next: string | undefined
  readonly constants: ReadonlyMap<string, string>
  readonly invariants: ReadonlyArray<string>
  readonly properties: ReadonlyArray<string>
  readonly constraints: ReadonlyArray<string>
  readonly actionConstraints: ReadonlyArray<string>
  readonly symmetry: string | undefined
  readonly view: string | undefined
  readonly checkDeadlock: boolean
  /** Sections that are none of these, kept as they are. */
  readonly others: ReadonlyArray<Section>
}

/** The configuration that says nothing. */
export const emptyConfiguration: Configuration = {
  specification: undefined,
  init: undefined,
  next: undefined,
  constants: new Map(),
  invariants: [],
  properties: [],
  constraints: [],
  actionConstraints: [],
  symmetry: undefined,
  view: undefined,
  checkDeadlock: true,
  others: []
}

const keywords =
  /(?<![\w])(SPECIFICATION|INIT|NEXT|CONSTANTS?|INVARIANTS?|PROPERTY|PROPERTIES|CONSTRAINTS?|ACTION_CONSTRAINTS?|SYMMETRY|VIEW|CHECK_DEADLOCK|TYPE_CONSTRAINT|TYPE|ALIAS|POSTCONDITION)(?![\w])/

const withoutComments = (text: string): string => text.replace(/\(\*[\s\S]*?\*\)/g, " ").replace(/\\\*.*$/gm, " ")

const sections = (text: string): ReadonlyArray<Section> => {
  const parts = withoutComments(text).split(keywords)
  return Array.from({ length: (parts.length - 1) / 2 }, (_, i) => ({
    keyword: parts[2 * i + 1]!,
    body: parts[2 * i + 2]!.trim()
  }))
}

const words = (body: string): ReadonlyArray<string> => body.split(/\s+/).filter((word) => word !== "")

/** Each `name = value`, `name <- name` or `name(x, y) = value`: the next one begins where a name stands before a sign. */
const assignments = (body: string): ReadonlyArray<readonly [string, string]> =>
  [...body.matchAll(/(\w+(?:\s*\([^()]*\))?)\s*(=|<-)\s*([\s\S]*?)(?=\s*\w+(?:\s*\([^()]*\))?\s*(?:=|<-)|\s*$)/g)]
    .map(([, name, sign, value]) => [name!, `${sign} ${value}`] as const)

/** Reads the text of a .cfg file. */
export const parseConfiguration = (text: string): Configuration => {
  const all = sections(text)
  const bodies = (pattern: RegExp) => all.filter(({ keyword }) => pattern.test(keyword)).map(({ body }) => body)
  const last = (pattern: RegExp) => bodies(pattern).at(-1)
  const names = (pattern: RegExp) => bodies(pattern).flatMap(words)
  return {
    specification: last(/^SPECIFICATION$/),
    init: last(/^INIT$/),
    next: last(/^NEXT$/),
    constants: new Map(bodies(/^CONSTANTS?$/).flatMap(assignments)),
    invariants: names(/^INVARIANTS?$/),
    properties: names(/^PROPERT(Y|IES)$/),
    constraints: names(/^CONSTRAINTS?$/),
    actionConstraints: names(/^ACTION_CONSTRAINTS?$/),
    symmetry: last(/^SYMMETRY$/),
    view: last(/^VIEW$/),
    checkDeadlock: last(/^CHECK_DEADLOCK$/) !== "FALSE",
    others: all.filter(({ keyword }) => /^(TYPE|ALIAS|POST)/.test(keyword))
  }
}

/**
 * Writes a configuration as a .cfg file. Whether to look for deadlocks is left out: TLC 2.15 does not know
 * CHECK_DEADLOCK, every version knows the option `-deadlock`.
 */
export const printConfiguration = (configuration: Configuration): string => {
  const one = (keyword: string, name: string | undefined) => name === undefined ? [] : [`${keyword} ${name}`]
  const many = (keyword: string, names: ReadonlyArray<string>) => names.map((name) => `${keyword} ${name}`)
  return [
    ...one("SPECIFICATION", configuration.specification),
    ...one("INIT", configuration.init),
    ...one("NEXT", configuration.next),
    ...[...configuration.constants].map(([name, value]) => `CONSTANT ${name} ${value}`),
    ...many("INVARIANT", configuration.invariants),
    ...many("PROPERTY", configuration.properties),
    ...many("CONSTRAINT", configuration.constraints),
    ...many("ACTION_CONSTRAINT", configuration.actionConstraints),
    ...one("SYMMETRY", configuration.symmetry),
    ...one("VIEW", configuration.view),
    ...configuration.others.map(({ keyword, body }) => `${keyword} ${body}`)
  ].join("\n") + "\n"
}
