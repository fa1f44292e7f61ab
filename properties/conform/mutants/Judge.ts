/**
 * Who looks at a mutant: TLC's graph, the properties of the configurations, and what a family adds.
 *
 * The decision: judges are asked in one order and the first that notices is the answer, from the cheapest to the dearest;
 * a configuration is asked the smaller the earlier, so the one that is named is a smallest one that notices.
 */
import { comparer, type KeptGraph } from "../../../src/conform/KeptGraph.ts"
import { explore } from "../../../src/explore/Search.ts"
import type { Constant, Machine } from "../../../src/machine/Machine.ts"
import { type MixedStates, mixedWrongly } from "./MixedStates.ts"
import type { Load } from "./Mutated.ts"

/** A configuration with TLC's graph of it. */
export interface KeptConfiguration {
  readonly module: string
  readonly configuration: string
  readonly constants: Readonly<Record<string, Constant>>
  /** Properties that hold in it, by name. */
  readonly holding: ReadonlyArray<string>
  readonly graph: KeptGraph
  /** What TLC says of properties in states and steps that nothing reaches, where a family asks for that. */
  readonly mixed?: MixedStates
}

/** What a family adds: a name, and a function that answers with what is wrong, if anything is. */
type OwnJudges = Readonly<Record<string, () => string | undefined>>

/** Names of the judges that there are for every family; a family's own come after them. */
export const commonJudges: ReadonlyArray<string> = ["identity", "mixed states", "invariant"]

/** A judge noticed: where, and what. */
export interface Kill {
  readonly by: string
  readonly at: string
  readonly what: string
}

export type Twins = Readonly<Record<string, (constants: Readonly<Record<string, Constant>>) => Machine<unknown>>>

/** The most memory for the tables of a search that a mutant may make endless. */
const limitBytes = 64 * 1024 * 1024

/** The most states of a configuration whose properties are judged by searching it. */
const mostStates = 10_000

const text = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Compares twins with the graphs that were kept; what is compiled for a graph is compiled once. */
export const graphJudge = (configurations: ReadonlyArray<KeptConfiguration>, originals: Twins) => {
  const all = configurations.map(({ configuration, constants, graph, module }) => ({
    at: configuration,
    module,
    constants,
    differing: comparer(graph, originals[module]!(constants))
  }))
  return (twins: Twins): Kill | undefined => {
    for (const { at, constants, differing, module } of all) {
      try {
        const found = differing(twins[module]!(constants))
        if (found !== undefined) return { by: "identity", at, what: `${found.what}, state ${found.state}` }
      } catch (error) {
        return { by: "identity", at, what: text(error) }
      }
    }
    return undefined
  }
}

const mixedJudge = (configurations: ReadonlyArray<KeptConfiguration>, twins: Twins): Kill | undefined => {
  for (const { configuration: at, constants, mixed, module } of configurations) {
    if (mixed === undefined) continue
    try {
      const what = mixedWrongly(mixed, twins[module]!(constants))
      if (what !== undefined) return { by: "mixed states", at, what }
    } catch (error) {
      return { by: "mixed states", at, what: text(error) }
    }
  }
  return undefined
}

const invariant = (configurations: ReadonlyArray<KeptConfiguration>, twins: Twins): Kill | undefined => {
  for (const { configuration, constants, graph, holding, module } of configurations) {
    const at = configuration
    if (graph.states > mostStates || holding.length === 0) continue
    try {
      const { end, violations } = explore(twins[module]!(constants), { limitBytes, stopAtViolation: true })
      const broken = violations.find(({ property }) => holding.includes(property))
      if (broken !== undefined) return { by: "invariant", at, what: broken.property }
      if (end._tag === "OutOfMemory") return { by: "invariant", at, what: "the search does not end" }
    } catch (error) {
      return { by: "invariant", at, what: text(error) }
    }
  }
  return undefined
}

/** Asks the judges of these names about a mutant until one notices; `own` is the module of the family's own judges. */
export const judged = async (
  load: Load,
  configurations: ReadonlyArray<KeptConfiguration>,
  identity: (twins: Twins) => Kill | undefined,
  wanted: ReadonlyArray<string>,
  own: string | undefined
): Promise<Kill | undefined> => {
  try {
    const { twins } = await load<{ readonly twins: Twins }>("src/cli/Twins.ts")
    const first = (wanted.includes("identity") ? identity(twins) : undefined) ??
      (wanted.includes("mixed states") ? mixedJudge(configurations, twins) : undefined) ??
      (wanted.includes("invariant") ? invariant(configurations, twins) : undefined)
    if (
      first !== undefined || own === undefined || wanted.every((name) => commonJudges.includes(name))
    ) {
      return first
    }
    const { judges } = await load<{ readonly judges: OwnJudges }>(own)
    for (const [name, judge] of Object.entries(judges).filter(([name]) => wanted.includes(name))) {
      const what = judge()
      if (what !== undefined) return { by: name, at: own, what }
    }
    return undefined
  } catch (error) {
    return { by: "its own crash", at: "", what: text(error) }
  }
}
