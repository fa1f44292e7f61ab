/**
 * Consumer groups as clients see them: who reads for one, and the positions that it committed.
 *
 * The one decision: a process reads for the groups that it names, on any operation or in a commit. One that names none may
 * read for any of them, so what it polled counts as delivered; unless it assigned its keys itself, or the full re-read at
 * the end of a test would deliver everything.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { type Columns, ok, operationOf } from "./Columns.ts"
import { type Answer, beginnings, eachAnswer } from "./EndOffsets.ts"
import { capital, type Judged, placesOf, who, whose } from "./Judged.ts"
import {
  type CommitOperation,
  isAssign,
  isClient,
  type Key,
  keyOf,
  type Operation,
  type Positions
} from "./Operation.ts"

const isCommit = (operation: Operation): operation is CommitOperation =>
  typeof operation.process === "number" && (operation.f === "commit" || operation.f === "committed")

/** The groups that each process names. */
export const membership = (operations: ReadonlyArray<Operation>): ReadonlyMap<number, ReadonlySet<string>> => {
  const groups = new Map<number, Set<string>>()
  const join = (process: number, group: string) => {
    const known = groups.get(process)
    if (known === undefined) groups.set(process, new Set([group]))
    else known.add(group)
  }
  for (const operation of operations) {
    if (!isClient(operation)) continue
    if (operation.group !== undefined) join(operation.process, operation.group)
    if (isCommit(operation)) join(operation.process, operation.value[0])
  }
  return groups
}

/** Marks the values that each group was delivered, whatever became of the poll. */
const deliveries = ({ nodeAt, operations, pollStart, pollValue, values }: Columns, groups: ReadonlySet<string>) => {
  const members = membership(operations)
  const delivered = new Map<string, Uint8Array>()
  for (const group of groups) delivered.set(group, new Uint8Array(values.length))
  const assigned = new Set<number>()
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation) && (operation.type === "ok" || operation.type === "info")) {
      if (operation.f === "assign") assigned.add(operation.process)
      else assigned.delete(operation.process)
    }
    const node = nodeAt[at]!
    if (node < 0 || pollStart[node] === pollStart[node + 1]) continue
    const process = operation.process as number
    const named = members.get(process) ?? (assigned.has(process) ? undefined : groups)
    if (named === undefined) continue
    for (const group of named) {
      const marks = delivered.get(group)
      if (marks === undefined) continue
      for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) if (pollValue[i]! >= 0) marks[pollValue[i]!] = 1
    }
  }
  return delivered
}

interface Committed {
  readonly position: number
  readonly answer: Answer
}

const isPositions = (asked: CommitOperation["value"][1]): asked is Positions => !Array.isArray(asked)

const eachPosition = (
  operations: ReadonlyArray<Operation>,
  each: (group: string, key: Key, position: number, answer: Answer, operation: CommitOperation) => void
): void =>
  eachAnswer(operations, isCommit, (operation, answer) => {
    const [group, positions] = operation.value
    if (!isPositions(positions)) return
    for (const name in positions) each(group, keyOf(name), positions[name]!, answer, operation)
  })

/** Acknowledged, behind it the group's position, and no member ever polled it. */
export const neverDelivered = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const positions = new Map<string, Map<Key, Committed>>()
  const skippedTo = new Map<string, Map<Key, number>>()
  eachPosition(columns.operations, (group, key, position, answer, operation) => {
    if (operation.reset === true) {
      const resets = skippedTo.get(group) ?? new Map<Key, number>()
      skippedTo.set(group, resets.set(key, Math.max(resets.get(key) ?? 0, position)))
      return
    }
    const known = positions.get(group) ?? new Map<Key, Committed>()
    positions.set(group, known)
    if (position > (known.get(key)?.position ?? -1)) known.set(key, { position, answer })
  })
  if (positions.size === 0) return []
  const delivered = deliveries(columns, new Set(positions.keys()))
  const beginning = beginnings(columns)
  const found: Array<Finding> = []
  for (const [group, keys] of positions) {
    const marks = delivered.get(group)!
    for (const [name, { answer, position }] of keys) {
      const key = columns.keyNumber(name)
      if (key === undefined) continue
      const owedFrom = Math.max(beginning.get(name) ?? 0, skippedTo.get(group)?.get(name) ?? 0)
      const { offsets, start, valuesAt } = orders.logs[key]!
      for (let index = 0; index < offsets.length && offsets[index]! < position; index++) {
        const offset = offsets[index]!
        if (offset < owedFrom) continue
        for (let i = start[index]!; i < start[index + 1]!; i++) {
          const sent = valuesAt[i]!
          const writer = orders.writer[sent]!
          if (marks[sent] === 1 || writer < 0 || columns.outcome[writer] !== ok) continue
          const value = columns.values[sent]!
          found.push(
            finding(
              "acknowledged-never-delivered",
              [group, name, value],
              [...placesOf(columns, [writer, ...placeOfOffset(judged, sent)]), answer.invoked, answer.completed],
              `${capital(whose(columns, writer))} was acknowledged ${value} at offset ${offset} of key ${name}; ${
                who(answer.operation)
              } puts group ${group} at ${position}, behind it, and no member ever polled it.`,
              {
                group,
                key: name,
                value,
                offset,
                position,
                writer: operationOf(columns, writer),
                commit: answer.operation
              }
            )
          )
        }
      }
    }
  }
  return found
}

/** A poll that tells the offset of a value, where its send was told none. */
const placeOfOffset = ({ columns, orders, readers }: Judged, value: number): Array<number> => {
  const writer = orders.writer[value]!
  for (let i = columns.sendStart[writer]!; i < columns.sendStart[writer + 1]!; i++) {
    if (columns.sendValue[i] === value && columns.sendOffset[i]! >= 0) return []
  }
  return readers.start[value]! < readers.start[value + 1]! ? [readers.reader[readers.start[value]!]!] : []
}

interface Request {
  readonly position: number
  readonly invoked: number
  readonly completed: number
  readonly isReset: boolean
}

/** Every request for a position, with its span; one of unknown outcome may take effect at any later time. */
const requestsOf = (operations: ReadonlyArray<Operation>) => {
  const requests = new Map<string, Array<Request>>()
  const open = new Map<number, number>()
  const add = (operation: CommitOperation, invoked: number, completed: number) => {
    const [group, positions] = operation.value
    if (operation.f === "committed" || !isPositions(positions)) return
    for (const name in positions) {
      const id = `${group}\u0000${keyOf(name)}`
      const known = requests.get(id)
      const request = { position: positions[name]!, invoked, completed, isReset: operation.reset === true }
      if (known === undefined) requests.set(id, [request])
      else known.push(request)
    }
  }
  operations.forEach((operation, at) => {
    if (!isCommit(operation)) return
    if (operation.type === "invoke") {
      open.set(operation.process, at)
      return
    }
    const invoked = open.get(operation.process) ?? at
    open.delete(operation.process)
    if (operation.type !== "fail") add(operation, invoked, operation.type === "ok" ? at : Number.POSITIVE_INFINITY)
  })
  for (const at of open.values()) add(operations[at] as CommitOperation, at, Number.POSITIVE_INFINITY)
  return requests
}

/** Every time that a member, or a process that names no group, went to the beginning of a key. */
const rewindsOf = (operations: ReadonlyArray<Operation>) => {
  const members = membership(operations)
  const rewinds: Array<{ readonly at: number; readonly process: number; readonly keys: ReadonlySet<Key> }> = []
  operations.forEach((operation, at) => {
    if (isAssign(operation) && operation.seekToBeginning === true && operation.type !== "fail") {
      rewinds.push({ at, process: operation.process, keys: new Set(operation.value.map(keyOf)) })
    }
  })
  return (group: string, key: Key, after: number, before: number): boolean =>
    rewinds.some(({ at, keys, process }) =>
      at > after && at < before && keys.has(key) && (members.get(process)?.has(group) ?? true)
    )
}

/**
 * Positions that fell: against the answer that was complete last before this one was asked. A reset in between, a rewind
 * of a member in between, or a request for the same position that may have taken effect after the first answer, asked
 * for it.
 */
export const committedPositions = ({ columns }: Judged): Array<Finding> => {
  const { operations } = columns
  const found: Array<Finding> = []
  const answers = new Map<string, Array<Committed>>()
  let requests: ReturnType<typeof requestsOf> | undefined
  let rewound: ReturnType<typeof rewindsOf> | undefined
  eachPosition(operations, (group, key, position, answer, operation) => {
    const id = `${group}\u0000${key}`
    const earlier = answers.get(id) ?? []
    answers.set(id, earlier)
    let last = earlier.length - 1
    while (last >= 0 && earlier[last]!.answer.completed > answer.invoked) last--
    const before = earlier[last]
    earlier.push({ position, answer })
    if (before === undefined || before.position <= position || operation.reset === true) return
    requests ??= requestsOf(operations)
    rewound ??= rewindsOf(operations)
    const { completed, invoked } = before.answer
    const asked = (requests.get(id) ?? []).some((request) =>
      request.invoked < answer.completed && request.completed > invoked &&
      (request.isReset ? request.position <= position : request.position === position && request.invoked < completed)
    )
    if (asked || rewound(group, key, invoked, answer.completed)) return
    found.push(
      finding(
        "committed-went-back",
        [group, key, before.position, position],
        [invoked, completed, answer.invoked, answer.completed],
        `Group ${group} was at ${before.position} of key ${key} when ${who(before.answer.operation)} completed, and ${
          who(operation)
        } then puts it at ${position}; nothing reset it.`,
        {
          group,
          key,
          values: [before.position, position],
          delta: position - before.position,
          ops: [before.answer.operation, operation]
        }
      )
    )
  })
  return found
}
