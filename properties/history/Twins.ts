/**
 * Each check once more in a few lines, straight from its definition and without regard to speed: what the fast ones are
 * held against on small histories. A twin answers the identities of what it finds, as text.
 */
import {
  type AssignOperation,
  type DataOperation,
  isAssign,
  isData,
  type Key,
  keyOf,
  type Operation,
  type Pair,
  type Value
} from "../../src/history/Operation.ts"
import { compareValues } from "../../src/history/VersionOrder.ts"

export type History = ReadonlyArray<Operation>
export type Entry = readonly [key: Key, pair: Pair]

export const completions = (history: History) => history.filter(isData).filter(({ type }) => type !== "invoke")
export const sends = ({ value }: DataOperation): Array<Entry> =>
  value.flatMap((step): Array<Entry> =>
    step[0] === "send" ? [[keyOf(step[1]), typeof step[2] === "object" ? step[2] : [null, step[2]]]] : []
  )
export const polls = ({ value }: DataOperation): Array<Entry> =>
  value.flatMap((step) =>
    step[0] === "poll" && step.length === 2
      ? Object.entries(step[1]).flatMap(([key, pairs]) => pairs.map((pair): Entry => [keyOf(key), pair]))
      : []
  )
export const is = (key: Key, value: Value) => ([k, [, v]]: Entry) => k === key && v === value
const okReads = (history: History, key: Key, value: Value) =>
  completions(history).filter((op) => op.type === "ok" && polls(op).some(is(key, value)))
export const committed = (history: History, op: DataOperation): boolean =>
  op.type === "ok" ||
  (op.type === "info" && sends(op).some(([key, [, value]]) => okReads(history, key, value).length > 0))

/** The log of a key: its offsets in order, each with its values, least first. */
const logAnew = (history: History, key: Key) => {
  const seen = completions(history).flatMap((op) => [...(committed(history, op) ? sends(op) : []), ...polls(op)])
    .filter(([k, [offset]]) => k === key && offset !== null).map(([, pair]) => pair as readonly [number, Value])
  return [...new Set(seen.map(([offset]) => offset))].sort((a, b) => a - b).map((offset) => ({
    offset,
    values: [...new Set(seen.filter(([at]) => at === offset).map(([, value]) => value))].sort(compareValues)
  }))
}
const logs = new WeakMap<History, Map<Key, ReturnType<typeof logAnew>>>()
/** The same, made once a history. */
export const log = (history: History, key: Key) => {
  const known = logs.get(history) ?? new Map<Key, ReturnType<typeof logAnew>>()
  logs.set(history, known)
  const made = known.get(key) ?? logAnew(history, key)
  known.set(key, made)
  return made
}
export const lastIndex = (history: History, key: Key, value: Value) =>
  log(history, key).findLastIndex(({ values }) => values.includes(value))
const firstIndex = (history: History, key: Key, value: Value) =>
  log(history, key).findIndex(({ values }) => values.includes(value))
const delta = (history: History, key: Key, a: Value, b: Value) => {
  const [from, to] = [lastIndex(history, key, a), lastIndex(history, key, b)]
  return from < 0 || to < 0 ? 1 : to - from
}
export const keysOf = (history: History) => [
  ...new Set(completions(history).flatMap((op) => [...sends(op), ...polls(op)]).map(([key]) => key))
]
const valuesOf = (history: History, key: Key) => [
  ...new Set(
    completions(history).flatMap((op) => [...sends(op), ...polls(op)]).filter(([k]) => k === key).map(([, [, v]]) => v)
  )
]
export const writer = (history: History, key: Key, value: Value) =>
  completions(history).findLast((op) => sends(op).some(is(key, value)))

const everyValue = (history: History, test: (key: Key, value: Value) => boolean) =>
  keysOf(history).flatMap((key) => valuesOf(history, key).filter((v) => test(key, v)).map((v) => `${key} ${v}`))

export const twins: { readonly [name: string]: (history: History) => ReadonlyArray<string> } = {
  "inconsistent-offsets": (history) =>
    keysOf(history).flatMap((key) =>
      log(history, key).filter(({ values }) => values.length > 1).map(({ offset }) => `${key} ${offset}`)
    ),
  duplicate: (history) =>
    everyValue(history, (key, value) => log(history, key).filter(({ values }) => values.includes(value)).length > 1),
  G1a: (history) =>
    everyValue(
      history,
      (key, value) =>
        completions(history).some((op) => op.type === "fail" && sends(op).some(is(key, value))) &&
        okReads(history, key, value).length > 0
    ),
  "precommitted-read": (history) =>
    completions(history).flatMap((op) =>
      sends(op).filter(([key, [, value]]) => polls(op).some(is(key, value))).slice(0, 1).map(([key, [, v]]) =>
        `${key} ${v}`
      )
    ),
  "lost-write": (history) =>
    everyValue(history, (key, value) => {
      const bound = Math.max(
        -1,
        ...valuesOf(history, key).filter((v) => okReads(history, key, v).length > 0).map((v) =>
          firstIndex(history, key, v)
        )
      )
      const at = lastIndex(history, key, value)
      const wrote = writer(history, key, value)
      return at >= 0 && at <= bound && okReads(history, key, value).length === 0 && wrote !== undefined &&
        committed(history, wrote)
    }),
  unseen: (history) =>
    everyValue(
      history,
      (key, value) =>
        completions(history).some((op) => op.type === "ok" && sends(op).some(is(key, value))) &&
        okReads(history, key, value).length === 0
    ),
  phantom: (history) =>
    everyValue(
      history,
      (key, value) =>
        okReads(history, key, value).length > 0 && !history.filter(isData).some((op) => sends(op).some(is(key, value)))
    ),
  "int-poll-skip": (history) => inside(history, polls, (step) => step > 1, true),
  "int-nonmonotonic-poll": (history) => inside(history, polls, (step) => step < 1, true),
  "int-send-skip": (history) => inside(history, sends, (step) => step > 1, false),
  "int-nonmonotonic-send": (history) => inside(history, sends, (step) => step < 1, false),
  "poll-skip": (history) => across(history, polls, ["ok"], (step) => step > 1),
  "nonmonotonic-poll": (history) => across(history, polls, ["ok"], (step) => step < 1),
  "nonmonotonic-send": (history) => across(history, sends, ["ok", "info"], (step) => step < 1)
}

const inside = (
  history: History,
  entries: (op: DataOperation) => Array<Entry>,
  wrong: (delta: number) => boolean,
  exempt: boolean
) =>
  completions(history).flatMap((op) =>
    keysOf(history).flatMap((key) => {
      if (exempt && op.rebalanceLog?.some(({ keys }) => keys.map(keyOf).includes(key)) === true) return []
      const values = entries(op).filter(([k]) => k === key).map(([, [, value]]) => value)
      return values.slice(1).flatMap((b, i) =>
        wrong(delta(history, key, values[i]!, b)) ? [`${key} ${values[i]} ${b}`] : []
      )
    })
  )

const keeps = (op: AssignOperation, key: Key, rewinds: boolean) =>
  op.value.map(keyOf).includes(key) && !(rewinds && op.seekToBeginning === true)

/** Goes back from each operation to the one of its process that says where it left off. */
const across = (
  history: History,
  entries: (op: DataOperation) => Array<Entry>,
  types: ReadonlyArray<string>,
  wrong: (delta: number) => boolean
) =>
  history.flatMap((op, at) => {
    if (!isData(op) || op.type === "invoke" || (entries === sends && op.type === "fail")) return []
    return keysOf(history).flatMap((key) => {
      const mine = entries(op).filter(([k]) => k === key).map(([, [, value]]) => value)
      const earlier = history.slice(0, at).filter((one) => one.process === op.process && one.type !== "invoke")
      const stop = earlier.findLastIndex((one) =>
        isAssign(one) && one.type !== "fail" && !keeps(one, key, entries === polls)
      )
      const before = earlier.slice(stop + 1).filter(isData)
        .findLast((one) => types.includes(one.type) && names(one, key, entries))
      if (mine.length === 0 || before === undefined) return []
      const theirs = entries(before).filter(([k]) => k === key).map(([, [, value]]) => value)
      const position = entries === sends ? theirs.at(-1) : furthest(history, key, theirs)
      return position !== undefined && wrong(delta(history, key, position, mine[0]!))
        ? [`${key} ${position} ${mine[0]}`]
        : []
    })
  })

/** Whether an operation has the key among its entries; a poll may list it with none. */
const names = (op: DataOperation, key: Key, entries: (op: DataOperation) => Array<Entry>) =>
  entries(op).some(([k]) => k === key) ||
  (entries === polls &&
    op.value.some((step) => step[0] === "poll" && step.length === 2 && Object.keys(step[1]).map(keyOf).includes(key)))

/** The value that stands furthest on; none where the place of one is not known. */
const furthest = (history: History, key: Key, values: ReadonlyArray<Value>): Value | undefined =>
  values.length > 1 && values.some((value) => lastIndex(history, key, value) < 0)
    ? undefined
    : values.reduce<Value | undefined>(
      (best, value) =>
        best === undefined || lastIndex(history, key, value) > lastIndex(history, key, best) ? value : best,
      undefined
    )

/** Whether the graph of some kinds of edges has a cycle: reachability by brute force. */
export const hasCycle = (history: History, ww: boolean, wr: boolean, realtime: boolean): boolean => {
  const ops = completions(history)
  const invoked = (op: DataOperation) =>
    history.slice(0, history.indexOf(op)).findLastIndex((one) => one.process === op.process && one.type === "invoke")
  const edge = (a: DataOperation, b: DataOperation): boolean => {
    if (a === b) return false
    const reads = wr && polls(b).some(([key, [, value]]) => writer(history, key, value) === a)
    const before = realtime && a.type === "ok" && invoked(b) > history.indexOf(a)
    const next = ww && keysOf(history).some((key) =>
      valuesOf(history, key).some((value) => {
        const at = lastIndex(history, key, value)
        return at > 0 && writer(history, key, value) === b &&
          writer(history, key, log(history, key)[at - 1]!.values[0]!) === a
      })
    )
    return reads || before || next
  }
  const reach = ops.map((a) => ops.map((b) => edge(a, b)))
  if (reach.flat().every((drawn) => !drawn)) return false
  for (let k = 0; k < ops.length; k++) {
    for (let i = 0; i < ops.length; i++) {
      for (let j = 0; j < ops.length; j++) reach[i]![j] ||= reach[i]![k]! && reach[k]![j]!
    }
  }
  return ops.some((_, i) => reach[i]![i]!)
}
