/**
 * The strongly connected components of a graph: where its cycles are.
 *
 * A graph is rows of successors: those of vertex v are `target[start[v] .. start[v + 1]]`. The one decision: Tarjan's
 * algorithm on an own stack, since a history of a million operations is far deeper than the call stack.
 * Authority: Tarjan, "Depth-first search and linear graph algorithms" (1972).
 */

export interface Graph {
  readonly start: Int32Array
  readonly target: Int32Array
}

/** A graph of `vertices` from pairs of vertices, the i-th edge being `from[i]` to `to[i]`. */
export const graphOf = (vertices: number, from: ArrayLike<number>, to: ArrayLike<number>): Graph => {
  const start = new Int32Array(vertices + 1)
  for (let i = 0; i < from.length; i++) start[from[i]! + 1]!++
  for (let vertex = 0; vertex < vertices; vertex++) start[vertex + 1]! += start[vertex]!
  const filled = start.slice(0, vertices)
  const target = new Int32Array(from.length)
  for (let i = 0; i < from.length; i++) target[filled[from[i]!]!++] = to[i]!
  return { start, target }
}

/** The components of more than one vertex, each ascending. */
export const components = ({ start, target }: Graph): Array<Array<number>> => {
  const vertices = start.length - 1
  const found: Array<Array<number>> = []
  const number = new Int32Array(vertices)
  const low = new Int32Array(vertices)
  const edge = new Int32Array(vertices)
  const path = new Int32Array(vertices)
  const open = new Int32Array(vertices)
  const isOpen = new Uint8Array(vertices)
  let opened = 0
  let next = 1
  for (let root = 0; root < vertices; root++) {
    if (number[root] !== 0) continue
    let depth = 0
    path[0] = root
    while (depth >= 0) {
      const vertex = path[depth]!
      if (number[vertex] === 0) {
        number[vertex] = low[vertex] = next++
        edge[vertex] = start[vertex]!
        open[opened++] = vertex
        isOpen[vertex] = 1
      }
      let descended = false
      while (edge[vertex]! < start[vertex + 1]!) {
        const successor = target[edge[vertex]!++]!
        if (number[successor] === 0) {
          path[++depth] = successor
          descended = true
          break
        }
        if (isOpen[successor] === 1 && number[successor]! < low[vertex]!) low[vertex] = number[successor]!
      }
      if (descended) continue
      depth--
      if (depth >= 0 && low[vertex]! < low[path[depth]!]!) low[path[depth]!] = low[vertex]!
      if (low[vertex] !== number[vertex]) continue
      const bottom = opened
      do {
        opened--
        isOpen[open[opened]!] = 0
      } while (open[opened] !== vertex)
      if (bottom - opened > 1) found.push([...open.subarray(opened, bottom)].sort((a, b) => a - b))
    }
  }
  return found
}
