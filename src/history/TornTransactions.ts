/**
 * Transactions of which a reader was shown a part: a value read, and another one passed over for good.
 *
 *     key x   1   2   [t: a]  3          a reader that polled 1 .. 3 of x and never a,
 *     key y   1   [t: b]  2              and that polled b: t committed, and is torn for this reader
 *
 * The one decision: passed over means within one stretch in which the reader held the key, with a value on either side. A
 * stretch ends with an assignment that drops the key and with a rebalance that names it. The stretch of a process that did not assign its
 * keys itself may end without notice, and what it missed then went to another member: there the value must be unread by everybody.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { type Columns, ok, operationOf } from "./Columns.ts"
import { capital, type Judged, keyName, placesOf, whose } from "./Judged.ts"
import { type DataOperation, isAssign } from "./Operation.ts"

/** Indexes that one process polled of one key while it held it: from the lowest to the highest. */
interface Stretch {
  low: number
  high: number
  lowest: number
  highest: number
  readonly assigned: boolean
}

interface Holding {
  readonly past: Array<Stretch>
  current: Stretch | undefined
}

type Holdings = Map<number, Map<number, Holding>>

const rebalanced = (columns: Columns, operation: DataOperation): Array<number> =>
  (operation.rebalanceLog ?? []).flatMap(({ keys }) => keys.map((name) => columns.keyNumber(name) ?? -1))

/** Every stretch of every process and key. */
const holdingsOf = ({ columns, orders }: Judged): Holdings => {
  const { nodeAt, operations, outcome, pollStart, pollValue, valueKey } = columns
  const holdings: Holdings = new Map()
  const assigned = new Set<number>()
  const end = (process: number, drops: (key: number) => boolean) => {
    for (const [key, holding] of holdings.get(process) ?? []) if (drops(key)) holding.current = undefined
  }
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation) && (operation.type === "ok" || operation.type === "info")) {
      const kept = operation.seekToBeginning === true ? new Set() : new Set(operation.value.map(columns.keyNumber))
      end(operation.process, (key) => !kept.has(key))
      if (operation.f === "assign") assigned.add(operation.process)
      else assigned.delete(operation.process)
    }
    const node = nodeAt[at]!
    if (node < 0) continue
    const process = operation.process as number
    const moved = rebalanced(columns, operation as DataOperation)
    if (moved.length > 0) end(process, (key) => moved.includes(key))
    for (let i = pollStart[node]!; i < pollStart[node + 1]! && outcome[node] === ok; i++) {
      const value = pollValue[i]!
      const index = value < 0 ? -1 : orders.index[value]!
      if (index < 0 || moved.includes(valueKey[value]!)) continue
      const keys = holdings.get(process) ?? new Map<number, Holding>()
      holdings.set(process, keys)
      const holding = keys.get(valueKey[value]!) ?? { past: [], current: undefined }
      keys.set(valueKey[value]!, holding)
      if (holding.current === undefined) {
        holding.current = { low: index, high: index, lowest: node, highest: node, assigned: assigned.has(process) }
        holding.past.push(holding.current)
      } else if (index < holding.current.low) {
        holding.current.low = index
        holding.current.lowest = node
      } else if (index > holding.current.high) {
        holding.current.high = index
        holding.current.highest = node
      }
    }
  }
  return holdings
}

const polledBy = ({ columns, readers }: Judged, value: number, process: number | undefined): boolean => {
  for (let i = readers.start[value]!; i < readers.start[value + 1]!; i++) {
    if (process === undefined || columns.process[readers.reader[i]!] === process) return true
  }
  return false
}

const report = (
  judged: Judged,
  process: number,
  node: number,
  read: number,
  missed: number,
  passed: Stretch
): Finding => {
  const { columns, orders } = judged
  const writer = orders.writer[missed]!
  const key = keyName(columns, missed)
  const value = columns.values[missed]!
  const other = { key: keyName(columns, read), value: columns.values[read]! }
  return finding(
    "torn-transaction",
    [process, key, value],
    placesOf(columns, [writer, node, passed.lowest, passed.highest]),
    `${
      capital(whose(columns, writer))
    } committed ${value} to key ${key} with ${other.value} to key ${other.key}; process ${process} polled ${other.value} but never ${value}, though ${
      whose(columns, passed.highest)
    } is past it.`,
    {
      key,
      value,
      index: orders.index[missed]!,
      writer: operationOf(columns, writer),
      reader: operationOf(columns, node),
      read: other,
      "max-read": operationOf(columns, passed.highest)
    }
  )
}

export const tornTransactions = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const { nodes, outcome, pollStart, pollValue, process, sendStart, sendValue, valueKey } = columns
  const found: Array<Finding> = []
  let holdings: Holdings | undefined
  const reported = new Set<string>()
  for (let node = 0; node < nodes; node++) {
    if (outcome[node] !== ok) continue
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const read = pollValue[i]!
      const writer = read < 0 ? -1 : orders.writer[read]!
      if (writer < 0 || orders.committed[writer] === 0 || sendStart[writer + 1]! - sendStart[writer]! < 2) continue
      for (let j = sendStart[writer]!; j < sendStart[writer + 1]!; j++) {
        const missed = sendValue[j]!
        const index = orders.index[missed]!
        if (missed === read || index < 0 || polledBy(judged, missed, process[node]!)) continue
        holdings ??= holdingsOf(judged)
        const stretches = holdings.get(process[node]!)?.get(valueKey[missed]!)?.past ?? []
        const passed = stretches.find(({ assigned, high, low }) =>
          low < index && index < high && (assigned || !polledBy(judged, missed, undefined))
        )
        const id = `${process[node]} ${missed}`
        if (passed === undefined || reported.has(id)) continue
        reported.add(id)
        found.push(report(judged, process[node]!, node, read, missed, passed))
      }
    }
  }
  return found
}
