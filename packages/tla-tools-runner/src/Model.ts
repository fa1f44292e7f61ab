/**
 * What to check: a module and a configuration, from a .cfg file, from values, or from a file with some values replaced.
 *
 * The decision: what a .cfg file cannot say (a record as a constant, an invariant that is an expression, a bound on the
 * depth) goes into a module that extends the spec, written beside the configuration in the run's own folder. The spec's
 * folder is only read.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { basename, delimiter, dirname, join, resolve } from "node:path"
import { type Configuration, emptyConfiguration, parseConfiguration, printConfiguration } from "./Configuration.ts"
import { TlaToolsError } from "./Failure.ts"
import { canonical, isSequence, modelValue, type Value } from "./Value.ts"
import { printValue } from "./ValueText.ts"

/** A constant given as TLA+ text, evaluated where the spec's own operators are known. */
export interface Expression {
  readonly _tag: "Expression"
  readonly text: string
}

/** The constant that this TLA+ expression denotes. */
export const expression = (text: string): Expression => ({ _tag: "Expression", text })

/** What a constant may be given as. */
export type Constant = Value | Expression

/** The model of a spec: a .cfg file, values, or both. Where an operator is named there may be a TLA+ expression too. */
export interface ModelOptions {
  /**
   * A .cfg file; what is given beside it replaces that part of it, constants one by one. Without it `Spec.cfg` beside
   * `Spec.tla` if that is there, as TLC does; with `false` no file at all.
   */
  readonly config?: string | false | undefined
  /** The temporal formula to check (SPECIFICATION); without it `init` and `next`, and without those `Spec`. */
  readonly specification?: string | undefined
  readonly init?: string | undefined
  readonly next?: string | undefined
  readonly constants?: { readonly [name: string]: Constant } | undefined
  readonly invariants?: ReadonlyArray<string> | undefined
  readonly properties?: ReadonlyArray<string> | undefined
  readonly constraints?: ReadonlyArray<string> | undefined
  readonly actionConstraints?: ReadonlyArray<string> | undefined
  /** A set of permutations, such as `Permutations(Processes)`. */
  readonly symmetry?: string | undefined
  readonly view?: string | undefined
  /** Further folders with modules that the spec extends or instantiates. */
  readonly library?: ReadonlyArray<string> | undefined
}

/** How a model differs from what was asked for, where a command needs it so. */
export interface ModelChanges {
  /** Leaves invariants and properties out. */
  readonly withoutProperties?: boolean
  /** Leaves properties out, keeps invariants. */
  readonly withoutLiveness?: boolean
  /** Leaves symmetry and view out. */
  readonly withoutReduction?: boolean
  /** Checks behaviours of at most so many states. */
  readonly depth?: number | undefined
  /** State predicates by expression, to be named. */
  readonly predicates?: ReadonlyArray<string>
}

/** A model as TLC is started on it. */
export interface Model {
  /** Where TLC runs: the folder of the root module. */
  readonly folder: string
  /** The root module's name. */
  readonly module: string
  /** The spec's own file. */
  readonly file: string
  /** The .cfg file that TLC reads. */
  readonly configFile: string
  readonly configuration: Configuration
  /** The value of Java's property TLA-Library, where modules are elsewhere. */
  readonly library: string | undefined
  /** What a generated name stands for. */
  readonly expressions: ReadonlyMap<string, string>
  /** The names of the predicates that were asked for, in that order. */
  readonly predicates: ReadonlyArray<string>
  /** Where deadlocks are looked for unless an option says otherwise. */
  readonly checkDeadlock: boolean
}

const prefix = "TlaToolsRunner"
const isName = (text: string): boolean => /^\w+(!\w+)*$/.test(text)

const given = (options: ModelOptions): boolean =>
  options.specification !== undefined || options.init !== undefined || options.next !== undefined ||
  options.constants !== undefined || options.invariants !== undefined || options.properties !== undefined ||
  options.constraints !== undefined || options.actionConstraints !== undefined || options.symmetry !== undefined ||
  options.view !== undefined

/** Definitions that the generated module is to hold. */
interface Additions {
  readonly definitions: Map<string, string>
  readonly modules: Set<string>
  readonly modelValues: Set<string>
}

const define = (additions: Additions, text: string): string => {
  const known = [...additions.definitions].find(([, body]) => body === text)
  if (known !== undefined) return known[0]
  const name = `${prefix}_${additions.definitions.size + 1}`
  additions.definitions.set(name, text)
  return name
}

const nameOf = (additions: Additions, text: string): string => isName(text) ? text : define(additions, text)

/** Whether a .cfg file can say this value: TLC reads integers, strings, names, booleans and sets of these there. */
const fitsFile = (value: Value): boolean => {
  switch (typeof value) {
    case "boolean":
      return true
    case "string":
      return /^[^"\\\n]*$/.test(value)
    case "number":
      return value >= 0
    case "bigint":
      return false
    case "object":
      return !isSequence(value) &&
        (value._tag === "ModelValue" || (value._tag === "Set" && value.elements.every(fitsFile)))
  }
}

/** The value with its model values renamed to constants of the generated module, and the modules its text needs noted. */
const declared = (additions: Additions, value: Value): Value => {
  if (typeof value === "number" && value < 0) additions.modules.add("Integers")
  if (typeof value !== "object") return value
  if (isSequence(value)) return value.map((element) => declared(additions, element))
  switch (value._tag) {
    case "Opaque":
      return value
    case "ModelValue":
      additions.modelValues.add(value.name)
      return modelValue(`${prefix}_model_${value.name}`)
    case "Set":
      return { _tag: "Set", elements: value.elements.map((element) => declared(additions, element)) }
    case "Record":
      additions.modules.add("TLC")
      return {
        _tag: "Record",
        fields: Object.fromEntries(
          Object.entries(value.fields).map(([name, field]) => [name, declared(additions, field)] as const)
        )
      }
    case "Function":
      additions.modules.add("TLC")
      return {
        _tag: "Function",
        entries: value.entries.map(([from, to]) => [declared(additions, from), declared(additions, to)] as const)
      }
  }
}

const assignment = (additions: Additions, constant: Constant): string => {
  if (
    typeof constant === "object" && !Array.isArray(constant) && "_tag" in constant && constant._tag === "Expression"
  ) {
    return `<- ${define(additions, constant.text)}`
  }
  const value = canonical(constant as Value)
  return fitsFile(value)
    ? `= ${printValue(value)}`
    : `<- ${define(additions, printValue(declared(additions, value)))}`
}

const merged = (base: Configuration, options: ModelOptions, additions: Additions): Configuration => {
  const named = (names: ReadonlyArray<string> | undefined, otherwise: ReadonlyArray<string>) =>
    names?.map((name) => nameOf(additions, name)) ?? otherwise
  const one = (name: string | undefined, otherwise: string | undefined) =>
    name === undefined ? otherwise : nameOf(additions, name)
  const behaviour = options.specification !== undefined || options.init !== undefined || options.next !== undefined
  const configuration: Configuration = {
    ...base,
    ...(behaviour ? { specification: undefined, init: undefined, next: undefined } : {}),
    constants: new Map([
      ...base.constants,
      ...Object.entries(options.constants ?? {}).map(([name, value]) => [name, assignment(additions, value)] as const)
    ]),
    invariants: named(options.invariants, base.invariants),
    properties: named(options.properties, base.properties),
    constraints: named(options.constraints, base.constraints),
    actionConstraints: named(options.actionConstraints, base.actionConstraints),
    symmetry: one(options.symmetry, base.symmetry),
    view: one(options.view, base.view)
  }
  if (behaviour) {
    return {
      ...configuration,
      specification: one(options.specification, undefined),
      init: one(options.init, undefined),
      next: one(options.next, undefined)
    }
  }
  return configuration.specification ?? configuration.init ?? configuration.next
    ? configuration
    : { ...configuration, specification: "Spec" }
}

/**
 * A bound on the depth is a constraint: TLC 2.15 and 2.18 evaluate TLCGet("level") for a successor as the level of the
 * state before it, and check the invariants of a state that a constraint shuts out.
 */
const changed = (configuration: Configuration, changes: ModelChanges, additions: Additions): Configuration => {
  if (changes.depth !== undefined) additions.modules.add("TLC")
  return {
    ...configuration,
    ...(changes.withoutProperties === true ? { invariants: [], properties: [] } : {}),
    ...(changes.withoutLiveness === true ? { properties: [] } : {}),
    ...(changes.withoutReduction === true ? { symmetry: undefined, view: undefined } : {}),
    ...(changes.depth === undefined ? {} : {
      constraints: [...configuration.constraints, define(additions, `TLCGet("level") < ${changes.depth - 1}`)]
    })
  }
}

const moduleText = (module: string, additions: Additions): string => {
  const modelValues = [...additions.modelValues].map((name) => `${prefix}_model_${name}`)
  return [
    `---- MODULE ${prefix} ----`,
    `EXTENDS ${[module, ...additions.modules].join(", ")}`,
    ...(modelValues.length === 0 ? [] : [`CONSTANTS ${modelValues.join(", ")}`]),
    ...[...additions.definitions].map(([name, text]) => `${name} ==\n  ${text}`),
    "====",
    ""
  ].join("\n")
}

const fileOf = (spec: string): string => {
  const file = resolve(spec.endsWith(".tla") ? spec : `${spec}.tla`)
  if (!existsSync(file)) throw new TlaToolsError("bad-options", `there is no spec ${file}`)
  return file
}

const configOf = (file: string, options: ModelOptions): string | undefined => {
  if (options.config === false) return undefined
  if (options.config !== undefined) {
    const config = resolve(options.config)
    if (!existsSync(config)) throw new TlaToolsError("bad-options", `there is no configuration ${config}`)
    return config
  }
  const beside = file.replace(/\.tla$/, ".cfg")
  if (existsSync(beside)) return beside
  if (given(options)) return undefined
  throw new TlaToolsError(
    "bad-options",
    `there is no configuration ${beside}: name one (config), or give specification, constants, invariants as values`
  )
}

/** Prepares a model in the run's folder; fails with `bad-options` where the spec or its configuration is not there. */
export const prepareModel = (spec: string, options: ModelOptions, changes: ModelChanges, folder: string): Model => {
  const file = fileOf(spec)
  const module = basename(file, ".tla")
  const config = configOf(file, options)
  const base = config === undefined ? emptyConfiguration : parseConfiguration(readFileSync(config, "utf8"))
  const additions: Additions = { definitions: new Map(), modules: new Set(), modelValues: new Set() }
  const predicates = (changes.predicates ?? []).map((predicate) => nameOf(additions, predicate))
  const unchanged = !given(options) &&
    Object.values(changes).every((change) => change === undefined || change === false)
  const configuration = unchanged ? base : changed(merged(base, options, additions), changes, additions)
  const constants = new Map([
    ...configuration.constants,
    ...[...additions.modelValues].map((name) => [`${prefix}_model_${name}`, `= ${name}`] as const)
  ])
  const generated = additions.definitions.size > 0
  const library = [...(generated ? [dirname(file)] : []), ...(options.library ?? []).map((path) => resolve(path))]
  const configFile = unchanged ? config! : join(folder, `${prefix}.cfg`)
  if (!unchanged) writeFileSync(configFile, printConfiguration({ ...configuration, constants }))
  if (generated) writeFileSync(join(folder, `${prefix}.tla`), moduleText(module, additions))
  return {
    folder: generated ? folder : dirname(file),
    module: generated ? prefix : module,
    file,
    configFile,
    configuration,
    library: library.length === 0 ? undefined : library.join(delimiter),
    expressions: additions.definitions,
    predicates,
    checkDeadlock: base.checkDeadlock
  }
}
