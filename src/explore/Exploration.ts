/**
 * What a search answers: how it ended, how large the graph is, which properties broke and by which shortest path, what
 * that should happen sometimes happened.
 *
 * The decision: the counts are TLC's, so that they can be read side by side: `generated` counts every step and every
 * initial state, `depth` counts the states of the longest of the shortest paths (an initial state alone has depth 1).
 */
import type { Label, Machine, Named } from "../machine/Machine.ts"
import { type Finding, isWitness, type Tally } from "./Expansion.ts"
import type { Graph } from "./Graph.ts"
import type { Path } from "./Path.ts"
import { backwards, stuck } from "./Reachability.ts"

/** How a search ended. */
export type End =
  | { readonly _tag: "Complete" }
  /** It stopped at the first depth that breaks a property, as it was told to. */
  | { readonly _tag: "Violated" }
  /** The tables are full: the counts are those of a part of the graph. `queue` states were not expanded. */
  | { readonly _tag: "OutOfMemory"; readonly limitBytes: number; readonly queue: number }

export interface Violation<State> {
  readonly kind: "always" | "alwaysStep" | "reachableFromAll"
  readonly property: string
  /** A shortest one: it ends with the state, or with the step, that breaks the property. */
  readonly path: Path<State>
}

export interface Exploration<State> {
  readonly machine: Machine<State>
  readonly end: End
  readonly states: number
  readonly transitions: number
  readonly generated: number
  readonly depth: number
  /** Bytes of the tables that are used. */
  readonly bytes: number
  /** Steps by each action. */
  readonly taken: Named<number>
  readonly violations: ReadonlyArray<Violation<State>>
  /** A shortest path to each `sometimes` that was reached, and with each `sometimesStep` as its last step. */
  readonly witnesses: Named<Path<State>>
  /** The `sometimes` that no state reached, and the `sometimesStep` that no step was. */
  readonly unreached: ReadonlyArray<string>
  /** The `reachableFromAll` that could not be judged, since the graph is not complete. */
  readonly notChecked: ReadonlyArray<string>
  readonly graph: Graph<State>
}

/** How far a search has come. */
export interface Progress {
  readonly states: number
  readonly transitions: number
  /** States that were found and not yet expanded. */
  readonly queue: number
  readonly depth: number
}

export interface ExploreOptions {
  /** The most memory for the tables; 2 GiB unless it is given. */
  readonly limitBytes?: number | undefined
  /** Stops at the first depth that breaks a property; without it the whole graph is searched. */
  readonly stopAtViolation?: boolean | undefined
  /** Hears of progress every 65,536 expanded states or more often; it may keep the time. */
  readonly progress?: ((progress: Progress) => void) | undefined
}

/** What a search hands over when it ends. */
export interface Searched<State> {
  readonly end: End
  readonly states: number
  readonly initials: number
  readonly depth: number
  readonly bytes: number
  readonly tally: Tally
  readonly graph: Graph<State>
}

const pathOf = <State>(graph: Graph<State>, { from, id, kind, label }: Finding): Path<State> => {
  if (kind === "always" || kind === "sometimes" || from === undefined) return graph.pathTo(id)
  const before = graph.pathTo(from)
  return {
    initial: before.initial,
    steps: [...before.steps, { label: graph.labels[label]!, state: graph.stateAt(id) }]
  }
}

const takenBy = (labels: ReadonlyArray<Label>, actions: ReadonlyArray<string>, taken: Float64Array): Named<number> => {
  const counts = Object.fromEntries(actions.map((name) => [name, 0]))
  for (const [index, { action }] of labels.entries()) counts[action]! += taken[index]!
  return counts
}

const stuckPaths = <State>(machine: Machine<State>, graph: Graph<State>): ReadonlyArray<Violation<State>> => {
  const properties = Object.entries(machine.reachableFromAll)
  if (properties.length === 0) return []
  const edges = backwards(graph)
  return properties.flatMap(([property, good]) => {
    const id = stuck(graph, edges, good)
    return id === undefined ? [] : [{ kind: "reachableFromAll" as const, property, path: graph.pathTo(id) }]
  })
}

/** Draws the conclusions: paths, and what needs the whole graph. */
export const concluded = <State>(machine: Machine<State>, searched: Searched<State>): Exploration<State> => {
  const { bytes, depth, end, graph, initials, states, tally } = searched
  const complete = end._tag === "Complete"
  const broken = tally.findings.flatMap((finding) =>
    finding.kind === "sometimes" || finding.kind === "sometimesStep"
      ? []
      : [{ kind: finding.kind, property: finding.property, path: pathOf(graph, finding) }]
  )
  const reached = tally.findings.filter(isWitness)
  return {
    machine,
    end,
    states,
    transitions: tally.transitions,
    generated: tally.transitions + initials,
    depth,
    bytes,
    taken: takenBy(graph.labels, Object.keys(machine.actions), tally.taken),
    violations: complete ? [...broken, ...stuckPaths(machine, graph)] : broken,
    witnesses: Object.fromEntries(reached.map((finding) => [finding.property, pathOf(graph, finding)])),
    unreached: Object.keys({ ...machine.sometimes, ...machine.sometimesStep })
      .filter((name) => reached.every(({ property }) => property !== name)),
    notChecked: complete ? [] : Object.keys(machine.reachableFromAll),
    graph
  }
}
