/**
 * Cycles of dependencies: orders that no log can have had.
 *
 *     G0            ww edges: two transactions interleave their sends      -realtime   with an edge of real time as well
 *     G1c           ww and at least one wr: information flows in a circle
 *
 * The one decision: a class is told by components, which is exact and linear; only how short the example is depends on the
 * budget. Of each component of the whole graph one shortest example a class is reported, strongest class first, and none
 * that a found one implies: a G0 hides all others, a G1c and a G0-realtime hide G1c-realtime.
 * Authority: elle.txn, cycle-anomaly-specs, cycle-exists-cases, cycle-cases-in-scc; elle.consistency-model.
 */
import { type CycleClass, type CycleMarker, type Finding, finding } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { type DataEdges, dataEdges, explain, type Kinds, realtimeChain } from "./Dependencies.ts"
import { capital, type Judged, placesOf } from "./Judged.ts"
import { shortestCycle } from "./ShortestCycle.ts"
import { components, graphOf } from "./StronglyConnected.ts"

interface Spec {
  readonly type: CycleClass
  readonly kinds: Kinds
  /** Classes that hide this one, where they were found in the component. */
  readonly impliedBy: ReadonlyArray<CycleClass>
  readonly marker: CycleMarker
  readonly not: string
  readonly reading: string
}

const specs: ReadonlyArray<Spec> = [
  {
    type: "G0",
    kinds: { ww: true, wr: false, realtime: false },
    impliedBy: [],
    marker: "PL-1-cycle-exists",
    not: "read-uncommitted",
    reading: "Their sends interleave"
  },
  {
    type: "G1c",
    kinds: { ww: true, wr: true, realtime: false },
    impliedBy: ["G0"],
    marker: "PL-2-cycle-exists",
    not: "read-committed",
    reading: "Information flows in a circle"
  },
  {
    type: "G0-realtime",
    kinds: { ww: true, wr: false, realtime: true },
    impliedBy: ["G0"],
    marker: "strong-PL-1-cycle-exists",
    not: "strong-read-uncommitted",
    reading: "A later send landed before one that was acknowledged earlier"
  },
  {
    type: "G1c-realtime",
    kinds: { ww: true, wr: true, realtime: true },
    impliedBy: ["G0", "G1c", "G0-realtime"],
    marker: "strong-PL-2-cycle-exists",
    not: "strong-read-committed",
    reading: "A poll saw a value before it was sent"
  }
]

const subgraph = ({ realtime, wr, ww }: Kinds): ReadonlyArray<"ww" | "wr" | "realtime"> => [
  ...(ww ? ["ww"] as const : []),
  ...(wr ? ["wr"] as const : []),
  ...(realtime ? ["realtime"] as const : [])
]

/** Edges of some kinds between the nodes of a list, numbered by their places in it. */
const edgesAmong = (edges: DataEdges, kinds: Kinds, number: (node: number) => number) => {
  const from: Array<number> = []
  const to: Array<number> = []
  for (let i = 0; i < edges.from.length; i++) {
    if (edges.isRead[i] === 1 ? !kinds.wr : !kinds.ww) continue
    const a = number(edges.from[i]!)
    const b = number(edges.to[i]!)
    if (a < 0 || b < 0) continue
    from.push(a)
    to.push(b)
  }
  return { from, to }
}

const placeIn = (nodes: ReadonlyArray<number>): (node: number) => number => {
  const places = new Map(nodes.map((node, place) => [node, place]))
  return (node) => places.get(node) ?? -1
}

/** The components among some nodes of the edges of some kinds, as nodes, each ascending. */
const componentsAmong = (
  judged: Judged,
  among: ReadonlyArray<number> | Int32Array,
  edges: DataEdges,
  kinds: Kinds,
  number: (node: number) => number
): Array<Array<number>> => {
  const { from, to } = edgesAmong(edges, kinds, number)
  let vertices = among.length
  if (kinds.realtime) {
    vertices = realtimeChain(judged, among, number, among.length, (a, b) => {
      from.push(a)
      to.push(b)
    })
  }
  return components(graphOf(vertices, from, to))
    .map((component) => component.filter((vertex) => vertex < among.length).map((vertex) => among[vertex]!))
}

/** Whether every data edge leads forward in the history: then it has no cycle. */
const leadsForward = ({ columns }: Judged, { from, to }: DataEdges): boolean => {
  for (let i = 0; i < from.length; i++) {
    const a = from[i]!
    const b = to[i]!
    if (columns.completion[a]! >= columns.completion[b]!) return false
  }
  return true
}

/** The data edges inside each component. */
const edgesOf = (edges: DataEdges, componentOf: Int32Array, count: number): Array<DataEdges> => {
  const picked: Array<Array<number>> = Array.from({ length: count }, () => [])
  for (let i = 0; i < edges.from.length; i++) {
    const component = componentOf[edges.from[i]!]!
    if (component >= 0 && component === componentOf[edges.to[i]!]) picked[component]!.push(i)
  }
  return picked.map((places) => ({
    from: Int32Array.from(places, (i) => edges.from[i]!),
    to: Int32Array.from(places, (i) => edges.to[i]!),
    isRead: Uint8Array.from(places, (i) => edges.isRead[i]!)
  }))
}

const cycleFinding = (
  judged: Judged,
  spec: Spec,
  { nodes, shortest }: { readonly nodes: ReadonlyArray<number>; readonly shortest: boolean }
): Finding => {
  const { columns } = judged
  const cycle = [...nodes, nodes[0]!].map((node) => operationOf(columns, node))
  const steps = nodes.map((node, i) => explain(judged, spec.kinds, node, nodes[(i + 1) % nodes.length]!))
  const told = steps.map(({ sentence }, i) => i === steps.length - 1 ? `yet ${sentence}` : sentence).join("; ")
  return finding(
    spec.type,
    [],
    placesOf(columns, nodes),
    `${spec.reading}: ${told}.`,
    { type: spec.type, cycle, steps, shortest }
  )
}

const inComponent = (
  judged: Judged,
  component: ReadonlyArray<number>,
  edges: DataEdges,
  budget: number
): Array<Finding> => {
  const { columns } = judged
  const place = placeIn(component)
  const found = new Set<CycleClass>()
  const marked = new Set<CycleMarker>()
  const findings: Array<Finding> = []
  for (const spec of specs) {
    const parts = componentsAmong(judged, component, edges, spec.kinds, place).sort((a, b) => a.length - b.length)
    const smallest = parts[0]
    if (smallest === undefined) continue
    const implied = spec.kinds.realtime
      ? marked.has("PL-1-cycle-exists") || (spec.kinds.wr && marked.size > 0)
      : marked.size > 0
    if (!implied) {
      marked.add(spec.marker)
      const indices = smallest.map((node) => operationOf(columns, node).index)
      findings.push(
        finding(
          spec.marker,
          [],
          placesOf(columns, smallest),
          `${capital(spec.not)} does not hold: ${smallest.length} operations depend on each other in a circle.`,
          {
            type: spec.marker,
            not: spec.not,
            subgraph: subgraph(spec.kinds),
            "scc-size": smallest.length,
            scc: indices
          }
        )
      )
    }
    if (spec.impliedBy.some((type) => found.has(type))) continue
    found.add(spec.type)
    let best: { readonly nodes: ReadonlyArray<number>; readonly shortest: boolean } | undefined
    for (const part of parts) {
      const { from, to } = edgesAmong(edges, spec.kinds, placeIn(part))
      const graph = graphOf(part.length, from, to)
      const bound = best?.nodes.length
      const cycle = shortestCycle(judged, part, graph, spec.kinds.realtime, budget, bound)
      if (cycle !== undefined && (bound === undefined || cycle.nodes.length < bound)) best = cycle
      if (best?.nodes.length === 2) break
    }
    if (best !== undefined) findings.push(cycleFinding(judged, spec, best))
  }
  return findings
}

const everyKind: Kinds = { ww: true, wr: true, realtime: true }

const searchEnded = (size: number): Finding =>
  finding(
    "cycle-search-timeout",
    [],
    [],
    `The search for cycles ended with its budget: ${size} dependencies are more than it allows.`,
    { "anomaly-spec-type": "G0", "does-not-contain": [], "scc-size": size }
  )

/**
 * All cycles of a history. `budget` bounds the edges looked at, over all components for whether there is a cycle and for
 * each class of a component for the shortest one.
 */
export const cycles = (judged: Judged, wwDeps: boolean, budget: number): Array<Finding> => {
  const { columns } = judged
  const edges = dataEdges(judged, wwDeps)
  if (edges.from.length === 0 && !hasRealtime(judged)) {
    const operations = columns.nodes
    return [finding(
      "empty-transaction-graph",
      [],
      [],
      "No two operations depend on each other, so this history tells nothing: an empty one never passes.",
      { operations }
    )]
  }
  if (leadsForward(judged, edges)) return []
  if (edges.from.length > budget) return [searchEnded(edges.from.length)]
  const all = Int32Array.from({ length: columns.nodes }, (_, node) => node)
  const found = componentsAmong(judged, all, edges, everyKind, (node) => node)
  const componentOf = new Int32Array(columns.nodes).fill(-1)
  found.forEach((component, i) => {
    for (const node of component) componentOf[node] = i
  })
  const own = edgesOf(edges, componentOf, found.length)
  return found.flatMap((component, i) => inComponent(judged, component, own[i]!, budget))
}

/** Whether some operation was invoked after another one was acknowledged. */
const hasRealtime = ({ columns }: Judged): boolean => {
  let earliest = Number.POSITIVE_INFINITY
  let latest = -1
  for (let node = 0; node < columns.nodes; node++) {
    if (columns.outcome[node] === ok) earliest = Math.min(earliest, columns.completion[node]!)
    latest = Math.max(latest, columns.invocation[node]!)
  }
  return latest > earliest
}
