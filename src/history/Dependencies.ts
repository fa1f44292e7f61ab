/**
 * Which operation must come before which: the edges whose cycles contradict every order.
 *
 *     ww         the writer of a value -> the writer of the next value of the key (only where it is asked for)
 *     wr         the writer of a value -> every completion that polled it
 *     realtime   an ok operation -> every operation invoked after it completed
 *
 * The one decision: realtime edges are not drawn one by one. For components each ok completion is a vertex of a chain,
 *
 *     a --> a's completion --> next completion --> ... --> b        b invoked after the last of them
 *
 * which is linear in operations and reaches exactly what the full relation reaches; for a shortest cycle the relation is
 * asked of places in the history. Authority: jepsen.tests.kafka, ww-graph and wr-graph; elle.core, realtime-graph.
 */
import type { CycleStep } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { type Judged, keyName, whose } from "./Judged.ts"
import type { DataOperation } from "./Operation.ts"
import { pickedAt } from "./VersionOrder.ts"

/** Which kinds of edges a sub-graph has. */
export interface Kinds {
  readonly ww: boolean
  readonly wr: boolean
  readonly realtime: boolean
}

/** Data edges as pairs of nodes; `isRead` is 1 for wr. */
export interface DataEdges {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly isRead: Uint8Array
}

/** Draws the data edges of a history; with `wwDeps` also from writer to next writer. */
export const dataEdges = ({ columns, orders, readers }: Judged, wwDeps: boolean): DataEdges => {
  const size = readers.reader.length + (wwDeps ? columns.values.length : 0)
  const from = new Int32Array(size)
  const to = new Int32Array(size)
  const isRead = new Uint8Array(size)
  let count = 0
  const draw = (a: number, b: number, read: number) => {
    if (a < 0 || b < 0 || a === b) return
    from[count] = a
    to[count] = b
    isRead[count++] = read
  }
  for (let value = 0; value < columns.values.length; value++) {
    const writer = orders.writer[value]!
    if (writer < 0) continue
    for (let i = readers.start[value]!; i < readers.start[value + 1]!; i++) draw(writer, readers.reader[i]!, 1)
    const index = orders.index[value]!
    if (wwDeps && index > 0) draw(orders.writer[pickedAt(orders, columns.valueKey[value]!, index - 1)]!, writer, 0)
  }
  return { from: from.subarray(0, count), to: to.subarray(0, count), isRead: isRead.subarray(0, count) }
}

/**
 * Calls `draw` for each edge of the chain of completions: nodes keep their numbers, the links of the chain are numbered
 * from `nodes` on, one for each ok node. Answers how many vertices there are in all. `among` are the nodes taken part.
 */
export const realtimeChain = (
  { columns }: Judged,
  among: ReadonlyArray<number> | Int32Array,
  number: (node: number) => number,
  nodes: number,
  draw: (from: number, to: number) => void
): number => {
  const { completion, invocation, outcome } = columns
  const acknowledged = [...among].filter((node) => outcome[node] === ok)
  const invoked = [...among].filter((node) => invocation[node]! >= 0)
  acknowledged.sort((a, b) => completion[a]! - completion[b]!)
  invoked.sort((a, b) => invocation[a]! - invocation[b]!)
  let link = -1
  for (const node of invoked) {
    while (link + 1 < acknowledged.length && completion[acknowledged[link + 1]!]! < invocation[node]!) {
      link++
      draw(number(acknowledged[link]!), nodes + link)
      if (link > 0) draw(nodes + link - 1, nodes + link)
    }
    if (link >= 0) draw(nodes + link, number(node))
  }
  return nodes + acknowledged.length
}

const sendIndex = (operation: DataOperation, judged: Judged, value: number): number =>
  operation.value.findIndex((step) => {
    if (step[0] !== "send" || judged.columns.keyNumber(step[1]) !== judged.columns.valueKey[value]) return false
    return (typeof step[2] === "object" ? step[2][1] : step[2]) === judged.columns.values[value]
  })

const pollIndex = (operation: DataOperation, judged: Judged, value: number): number =>
  operation.value.findIndex((step) =>
    step[0] === "poll" && step.length === 2 &&
    Object.entries(step[1]).some(([name, pairs]) =>
      judged.columns.keyNumber(name) === judged.columns.valueKey[value] &&
      pairs.some((pair) => pair[1] === judged.columns.values[value])
    )
  )

const writesNext = (judged: Judged, a: number, b: number): CycleStep | undefined => {
  const { columns, orders } = judged
  for (let i = columns.sendStart[b]!; i < columns.sendStart[b + 1]!; i++) {
    const second = columns.sendValue[i]!
    const index = orders.index[second]!
    if (index <= 0) continue
    const first = pickedAt(orders, columns.valueKey[second]!, index - 1)
    if (orders.writer[first] !== a) continue
    const key = keyName(columns, first)
    const value = columns.values[first]!
    const next = columns.values[second]!
    return {
      type: "ww",
      key,
      value,
      "value'": next,
      "a-mop-index": sendIndex(operationOf(columns, a), judged, first),
      "b-mop-index": sendIndex(operationOf(columns, b), judged, second),
      sentence: `${whose(columns, a)} sent ${value} to key ${key} right before ${whose(columns, b)} sent ${next}`
    }
  }
  return undefined
}

const isRead = (judged: Judged, a: number, b: number): CycleStep | undefined => {
  const { columns, orders } = judged
  for (let i = columns.pollStart[b]!; i < columns.pollStart[b + 1]!; i++) {
    const read = columns.pollValue[i]!
    if (read < 0 || orders.writer[read] !== a) continue
    const key = keyName(columns, read)
    const value = columns.values[read]!
    return {
      type: "wr",
      key,
      value,
      "a-mop-index": sendIndex(operationOf(columns, a), judged, read),
      "b-mop-index": pollIndex(operationOf(columns, b), judged, read),
      sentence: `${whose(columns, a)} sent ${value} to key ${key}, which ${whose(columns, b)} polled`
    }
  }
  return undefined
}

/** Why `a` comes before `b`: by data where it can be told, else by real time. */
export const explain = (judged: Judged, kinds: Kinds, a: number, b: number): CycleStep => {
  const { columns } = judged
  const data = (kinds.ww ? writesNext(judged, a, b) : undefined) ?? (kinds.wr ? isRead(judged, a, b) : undefined)
  if (data !== undefined) return data
  const invoked = columns.operations[columns.invocation[b]!]!
  return {
    type: "realtime",
    sentence: `${whose(columns, a)} had completed when ${whose(columns, b)} was invoked (index ${invoked.index})`
  }
}
