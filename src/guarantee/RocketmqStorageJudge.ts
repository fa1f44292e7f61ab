/**
 * Holds what a RocketMQ store gives to what was put.
 *
 * The one decision: the log is judged first and the rest by it. A message that the log lost is missing from its queue too,
 * and counts once; a queue and the index are wrong where they do not show what the log has. While the store runs nothing is
 * to be excused, so the log is the model; after a stop it is held to what was promised.
 */
import type { MessageStore } from "../rocketmq/storage/MessageStore.ts"
import type { Finding, Kind } from "./RocketmqStorageCommand.ts"
import { boundsOf, consume, keyFinds, keyGives, queuesOf, type Seen, walkLog } from "./RocketmqStoreUnderTest.ts"

/** A message that was handed to the store, where the store said that it is. */
export interface Known extends Seen {
  /** Its number in its queue, absent for a half or rolled back one. */
  readonly number: number | undefined
  /** Whether it has a key in the index: a rolled back one has none (IndexService.buildIndex). */
  readonly isIndexed: boolean
  acknowledged: boolean
  flushed: boolean
  /** Its file was removed for its age; a power cut may undo that. */
  expired: boolean
}

/** What a look at the store needs to know. */
export interface Look {
  /** After what. */
  readonly what: string
  /** What was put and may be there, in the order of the log. */
  readonly model: ReadonlyArray<Known>
  /** Every message that was ever handed to the store at an offset. */
  readonly ever: ReadonlyMap<number, ReadonlyArray<Known>>
  /** What was handed over and never answered, by its body: wherever it is. */
  readonly attempted: ReadonlyMap<string, Known>
  /** Whether queues are looked at too, and not the log alone. */
  readonly isWhole: boolean
  /** Whether the index is. */
  readonly looksUp: boolean
  /** Whether what was never acknowledged must be there too: it is, in a store that runs. */
  readonly isRunning: boolean
  /** Kinds that are broken already: nothing more can be said of them. */
  readonly broken: ReadonlySet<Kind>
}

const same = (one: Seen, other: Seen): boolean =>
  one.offset === other.offset && one.topic === other.topic && one.queueId === other.queueId &&
  one.queueOffset === other.queueOffset && one.body === other.body && one.key === other.key &&
  one.sharedKey === other.sharedKey

const nameOf = ({ number, queueId, topic }: Known): string =>
  number === undefined ? `a hidden message of ${topic}-${queueId}` : `number ${number} of ${topic}-${queueId}`

/** What was put, as which the bytes at an offset of the log are known. */
const recognised = (seen: Seen, { attempted, ever }: Look): Known | undefined => {
  const known = ever.get(seen.offset)?.findLast((known) => same(known, seen))
  if (known !== undefined) return known
  const attempt = attempted.get(seen.body)
  if (
    attempt === undefined || attempt.topic !== seen.topic || attempt.queueId !== seen.queueId ||
    attempt.key !== seen.key || attempt.sharedKey !== seen.sharedKey
  ) return undefined
  return { ...attempt, ...seen, number: attempt.number === undefined ? undefined : seen.queueOffset }
}

/** What is left in the log, and what that breaks. */
const judgeLog = (
  store: MessageStore,
  look: Look
): { readonly left: ReadonlyArray<Known>; readonly findings: ReadonlyArray<Finding> } => {
  const { ever, isRunning, model, what } = look
  const findings: Array<Finding> = []
  const { messages, stoppedAt } = walkLog(store)
  const left = messages.flatMap((seen) => {
    const known = recognised(seen, look)
    if (known !== undefined) return [known]
    findings.push({ kind: "bytes", sentence: `${what} offset ${seen.offset} of the log holds what nobody put there` })
    return []
  })
  const there = new Set(left)
  const [from, to] = boundsOf(store)
  const owed = model.filter(({ acknowledged, expired, offset }) =>
    !expired && (isRunning || acknowledged) && (!isRunning || offset < to)
  )
  const missing = owed.filter((known) => !there.has(known))
  const [first] = missing
  if (first !== undefined) {
    const sentence = `${what} ${nameOf(first)} is gone from the log, which was acknowledged`
    findings.push({ kind: "acknowledged", sentence })
    const flushed = missing.find((known) => known.flushed)
    if (flushed !== undefined) {
      findings.push({ kind: "flushed", sentence: `${what} ${nameOf(flushed)} is gone from the log, which was flushed` })
    }
    const behind = left.find(({ offset }) => offset > first.offset)
    if (behind !== undefined) {
      findings.push({ kind: "hole", sentence: `${what} ${nameOf(first)} is gone, and ${nameOf(behind)} is there` })
    }
  }
  const owned = new Set(model)
  const back = left.find((known) =>
    !owned.has(known) && !known.expired && ever.get(known.offset)?.includes(known) === true
  )
  if (back !== undefined) {
    findings.push({ kind: "hole", sentence: `${what} ${nameOf(back)} is back in the log, which was lost before` })
  }
  if (stoppedAt !== undefined) {
    const sentence = `${what} no message begins at ${stoppedAt} of the log, which goes from ${from} to ${to}`
    findings.push({ kind: "hole", sentence })
  }
  return { left, findings }
}

/**
 * Whether the message under a number went with its file. What such a number gives then is nobody's promise: for offset 0
 * every version answers whatever its log begins with (test/rocketmq/storage/MessageStore.test.ts).
 */
const hasExpired = (ever: Look["ever"], queue: string, number: number): boolean =>
  [...ever.values()].flat().some((known) =>
    known.expired && known.number === number && `${known.topic}-${known.queueId}` === queue
  )

/** What the queues do not show of the log as far as it is dispatched, or show and should not. */
const judgeQueues = (
  store: MessageStore,
  left: ReadonlyArray<Known>,
  { ever, what }: Look
): ReadonlyArray<Finding> => {
  const findings: Array<Finding> = []
  const dispatched = Number(store.reputFromOffset)
  const expected = new Map<string, Map<number, Known>>()
  for (const [topic, queueId] of queuesOf(store)) expected.set(`${topic}-${queueId}`, new Map())
  for (const known of left) {
    if (known.number === undefined) continue
    const queue = `${known.topic}-${known.queueId}`
    if (!expected.has(queue)) expected.set(queue, new Map())
    expected.get(queue)!.set(known.number, known)
  }
  for (const [queue, messages] of expected) {
    const at = queue.lastIndexOf("-")
    const { given, stuck } = consume(store, queue.slice(0, at), Number(queue.slice(at + 1)))
    if (stuck !== undefined) {
      findings.push({ kind: "delivered", sentence: `${what} a consumer of ${queue} gets no further than ${stuck}` })
    }
    for (const [number, known] of messages) {
      // A store whose queues cannot be written says so to every producer, and makes them good at its next start.
      if (given.has(number) || known.offset >= dispatched || !store.writesQueues) continue
      findings.push({
        kind: "delivered",
        sentence: `${what} ${nameOf(known)} is in the log and no consumer of its queue is given it`
      })
    }
    for (const [number, seen] of given) {
      const known = messages.get(number)
      if (known !== undefined && seen !== undefined && same(known, seen)) continue
      if (hasExpired(ever, queue, number)) continue
      const found = seen === undefined
        ? "what cannot be read"
        : `a message of ${seen.topic} with number ${seen.queueOffset}`
      findings.push({ kind: "answer", sentence: `${what} number ${number} of ${queue} gives ${found}` })
    }
  }
  return findings
}

/** Keys that do not find their message, as far as the log is dispatched, or that find one twice or one without them. */
const judgeKeys = (
  store: MessageStore,
  left: ReadonlyArray<Known>,
  { what }: Look
): ReadonlyArray<Finding> => {
  const dispatched = Number(store.reputFromOffset)
  const indexed = left.filter(({ isIndexed }) => isIndexed)
  let lost: Known | undefined
  let wrong: string | undefined
  for (const messages of Map.groupBy(indexed, ({ sharedKey, topic }) => `${topic} ${sharedKey}`).values()) {
    const [{ sharedKey, topic }] = messages as [Known]
    const given = keyGives(store, topic, sharedKey)
    const found = new Set(given)
    lost ??= messages.find(({ key, offset }) =>
      offset < dispatched && !(found.has(offset) && keyFinds(store, topic, key, offset))
    )
    const owned = new Set(messages.map(({ offset }) => offset))
    const extra = given.find((offset, index) => !owned.has(offset) || given.indexOf(offset) !== index)
    if (extra === undefined) continue
    const how = owned.has(extra) ? "twice" : "which was not put with it"
    wrong ??= `a query by ${topic} ${sharedKey} gives offset ${extra}, ${how}`
  }
  const findings: Array<Finding> = []
  if (lost !== undefined) {
    const sentence = `${what} keys ${lost.key}, ${lost.sharedKey} do not both find ${nameOf(lost)}, which is in the log`
    findings.push({ kind: "keys", sentence })
  }
  if (wrong !== undefined) findings.push({ kind: "query", sentence: `${what} ${wrong}` })
  return findings
}

/** All of it, without what is broken already. */
export const judge = (
  store: MessageStore,
  look: Look
): { readonly left: ReadonlyArray<Known>; readonly findings: ReadonlyArray<Finding> } => {
  const { findings, left } = judgeLog(store, look)
  const { broken } = look
  const all = [
    ...findings,
    ...!look.isWhole || broken.has("delivered") || broken.has("answer") ? [] : judgeQueues(store, left, look),
    ...!look.looksUp || (broken.has("keys") && broken.has("query")) ? [] : judgeKeys(store, left, look)
  ]
  return { left, findings: all.filter(({ kind }) => !broken.has(kind)) }
}
