/**
 * What a store holds after it was loaded and started, reported in the fields of real/'s expected.json.
 *
 *     afterLoad, afterStart   [topic, queueId, minOffset, maxOffset, maxPhysicOffset] of every queue that has had an entry
 *     commitLog               [offset, size, topic, queueId, queueOffset, sysFlag, preparedTransactionOffset] | [offset, "blank"]
 *     queues                  every entry with the message it points at
 *
 * The one decision: everything is asked of the store as a consumer or an administrator of the real one would ask it, so a
 * damaged store is reported as it would be seen. Integers of 16 or more digits are strings, so that no parser rounds them.
 */
import { createHash } from "node:crypto"
import { checkMessage } from "./CheckMessage.ts"
import * as Log from "./CommitLog.ts"
import * as Queue from "./ConsumeQueue.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import { recoveryCheck } from "./LogLoader.ts"
import type { Parts } from "./LogManager.ts"
import * as Look from "./LookMessage.ts"
import * as Codec from "./MessageCodec.ts"
import * as Properties from "./Properties.ts"
import { OutOfMemory } from "./StorageError.ts"

/** An i64 as JSON: a number where it has at most 15 digits. */
export type Long = number | string

export const long = (value: bigint): Long => {
  const text = value.toString()
  return text.replace("-", "").length >= 16 ? text : Number(value)
}

/** [topic, queueId, minOffset, maxOffset, maxPhysicOffset]. */
export type QueueOffsets = readonly [topic: string, queueId: number, min: Long, max: Long, maxPhysic: Long]

export interface Offsets {
  readonly minPhyOffset: Long
  readonly maxPhyOffset: Long
  readonly queues: ReadonlyArray<QueueOffsets>
}

/** Offsets of the log and of every queue that has had an entry. */
export const offsets = ({ log, queues }: Parts): Offsets => ({
  minPhyOffset: long(Log.minOffset(log)),
  maxPhyOffset: long(Log.maxOffset(log)),
  queues: Queues.all(queues)
    .map((queue): QueueOffsets => [
      queue.topic,
      queue.queueId,
      long(Queue.minOffsetInQueue(queue)),
      long(Queue.maxOffsetInQueue(queue)),
      long(queue.maxPhysicOffset)
    ])
    .filter(([, , min, max]) => min !== 0 || max !== 0)
})

export type LogEntry =
  | readonly [offset: Long, size: number, topic: string, queueId: number, queueOffset: Long]
  | readonly [
    offset: Long,
    size: number,
    topic: string,
    queueId: number,
    queueOffset: Long,
    sysFlag: number,
    preparedTransactionOffset: Long
  ]
  | readonly [offset: Long, what: "blank" | "no data"]
  | readonly [offset: Long, what: "invalid", size: number]

/**
 * Walks the log from its least to its greatest offset, or to the first thing that is no message.
 *
 * The check is the store's own: 4.9 then looks at no body and so at no checksum, 5.x at both.
 */
export const walk = ({ config, log }: Parts, full: boolean): ReadonlyArray<LogEntry> => {
  const options = {
    ...recoveryCheck(config),
    delayLevels: config.messageDelayLevel,
    checkCrc: true,
    readBody: config.behaviour.walksBodies
  }
  const entries: Array<LogEntry> = []
  let offset = Log.minOffset(log)
  if (offset < 0n) return entries
  while (offset < Log.maxOffset(log)) {
    const data = Log.dataFrom(log, offset, false)
    if (data === undefined) {
      entries.push([long(offset), "no data"])
      return entries
    }
    for (let position = 0;;) {
      if (position >= data.bytes.length) break
      const checked = checkMessage(data.bytes, position, data.bytes.length, options)
      if (checked._tag === "EndOfFile") {
        entries.push([long(offset), "blank"])
        offset = Log.rollNextFile(log, offset)
        break
      }
      if (checked._tag !== "Message") {
        entries.push([long(offset), "invalid", checked._tag === "Half" ? checked.size : -1])
        return entries
      }
      const { preparedTransactionOffset, queueId, queueOffset, size, sysFlag, topic } = checked.request
      const entry = [long(offset), size, topic, queueId, long(queueOffset)] as const
      entries.push(full ? [...entry, sysFlag, long(preparedTransactionOffset)] : entry)
      offset += BigInt(size)
      position += size
    }
  }
  return entries
}

/** A queue entry in short, and whether its message was found: its own, another one, or none. */
export type ShortEntry = readonly [
  queueOffset: Long,
  physicalOffset: Long,
  size: number,
  tagsCode: string,
  found: string
]

export interface FullEntry {
  readonly queueOffset: Long
  readonly physicalOffset: Long
  readonly size: number
  readonly tagsCode: Long
  readonly topic: string
  readonly queueId: number
  readonly flag: number
  readonly sysFlag: number
  readonly bornTimestamp: Long
  readonly bornHost: string
  readonly storeTimestamp: Long
  readonly storeHost: string
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: Long
  readonly bodyCRC: number
  readonly offsetMsgId: string
  readonly keys: string | null
  readonly tags: string | null
  readonly properties: Readonly<Record<string, string>>
  readonly bodyLength: number
  readonly bodySha256: string
}

export type QueueEntry = ShortEntry | FullEntry | readonly [queueOffset: Long, nothing: null]

export interface QueueReport {
  readonly topic: string
  readonly queueId: number
  readonly minOffset: Long
  readonly maxOffset: Long
  readonly entries: ReadonlyArray<QueueEntry>
}

/** Every entry of every queue that has had one; with `full` the whole message too, where it can be read. */
export const queueReports = (parts: Parts, full: boolean): ReadonlyArray<QueueReport> =>
  Queues.all(parts.queues)
    .map((queue): QueueReport => ({
      topic: queue.topic,
      queueId: queue.queueId,
      minOffset: long(Queue.minOffsetInQueue(queue)),
      maxOffset: long(Queue.maxOffsetInQueue(queue)),
      entries: entriesOf(parts, queue, full)
    }))
    .filter(({ entries, maxOffset, minOffset }) => entries.length > 0 || minOffset !== 0 || maxOffset !== 0)

const entriesOf = (parts: Parts, queue: Queue.ConsumeQueue, full: boolean): ReadonlyArray<QueueEntry> => {
  const reports: Array<QueueEntry> = []
  const end = Queue.maxOffsetInQueue(queue)
  const begin = Queue.minOffsetInQueue(queue)
  for (let number = begin < 0n ? 0n : begin; number < end;) {
    const entries = Queue.entriesFrom(queue, number)
    if (entries === undefined || entries.length === 0) {
      reports.push([long(number++), null])
      continue
    }
    for (const entry of entries) reports.push(entryOf(parts, queue, number++, entry, full))
  }
  return reports
}

const entryOf = (
  { config, log }: Parts,
  queue: Queue.ConsumeQueue,
  number: bigint,
  { offset, size, tagsCode }: Queue.Entry,
  full: boolean
): QueueEntry => {
  const short = (found: string): ShortEntry => [long(number), long(offset), size, tagsCode.toString(), found]
  let looked: Look.Looked | "illegal size" | undefined
  try {
    looked = Look.lookByOffset(log, offset, size, config)
  } catch (error) {
    if (error instanceof OutOfMemory) return short("java.lang.OutOfMemoryError")
    throw error
  }
  if (looked === undefined) return short("unreadable")
  if (looked === "illegal size") return short("java.lang.IllegalArgumentException")
  if (full) {
    return {
      queueOffset: long(number),
      physicalOffset: long(offset),
      size,
      tagsCode: long(tagsCode),
      ...fields(looked)
    }
  }
  const own = looked.topic === queue.topic && looked.queueId === queue.queueId && looked.queueOffset === number
  return short(own ? "ok" : "other")
}

const fields = (message: Look.Looked): Omit<FullEntry, "queueOffset" | "physicalOffset" | "size" | "tagsCode"> => ({
  topic: message.topic,
  queueId: message.queueId,
  flag: message.flag,
  sysFlag: message.sysFlag,
  bornTimestamp: long(message.bornTimestamp),
  bornHost: Codec.hostText(message.bornHost),
  storeTimestamp: long(message.storeTimestamp),
  storeHost: Codec.hostText(message.storeHost),
  reconsumeTimes: message.reconsumeTimes,
  preparedTransactionOffset: long(message.preparedTransactionOffset),
  bodyCRC: message.bodyCrc,
  offsetMsgId: Codec.offsetMessageId(message.storeHost, message.physicalOffset),
  keys: message.properties.get(Properties.Name.keys) ?? null,
  tags: message.properties.get(Properties.Name.tags) ?? null,
  properties: Object.fromEntries([...message.properties].sort(([left], [right]) => left < right ? -1 : 1)),
  bodyLength: message.body.length,
  bodySha256: createHash("sha256").update(message.body).digest("hex")
})

/** Bytes of the log that dispatch had not reached when the report was made. */
export const dispatchBehindBytes = (parts: Parts): Long => long(Dispatch.behind(parts))
