/**
 * Paths of a model as schedules of the nodes: moves, an order that nodes keep, and a cover of all moves of a graph.
 *
 *     move    label                   the event of a label, and what is eager after it
 *             label, eager, crash     the process crashes inside the handler, after its first, its second, ... label
 *
 * The decision: a label is an event of its own, but for eager ones, which a node takes in the event that allowed them. So
 * an edge that delays an eager action is no schedule; `delayable` shows on the graph that such an action commutes with all
 * others but a crash of its own process, and that crash is a move. What turns a move into events of a world is not here.
 *
 * Authority: design.md, Grain 4, 5 and 8.
 */
import type { Graph } from "../explore/Graph.ts"
import { type Label, type Machine, showLabel, step } from "../machine/Machine.ts"

/** What a mechanism says of its labels. */
export interface Grain {
  /** Whether a node takes it in the event that allowed it. */
  readonly isEager: (label: Label) => boolean
  /** The crash of the process whose handler takes this label; nothing for what no handler takes. */
  readonly ownCrash: (label: Label) => Label | undefined
}

/** One event of the nodes: the labels that it must report. */
export interface Move {
  readonly labels: ReadonlyArray<Label>
  /** The last label is a crash inside the handler of the first one. */
  readonly crashes: boolean
}

/** A move with the state that it leads to. */
export interface CoverStep extends Move {
  readonly to: number
}

export interface Cover {
  /** Each begins in an initial state. */
  readonly paths: ReadonlyArray<ReadonlyArray<CoverStep>>
  readonly initials: ReadonlyArray<number>
  readonly moves: number
  /** Edges of the graph, and how many of them are on some path. */
  readonly edges: number
  readonly covered: number
}

/** Edges by the state that they leave: label and state. */
type Edges = ReadonlyMap<number, ReadonlyMap<string, readonly [label: Label, to: number]>>

const edgesOf = <State>(graph: Graph<State>): Edges => {
  const edges = new Map<number, Map<string, readonly [Label, number]>>()
  graph.eachId((id) => edges.set(id, new Map()))
  graph.eachEdge((from, index, to) => {
    const label = graph.labels[index]!
    edges.get(from)!.set(showLabel(label), [label, to])
  })
  return edges
}

/** The moves from a state in which nothing eager is left to do. */
const movesFrom = (edges: Edges, grain: Grain, from: number): ReadonlyArray<CoverStep> => {
  const eagerAt = (id: number) => [...edges.get(id)!.values()].find(([label]) => grain.isEager(label))
  return [...edges.get(from)!.values()].flatMap(([label, to]) => {
    const moves: Array<CoverStep> = []
    const labels = [label]
    let at = to
    for (;;) {
      const crash = grain.ownCrash(label)
      const crashed = crash && edges.get(at)!.get(showLabel(crash))
      if (crashed !== undefined) moves.push({ labels: [...labels, crashed[0]], crashes: true, to: crashed[1] })
      const more = eagerAt(at)
      if (more === undefined) return [...moves, { labels, crashes: false, to: at }]
      labels.push(more[0])
      at = more[1]
    }
  })
}

/**
 * Walks that together take every move; each goes on from move to move while there is one that was not taken. From the far
 * end of the graph there are many walks with few moves of their own, spread evenly; from the near end few walks, and long.
 */
export const cover = <State>(
  machine: Machine<State>,
  graph: Graph<State>,
  grain: Grain,
  from: "far" | "near" = "far"
): Cover => {
  const edges = edgesOf(graph)
  const initials = machine.initial.map((state) => graph.idOf(state)!)
  const out = new Map<number, Array<CoverStep>>()
  const found = new Map<number, readonly [from: number, by: CoverStep] | undefined>(
    initials.map((id) => [id, undefined])
  )
  for (const [id] of found) {
    const moves = movesFrom(edges, grain, id)
    out.set(id, [...moves])
    for (const move of moves) if (!found.has(move.to)) found.set(move.to, [id, move])
  }
  const moves = [...out.values()].reduce((sum, each) => sum + each.length, 0)
  const on = new Set<string>()
  for (const [id, all] of out) {
    for (const { labels } of all) {
      let at = id
      for (const label of labels) {
        on.add(`${at} ${showLabel(label)}`)
        at = edges.get(at)!.get(showLabel(label))![1]
      }
    }
  }
  const paths: Array<ReadonlyArray<CoverStep>> = []
  for (const start of from === "far" ? [...out.keys()].reverse() : out.keys()) {
    while (out.get(start)!.length > 0) {
      const path: Array<CoverStep> = []
      for (let via = found.get(start); via !== undefined; via = found.get(via[0])) path.unshift(via[1])
      for (let at = start, next = out.get(at)!.pop(); next !== undefined; next = out.get(at)!.pop()) {
        path.push(next)
        at = next.to
      }
      paths.push(path)
    }
  }
  return {
    paths,
    initials,
    moves,
    edges: [...edges.values()].reduce((sum, { size }) => sum + size, 0),
    covered: on.size
  }
}

/**
 * The pairs of an eager label and another label of the same state that do not commute, and how many were looked at. With
 * none every path of the model ends where one in the nodes' order ends, so edges that only delay need not be played.
 */
export const delayable = <State>(
  graph: Graph<State>,
  grain: Grain
): { readonly checked: number; readonly broken: ReadonlyArray<string> } => {
  const edges = edgesOf(graph)
  const broken: Array<string> = []
  let checked = 0
  for (const from of edges.values()) {
    const all = [...from.values()]
    for (const [eager, early] of all.filter(([label]) => grain.isEager(label))) {
      const crash = grain.ownCrash(eager)
      for (const [other, late] of all) {
        if (grain.isEager(other) || (crash !== undefined && showLabel(crash) === showLabel(other))) continue
        checked++
        const one = edges.get(early)!.get(showLabel(other))?.[1]
        const two = edges.get(late)!.get(showLabel(eager))?.[1]
        if (one === undefined || one !== two) broken.push(`${showLabel(eager)} ${showLabel(other)}`)
      }
    }
  }
  return { checked, broken }
}

/** One line: what was played, and why the rest need not be. */
export const showCover = ({ covered, edges, moves, paths }: Cover, commuting: { readonly checked: number }): string =>
  `${moves} moves in ${paths.length} schedules play ${covered} of ${edges} edges; ` +
  (covered === edges
    ? "none is left"
    : `the other ${edges - covered} delay what is eager, which commutes (${commuting.checked} pairs)`)

/**
 * A path in the order that nodes keep: eager labels at once, a crash before them inside the handler. Throws a `RangeError`
 * where the path is none of the machine's.
 */
export const asMoves = <State>(
  machine: Machine<State>,
  labels: ReadonlyArray<Label>,
  path: ReadonlyArray<Label>,
  grain: Grain
): ReadonlyArray<Move> => {
  const eager = labels.filter(grain.isEager)
  const early = new Set<string>()
  const moves: Array<Move> = []
  let state: State = machine.initial[0]!
  const take = (label: Label): void => {
    const after = step(machine, state, label)
    if (after === undefined) throw new RangeError(`${showLabel(label)} is not enabled after ${moves.length} moves`)
    state = after
  }
  const nextEager = () => eager.find((label) => step(machine, state, label) !== undefined)
  for (let at = 0; at < path.length; at++) {
    const label = path[at]!
    if (early.delete(showLabel(label))) continue
    const made = [label]
    let crashes = false
    take(label)
    const crash = grain.ownCrash(label)
    for (let more = nextEager(); more !== undefined && !crashes; more = nextEager()) {
      const following = path[at + 1]
      crashes = following !== undefined && crash !== undefined && showLabel(following) === showLabel(crash)
      if (crashes || (following !== undefined && showLabel(following) === showLabel(more))) at++
      else early.add(showLabel(more))
      const next = crashes ? crash! : more
      made.push(next)
      take(next)
    }
    moves.push({ labels: made, crashes })
  }
  return moves
}
