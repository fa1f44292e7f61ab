/**
 * "From every state a good one is reachable": backwards from the good states, over the whole graph.
 *
 * The decision: edges are turned round into one array sorted by the state that they enter (a counting sort), 8 bytes an
 * edge while it lasts; then each edge is walked once.
 */
import type { Graph } from "./Graph.ts"

/** Edges by the state that they enter: those into `id` come from `sources[begins[id] .. begins[id + 1]]`. */
export interface Backwards {
  readonly begins: Uint32Array
  readonly sources: Int32Array
}

/** Turns the edges of a complete graph round. */
export const backwards = <State>(graph: Graph<State>): Backwards => {
  const begins = new Uint32Array(graph.idsEnd + 2)
  graph.eachEdge((_from, _label, to) => {
    begins[to + 2]!++
  })
  for (let id = 2; id < begins.length; id++) begins[id]! += begins[id - 1]!
  const sources = new Int32Array(begins.at(-1)!)
  graph.eachEdge((from, _label, to) => {
    sources[begins[to + 1]!++] = from
  })
  return { begins, sources }
}

/** The state nearest to an initial one from which no state that is `good` can be reached, or nothing. */
export const stuck = <State>(
  graph: Graph<State>,
  { begins, sources }: Backwards,
  good: (state: State) => boolean
): number | undefined => {
  const reaches = new Uint8Array(graph.idsEnd)
  const stack: Array<number> = []
  graph.eachId((id) => {
    if (!good(graph.stateAt(id))) return
    reaches[id] = 1
    stack.push(id)
  })
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    for (let i = begins[id]!; i < begins[id + 1]!; i++) {
      const from = sources[i]!
      if (reaches[from] === 1) continue
      reaches[from] = 1
      stack.push(from)
    }
  }
  let first: number | undefined
  graph.eachId((id) => {
    if (first === undefined && reaches[id] === 0) first = id
  })
  return first
}
