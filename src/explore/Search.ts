/**
 * Breadth-first search in one thread: every state within the bounds, nearest first, so that the first path to a state or
 * to a broken property is a shortest one.
 *
 * The decision: the states of the table are the queue. Ids ascend with the distance, and a level is a range of ids.
 */
import { compile } from "../machine/Codec.ts"
import { labelsOf, type Machine } from "../machine/Machine.ts"
import { expansion, isWitness } from "./Expansion.ts"
import { concluded, type End, type Exploration, type ExploreOptions } from "./Exploration.ts"
import { graphOf } from "./Graph.ts"
import { defaultLimitBytes } from "./Memory.ts"
import { failureOf } from "./Path.ts"
import { StateTable } from "./StateTable.ts"

const progressEvery = 1 << 16

/** Explores every behaviour. Throws `OutsideSchema` where a step leaves the bounds that the schema states. */
export const explore = <State>(machine: Machine<State>, options: ExploreOptions = {}): Exploration<State> => {
  const limitBytes = options.limitBytes ?? defaultLimitBytes
  const codec = compile(machine.variables)
  const labels = labelsOf(machine)
  const table = new StateTable(codec, limitBytes)
  const { expand, judge, last, tally } = expansion(machine, labels, table)
  const outOfMemory = (queue: number): End => ({ _tag: "OutOfMemory", limitBytes, queue })
  const eachId = (visit: (id: number) => void): void => {
    for (let id = 0; id < table.size; id++) visit(id)
  }
  const found = () => graphOf(machine, labels, codec, table, { eachId, idsEnd: table.size })
  const expandOrTell = (id: number): void => {
    try {
      expand(id)
    } catch (error) {
      throw failureOf(error, found().pathTo(id), labels[last().label]!)
    }
  }
  const isBroken = (): boolean => tally.findings.some((finding) => !isWitness(finding))

  const search = (): { readonly end: End; readonly depth: number } => {
    if (!table.makeRoom(machine.initial.length)) return { end: outOfMemory(machine.initial.length), depth: 0 }
    for (const state of machine.initial) {
      const id = table.addInitial(state)
      if (id >= 0) judge(id)
    }
    let depth = 0
    for (let next = 0; next < table.size;) {
      depth++
      if (options.stopAtViolation === true && isBroken()) return { end: { _tag: "Violated" }, depth }
      for (const end = table.size; next < end; next++) {
        if (!table.makeRoom(labels.length)) return { end: outOfMemory(table.size - next), depth }
        expandOrTell(next)
        if (next % progressEvery === 0) {
          const { transitions } = tally
          options.progress?.({ states: table.size, transitions, queue: table.size - next - 1, depth })
        }
      }
    }
    return { end: { _tag: "Complete" }, depth }
  }

  const { depth, end } = search()
  const initials = machine.initial.length
  return concluded(machine, { end, states: table.size, initials, depth, bytes: table.bytes, tally, graph: found() })
}
