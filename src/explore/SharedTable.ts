/**
 * The states that several threads have seen: `StateTable` over shared memory, entered by compare-and-exchange.
 *
 *     control   | next id | slots in use | runs | ...        see `Control`
 *     arena, parents, via                                    as in `StateTable`, reserved once for the memory limit
 *     slots     the first so many are in use; they grow in place while no thread works
 *     runs      | first id, end | first id, end | ...        ids in the order of their distance
 *
 * The decision: a thread takes ids by slabs and writes a candidate at its own next id before it asks for a slot, so the
 * words are whole when the slot shows them, and whoever loses the slot uses the id again. A slab leaves no hole but at the
 * end, so ids do not ascend with the distance; runs of ids that one thread gave at one distance do, and are the queue.
 */
import type { Codec } from "../machine/Codec.ts"
import type { Table } from "./Expansion.ts"
import { largestCapacity, overhead } from "./Memory.ts"
import { enterAll, type Found } from "./StateTable.ts"

/** Where a number stands in `control`. */
export const Control = {
  nextId: 0,
  slots: 1,
  /** How many runs there are; those before `runCursor` were taken, those before `levelEnd` are of this distance. */
  runs: 2,
  runCursor: 3,
  levelEnd: 4,
  /** The round that the threads work in, negative when there is no more; and how many have finished it. */
  round: 5,
  finished: 6,
  /** Why a thread left the round, as bits of `Wanted`. */
  wanted: 7,
  /** The id of a state whose expansion failed. */
  failed: 8,
  /** How many threads beside the first are there. */
  ready: 9
} as const

/** What a thread may want: more slots, more memory than the limit, somebody to tell its failure. */
export const Wanted = { slots: 1, memory: 2, help: 4 } as const

/** Numbers of a thread in `counts`, before the steps by each label. */
export const Count = { states: 0, transitions: 1, expanded: 2, labels: 3 } as const

const firstSlots = 1 << 13
/** A run takes two numbers, and in the worst case there is one for each state. */
const runBytes = 8

/** Everything that threads share; it can be posted to a worker. */
export interface SharedMemory {
  readonly control: Int32Array
  readonly arena: Int32Array
  readonly parents: Int32Array
  readonly via: Uint16Array
  readonly slots: Int32Array
  readonly runs: Int32Array
  /** For each thread the states and transitions that it found, the states it expanded, its steps by each label. */
  readonly counts: Float64Array
  /** For each property 1 once it was found; then for each thread its findings, see `Hand`. */
  readonly findings: Int32Array
  readonly capacity: number
  readonly slab: number
  readonly threads: number
}

const ints = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(length * 4))

/** The least power of two of slots in which so many states fill three quarters. */
const slotsFor = (states: number): number => {
  let slots = 1
  while (slots * 3 < states * 4) slots *= 2
  return slots
}

/** Reserves memory; the system gives it to pages that are written. */
export const sharedMemory = (
  words: number,
  limitBytes: number,
  threads: number,
  labels: number,
  properties: number,
  slab: number
): SharedMemory => {
  const capacity = Math.min(largestCapacity(words + runBytes / 4, limitBytes), Math.floor(0x7fff_ffff / words))
  const control = ints(16)
  control[Control.slots] = Math.min(firstSlots, slotsFor(capacity))
  return {
    control,
    arena: ints((capacity + 1) * words),
    parents: ints(capacity),
    via: new Uint16Array(new SharedArrayBuffer(capacity * 2)),
    slots: ints(slotsFor(capacity)),
    runs: ints(capacity * 2),
    counts: new Float64Array(new SharedArrayBuffer(threads * (Count.labels + labels) * 8)),
    findings: ints(properties + threads * (1 + properties * 4)),
    capacity,
    slab: Math.max(slab, labels),
    threads
  }
}

/** One thread's hold on the table. */
export class SharedTable<State> implements Table<State> {
  states = 0
  private readonly codec: Codec<State>
  private readonly memory: SharedMemory
  private mask = 0
  private next = 0
  private end = 0
  private spare = 0
  private spareEnd = 0
  private runStart = 0

  constructor(codec: Codec<State>, memory: SharedMemory) {
    this.codec = codec
    this.memory = memory
  }

  /** Begins a round: the slots may have grown. */
  begin(): void {
    this.mask = this.memory.control[Control.slots]! - 1
  }

  /** Makes room for as many states as there are labels; false, and it is said in `wanted` why, where there is none. */
  makeRoom(): boolean {
    if (this.spare === this.spareEnd && !this.takeSlab()) return false
    if (this.next !== this.end) return true
    this.useSpare()
    return this.takeSlab()
  }

  add(after: State, before: State, from: number, label: number): number {
    const { arena } = this.memory
    const { words } = this.codec
    return this.enter(this.codec.repack(after, before, arena, from * words, arena, this.next * words), from, label)
  }

  addInitial(state: State): number {
    return this.enter(this.codec.pack(state, this.memory.arena, this.next * this.codec.words), -1, 0)
  }

  stateAt(id: number): State {
    return this.codec.unpack(this.memory.arena, id * this.codec.words)
  }

  /** Hands the ids given since the last run over, as a run. */
  endRun(): void {
    if (this.runStart === this.next) return
    const { control, runs } = this.memory
    const at = Atomics.add(control, Control.runs, 1)
    runs[at * 2] = this.runStart
    runs[at * 2 + 1] = this.next
    this.runStart = this.next
  }

  private enter(hash: number, from: number, label: number): number {
    const { codec, mask, memory: { arena, parents, slots, via }, next } = this
    const { words } = codec
    const tag = hash & ~mask
    const mine = tag | (next + 1)
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      let entry = Atomics.load(slots, slot)
      if (entry === 0) {
        entry = Atomics.compareExchange(slots, slot, 0, mine)
        if (entry === 0) break
      }
      if ((entry & ~mask) === tag) {
        const known = (entry & mask) - 1
        if (codec.same(arena, known * words, next * words)) return ~known
      }
    }
    parents[next] = from
    via[next] = label
    this.states++
    this.next = next + 1
    if (this.next === this.end) this.useSpare()
    return next
  }

  private useSpare(): void {
    this.endRun()
    this.next = this.runStart = this.spare
    this.end = this.spareEnd
    this.spare = this.spareEnd
  }

  /** Takes the next slab of ids as the spare one. */
  private takeSlab(): boolean {
    const { capacity, control, slab } = this.memory
    for (;;) {
      const from = Atomics.load(control, Control.nextId)
      const until = from + slab
      if (until > capacity || until * 4 > (this.mask + 1) * 3) {
        Atomics.or(control, Control.wanted, until > capacity ? Wanted.memory : Wanted.slots)
        return false
      }
      if (Atomics.compareExchange(control, Control.nextId, from, until) !== from) continue
      this.spare = from
      this.spareEnd = until
      return true
    }
  }
}

/** Doubles the slots in use, while no thread works. */
export const growSlots = <State>(codec: Codec<State>, { arena, control, runs, slots }: SharedMemory): void => {
  const length = control[Control.slots]! * 2
  const used = slots.subarray(0, length)
  used.fill(0)
  for (let run = 0; run < control[Control.runs]!; run++) {
    enterAll(codec, arena, used, runs[run * 2]!, runs[run * 2 + 1]!)
  }
  control[Control.slots] = length
}

/** What was found, for a graph. */
export const foundIn = ({ arena, control, parents, slots, via }: SharedMemory): Found => ({
  arena,
  parents,
  via,
  slots: slots.subarray(0, control[Control.slots]!),
  idMask: control[Control.slots]! - 1
})

/** The bytes that are used. */
export const bytesUsed = (words: number, { control }: SharedMemory): number =>
  control[Control.nextId]! * (words * 4 + overhead) + control[Control.slots]! * 4 + control[Control.runs]! * runBytes
