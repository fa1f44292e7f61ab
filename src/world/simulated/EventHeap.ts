/**
 * What can happen next, in the order in which it is due: a binary heap by time, then by age, so that among events of
 * one instant the first that became possible comes first.
 *
 * An event that is no longer possible is marked and dropped when it surfaces: cancelling costs nothing.
 */
import type { WorldEvent } from "./WorldEvent.ts"

export interface Entry {
  /** Due time in microseconds of virtual time. */
  at: number
  readonly sequence: number
  event: WorldEvent
  readonly fire: () => void
  cancelled: boolean
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)

export class EventHeap {
  private readonly heap: Array<Entry> = []
  private sequence = 0

  add(at: number, event: WorldEvent, fire: () => void): Entry {
    const entry: Entry = { at, sequence: this.sequence++, event, fire, cancelled: false }
    this.heap.push(entry)
    this.up(this.heap.length - 1)
    return entry
  }

  /** The next event, taken out; `undefined` when nothing is possible. */
  take(): Entry | undefined {
    while (this.heap.length > 0) {
      const first = this.heap[0]!
      const last = this.heap.pop()!
      if (this.heap.length > 0) {
        this.heap[0] = last
        this.down(0)
      }
      if (!first.cancelled) return first
    }
    return undefined
  }

  /** The next event, left in. */
  peek(): Entry | undefined {
    while (this.heap[0]?.cancelled === true) {
      const last = this.heap.pop()!
      if (this.heap.length > 0) {
        this.heap[0] = last
        this.down(0)
      }
    }
    return this.heap[0]
  }

  /** Everything that is possible, in the order in which it is due. */
  entries(): ReadonlyArray<Entry> {
    return this.heap.filter((entry) => !entry.cancelled).sort((a, b) => before(a, b) ? -1 : 1)
  }

  private up(at: number): void {
    const entry = this.heap[at]!
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, this.heap[parent]!)) break
      this.heap[at] = this.heap[parent]!
      at = parent
    }
    this.heap[at] = entry
  }

  private down(at: number): void {
    const entry = this.heap[at]!
    while (true) {
      let child = 2 * at + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && before(this.heap[child + 1]!, this.heap[child]!)) child++
      if (!before(this.heap[child]!, entry)) break
      this.heap[at] = this.heap[child]!
      at = child
    }
    this.heap[at] = entry
  }
}
