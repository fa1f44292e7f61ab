/**
 * What every check is given: the columns, the orders, who read what, and how to name an operation in a sentence.
 *
 * The one decision: a sentence names an operation by its process and its index, since the index is its only identity.
 */
import { type Columns, columnsOf, operationOf } from "./Columns.ts"
import type { Key, Operation, Value } from "./Operation.ts"
import { type Orders, ordersOf, type Readers, readersOf } from "./VersionOrder.ts"

export interface Judged {
  readonly columns: Columns
  readonly orders: Orders
  readonly readers: Readers
  /** Read as upstream reads it, its weak points included. */
  readonly asUpstream: boolean
}

/** Lays out a history for the checks. */
export const judged = (operations: ReadonlyArray<Operation>, asUpstream: boolean): Judged => {
  const columns = columnsOf(operations, !asUpstream)
  return { columns, orders: ordersOf(columns, asUpstream), readers: readersOf(columns), asUpstream }
}

/** The process and the index of an operation, as a sentence names it. */
export const who = ({ f, index, process }: Operation): string => `process ${process}'s ${f} (index ${index})`

/** The same for the operation that completed a node. */
export const whose = (columns: Columns, node: number): string => who(operationOf(columns, node))

/** What a client was told of an operation, as a sentence says it. */
export const told = ({ type }: Operation): string => {
  switch (type) {
    case "ok":
      return "was acknowledged"
    case "fail":
      return "failed"
    case "info":
      return "has an unknown outcome"
    case "invoke":
      return "was never answered"
  }
}

/** The same sentence with a capital first letter. */
export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** The name of a value's key. */
export const keyName = (columns: Columns, value: number): Key => columns.keys[columns.valueKey[value]!]!

/** Values in a sentence: the first few, and how many more. */
export const some = (values: ReadonlyArray<Value | number>): string =>
  values.length <= 6 ? values.join(", ") : `${values.slice(0, 5).join(", ")} and ${values.length - 5} more`

/** Places of completions with the places of their invocations, in order: what an operation is made of. */
export const placesOf = (columns: Columns, nodes: Iterable<number>): Array<number> => {
  const places: Array<number> = []
  for (const node of nodes) {
    const invoked = columns.invocation[node]!
    if (invoked >= 0) places.push(invoked)
    places.push(columns.completion[node]!)
  }
  return places
}
