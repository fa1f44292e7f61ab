/**
 * Realtime lag: for how long, at least, a poll had already been behind when it began. A measure, not an anomaly.
 *
 *     time      1 send a -> 0    3 send b -> 1    4 poll begins, shows nothing behind 0     lag 4 - 3 = 1
 *
 * The one decision: the earliest time at which offset i was known to exist is the first time at which some offset >= i was,
 * so the known offsets of a key are kept as a rising list and searched, where upstream fills an array up to the largest
 * offset. Between two polls that move a process on, its lag only grows, so the worst one is found without a series.
 * Authority: jepsen.tests.kafka, realtime-lag, op->max-offsets. There a send that is told no offset wipes out what the
 * operation's earlier sends were told; only `asUpstream` does so here.
 */
import { type Columns, fail, ok } from "./Columns.ts"
import type { Judged } from "./Judged.ts"
import { isAssign, type Key } from "./Operation.ts"

/** The lag of one key in one poll; times in nanoseconds, `time` being when the poll was invoked. */
export interface Lag {
  readonly time: number
  readonly process: number
  readonly key: Key
  readonly lag: number
}

/** When each key's log was first known to be at least so long: rising offsets, rising times. */
interface Known {
  readonly offsets: Array<number>
  readonly times: Array<number>
}

/** The highest offset of each key that a node names, polls from -1 on; calls `each` once a key. */
const highest = ({ asUpstream, columns }: Judged) => {
  const { pollOffset, pollStart, pollValue, sendOffset, sendStart, sendValue, valueKey } = columns
  const top = new Float64Array(columns.keys.length)
  const seenBy = new Int32Array(columns.keys.length).fill(-1)
  const touched: Array<number> = []
  const raise = (node: number, key: number, offset: number) => {
    if (seenBy[key] !== node) {
      seenBy[key] = node
      top[key] = offset
      touched.push(key)
    } else if (offset > top[key]!) {
      top[key] = offset
    }
  }
  return (node: number, each: (key: number, offset: number) => void) => {
    touched.length = 0
    let firstSend = sendStart[node]!
    if (asUpstream) {
      for (let i = firstSend; i < sendStart[node + 1]!; i++) if (sendOffset[i]! < 0) firstSend = i + 1
    }
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const value = pollValue[i]!
      raise(node, value < 0 ? ~value : valueKey[value]!, pollOffset[i]!)
    }
    for (let i = firstSend; i < sendStart[node + 1]!; i++) {
      if (sendOffset[i]! >= 0) raise(node, valueKey[sendValue[i]!]!, sendOffset[i]!)
    }
    for (const key of touched) each(key, top[key]!)
  }
}

const knownOffsets = (judged: Judged): Array<Known> => {
  const { columns } = judged
  const known = columns.keys.map((): Known => ({ offsets: [], times: [] }))
  const offsetsOf = highest(judged)
  for (let node = 0; node < columns.nodes; node++) {
    if (columns.outcome[node] === fail) continue
    const { time, type } = columns.operations[columns.completion[node]!]!
    if (type === "invoke") continue
    offsetsOf(node, (key, offset) => {
      const { offsets, times } = known[key]!
      if (offset <= (offsets[offsets.length - 1] ?? -1)) return
      offsets.push(offset)
      times.push(time)
    })
  }
  return known
}

/** When an offset was first known to exist, or infinity. */
const expiredAt = ({ offsets, times }: Known, offset: number): number => {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsets[middle]! < offset) low = middle + 1
    else high = middle
  }
  return times[low] ?? Number.POSITIVE_INFINITY
}

const invokeTime = ({ completion, invocation, operations }: Columns, node: number): number =>
  operations[invocation[node]! < 0 ? completion[node]! : invocation[node]!]!.time

/** What a process tracks of a key: the highest offset it knows, and since which place of the history. */
interface Position {
  offset: number
  since: number
  readonly key: Key
}
type Tracked = Map<number, Position>

type Move = (process: number, key: number, position: Position) => void
type Poll = (process: number, time: number, tracked: Tracked, at: number) => void

/** Walks ok assignments and polls; `move` is called before a tracked offset changes or is dropped, `poll` after each poll. */
const walk = (judged: Judged, move: Move, poll: Poll): Map<number, Tracked> => {
  const { columns } = judged
  const { nodeAt, operations, outcome } = columns
  const offsetsOf = highest(judged)
  const tracked = new Map<number, Tracked>()
  const names = new Map<Key, number>()
  const numberOf = (name: Key): number => {
    const known = columns.keyNumber(name) ?? names.get(name)
    if (known !== undefined) return known
    const number = columns.keys.length + names.size
    names.set(name, number)
    return number
  }
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation) && operation.type === "ok") {
      const before: Tracked = tracked.get(operation.process) ?? new Map<number, Position>()
      const after: Tracked = new Map()
      if (operation.f === "assign") {
        for (const name of operation.value) {
          const key = numberOf(name)
          after.set(key, before.get(key) ?? { offset: -1, since: at, key: name })
        }
      }
      for (const [key, position] of before) if (!after.has(key)) move(operation.process, key, position)
      tracked.set(operation.process, after)
      continue
    }
    const node = nodeAt[at]!
    if (node < 0 || outcome[node] !== ok || operation.f === "send") continue
    const process = operation.process as number
    const keys: Tracked = tracked.get(process) ?? new Map<number, Position>()
    tracked.set(process, keys)
    offsetsOf(node, (key, offset) => {
      const known = keys.get(key)
      if (known === undefined) {
        keys.set(key, { offset, since: at, key: columns.keys[key]! })
      } else if (offset > known.offset) {
        move(process, key, known)
        known.offset = offset
        known.since = at
      }
    })
    poll(process, invokeTime(columns, node), keys, at)
  }
  return tracked
}

/** The lag of every key that its process tracks, for every ok poll: as long as polls times keys tracked. */
export const lags = (judged: Judged): Array<Lag> => {
  const { columns } = judged
  const known = knownOffsets(judged)
  const series: Array<Lag> = []
  walk(judged, () => {}, (process, time, tracked) => {
    for (const [key, position] of tracked) {
      const expired = key < columns.keys.length ? expiredAt(known[key]!, position.offset + 1) : Number.POSITIVE_INFINITY
      series.push({ time, process, key: position.key, lag: Math.max(0, time - expired) })
    }
  })
  return series
}

/** The largest of all lags, or a lag of 0 at time 0. */
export const worstLag = (judged: Judged): Lag | { readonly time: 0; readonly lag: 0 } => {
  const { columns } = judged
  const known = knownOffsets(judged)
  const lastPoll = new Map<number, { readonly at: number; readonly time: number }>()
  let worst: Lag | { readonly time: 0; readonly lag: 0 } = { time: 0, lag: 0 }
  const measure: Move = (process, key, { offset, since }) => {
    const poll = lastPoll.get(process)
    if (key >= columns.keys.length || poll === undefined || poll.at < since) return
    const lag = poll.time - expiredAt(known[key]!, offset + 1)
    if (lag > worst.lag) worst = { time: poll.time, process, key: columns.keys[key]!, lag }
  }
  const tracked = walk(judged, measure, (process, time, _tracked, at) => {
    lastPoll.set(process, { at, time })
  })
  for (const [process, keys] of tracked) for (const [key, position] of keys) measure(process, key, position)
  return worst
}
