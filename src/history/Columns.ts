/**
 * A history as columns of numbers: what every check walks through.
 *
 *     node     one completed send, poll or txn; numbered from 0 in the order of the history
 *     value    one value of one key; numbered from 0 in the order of first sight
 *     sends    for node n the entries sendStart[n] .. sendStart[n + 1]: value, offset (-1 where nobody was told)
 *     polls    likewise; an empty list for a key is one entry whose value is ~key
 *
 * The one decision: typed arrays instead of maps of operations, so that a million operations are judged in one pass each
 * and within a few hundred bytes an operation. An invocation that nothing completes counts as one whose outcome nobody
 * knows, and stands last.
 */
import { type DataOperation, isClient, isData, type Key, keyOf, type Operation, type Value } from "./Operation.ts"

/** How a node ended, as a number. */
export const ok = 0
export const fail = 1
export const info = 2

export interface Columns {
  readonly operations: ReadonlyArray<Operation>
  readonly nodes: number
  /** The node whose completion stands at a place in `operations`, or -1. */
  readonly nodeAt: Int32Array
  /** Where the completion of a node stands in `operations`; its invocation, if that is all there is. */
  readonly completion: Int32Array
  /** Where its invocation stands, or -1 where there is none. */
  readonly invocation: Int32Array
  readonly outcome: Uint8Array
  readonly process: Float64Array
  readonly sendStart: Int32Array
  readonly sendValue: Int32Array
  readonly sendOffset: Float64Array
  readonly pollStart: Int32Array
  readonly pollValue: Int32Array
  readonly pollOffset: Float64Array
  /** The key of a value, as a number into `keys`. */
  readonly valueKey: Int32Array
  readonly values: ReadonlyArray<Value>
  readonly keys: ReadonlyArray<Key>
  /** The number of a key, or `undefined` where no send and no poll names it. */
  readonly keyNumber: (key: Key) => number | undefined
  /** The number of a value of a key, or `undefined` where the history does not hold it. */
  readonly valueNumber: (key: number, value: Value) => number | undefined
}

/** Numbers that grow: an array that doubles. */
const growing = <A extends Int32Array | Float64Array>(make: (length: number) => A) => {
  let data = make(256)
  let length = 0
  return {
    push: (value: number) => {
      if (length === data.length) {
        const larger = make(length * 2)
        larger.set(data)
        data = larger
      }
      data[length++] = value
    },
    size: () => length,
    done: (): A => data.slice(0, length) as A
  }
}
const integers = () => growing((length) => new Int32Array(length))
const floats = () => growing((length) => new Float64Array(length))

const outcomeOf = (operation: DataOperation): number => {
  switch (operation.type) {
    case "ok":
      return ok
    case "fail":
      return fail
    case "info":
    case "invoke":
      return info
  }
}

/** Numbers keys and values as they come. */
const numbering = () => {
  const names = new Map<Key, number>()
  const keys: Array<Key> = []
  const byKey: Array<Map<Value, number>> = []
  const values: Array<Value> = []
  const valueKey = integers()
  const numberOf = (name: Key): number => {
    const known = names.get(name)
    if (known !== undefined) return known
    const key = keyOf(name)
    const number = names.get(key) ?? keys.length
    names.set(name, number)
    if (number === keys.length) {
      keys.push(key)
      byKey.push(new Map())
      names.set(key, number)
    }
    return number
  }
  return {
    keys,
    values,
    valueKey,
    key: numberOf,
    value: (key: number, value: Value): number => {
      const known = byKey[key]!.get(value)
      if (known !== undefined) return known
      const number = values.length
      byKey[key]!.set(value, number)
      values.push(value)
      valueKey.push(key)
      return number
    },
    keyNumber: (key: Key) => names.get(key) ?? names.get(keyOf(key)),
    valueNumber: (key: number, value: Value) => byKey[key]?.get(value)
  }
}

/** The completions of a history with their invocations; what nothing completes comes last, if it is wanted. */
const pairUp = (operations: ReadonlyArray<Operation>, dangling: boolean) => {
  const nodeAt = new Int32Array(operations.length).fill(-1)
  const completion = integers()
  const invocation = integers()
  const open = new Map<number, number>()
  const left: Array<number> = []
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (!isClient(operation)) continue
    const { process, type } = operation
    if (type === "invoke") {
      const earlier = open.get(process)
      if (earlier !== undefined) left.push(earlier)
      open.set(process, at)
      continue
    }
    const invoked = open.get(process)
    if (invoked !== undefined) open.delete(process)
    if (!isData(operation)) continue
    nodeAt[at] = completion.size()
    completion.push(at)
    invocation.push(invoked ?? -1)
  }
  if (dangling) {
    for (const at of [...left, ...open.values()].sort((a, b) => a - b)) {
      if (!isData(operations[at]!)) continue
      completion.push(at)
      invocation.push(at)
    }
  }
  return { nodeAt, completion: completion.done(), invocation: invocation.done() }
}

/**
 * Lays a history out in columns. With `dangling` false an invocation without completion is passed over, as upstream
 * passes it over.
 */
export const columnsOf = (operations: ReadonlyArray<Operation>, dangling = true): Columns => {
  const { completion, invocation, nodeAt } = pairUp(operations, dangling)
  const nodes = completion.length
  const outcome = new Uint8Array(nodes)
  const process = new Float64Array(nodes)
  const sendStart = new Int32Array(nodes + 1)
  const pollStart = new Int32Array(nodes + 1)
  const sendValue = integers()
  const sendOffset = floats()
  const pollValue = integers()
  const pollOffset = floats()
  const numbers = numbering()
  for (let node = 0; node < nodes; node++) {
    const operation = operations[completion[node]!] as DataOperation
    outcome[node] = outcomeOf(operation)
    process[node] = operation.process
    for (const step of operation.value) {
      if (step[0] === "send") {
        const key = numbers.key(step[1])
        const sent = step[2]
        const told = typeof sent === "object"
        sendValue.push(numbers.value(key, told ? sent[1] : sent))
        sendOffset.push(told ? sent[0] ?? -1 : -1)
      } else if (step.length === 2) {
        const polled = step[1]
        for (const name in polled) {
          const pairs = polled[name]!
          const key = numbers.key(name)
          if (pairs.length === 0) {
            pollValue.push(~key)
            pollOffset.push(-1)
          }
          for (let i = 0; i < pairs.length; i++) {
            const pair = pairs[i]!
            pollValue.push(numbers.value(key, pair[1]))
            pollOffset.push(pair[0] ?? -1)
          }
        }
      }
    }
    sendStart[node + 1] = sendValue.size()
    pollStart[node + 1] = pollValue.size()
  }
  const { keyNumber, keys, valueNumber, values } = numbers
  return {
    operations,
    nodes,
    nodeAt,
    completion,
    invocation,
    outcome,
    process,
    sendStart,
    sendValue: sendValue.done(),
    sendOffset: sendOffset.done(),
    pollStart,
    pollValue: pollValue.done(),
    pollOffset: pollOffset.done(),
    valueKey: numbers.valueKey.done(),
    values,
    keys,
    keyNumber,
    valueNumber
  }
}

/** The operation that completed a node. */
export const operationOf = (columns: Columns, node: number): DataOperation =>
  columns.operations[columns.completion[node]!] as DataOperation
