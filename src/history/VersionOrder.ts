/**
 * The order of each key's values: what the log must have looked like, from the offsets that clients saw.
 *
 *     offset   0    1    3          index   0    1    2
 *     values   a    b    c d        byIndex a    b    c        gaps are dropped; of two values the least is picked
 *
 * The one decision: polls of every operation count, whatever became of it, and sends only of operations that committed:
 * those that are ok, and those of unknown outcome of which an ok poll saw a value. Upstream picks one of several values
 * at an offset by their hashes and knows no place for the others; here each has the place of its last offset.
 * Authority: jepsen.tests.kafka, version-orders and must-have-committed?.
 */
import { type Columns, fail, info, ok } from "./Columns.ts"
import type { Value } from "./Operation.ts"

/** The log of one key: `count` offsets in order, each with one or more values. */
interface KeyLog {
  readonly offsets: Float64Array
  /** The values of the i-th offset are `valuesAt[start[i] .. start[i + 1]]`, least first. */
  readonly start: Int32Array
  readonly valuesAt: Int32Array
}

export interface Orders {
  /** One log a key. */
  readonly logs: ReadonlyArray<KeyLog>
  /** The lowest and the highest index at which a value stands, or -1 where it stands nowhere. */
  readonly firstIndex: Int32Array
  readonly lastIndex: Int32Array
  /** The index that decides order: that of the last offset (with `pickedOnly` of the last where it was picked). */
  readonly index: Int32Array
  /** The last node that tried to send a value, or -1. */
  readonly writer: Int32Array
  /** Whether a send of the value failed for certain, and whether an ok operation polled it. */
  readonly failed: Uint8Array
  readonly okRead: Uint8Array
  /** Whether a node's sends took effect for certain. */
  readonly committed: Uint8Array
}

/** Numbers before words, each in their own order. */
export const compareValues = (a: Value, b: Value): number => {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

const whoWroteAndRead = (columns: Columns) => {
  const { nodes, outcome, pollStart, pollValue, sendStart, sendValue, values } = columns
  const writer = new Int32Array(values.length).fill(-1)
  const failed = new Uint8Array(values.length)
  const okRead = new Uint8Array(values.length)
  for (let node = 0; node < nodes; node++) {
    for (let i = sendStart[node]!; i < sendStart[node + 1]!; i++) {
      writer[sendValue[i]!] = node
      if (outcome[node] === fail) failed[sendValue[i]!] = 1
    }
    if (outcome[node] !== ok) continue
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) if (pollValue[i]! >= 0) okRead[pollValue[i]!] = 1
  }
  const committed = new Uint8Array(nodes)
  for (let node = 0; node < nodes; node++) {
    if (outcome[node] === ok) committed[node] = 1
    if (outcome[node] !== info) continue
    for (let i = sendStart[node]!; i < sendStart[node + 1]!; i++) if (okRead[sendValue[i]!] === 1) committed[node] = 1
  }
  return { writer, failed, okRead, committed }
}

/** Where each value was seen: the first offset of each, and the few further ones. */
const sightings = (columns: Columns, committed: Uint8Array) => {
  const { nodes, pollOffset, pollStart, pollValue, sendOffset, sendStart, sendValue, values } = columns
  const offsetOf = new Float64Array(values.length).fill(-1)
  const further = new Map<number, Array<number>>()
  const see = (value: number, offset: number) => {
    if (offset < 0 || value < 0 || offsetOf[value] === offset) return
    if (offsetOf[value]! < 0) {
      offsetOf[value] = offset
      return
    }
    const others = further.get(value)
    if (others === undefined) further.set(value, [offset])
    else if (!others.includes(offset)) others.push(offset)
  }
  for (let node = 0; node < nodes; node++) {
    if (committed[node] === 1) {
      for (let i = sendStart[node]!; i < sendStart[node + 1]!; i++) see(sendValue[i]!, sendOffset[i]!)
    }
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) see(pollValue[i]!, pollOffset[i]!)
  }
  return { offsetOf, further }
}

/** The sighted values of each key, one entry a sighting. */
const entriesByKey = (
  columns: Columns,
  offsetOf: Float64Array,
  further: ReadonlyMap<number, ReadonlyArray<number>>
) => {
  const { keys, valueKey } = columns
  const count = new Int32Array(keys.length)
  for (let value = 0; value < valueKey.length; value++) {
    if (offsetOf[value]! >= 0) count[valueKey[value]!]! += 1 + (further.get(value)?.length ?? 0)
  }
  const entries = Array.from(count, (size) => ({ value: new Int32Array(size), offset: new Float64Array(size) }))
  const filled = new Int32Array(keys.length)
  const put = (value: number, offset: number) => {
    const key = valueKey[value]!
    const at = filled[key]!++
    entries[key]!.value[at] = value
    entries[key]!.offset[at] = offset
  }
  for (let value = 0; value < valueKey.length; value++) {
    if (offsetOf[value]! < 0) continue
    put(value, offsetOf[value]!)
    for (const offset of further.get(value) ?? []) put(value, offset)
  }
  return entries
}

const logOf = (
  { offset, value }: { readonly offset: Float64Array; readonly value: Int32Array },
  values: ReadonlyArray<Value>
): KeyLog => {
  const size = value.length
  let sorted = true
  for (let i = 1; i < size && sorted; i++) sorted = offset[i - 1]! < offset[i]!
  const order = Int32Array.from({ length: size }, (_, i) => i)
  if (!sorted) {
    order.sort((a, b) => offset[a]! - offset[b]! || compareValues(values[value[a]!]!, values[value[b]!]!))
  }
  const offsets = new Float64Array(size)
  const start = new Int32Array(size + 1)
  const valuesAt = new Int32Array(size)
  let count = 0
  for (let i = 0; i < size; i++) {
    const at = offset[order[i]!]!
    if (count === 0 || offsets[count - 1] !== at) {
      offsets[count] = at
      start[count++] = i
    }
    valuesAt[i] = value[order[i]!]!
  }
  start[count] = size
  return { offsets: offsets.subarray(0, count), start: start.subarray(0, count + 1), valuesAt }
}

/** The orders of all keys. With `pickedOnly` a value that was not picked at any offset has no place, as upstream. */
export const ordersOf = (columns: Columns, pickedOnly = false): Orders => {
  const { committed, failed, okRead, writer } = whoWroteAndRead(columns)
  const { further, offsetOf } = sightings(columns, committed)
  const logs = entriesByKey(columns, offsetOf, further).map((entries) => logOf(entries, columns.values))
  const firstIndex = new Int32Array(columns.values.length).fill(-1)
  const lastIndex = new Int32Array(columns.values.length).fill(-1)
  const picked = pickedOnly ? new Int32Array(columns.values.length).fill(-1) : lastIndex
  for (const { offsets, start, valuesAt } of logs) {
    for (let index = 0; index < offsets.length; index++) {
      picked[valuesAt[start[index]!]!] = index
      for (let i = start[index]!; i < start[index + 1]!; i++) {
        const value = valuesAt[i]!
        if (firstIndex[value]! < 0) firstIndex[value] = index
        lastIndex[value] = index
      }
    }
  }
  return { logs, firstIndex, lastIndex, index: picked, writer, failed, okRead, committed }
}

/** The value that stands for the i-th offset of a key. */
export const pickedAt = (orders: Orders, key: number, index: number): number => {
  const { start, valuesAt } = orders.logs[key]!
  return valuesAt[start[index]!]!
}

/** How far b stands behind a in their key's order; 1, "assume fine", where a place is not known. */
export const delta = (orders: Orders, a: number, b: number): number => {
  const from = a < 0 ? -1 : orders.index[a]!
  const to = b < 0 ? -1 : orders.index[b]!
  return from < 0 || to < 0 ? 1 : to - from
}

/** The values that stand strictly between two indexes of a key. */
export const between = (columns: Columns, orders: Orders, key: number, from: number, to: number): Array<Value> => {
  const skipped: Array<Value> = []
  for (let index = from + 1; index < to; index++) skipped.push(columns.values[pickedAt(orders, key, index)]!)
  return skipped
}

/** Every completion that polled a value, in order: the readers of value v are `reader[start[v] .. start[v + 1]]`. */
export interface Readers {
  readonly start: Int32Array
  readonly reader: Int32Array
}

/** Who polled each value, whatever became of the reader; one entry a poll of the value. */
export const readersOf = ({ nodes, pollStart, pollValue, values }: Columns): Readers => {
  const start = new Int32Array(values.length + 1)
  for (const value of pollValue) if (value >= 0) start[value + 1]!++
  for (let value = 0; value < values.length; value++) start[value + 1]! += start[value]!
  const reader = new Int32Array(start[values.length]!)
  const filled = start.slice(0, values.length)
  for (let node = 0; node < nodes; node++) {
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const value = pollValue[i]!
      if (value >= 0) reader[filled[value]!++] = node
    }
  }
  return { start, reader }
}
