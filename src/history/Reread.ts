/**
 * What was delivered once and is gone at the end: the final re-read of a key against everything polled before it.
 *
 * The one decision: the final re-read of a key is that of the last assignment which went to the beginning and of which a
 * poll then showed the key. What an ok poll had shown before that assignment was invoked must be polled again, at any
 * offset, before the re-read is past its place; what lies below the beginning that clients were shown may be deleted.
 */
import { type Finding, finding } from "./Anomaly.ts"
import { ok, operationOf } from "./Columns.ts"
import { beginnings } from "./EndOffsets.ts"
import { capital, type Judged, placesOf, whose } from "./Judged.ts"
import { isAssign, type Key, keyOf } from "./Operation.ts"

interface Session {
  readonly invoked: number
  readonly completed: number
  readonly keys: ReadonlySet<Key>
}

interface Reread {
  readonly session: Session
  readonly seen: Set<number>
  offset: number
  furthest: number
}

/** The final re-read of each key number. */
const finalRereads = ({ columns }: Judged): ReadonlyMap<number, Reread> => {
  const { nodeAt, operations, outcome, pollOffset, pollStart, pollValue, valueKey } = columns
  const open = new Map<number, number>()
  const current = new Map<number, Session>()
  const final = new Map<number, Reread>()
  for (let at = 0; at < operations.length; at++) {
    const operation = operations[at]!
    if (isAssign(operation)) {
      if (operation.type === "invoke") open.set(operation.process, at)
      else if (operation.type !== "fail") {
        const invoked = open.get(operation.process) ?? at
        if (operation.seekToBeginning === true) {
          current.set(operation.process, { invoked, completed: at, keys: new Set(operation.value.map(keyOf)) })
        } else current.delete(operation.process)
      }
      continue
    }
    const node = nodeAt[at]!
    if (node < 0 || pollStart[node] === pollStart[node + 1]) continue
    const session = current.get(operation.process as number)
    if (session === undefined) continue
    for (let i = pollStart[node]!; i < pollStart[node + 1]!; i++) {
      const value = pollValue[i]!
      if (value < 0) continue
      const key = valueKey[value]!
      if (!session.keys.has(columns.keys[key]!)) continue
      let reread = final.get(key)
      if (reread === undefined || reread.session.invoked < session.invoked) {
        reread = { session, seen: new Set(), offset: -1, furthest: node }
        final.set(key, reread)
      }
      if (reread.session !== session) continue
      reread.seen.add(value)
      if (outcome[node] === ok && pollOffset[i]! > reread.offset) {
        reread.offset = pollOffset[i]!
        reread.furthest = node
      }
    }
  }
  return final
}

/** An ok poll of a value that was complete before a place, and the offset that it showed. */
const earlierPoll = ({ columns, readers }: Judged, value: number, place: number) => {
  for (let i = readers.start[value]!; i < readers.start[value + 1]!; i++) {
    const reader = readers.reader[i]!
    if (columns.outcome[reader] !== ok || columns.completion[reader]! >= place) continue
    for (let entry = columns.pollStart[reader]!; entry < columns.pollStart[reader + 1]!; entry++) {
      const offset = columns.pollOffset[entry]!
      if (columns.pollValue[entry] === value && offset >= 0) return { reader, offset }
    }
  }
  return undefined
}

export const deliveredThenGone = (judged: Judged): Array<Finding> => {
  const { columns, orders } = judged
  const found: Array<Finding> = []
  const final = finalRereads(judged)
  if (final.size === 0) return found
  const beginning = beginnings(columns)
  for (const [key, { furthest, offset: reached, seen, session }] of final) {
    const name = columns.keys[key]!
    const { offsets, start, valuesAt } = orders.logs[key]!
    for (let index = 0; index < offsets.length && offsets[index]! < reached; index++) {
      if (offsets[index]! < (beginning.get(name) ?? 0)) continue
      for (let i = start[index]!; i < start[index + 1]!; i++) {
        const gone = valuesAt[i]!
        if (seen.has(gone) || orders.lastIndex[gone] !== index) continue
        const poll = earlierPoll(judged, gone, session.invoked)
        if (poll === undefined || poll.offset >= reached) continue
        const value = columns.values[gone]!
        found.push(
          finding(
            "delivered-then-gone",
            [name, value],
            [...placesOf(columns, [poll.reader, furthest]), session.invoked, session.completed],
            `${
              capital(whose(columns, poll.reader))
            } read ${value} at offset ${poll.offset} of key ${name}; the re-read up to ${
              whose(columns, furthest)
            } is past that offset and never showed it.`,
            {
              key: name,
              value,
              offset: poll.offset,
              reader: operationOf(columns, poll.reader),
              "re-read": operationOf(columns, furthest)
            }
          )
        )
      }
    }
  }
  return found
}
