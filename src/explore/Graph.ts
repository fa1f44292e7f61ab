/**
 * The graph that a search found: states by their ids, in the order of their distance from an initial state, and the
 * edges, which are made again from the states since keeping them would cost several times the states.
 */
import type { Codec } from "../machine/Codec.ts"
import type { Label, Machine } from "../machine/Machine.ts"
import { successors } from "./Expansion.ts"
import type { Path, Step } from "./Path.ts"
import type { Found } from "./StateTable.ts"

export interface Graph<State> {
  /** Every instance of an action; an edge names one by its index. */
  readonly labels: ReadonlyArray<Label>
  /** Calls with each id, nearest to an initial state first. */
  readonly eachId: (visit: (id: number) => void) => void
  /** Ids are below this. */
  readonly idsEnd: number
  readonly stateAt: (id: number) => State
  /** The id of a state, or nothing where it was not found. Throws `OutsideSchema`. */
  readonly idOf: (state: State) => number | undefined
  /** A shortest path to the state. */
  readonly pathTo: (id: number) => Path<State>
  /** Calls with each edge between states that were found; `to` is -1 where the search stopped before it found the state. */
  readonly eachEdge: (visit: (from: number, label: number, to: number) => void) => void
}

export const graphOf = <State>(
  machine: Machine<State>,
  labels: ReadonlyArray<Label>,
  codec: Codec<State>,
  found: Found,
  ids: Pick<Graph<State>, "eachId" | "idsEnd">
): Graph<State> => {
  const { arena, idMask, parents, slots, via } = found
  const { words } = codec
  const scratch = new Int32Array(words)
  const stateAt = (id: number): State => codec.unpack(arena, id * words)
  const isAt = (id: number): boolean => {
    for (let i = 0; i < words; i++) if (arena[id * words + i] !== scratch[i]) return false
    return true
  }
  const find = (hash: number): number => {
    const mask = slots.length - 1
    let slot = hash & mask
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (((entry ^ hash) & ~idMask) === 0 && isAt((entry & idMask) - 1)) return (entry & idMask) - 1
      slot = (slot + 1) & mask
    }
    return -1
  }
  return {
    ...ids,
    labels,
    stateAt,
    idOf: (state) => {
      const id = find(codec.pack(state, scratch, 0))
      return id < 0 ? undefined : id
    },
    pathTo: (id) => {
      const steps: Array<Step<State>> = []
      let at = id
      for (; parents[at]! >= 0; at = parents[at]!) steps.push({ label: labels[via[at]!]!, state: stateAt(at) })
      return { initial: stateAt(at), steps: steps.reverse() }
    },
    eachEdge: (visit) => {
      let from = 0
      let before: State
      const each = successors(
        machine,
        labels,
        (after, label) => visit(from, label, find(codec.repack(after, before, arena, from * words, scratch, 0)))
      )
      ids.eachId((id) => {
        from = id
        before = stateAt(id)
        each(before)
      })
    }
  }
}
