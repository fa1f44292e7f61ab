/**
 * The states that a search in one thread has seen: exact, as words in one array, found through open addressing.
 *
 *     id        0          1          2 ...
 *     arena     | words    | words    | words    |     a state is its words: equality is word equality
 *     parents   | id       | id       | id       |     whence it was found first: -1 for an initial state
 *     via       | label    | label    | label    |     by which label
 *     slots     | high bits of the hash, id + 1 | ...    linear probing from the hash's low bits, at most 3/4 full
 *
 * A slot of 32 bits has room for some bits of the hash beside the id, so a probe that meets another state nearly always
 * knows it without looking into the arena, which would be a cache miss.
 *
 * The decision: past a quarter of a million states the arrays are reserved for all that the memory limit allows, once.
 * The system gives memory to pages that are written, so nothing is copied again and what is resident is what is used.
 */
import type { Codec } from "../machine/Codec.ts"
import type { Table } from "./Expansion.ts"
import { largestCapacity, overhead } from "./Memory.ts"

const firstCapacity = 1 << 12
const reserveAllFrom = 1 << 18

/** The words of the states and how each was found, by their ids. */
export interface Found {
  readonly arena: Int32Array
  readonly parents: Int32Array
  readonly via: Uint16Array
  readonly slots: Int32Array
  /** The bits of a slot that are an id plus one; the others are those of the hash. */
  readonly idMask: number
}

const copied = <A extends Int32Array | Uint16Array>(from: A, to: A): A => {
  to.set(from)
  return to
}

/** Enters the states `[from, end)`, none of which is there, into slots of which there are more than enough. */
export const enterAll = <State>(
  codec: Codec<State>,
  arena: Int32Array,
  slots: Int32Array,
  from: number,
  end: number
): void => {
  const mask = slots.length - 1
  for (let id = from; id < end; id++) {
    const hash = codec.hash(arena, id * codec.words)
    let slot = hash & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = (hash & ~mask) | (id + 1)
  }
}

/** A table of at most `limitBytes`. `codec` gives the words. */
export class StateTable<State> implements Table<State>, Found {
  size = 0
  arena: Int32Array
  parents: Int32Array
  via: Uint16Array
  slots: Int32Array
  idMask: number
  private readonly codec: Codec<State>
  private readonly largest: number
  private capacity: number

  constructor(codec: Codec<State>, limitBytes: number) {
    this.codec = codec
    this.largest = largestCapacity(codec.words, limitBytes)
    this.capacity = Math.min(firstCapacity, this.largest)
    this.arena = new Int32Array(this.capacity * codec.words)
    this.parents = new Int32Array(this.capacity)
    this.via = new Uint16Array(this.capacity)
    this.slots = new Int32Array(firstCapacity * 2)
    this.idMask = this.slots.length - 1
  }

  /** Makes room for so many more states; false where the memory limit forbids it. */
  makeRoom(more: number): boolean {
    const needed = this.size + more
    while (needed > this.capacity) {
      if (this.capacity === this.largest) return false
      this.grow(this.capacity >= reserveAllFrom ? this.largest : Math.min(this.largest, this.capacity * 8))
    }
    while (needed * 4 > this.slots.length * 3) this.rehash()
    return true
  }

  add(after: State, before: State, from: number, label: number): number {
    const { words } = this.codec
    const hash = this.codec.repack(after, before, this.arena, from * words, this.arena, this.size * words)
    return this.enter(hash, from, label)
  }

  addInitial(state: State): number {
    return this.enter(this.codec.pack(state, this.arena, this.size * this.codec.words), -1, 0)
  }

  stateAt(id: number): State {
    return this.codec.unpack(this.arena, id * this.codec.words)
  }

  /** The bytes that are used. */
  get bytes(): number {
    return this.size * (this.codec.words * 4 + overhead) + this.slots.byteLength
  }

  /** Enters the words that stand behind the last state. */
  private enter(hash: number, from: number, label: number): number {
    const { codec, idMask, size, slots } = this
    const { words } = codec
    const mask = slots.length - 1
    const tag = hash & ~idMask
    let slot = hash & mask
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if ((entry & ~idMask) === tag) {
        const known = (entry & idMask) - 1
        if (codec.same(this.arena, known * words, size * words)) return ~known
      }
      slot = (slot + 1) & mask
    }
    this.parents[size] = from
    this.via[size] = label
    this.size = size + 1
    slots[slot] = tag | (size + 1)
    return size
  }

  private grow(capacity: number): void {
    this.arena = copied(this.arena, new Int32Array(capacity * this.codec.words))
    this.parents = copied(this.parents, new Int32Array(capacity))
    this.via = copied(this.via, new Uint16Array(capacity))
    this.capacity = capacity
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 2)
    enterAll(this.codec, this.arena, slots, 0, this.size)
    this.slots = slots
    this.idMask = slots.length - 1
  }
}
