/**
 * A shortest cycle in a strongly connected component: breadth first from each of its nodes.
 *
 * The one decision: edges of real time are not stored. From an ok node every node that was invoked after its completion is
 * one step away; with the component's nodes in falling order of invocation, those not yet reached are always the next ones
 * in that list, so one search passes over it once.
 */
import { ok } from "./Columns.ts"
import type { Judged } from "./Judged.ts"
import type { Graph } from "./StronglyConnected.ts"

export interface Cycle {
  readonly nodes: ReadonlyArray<number>
  /** False where the budget ended before every shorter cycle was ruled out. */
  readonly shortest: boolean
}

/**
 * A shortest cycle among `nodes`, which are strongly connected; `graph` has their data edges, by place in `nodes`. Or `undefined` where none is shorter than
 * `bound`. At most `budget` edges are looked at; the first search is always finished, so that there is an example.
 */
export const shortestCycle = (
  { columns }: Judged,
  nodes: ReadonlyArray<number>,
  graph: Graph,
  realtime: boolean,
  budget: number,
  bound = Number.POSITIVE_INFINITY
): Cycle | undefined => {
  const { completion, invocation, outcome } = columns
  const size = nodes.length
  const byInvocation = Int32Array.from({ length: size }, (_, i) => i)
    .sort((a, b) => invocation[nodes[b]!]! - invocation[nodes[a]!]!)
  const parent = new Int32Array(size)
  const depth = new Int32Array(size)
  const seen = new Int32Array(size).fill(-1)
  const queue = new Int32Array(size)
  let best: ReadonlyArray<number> | undefined
  let length = bound
  let left = budget

  const search = (source: number): void => {
    let head = 0
    let tail = 0
    let passed = 0
    queue[tail++] = source
    seen[source] = source
    depth[source] = 0
    const close = (last: number) => {
      const path: Array<number> = []
      for (let at = last; at !== source; at = parent[at]!) path.push(nodes[at]!)
      path.push(nodes[source]!)
      best = path.reverse()
      length = best.length
    }
    while (head < tail) {
      const at = queue[head++]!
      const steps = depth[at]! + 1
      if (steps >= length) return
      const node = nodes[at]!
      for (let i = graph.start[at]!; i < graph.start[at + 1]!; i++) {
        left--
        const next = graph.target[i]!
        if (next === source) return close(at)
        if (seen[next] === source) continue
        seen[next] = source
        parent[next] = at
        depth[next] = steps
        queue[tail++] = next
      }
      if (!realtime || outcome[node] !== ok) continue
      while (passed < size && invocation[nodes[byInvocation[passed]!]!]! > completion[node]!) {
        left--
        const next = byInvocation[passed++]!
        if (next === source) return close(at)
        if (seen[next] === source) continue
        seen[next] = source
        parent[next] = at
        depth[next] = steps
        queue[tail++] = next
      }
    }
  }

  let searched = 0
  for (; searched < size && length > 2; searched++) {
    if (searched > 0 && left <= 0) break
    search(searched)
  }
  return best === undefined ? undefined : { nodes: best, shortest: searched === size || length <= 2 }
}
