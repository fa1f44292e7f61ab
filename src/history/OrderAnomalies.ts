/**
 * Sends and polls against the order of their key: inside one operation, and between the operations of one process.
 *
 *     delta = index(b) - index(a)      1 next to each other or not known    > 1 skipped    < 1 went back, or stood still
 *
 * The one decision: where a poll left off. Upstream takes the last value of the last ok poll; here it is the highest, and
 * an assignment that goes to the beginning forgets it, so that a deliberate re-read is no anomaly. Only ok polls move the
 * position: a consumer whose transaction aborted has to rewind. Authority: jepsen.tests.kafka, int-poll-skip+nonmonotonic,
 * int-send-skip+nonmonotonic, poll-skip+nonmonotonic and nonmonotonic-send cases.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { type Columns, fail, ok, operationOf } from "./Columns.ts"
import { capital, type Judged, keyName, placesOf, some, whose } from "./Judged.ts"
import { type AssignOperation, type DataOperation, isAssign, type Value } from "./Operation.ts"
import { between, delta, pickedAt } from "./VersionOrder.ts"

/** A report lists at most so many skipped values; `delta` tells how many there are. */
const maximumSkipped = 10_000

const skippedBetween = ({ columns, orders }: Judged, a: number, b: number): Array<Value> => {
  const from = orders.index[a]!
  const to = Math.min(orders.index[b]!, from + maximumSkipped)
  return between(columns, orders, columns.valueKey[a]!, from, to)
}

/** Nodes that prove that a value between two others exists. */
const skippedProof = (judged: Judged, a: number, b: number): Array<number> => {
  const { columns, orders } = judged
  if (orders.index[b]! <= orders.index[a]! + 1) return []
  return placeProof(judged, pickedAt(orders, columns.valueKey[a]!, orders.index[a]! + 1))
}

/** Nodes that tell where a value stands: its writer if it committed, and its first reader. */
const placeProof = ({ orders, readers }: Judged, value: number): Array<number> => {
  const proof: Array<number> = []
  const writer = orders.writer[value]!
  if (writer >= 0 && orders.committed[writer] === 1) proof.push(writer)
  if (readers.start[value + 1]! > readers.start[value]!) proof.push(readers.reader[readers.start[value]!]!)
  return proof
}

const pairProof = (judged: Judged, nodes: ReadonlyArray<number>, a: number, b: number): Array<number> =>
  placesOf(judged.columns, [
    ...nodes,
    ...placeProof(judged, a),
    ...placeProof(judged, b),
    ...skippedProof(judged, a, b)
  ])

const isRebalanced = (columns: Columns, operation: DataOperation, key: number): boolean =>
  operation.rebalanceLog !== undefined &&
  operation.rebalanceLog.some(({ keys }) => keys.some((name) => columns.keyNumber(name) === key))

const insideOne = (judged: Judged, node: number, a: number, b: number, polled: boolean): Finding | undefined => {
  const { columns, orders } = judged
  const step = delta(orders, a, b)
  if (step === 1) return undefined
  const op = operationOf(columns, node)
  if (polled && isRebalanced(columns, op, columns.valueKey[a]!)) return undefined
  const key = keyName(columns, a)
  const values = [columns.values[a]!, columns.values[b]!] as const
  const identity = [key, ...values]
  const verb = polled ? "polled" : "sent"
  if (step > 1) {
    const skipped = skippedBetween(judged, a, b)
    const seen = `${capital(whose(columns, node))} ${verb} ${values[0]} and then ${values[1]} of key ${key}`
    const told = polled ? `without ${some(skipped)} between them` : `with ${some(skipped)} of others between them`
    return finding(
      polled ? "int-poll-skip" : "int-send-skip",
      identity,
      pairProof(judged, [node], a, b),
      `${seen}, ${told}.`,
      { key, values, delta: step, skipped, op }
    )
  }
  return finding(
    polled ? "int-nonmonotonic-poll" : "int-nonmonotonic-send",
    identity,
    pairProof(judged, [node], a, b),
    `${capital(whose(columns, node))} ${verb} ${values[0]} and then ${values[1]} of key ${key}, ${
      step === 0 ? "which stand in one place of the log" : "though they stand the other way round in the log"
    }.`,
    { key, values, delta: step, op }
  )
}

/** Polls inside one operation, whatever became of it; keys that were rebalanced meanwhile are exempt. */
export const internalPolls = (judged: Judged): Array<Finding> => {
  const { columns } = judged
  return insideEach(judged, columns.pollStart, columns.pollValue, true)
}

/** Sends inside one operation, whatever became of it. */
export const internalSends = (judged: Judged): Array<Finding> => {
  const { columns } = judged
  return insideEach(judged, columns.sendStart, columns.sendValue, false)
}

const insideEach = (judged: Judged, start: Int32Array, entries: Int32Array, polled: boolean): Array<Finding> => {
  const { columns } = judged
  const found: Array<Finding> = []
  const lastNode = new Int32Array(columns.keys.length).fill(-1)
  const lastValue = new Int32Array(columns.keys.length)
  for (let node = 0; node < columns.nodes; node++) {
    const to = start[node + 1]!
    for (let i = start[node]!; i < to; i++) {
      const value = entries[i]!
      if (value < 0) continue
      const key = columns.valueKey[value]!
      if (lastNode[key] === node) {
        const anomaly = insideOne(judged, node, lastValue[key]!, value, polled)
        if (anomaly !== undefined) found.push(anomaly)
      }
      lastNode[key] = node
      lastValue[key] = value
    }
  }
  return found
}

/** Where a process left off in a key: the node, and the value or -1 where its place cannot be known. */
interface Position {
  node: number
  value: number
}
type Positions = Map<number, Map<number, Position>>

const positionsOf = (positions: Positions, process: number): Map<number, Position> => {
  const known = positions.get(process)
  if (known !== undefined) return known
  const fresh = new Map<number, Position>()
  positions.set(process, fresh)
  return fresh
}

/** Keeps only the keys of an assignment, and of those none that the client sought to the beginning. */
const reassign = (columns: Columns, positions: Positions, operation: AssignOperation, seeks: boolean): void => {
  if (operation.type === "invoke" || operation.type === "fail") return
  const known = positions.get(operation.process)
  if (known === undefined) return
  const kept = seeks && operation.seekToBeginning === true
    ? new Set<number | undefined>()
    : new Set(operation.value.map(columns.keyNumber))
  for (const key of known.keys()) if (!kept.has(key)) known.delete(key)
}

const pollPair = (judged: Judged, before: Position, node: number, value: number): Finding | undefined => {
  const { columns, orders } = judged
  const step = delta(orders, before.value, value)
  if (step === 1) return undefined
  const key = keyName(columns, value)
  const values = [columns.values[before.value]!, columns.values[value]!] as const
  const ops = [operationOf(columns, before.node), operationOf(columns, node)] as const
  const proof = pairProof(judged, [before.node, node], before.value, value)
  const left = `${capital(whose(columns, before.node))} left off key ${key} at ${values[0]}, and ${
    whose(columns, node)
  }`
  if (step > 1) {
    const skipped = skippedBetween(judged, before.value, value)
    return finding(
      "poll-skip",
      [key, ...values],
      proof,
      `${left} went on at ${values[1]}: it skipped ${some(skipped)}.`,
      { key, delta: step, skipped, ops }
    )
  }
  return finding(
    "nonmonotonic-poll",
    [key, ...values],
    proof,
    `${left} went ${step === 0 ? "on at the same place" : `back to ${values[1]}`}.`,
    { key, values, delta: step, ops }
  )
}

/** Polls of one process, one after the other. */
export const pollOrder = (judged: Judged): Array<Finding> => {
  const { asUpstream, columns, orders } = judged
  const { nodeAt, operations, outcome, pollStart, pollValue, valueKey } = columns
  const found: Array<Finding> = []
  const positions: Positions = new Map()
  const polledBy = new Int32Array(columns.keys.length).fill(-1)
  const empty: Array<number> = []
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation)) reassign(columns, positions, operation, !asUpstream)
    const node = nodeAt[at]!
    if (node < 0 || pollStart[node] === pollStart[node + 1]) continue
    const known = positionsOf(positions, operation.process as number)
    empty.length = 0
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const value = pollValue[i]!
      if (value < 0) {
        empty.push(~value)
        continue
      }
      const key = valueKey[value]!
      const first = polledBy[key] !== node
      polledBy[key] = node
      const position = known.get(key)
      if (first && position !== undefined) {
        const anomaly = pollPair(judged, position, node, value)
        if (anomaly !== undefined) found.push(anomaly)
      }
      if (outcome[node] !== ok) continue
      if (position === undefined) known.set(key, { node, value })
      else if (first || asUpstream) Object.assign(position, { node, value })
      else position.value = further(orders.index, position.value, value)
    }
    if (outcome[node] !== ok) continue
    for (const key of empty) if (polledBy[key] !== node) known.set(key, { node, value: -1 })
  }
  return found
}

/** The one of two values that stands further on, or -1 where one of them has no known place. */
const further = (index: Int32Array, a: number, b: number): number =>
  a < 0 || index[a]! < 0 || index[b]! < 0 ? -1 : index[b]! > index[a]! ? b : a

/** Sends of one process, one after the other: only backwards is wrong, since others may send between them. */
export const sendOrder = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const { nodeAt, operations, outcome, sendStart, sendValue, valueKey } = columns
  const found: Array<Finding> = []
  const positions: Positions = new Map()
  const sentBy = new Int32Array(columns.keys.length).fill(-1)
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation)) reassign(columns, positions, operation, false)
    const node = nodeAt[at]!
    if (node < 0 || sendStart[node] === sendStart[node + 1]) continue
    if (outcome[node] === fail) continue
    const known = positionsOf(positions, operation.process as number)
    for (let i = sendStart[node]!; i < sendStart[node + 1]!; i++) {
      const value = sendValue[i]!
      const key = valueKey[value]!
      const position = known.get(key)
      if (sentBy[key] !== node && position !== undefined) {
        const step = delta(orders, position.value, value)
        if (step < 1) {
          const name = keyName(columns, value)
          const values = [columns.values[position.value]!, columns.values[value]!] as const
          const first = capital(whose(columns, position.node))
          found.push(
            finding(
              "nonmonotonic-send",
              [name, ...values],
              pairProof(judged, [position.node, node], position.value, value),
              `${first} sent ${values[0]} to key ${name} before ${whose(columns, node)} sent ${
                values[1]
              }, and the log ${step === 0 ? "holds them in one place" : "holds them the other way round"}.`,
              {
                key: name,
                values,
                delta: step,
                ops: [operationOf(columns, position.node), operationOf(columns, node)]
              }
            )
          )
        }
      }
      sentBy[key] = node
      if (position === undefined) known.set(key, { node, value })
      else Object.assign(position, { node, value })
    }
  }
  return found
}
