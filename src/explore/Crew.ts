/**
 * Breadth-first search by several threads over shared memory: the first thread leads, the others assist. It counts what a
 * search in one thread counts, and its paths are as short; which of the shortest paths it keeps is left to the race.
 *
 *     lead    | level 1: alone | level 2: round 1 | judge | round 2 | ... grow slots ... | round 3 |
 *     assist          wait     |      round 1     |  wait | round 2 |        wait        | round 3 |
 *
 * The decision: a round ends when every run of its distance is taken, so distances stay exact; while nobody works the lead
 * alone merges what was found and lets the slots grow. A thread that needs slots leaves the round and keeps its place in
 * its run. Only numbers are shared: a thread that fails leaves the state, and the lead fails on it again with the error.
 */
import { type Codec, compile } from "../machine/Codec.ts"
import { labelsOf, type Machine } from "../machine/Machine.ts"
import { expansion, type Finding, isWitness, type Property } from "./Expansion.ts"
import { concluded, type End, type Exploration, type ExploreOptions } from "./Exploration.ts"
import { type Graph, graphOf } from "./Graph.ts"
import { hand, propertiesOf } from "./Hand.ts"
import { defaultLimitBytes } from "./Memory.ts"
import { failureOf } from "./Path.ts"
import {
  bytesUsed,
  Control,
  Count,
  foundIn,
  growSlots,
  type SharedMemory,
  sharedMemory,
  Wanted
} from "./SharedTable.ts"

/** Threads that assist, which whoever may start threads provides. */
export interface Crew {
  /** How many they are beside the first. */
  readonly assistants: number
  /** Lets each of them call `assist` with the same machine, this memory and its number, from 1 on; fails if one is lost. */
  readonly board: (memory: SharedMemory) => Promise<void>
}

export interface CrewOptions extends ExploreOptions {
  /** The most ids in a run; 256 unless it is given. */
  readonly slab?: number | undefined
  /**
   * A level of fewer states is left to the first thread, and so are all until the others are there; 512 unless it is given.
   * With 0 every level is shared and the others are waited for.
   */
  readonly alone?: number | undefined
}

/** Works beside the first thread, round by round, until there is no more. It waits without yielding: a thread of its own. */
export const assist = <State>(machine: Machine<State>, memory: SharedMemory, thread: number): void => {
  const { control } = memory
  const { work } = hand(machine, compile(machine.variables), memory, thread)
  Atomics.add(control, Control.ready, 1)
  for (let done = 0;;) {
    Atomics.wait(control, Control.round, done)
    const round = Atomics.load(control, Control.round)
    if (round < 0) return
    if (round === done) continue
    done = round
    work()
    Atomics.add(control, Control.finished, 1)
    Atomics.notify(control, Control.finished)
  }
}

/** Marks the findings of the last round, and answers those of properties that were not found before. */
const merge = ({ findings, threads }: SharedMemory, properties: ReadonlyArray<Property>): ReadonlyArray<Finding> => {
  const merged: Array<Finding> = []
  for (let thread = 0; thread < threads; thread++) {
    const begin = properties.length + thread * (1 + properties.length * 4)
    for (let index = 0; index < findings[begin]!; index++) {
      const [place, from, label, id] = findings.subarray(begin + 1 + index * 4)
      if (findings[place!] === 1) continue
      findings[place!] = 1
      merged.push({ ...properties[place!]!, from: from! < 0 ? undefined : from, label: label!, id: id! })
    }
  }
  return merged
}

/** Expands a state again on which a thread failed, to fail with the same error and to say where. */
const failAgain = <State>(machine: Machine<State>, codec: Codec<State>, graph: Graph<State>, id: number): never => {
  const scratch = new Int32Array(codec.words)
  const add = (after: State): number => {
    codec.pack(after, scratch, 0)
    return 0
  }
  const { expand, last } = expansion(machine, graph.labels, { add, stateAt: graph.stateAt })
  try {
    expand(id)
  } catch (error) {
    throw failureOf(error, graph.pathTo(id), graph.labels[last().label]!)
  }
  throw new Error(`${machine.name}: a step failed in one thread and not in another, so it is no function of its state`)
}

/** Resolves when so many threads have finished the round. */
const finished = async (control: Int32Array, threads: number): Promise<void> => {
  for (let count = 0; (count = Atomics.load(control, Control.finished)) < threads;) {
    await Atomics.waitAsync(control, Control.finished, count).value
  }
}

/** Explores every behaviour with a crew. Fails as `explore` does, and where a thread is lost. */
export const exploreWith = async <State>(
  machine: Machine<State>,
  crew: Crew,
  options: CrewOptions = {}
): Promise<Exploration<State>> => {
  const { alone = 512, limitBytes = defaultLimitBytes, slab = 256 } = options
  const { assistants } = crew
  const [codec, labels, properties] = [compile(machine.variables), labelsOf(machine), propertiesOf(machine)]
  const memory = sharedMemory(codec.words, limitBytes, assistants + 1, labels.length, properties.length, slab)
  const { control, counts, runs } = memory
  const { expansion, report, table, work } = hand(machine, codec, memory, 0)
  const findings: Array<Finding> = []
  let depth = 0

  const count = (index: number): number => {
    let sum = 0
    for (let at = index; at < counts.length; at += Count.labels + labels.length) sum += counts[at]!
    return sum
  }
  const heard = (): void => {
    const [states, transitions] = [count(Count.states), count(Count.transitions)]
    options.progress?.({ states, transitions, queue: states - count(Count.expanded), depth })
  }
  const eachId = (visit: (id: number) => void): void => {
    for (let run = 0; run < control[Control.runs]!; run++) {
      for (let id = runs[run * 2]!; id < runs[run * 2 + 1]!; id++) visit(id)
    }
  }
  const graph = () => graphOf(machine, labels, codec, foundIn(memory), { eachId, idsEnd: control[Control.nextId]! })
  const board = crew.board(memory)
  const lost = new Promise<never>((_, reject) => void board.catch(reject))
  // It may be lost while nobody waits for it: then the end of the search tells.
  lost.catch(() => undefined)

  const round = async (together: boolean): Promise<void> => {
    if (together) {
      Atomics.store(control, Control.finished, 0)
      Atomics.add(control, Control.round, 1)
      Atomics.notify(control, Control.round)
    }
    work(heard)
    if (together) await Promise.race([finished(control, assistants), lost])
  }
  /** What a round left behind: how the search ends, or whether somebody has to go on with the same distance. */
  const settle = (): End | "again" | "done" => {
    findings.push(...merge(memory, properties))
    const wanted = Atomics.exchange(control, Control.wanted, 0)
    if ((wanted & Wanted.help) !== 0) failAgain(machine, codec, graph(), control[Control.failed]!)
    if ((wanted & Wanted.memory) !== 0) {
      return { _tag: "OutOfMemory", limitBytes, queue: count(Count.states) - count(Count.expanded) }
    }
    if ((wanted & Wanted.slots) !== 0) growSlots(codec, memory)
    return wanted === 0 ? "done" : "again"
  }
  const begin = (): End | "done" => {
    for (const state of machine.initial) {
      for (table.begin(); !table.makeRoom(); table.begin()) {
        report()
        const settled = settle()
        if (typeof settled !== "string") return settled
      }
      const id = table.addInitial(state)
      if (id >= 0) expansion.judge(id)
    }
    report()
    settle()
    return "done"
  }
  /** Makes the runs that were found at the last distance this one's, and answers how many states they have. */
  const nextLevel = (): number => {
    let states = 0
    const [from, end] = [control[Control.levelEnd]!, control[Control.runs]!]
    for (let run = from; run < end; run++) states += runs[run * 2 + 1]! - runs[run * 2]!
    control[Control.runCursor] = from
    control[Control.levelEnd] = end
    return states
  }
  const search = async (): Promise<End> => {
    const begun = begin()
    if (typeof begun !== "string") return begun
    for (let states = nextLevel(); states > 0; states = nextLevel()) {
      depth++
      if (options.stopAtViolation === true && findings.some((finding) => !isWitness(finding))) {
        return { _tag: "Violated" }
      }
      const isReady = Atomics.load(control, Control.ready) === assistants
      const together = assistants > 0 && (alone === 0 || (states >= alone && isReady))
      for (let settled: End | "again" | "done" = "again"; settled !== "done";) {
        await round(together)
        settled = settle()
        if (typeof settled !== "string") return settled
      }
      heard()
    }
    return { _tag: "Complete" }
  }
  const end = await search().finally(async () => {
    Atomics.store(control, Control.round, -1)
    Atomics.notify(control, Control.round)
    // Nobody works in this memory any more when the answer, or the failure, is there.
    await board.catch(() => undefined)
  })
  await board

  const taken = Float64Array.from(labels, (_, label) => count(Count.labels + label))
  return concluded(machine, {
    end,
    states: count(Count.states),
    initials: machine.initial.length,
    depth,
    bytes: bytesUsed(codec.words, memory),
    tally: { transitions: count(Count.transitions), taken, findings },
    graph: graph()
  })
}
