/**
 * The checks that upstream does not know once more in a few lines, straight from the table of docs/histories.md and without
 * regard to speed. A twin answers the identities of what it finds, as text. Every operation of the histories is completed.
 */
import { type DataOperation, isAssign, isData, type Key, keyOf, type Operation } from "../../src/history/Operation.ts"
import { committed, completions, type History, is, keysOf, lastIndex, log, polls, sends, writer } from "./Twins.ts"

const place = (history: History, op: Operation) => history.indexOf(op)
/** The place of the invocation of a completion. */
const invoked = (history: History, op: Operation) =>
  history.slice(0, place(history, op)).findLastIndex((one) => one.process === op.process && one.type === "invoke")
const keysNamed = (op: Operation) => (op.value as ReadonlyArray<Key>).map(keyOf)
const isDone = ({ type }: Operation) => type === "ok" || type === "info"
const assignments = (history: History) => history.filter(isAssign).filter(isDone)
const polledBy = (history: History, key: Key, value: Key, by: (op: DataOperation) => boolean) =>
  completions(history).some((op) => polls(op).some(is(key, value)) && by(op))

/** Ok answers that tell a number for a key, in the order of their completion. */
const answers = (history: History, fs: ReadonlyArray<string>, key: Key) =>
  history.filter((op) => fs.includes(op.f) && op.type === "ok").flatMap((op) => {
    const told = op.f === "list-offsets" ? op.value : (op.value as ReadonlyArray<unknown>)[1]
    const number = (told as { readonly [key: string]: number | readonly [number, number] })[String(key)]
    if (number === undefined) return []
    const [earliest, at] = typeof number === "object" ? number : [0, number]
    return [{ op, earliest, at, from: invoked(history, op), to: place(history, op), isReset: isReset(op) }]
  })
const isReset = (op: Operation) => "reset" in op && op.reset === true
const most = (numbers: ReadonlyArray<number>) => Math.max(0, ...numbers)

const allKeys = [0, 1] as const
const beginning = (history: History, key: Key) =>
  most(answers(history, ["list-offsets"], key).map(({ earliest }) => earliest))
const isNamed = (op: Operation) => "group" in op || op.f === "commit" || op.f === "committed"
const isMember = (history: History, process: unknown) => history.some((op) => op.process === process && isNamed(op))
/** Whether the process assigned its keys itself, at a place. */
const assignsItself = (history: History, process: unknown, at: number) =>
  assignments(history).findLast((op) => op.process === process && place(history, op) < at)?.f === "assign"

const endOffsets = (history: History) =>
  allKeys.flatMap((key) => {
    let sinceFall = 0
    return answers(history, ["list-offsets"], key).flatMap(({ at, from, to }) => {
      const highest = most(
        answers(history, ["list-offsets"], key).filter((one) => one.to >= sinceFall && one.to < from).map(({ at }) =>
          at
        )
      )
      if (highest <= at) return []
      sinceFall = to
      return [`${key} ${highest} ${at}`]
    })
  })

const committedPositions = (history: History) =>
  allKeys.flatMap((key) => {
    const positions = answers(history, ["commit", "committed"], key)
    return positions.flatMap(({ at, from, isReset: resets, to }) => {
      const before = positions.findLast((one) => one.to < from)
      if (before === undefined || before.at <= at || resets) return []
      const asked = history.some((op) => {
        if (op.f !== "commit" || op.type === "fail" || op.type === "invoke") return false
        const position = (op.value as readonly [string, { readonly [key: string]: number }])[1][String(key)]
        const end = op.type === "ok" ? place(history, op) : Infinity
        if (position === undefined || invoked(history, op) >= to || end <= before.from) return false
        return isReset(op) ? position <= at : position === at && invoked(history, op) < before.to
      })
      const rewound = history.filter(isAssign).some((op) => {
        const when = place(history, op)
        return op.seekToBeginning === true && op.type !== "fail" && when > before.from && when < to &&
          keysNamed(op).includes(key) && (isMember(history, op.process) || !history.some((o) =>
            o.process === op.process && isNamed(o)
          ))
      })
      return asked || rewound ? [] : [`g ${key} ${before.at} ${at}`]
    })
  })

const neverDelivered = (history: History) =>
  keysOf(history).flatMap((key) => {
    const positions = answers(history, ["commit", "committed"], key)
    const behind = most(positions.filter(({ isReset }) => !isReset).map(({ at }) => at))
    const owed = Math.max(beginning(history, key), most(positions.filter(({ isReset }) => isReset).map(({ at }) => at)))
    const counts = (op: DataOperation) =>
      isMember(history, op.process) || !assignsItself(history, op.process, place(history, op))
    return log(history, key).filter(({ offset }) => offset >= owed && offset < behind).flatMap(({ values }) =>
      values.filter((value) => writer(history, key, value)?.type === "ok" && !polledBy(history, key, value, counts))
        .map((value) => `g ${key} ${value}`)
    )
  })

const gone = (history: History) =>
  keysOf(history).flatMap((key) => {
    const sessions = assignments(history).filter((op) => op.seekToBeginning === true && keysNamed(op).includes(key))
    const during = (session: Operation) => {
      const end = assignments(history).find((op) =>
        op.process === session.process && place(history, op) > place(history, session)
      )
      return completions(history).filter((op) =>
        op.process === session.process && place(history, op) > place(history, session) &&
        (end === undefined || place(history, op) < place(history, end)) && polls(op).some(([k]) => k === key)
      )
    }
    const final = sessions.filter((one) => during(one).length > 0)
      .toSorted((a, b) => invoked(history, a) - invoked(history, b)).at(-1)
    if (final === undefined) return []
    const shown = during(final).flatMap((op) => polls(op).filter(([k]) => k === key).map((entry) => ({ op, entry })))
    const reached = Math.max(-1, ...shown.filter(({ op }) => op.type === "ok").map(({ entry }) => entry[1][0] ?? -1))
    return log(history, key).flatMap(({ offset, values }, index) =>
      values.filter((value) => {
        if (
          lastIndex(history, key, value) !== index || offset >= reached || offset < beginning(history, key)
        ) return false
        const first = completions(history)
          .filter((op) => op.type === "ok" && place(history, op) < invoked(history, final))
          .flatMap(polls).find((entry) => is(key, value)(entry) && entry[1][0] !== null)
        return first !== undefined && first[1][0]! < reached && !shown.some(({ entry }) => is(key, value)(entry))
      }).map((value) => `${key} ${value}`)
    )
  })

/** Indexes that a process polled of a key, parted where it may have lost the key in between. */
const stretches = (history: History, process: unknown, key: Key) => {
  const found: Array<{ readonly indexes: Array<number>; readonly itself: boolean }> = []
  let goesOn = false
  for (const op of history) {
    if (op.process !== process || op.type === "invoke") continue
    if (isAssign(op) && isDone(op)) goesOn &&= op.seekToBeginning !== true && keysNamed(op).includes(key)
    if (!isData(op)) continue
    const moved = op.rebalanceLog?.some(({ keys }) => keys.map(keyOf).includes(key)) === true
    goesOn &&= !moved
    const indexes = polls(op).filter(([k]) => k === key).map(([, [, value]]) => lastIndex(history, key, value))
      .filter((index) => index >= 0)
    if (op.type !== "ok" || moved || indexes.length === 0) continue
    if (!goesOn) found.push({ indexes: [], itself: assignsItself(history, process, place(history, op)) })
    goesOn = true
    found.at(-1)!.indexes.push(...indexes)
  }
  return found
}

const torn = (history: History) =>
  completions(history).filter(({ type }) => type === "ok").flatMap((reader) =>
    polls(reader).flatMap(([key, [, read]]) => {
      const wrote = writer(history, key, read)
      if (wrote === undefined || !committed(history, wrote)) return []
      return sends(wrote).filter(([k, [, missed]]) => {
        const index = lastIndex(history, k, missed)
        return index >= 0 && !(k === key && missed === read) &&
          !polledBy(history, k, missed, ({ process }) => process === reader.process) &&
          stretches(history, reader.process, k).some(({ indexes, itself }) =>
            Math.min(...indexes) < index && index < Math.max(...indexes) &&
            (itself || !polledBy(history, k, missed, () => true))
          )
      }).map(([k, [, missed]]) => `${reader.process} ${k} ${missed}`)
    })
  )

/** One a check, but for `key-order`, whose twin does not name the first value: any of several may stand there. */
export const groupTwins: { readonly [name: string]: (history: History) => ReadonlyArray<string> } = {
  "torn-transaction": torn,
  "delivered-then-gone": gone,
  "acknowledged-never-delivered": neverDelivered,
  "committed-went-back": committedPositions,
  "end-offset-went-back": endOffsets
}

interface Delivery {
  readonly op: DataOperation
  readonly key: Key
  readonly step: number
  readonly entry: number
}

/** Who delivered a value, with its step and its place in that; all there are. */
const deliveries = (history: History, value: unknown, by: (op: DataOperation) => boolean): ReadonlyArray<Delivery> =>
  completions(history).filter(by).flatMap((op) =>
    op.value.flatMap((step, at) =>
      step[0] === "poll" && step.length === 2
        ? Object.entries(step[1]).flatMap(([key, pairs]) =>
          pairs.flatMap((pair, entry) => pair[1] === value ? [{ op, key: keyOf(key), step: at, entry }] : [])
        )
        : []
    )
  )

/**
 * Second values of pairs out of order, as reader and value: b was sent with the record key after a was acknowledged, and its
 * first certain delivery is before every possible first one of a.
 */
export const outOfOrder = (history: History): ReadonlyArray<string> => {
  const before = (b: Delivery, a: Delivery) =>
    a.op !== b.op
      ? place(history, b.op) < invoked(history, a.op)
      : b.step < a.step || (b.step === a.step && b.key === a.key && b.entry < a.entry)
  const keyed = completions(history).filter((op) => op.recordKey !== undefined)
  const readers = [
    ...new Set(history.map(({ process }) => isMember(history, process) ? "group g" : `process ${process}`))
  ]
  return readers.flatMap((reader) => {
    const certainly = ({ process }: Operation) =>
      reader === (isMember(history, process) ? "group g" : `process ${process}`)
    const possibly = (op: Operation) => certainly(op) || (reader === "group g" && !isMember(history, op.process))
    return keyed.flatMap((later) =>
      sends(later).filter(([, [, b]]) => {
        const first = deliveries(history, b, (op) => op.type === "ok" && certainly(op))[0]
        return first !== undefined && keyed.some((earlier) =>
          earlier.process === later.process && earlier.type === "ok" &&
          place(history, earlier) < place(history, later) &&
          sends(earlier).some(([, [, a]]) => {
            const delivered = deliveries(history, a, possibly)
              .toSorted((one, other) => invoked(history, one.op) - invoked(history, other.op))[0]
            return delivered !== undefined && before(first, delivered)
          })
        )
      }).map(([, [, b]]) => `${reader} ${b}`)
    )
  })
}
