/**
 * One thread's part of a search by several: it takes runs of ids of a distance, expands their states, and hands over
 * counts and findings as numbers, when it leaves the round.
 *
 * The decision: a run is taken whole, and kept where the thread leaves the round in the middle of it, so no id is expanded
 * twice and none is left out.
 *
 *     findings | a mark for each property | thread 0: how many, then property, from, label, id each | thread 1: ... |
 */
import type { Codec } from "../machine/Codec.ts"
import { labelsOf, type Machine } from "../machine/Machine.ts"
import { type Expansion, expansion, type Property } from "./Expansion.ts"
import { Control, Count, type SharedMemory, SharedTable, Wanted } from "./SharedTable.ts"

const kinds = ["always", "alwaysStep", "sometimes", "sometimesStep"] as const

/** Every property, in an order that all threads know. */
export const propertiesOf = <State>(machine: Machine<State>): ReadonlyArray<Property> =>
  kinds.flatMap((kind) => Object.keys(machine[kind] ?? {}).map((property) => ({ kind, property })))

/** One thread's part of a search. */
interface Hand<State> {
  readonly table: SharedTable<State>
  readonly expansion: Expansion
  /** Hands over what it has found. */
  readonly report: () => void
  /** Expands runs of this distance until there is none, or somebody wants something; then reports. */
  readonly work: (heard?: () => void) => void
}

const progressEvery = 1 << 16

/** The part of the thread of this number. */
export const hand = <State>(
  machine: Machine<State>,
  codec: Codec<State>,
  memory: SharedMemory,
  thread: number
): Hand<State> => {
  const { control, counts, findings: marks, runs } = memory
  const labels = labelsOf(machine)
  const properties = propertiesOf(machine)
  const table = new SharedTable(codec, memory)
  const own = expansion(machine, labels, table)
  const { findings, taken } = own.tally
  const numbers = counts.subarray(
    thread * (Count.labels + labels.length),
    (thread + 1) * (Count.labels + labels.length)
  )
  const found = marks.subarray(properties.length + thread * (1 + properties.length * 4))
  let [at, end] = [0, 0]

  const countUp = (expanded: number): void => {
    numbers[Count.states] = table.states
    numbers[Count.transitions] = own.tally.transitions
    numbers[Count.expanded]! += expanded
  }
  const report = (): void => {
    table.endRun()
    countUp(0)
    numbers.set(taken, Count.labels)
    found[0] = findings.length
    for (const [index, { from, id, kind, label, property }] of findings.entries()) {
      const place = properties.findIndex((each) => each.kind === kind && each.property === property)
      found.set([place, from ?? -1, label, id], 1 + index * 4)
    }
  }
  const takeRun = (): boolean => {
    const run = Atomics.add(control, Control.runCursor, 1)
    if (run >= control[Control.levelEnd]!) return false
    at = runs[run * 2]!
    end = runs[run * 2 + 1]!
    return true
  }
  const expandRun = (): number => {
    const begin = at
    while (at < end && table.makeRoom()) {
      own.expand(at)
      at++
    }
    countUp(at - begin)
    return at - begin
  }
  const work = (heard?: () => void): void => {
    table.begin()
    own.close(properties.filter((_, index) => marks[index] === 1))
    try {
      for (let since = 0; Atomics.load(control, Control.wanted) === 0 && (at < end || takeRun());) {
        since += expandRun()
        if (heard === undefined || since < progressEvery) continue
        heard()
        since = 0
      }
    } catch {
      Atomics.store(control, Control.failed, at)
      Atomics.or(control, Control.wanted, Wanted.help)
    }
    report()
  }
  return { table, expansion: own, report, work }
}
