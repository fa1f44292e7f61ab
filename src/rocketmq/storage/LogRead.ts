/**
 * Reading: messages of a queue by number, messages of a topic by key and time.
 *
 * The one decision: a reader sees what dispatch has put into the queue, whether or not it is flushed; an entry that leads
 * to nothing makes it jump to the next file of the CommitLog. The statuses are those of GetMessageStatus, and each says
 * where to go on (DefaultMessageStore.getMessage, queryMessage).
 */
import * as Log from "./CommitLog.ts"
import * as Queue from "./ConsumeQueue.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as IndexQuery from "./IndexQuery.ts"
import type { Parts } from "./LogManager.ts"
import * as Look from "./LookMessage.ts"

export type GetMessageStatus =
  | "FOUND"
  | "NO_MATCHED_MESSAGE"
  | "MESSAGE_WAS_REMOVING"
  | "OFFSET_FOUND_NULL"
  | "OFFSET_OVERFLOW_BADLY"
  | "OFFSET_OVERFLOW_ONE"
  | "OFFSET_TOO_SMALL"
  | "NO_MESSAGE_IN_QUEUE"

export interface GetMessageResult {
  readonly status: GetMessageStatus
  /** Number to ask for next. */
  readonly nextBeginOffset: number
  readonly minOffset: number
  readonly maxOffset: number
  /** Entries of the CommitLog, byte for byte. */
  readonly messages: ReadonlyArray<Uint8Array>
}

export interface GetMessage {
  readonly topic: string
  readonly queueId: number
  /** Number of the first message wanted. */
  readonly offset: number
  readonly maxMsgNums: number
  /** Only messages whose entry has one of these (hashes of tags); all of them if absent. */
  readonly tagsCodes?: ReadonlySet<bigint>
}

/** Bytes and count of messages that one answer holds at most (maxTransferBytesOnMessageInMemory, ...Count...). */
const maxTransferBytes = 256 * 1024
const maxTransferCount = 32
/** Entries looked at for one answer. */
const maxFilterCount = 16_000 / Queue.unitSize

/** Gets messages of one queue, from one file of it. */
export const getMessage = (parts: Parts, ask: GetMessage): GetMessageResult => {
  const queue = Queues.findOrCreate(parts.queues, ask.topic, ask.queueId)
  const minOffset = Number(Queue.minOffsetInQueue(queue))
  const maxOffset = Number(Queue.maxOffsetInQueue(queue))
  const none = (status: GetMessageStatus, nextBeginOffset: number): GetMessageResult => ({
    status,
    nextBeginOffset,
    minOffset,
    maxOffset,
    messages: []
  })
  const { offset } = ask
  if (maxOffset === 0) return none("NO_MESSAGE_IN_QUEUE", 0)
  if (offset < minOffset) return none("OFFSET_TOO_SMALL", minOffset)
  if (offset === maxOffset) return none("OFFSET_OVERFLOW_ONE", offset)
  if (offset > maxOffset) return none("OFFSET_OVERFLOW_BADLY", maxOffset)
  const entries = Queue.entriesFrom(queue, BigInt(offset))
  if (entries === undefined) {
    const perFile = queue.files.fileSize / Queue.unitSize
    return none("OFFSET_FOUND_NULL", offset + perFile - offset % perFile)
  }
  return { minOffset, maxOffset, ...collect(parts, entries, ask) }
}

const collect = (
  { log }: Parts,
  entries: ReadonlyArray<Queue.Entry>,
  ask: GetMessage
): Pick<GetMessageResult, "status" | "nextBeginOffset" | "messages"> => {
  const messages: Array<Uint8Array> = []
  let status: GetMessageStatus = "NO_MATCHED_MESSAGE"
  let skipBefore: bigint | undefined
  let bytes = 0
  let at = 0
  const limit = Math.max(maxFilterCount, ask.maxMsgNums)
  for (; at < entries.length && at < limit; at++) {
    const entry = entries[at]!
    if (skipBefore !== undefined && entry.offset < skipBefore) continue
    const full = messages.length > 0 &&
      (messages.length >= Math.min(ask.maxMsgNums, maxTransferCount) || bytes + entry.size > maxTransferBytes)
    if (full) break
    if (ask.tagsCodes !== undefined && !ask.tagsCodes.has(entry.tagsCode)) continue
    const found = Log.messageAt(log, entry.offset, entry.size)
    if (found === undefined || found === "illegal size") {
      if (messages.length === 0) status = "MESSAGE_WAS_REMOVING"
      skipBefore = Log.rollNextFile(log, entry.offset)
      continue
    }
    messages.push(found)
    bytes += found.length
    status = "FOUND"
    skipBefore = undefined
  }
  return { status, nextBeginOffset: ask.offset + at, messages }
}

export interface QueryMessage {
  readonly topic: string
  readonly key: string
  readonly maxNum: number
  /** Store timestamps, inclusive, in milliseconds. */
  readonly begin: number
  readonly end: number
}

/** What the index finds, in the order of the log, collisions included. */
export const physicalOffsets = (parts: Parts, ask: QueryMessage): ReadonlyArray<bigint> =>
  IndexQuery.query(parts.index, ask).toSorted((left, right) => left < right ? -1 : left > right ? 1 : 0)

/**
 * Messages of a topic with a key, oldest first; of many the newest `maxNum`, as the index finds them.
 *
 * A message that recovery indexed again is answered twice, as in the real store. The index keeps hashes, so the real
 * broker also answers messages whose key merely collides, and its clients compare; here they are compared already.
 */
export const queryMessage = (parts: Parts, ask: QueryMessage): ReadonlyArray<Look.Looked> =>
  physicalOffsets(parts, ask).flatMap((offset) => {
    const data = Log.dataFrom(parts.log, offset, false)
    const message = data === undefined ? undefined : Look.decode(data.bytes, parts.config)
    if (message === undefined || message.topic !== ask.topic) return []
    const keys = [message.properties.get("UNIQ_KEY"), ...(message.properties.get("KEYS")?.split(" ") ?? [])]
    return keys.includes(ask.key) ? [message] : []
  })
