/**
 * What was acknowledged and never polled, over time and at the end.
 *
 * The one decision: one counter a key, raised by an acknowledged send and lowered by the first ok poll, so the whole series
 * is linear. It cannot tell lost from late: a history has to end with a full re-read. Upstream counts what the last ok
 * operation polled of a key that nobody was acknowledged for as unseen; only `asUpstream` does so here.
 * Authority: jepsen.tests.kafka, unseen.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { type Judged, keyName, placesOf, some } from "./Judged.ts"
import type { Key, Value } from "./Operation.ts"
import { compareValues } from "./VersionOrder.ts"

/** How many messages of each key were acknowledged and not yet polled when an ok operation completed. */
export interface UnseenAt {
  readonly time: number
  readonly unseen: { readonly [key: string]: number }
}

const walk = (judged: Judged, each: (node: number, count: Int32Array, known: Uint8Array) => void) => {
  const { columns } = judged
  const count = new Int32Array(columns.keys.length)
  const known = new Uint8Array(columns.keys.length)
  const sent = new Uint8Array(columns.values.length)
  const polled = new Uint8Array(columns.values.length)
  for (let node = 0; node < columns.nodes; node++) {
    if (columns.outcome[node] !== ok) continue
    for (let i = columns.sendStart[node]!; i < columns.sendStart[node + 1]!; i++) {
      const value = columns.sendValue[i]!
      known[columns.valueKey[value]!] = 1
      if (sent[value] === 0 && polled[value] === 0) count[columns.valueKey[value]!]!++
      sent[value] = 1
    }
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      const value = columns.pollValue[i]!
      const key = value < 0 ? ~value : columns.valueKey[value]!
      known[key] = 1
      if (value < 0) continue
      if (sent[value] === 1 && polled[value] === 0) count[key]!--
      polled[value] = 1
    }
    each(node, count, known)
  }
  return { sent, polled }
}

/** The series over all ok sends and polls, one element an operation: as long as operations times keys. */
export const unseenSeries = (judged: Judged): Array<UnseenAt> => {
  const { columns } = judged
  const series: Array<UnseenAt> = []
  walk(judged, (node, count, known) => {
    const unseen: { [key: string]: number } = {}
    columns.keys.forEach((name, key) => {
      if (known[key] === 1) unseen[String(name)] = count[key]!
    })
    series.push({ time: operationOf(columns, node).time, unseen })
  })
  return series
}

/** What upstream adds: of keys that were never acknowledged and that the last ok operation polls first, all it polled. */
const polledLast = ({ columns }: Judged, last: number, sent: Uint8Array): Array<number> => {
  const acknowledged = new Uint8Array(columns.keys.length)
  const before = new Uint8Array(columns.keys.length)
  for (let value = 0; value < columns.values.length; value++) {
    if (sent[value] === 1) acknowledged[columns.valueKey[value]!] = 1
  }
  for (let node = 0; node < last; node++) {
    if (columns.outcome[node] !== ok) continue
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      const value = columns.pollValue[i]!
      before[value < 0 ? ~value : columns.valueKey[value]!] = 1
    }
  }
  const polled = columns.pollValue.subarray(columns.pollStart[last], columns.pollStart[last + 1])
  return [...new Set(polled)].filter((value) => {
    const key = value < 0 ? ~value : columns.valueKey[value]!
    return value >= 0 && acknowledged[key] === 0 && before[key] === 0
  })
}

/** The one report: what is left at the end. */
export const unseen = (judged: Judged): Array<Finding> => {
  const { asUpstream, columns, orders } = judged
  let last = -1
  const { polled, sent } = walk(judged, (node) => {
    last = node
  })
  if (last < 0) return []
  const left: Array<number> = []
  for (let value = 0; value < columns.values.length; value++) {
    if (sent[value] === 1 && polled[value] === 0) left.push(value)
  }
  if (asUpstream) left.push(...polledLast(judged, last, sent))
  if (left.length === 0) return []
  const byKey = new Map<Key, Array<Value>>()
  for (const value of left) {
    const name = keyName(columns, value)
    const messages = byKey.get(name)
    if (messages === undefined) byKey.set(name, [columns.values[value]!])
    else messages.push(columns.values[value]!)
  }
  for (const messages of byKey.values()) messages.sort(compareValues)
  const sorted = [...byKey].sort(([a], [b]) => compareValues(a, b))
  const told = sorted.slice(0, 6).map(([key, messages]) => `${some(messages)} of key ${key}`).join("; ")
  return [finding(
    "unseen",
    [],
    placesOf(columns, left.slice(0, 32).map((value) => orders.writer[value]!).filter((node) => node >= 0)),
    `Acknowledged and never polled: ${told}${
      sorted.length > 6 ? "; and of more keys" : ""
    }. Lost or late cannot be told ${"apart unless the history ends with a full re-read."}`,
    {
      time: operationOf(columns, last).time,
      unseen: Object.fromEntries(sorted.map(([key, messages]) => [String(key), messages.length])),
      messages: Object.fromEntries(sorted.map(([key, messages]) => [String(key), messages]))
    }
  )]
}
