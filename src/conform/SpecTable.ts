/**
 * The table of spec/README.md: what each module has, where each of its actions is a rule and where a node reports it,
 * what is checked and how many states there are.
 *
 * The decision: everything in it is read from the modules, the manifests and the sources, so a table that is not what is
 * generated is a failing test.
 */
import type { ManifestRow } from "./Manifest.ts"
import { kindOfProperty, type SpecText } from "./SpecText.ts"

/** A source file by its path from the root, with its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

export interface TableModule {
  readonly panel: string
  readonly text: SpecText
  readonly rows: ReadonlyArray<ManifestRow>
  /** The properties that configurations name. */
  readonly checked: ReadonlyArray<string>
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => [
  row(head),
  row(head.map(() => "---")),
  ...rows.map(row)
]

const lowered = (name: string): string => name[0]!.toLowerCase() + name.slice(1)

/** The names of the files of a folder whose text has this, without ending. */
const filesWith = (sources: ReadonlyArray<Source>, folder: string, pattern: RegExp): string => {
  const found = sources.filter(({ path, text }) => path.startsWith(folder) && pattern.test(text))
  return found.map(({ path }) => path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, "")).join(", ") || "-"
}

/** Actions whose name is a rule's, or is reported by a node; the environment's have neither. */
const actionRows = (module: TableModule, sources: ReadonlyArray<Source>): ReadonlyArray<ReadonlyArray<string>> =>
  module.text.actions.map(({ name, over }) => [
    `${name}${over.length === 0 ? "" : `(${over.join(", ")})`}`,
    filesWith(sources, `src/${module.panel}/rules/`, new RegExp(`export const ${lowered(name)}\\b`)),
    filesWith(sources, `src/${module.panel}/nodes/`, new RegExp(`\\bdid\\([^)]*"${name}"`))
  ])

const scenariosOf = (rows: ReadonlyArray<ManifestRow>): string =>
  [...new Set(rows.flatMap(({ configuration }) => configuration.match(/(?<=_)[KR]\d+b?(?=_)/g) ?? []))].join(", ") ||
  "-"

const moduleLines = (module: TableModule, sources: ReadonlyArray<Source>): ReadonlyArray<string> => {
  const ofKind = (kind: ReturnType<typeof kindOfProperty>) =>
    module.checked.filter((name) => kindOfProperty(module.text, name) === kind).join(", ") || "-"
  return [
    `## ${module.text.module}`,
    "",
    ...table(["properties of", ""], [
      ["states", ofKind("state")],
      ["steps", ofKind("step")],
      ["behaviours", ofKind("behaviour")],
      ["scenarios", scenariosOf(module.rows)]
    ]),
    "",
    ...table(["action", "rule in", "node"], actionRows(module, sources)),
    "",
    ...table(
      ["configuration", "expected", "distinct states", "depth", "tier"],
      module.rows.map(({ configuration, depth, distinct, expected, tier }) => [
        configuration,
        expected,
        String(distinct),
        depth === undefined ? "-" : String(depth),
        tier
      ])
    ),
    ""
  ]
}

/** The text that follows the introduction of spec/README.md. */
export const specTable = (modules: ReadonlyArray<TableModule>, sources: ReadonlyArray<Source>): string =>
  modules.flatMap((module) => moduleLines(module, sources)).join("\n")
