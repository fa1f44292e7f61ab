/** The specifications of this checkout: `spec/PANEL/Module.tla`, its configurations, the manifest beside them. */
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { fileURLToPath } from "node:url"
import { type Configuration, readConfiguration } from "../conform/Configuration.ts"
import { type ManifestRow, readManifest } from "../conform/Manifest.ts"
import { readSpec, type SpecText } from "../conform/SpecText.ts"
import { BadInput } from "./Exit.ts"

/** The folder of the specifications; an installed package has none. */
export const specFolder = normalize(join(dirname(fileURLToPath(import.meta.url)), "..", "..", "spec"))

export interface SpecModule {
  readonly name: string
  readonly file: string
  readonly text: SpecText
  readonly rows: ReadonlyArray<SpecRow>
}

export interface SpecRow extends ManifestRow {
  readonly configFile: string
  readonly config: Configuration
}

const modulesOf = (panel: string): ReadonlyArray<SpecModule> => {
  const folder = join(specFolder, panel)
  const manifest = join(folder, "manifest.json")
  const rows = existsSync(manifest) ? readManifest(readFileSync(manifest, "utf8")) : []
  const known = [...new Set(rows.map(({ module }) => module))]
  return known.map((name) => ({
    name,
    file: join(folder, `${name}.tla`),
    text: readSpec(readFileSync(join(folder, `${name}.tla`), "utf8")),
    rows: rows.filter(({ module }) => module === name).map((row) => {
      const configFile = join(folder, `${row.configuration}.cfg`)
      return { ...row, configFile, config: readConfiguration(readFileSync(configFile, "utf8")) }
    })
  }))
}

/** Every module that a manifest names. */
export const specModules = (): ReadonlyArray<SpecModule> =>
  existsSync(specFolder)
    ? readdirSync(specFolder, { withFileTypes: true }).filter((each) => each.isDirectory())
      .flatMap(({ name }) => modulesOf(name))
    : []

/** The module of this name or with a configuration of this name, or all; fails with `BadInput` for a name that none has. */
export const modulesNamed = Effect.fnUntraced(function*(command: string, name: string | undefined) {
  const all = yield* Effect.try({
    try: specModules,
    catch: (error) => new BadInput({ message: `${command}: ${String(error).replace(/\s+/g, " ")}` })
  })
  if (all.length === 0) {
    return yield* new BadInput({ message: `${command}: no specifications at ${specFolder}: run it in a checkout` })
  }
  const chosen = all.filter((module) =>
    name === undefined || module.name === name || module.rows.some(({ configuration }) => configuration === name)
  )
  if (chosen.length > 0) return chosen
  const names = all.map((each) => each.name).join(", ")
  return yield* new BadInput({
    message: `${command}: no module or configuration is called ${name}; modules are: ${names}`
  })
})

/** The properties that any configuration of a module names. */
export const checkedProperties = (module: SpecModule): ReadonlyArray<string> => [
  ...new Set(module.rows.flatMap(({ config }) => [...config.invariants, ...config.properties]))
]
