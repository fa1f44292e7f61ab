/**
 * How often subscribed processes consumed each value: once each is what exactly-once processing promises.
 *
 * The one decision: counted within one process, since a group may well hand a record to two members; and never a verdict.
 * Authority: jepsen.tests.kafka, consume-counts.
 */
import { ok } from "./Columns.ts"
import { type Judged, keyName } from "./Judged.ts"
import { isAssign, type Key, type Value } from "./Operation.ts"

export interface ConsumeCounts {
  /** How many values were consumed so often by one process, by that number. */
  readonly distribution: { readonly [times: string]: number }
  /** Values that one process consumed more than once. */
  readonly duplicates: ReadonlyArray<{ readonly key: Key; readonly value: Value; readonly count: number }>
}

export const consumeCounts = (judged: Judged): ConsumeCounts => {
  const { columns } = judged
  const { nodeAt, operations, outcome, pollStart, pollValue } = columns
  const byProcess = new Map<number, Map<number, number>>()
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation)) {
      if (operation.f === "subscribe" && operation.type === "ok" && !byProcess.has(operation.process)) {
        byProcess.set(operation.process, new Map())
      }
      continue
    }
    const node = nodeAt[at]!
    if (node < 0 || outcome[node] !== ok) continue
    const counts = byProcess.get(operation.process as number)
    if (counts === undefined) continue
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const value = pollValue[i]!
      if (value >= 0) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  }
  const distribution: { [times: string]: number } = {}
  const duplicates: Array<{ readonly key: Key; readonly value: Value; readonly count: number }> = []
  for (const counts of byProcess.values()) {
    for (const [value, count] of counts) {
      distribution[count] = (distribution[count] ?? 0) + 1
      if (count > 1) duplicates.push({ key: keyName(columns, value), value: columns.values[value]!, count })
    }
  }
  return { distribution, duplicates }
}
