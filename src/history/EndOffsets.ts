/**
 * The bounds of each log as clients were shown them: the end must not fall, and below the beginning nothing is owed.
 *
 * The one decision: only what `list-offsets` answers is compared, and only with answers that were complete before the
 * question was asked. A poll shows an end as well, but to a reader that may read what is not yet committed.
 * Authority: KIP-207, which made the latest offset that a client is shown never go back.
 */
import { type Finding, finding } from "./Anomaly.ts"
import type { Columns } from "./Columns.ts"
import { capital, who } from "./Judged.ts"
import { type Key, keyOf, type ListOffsetsOperation, type Operation } from "./Operation.ts"

/** An answered question about positions or bounds: where it was asked and answered. */
export interface Answer {
  readonly invoked: number
  readonly completed: number
  readonly operation: Operation
}

/** Calls `each` for every ok operation that `accept` takes, with the place of its invocation (its own where it has none). */
export const eachAnswer = <O extends Operation>(
  operations: ReadonlyArray<Operation>,
  accept: (operation: Operation) => operation is O,
  each: (operation: O, answer: Answer) => void
): void => {
  const open = new Map<number | string, number>()
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (!accept(operation)) continue
    if (operation.type === "invoke") {
      open.set(operation.process, at)
      continue
    }
    const invoked = open.get(operation.process) ?? at
    open.delete(operation.process)
    if (operation.type === "ok") each(operation, { invoked, completed: at, operation })
  }
}

const isListOffsets = (operation: Operation): operation is ListOffsetsOperation =>
  typeof operation.process === "number" && operation.f === "list-offsets"

const eachBounds = (
  { operations }: Columns,
  each: (key: Key, earliest: number, latest: number, answer: Answer) => void
): void =>
  eachAnswer(operations, isListOffsets, ({ value }, answer) => {
    if (Array.isArray(value)) return
    const bounds = value as { readonly [key: string]: readonly [number, number] }
    for (const name in bounds) each(keyOf(name), bounds[name]![0], bounds[name]![1], answer)
  })

/** The highest beginning of each key's log that a client was shown: what lies below may have been deleted on purpose. */
export const beginnings = (columns: Columns): ReadonlyMap<Key, number> => {
  const beginning = new Map<Key, number>()
  eachBounds(columns, (key, earliest) => beginning.set(key, Math.max(beginning.get(key) ?? 0, earliest)))
  return beginning
}

/** Ends that fell: against the highest of those answered since the last fall and before this one was asked. */
export const endOffsets = ({ columns }: { readonly columns: Columns }): Array<Finding> => {
  const found: Array<Finding> = []
  const shown = new Map<Key, Array<{ readonly latest: number; readonly answer: Answer }>>()
  eachBounds(columns, (key, _earliest, latest, answer) => {
    const earlier = shown.get(key) ?? []
    shown.set(key, earlier)
    const highest = highestBefore(earlier, answer.invoked)
    if (highest !== undefined && highest.latest > latest) {
      found.push(
        finding(
          "end-offset-went-back",
          [key, highest.latest, latest],
          [highest.answer.invoked, highest.answer.completed, answer.invoked, answer.completed],
          `${capital(who(highest.answer.operation))} was shown that key ${key} ends at ${highest.latest}, and later ${
            who(answer.operation)
          } was shown ${latest}.`,
          {
            key,
            values: [highest.latest, latest],
            delta: latest - highest.latest,
            ops: [highest.answer.operation, answer.operation]
          }
        )
      )
      earlier.length = 0
    }
    const top = earlier[earlier.length - 1]
    if (top === undefined || latest > top.latest) earlier.push({ latest, answer })
  })
  return found
}

/** Of answers with rising ends, in the order of their completion, the highest that was complete before a place. */
const highestBefore = <A extends { readonly answer: Answer }>(
  rising: ReadonlyArray<A>,
  place: number
): A | undefined => {
  let low = 0
  let high = rising.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle]!.answer.completed < place) low = middle + 1
    else high = middle
  }
  return rising[low - 1]
}
