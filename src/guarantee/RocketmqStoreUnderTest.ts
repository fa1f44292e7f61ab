/**
 * A RocketMQ store as a history asks it: messages of every kind go in, and what comes out is what a consumer is given.
 *
 * The one decision: nothing here trusts the store about itself. The log is walked entry by entry as recovery walks it, a
 * queue is asked number by number as a consumer asks it, and neither looks at a checksum, since the real clients do not
 * either (MessageDecoder.decode); what was put is known from outside.
 */
import { checkMessage } from "../rocketmq/storage/CheckMessage.ts"
import * as Log from "../rocketmq/storage/CommitLog.ts"
import * as Queues from "../rocketmq/storage/ConsumeQueueStore.ts"
import { dispatchCheck } from "../rocketmq/storage/Dispatch.ts"
import type { StoreConfig } from "../rocketmq/storage/LogConfig.ts"
import { getMessage, physicalOffsets, queryMessage } from "../rocketmq/storage/LogRead.ts"
import * as Look from "../rocketmq/storage/LookMessage.ts"
import * as Files from "../rocketmq/storage/MappedFileQueue.ts"
import type * as Codec from "../rocketmq/storage/MessageCodec.ts"
import type { MessageStore } from "../rocketmq/storage/MessageStore.ts"
import * as Properties from "../rocketmq/storage/Properties.ts"
import type { MessageKind } from "./RocketmqStorageCommand.ts"

/** The store's directory. */
export const root = "/store"

const sysFlags: Readonly<Record<MessageKind, number>> = { plain: 0, delayed: 0, half: 4, commit: 8, rollback: 12 }
const hosts: ReadonlyArray<Codec.Host> = [
  { address: Uint8Array.of(127, 0, 0, 1), port: 10911 },
  { address: Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7), port: 40000 }
]

/** The unique key of a message, by the number it was made under; of one length, so that messages of one size can meet. */
export const keyOf = (serial: number): string => `u${String(serial).padStart(4, "0")}`

/** A key that every fifth message shares, so that a query has several to find. */
export const sharedKeyOf = (serial: number): string => `k${serial % 5}`

/** A message whose body says which it is: the same serial number is the same message. */
export const messageOf = (
  { queue, serial, size, time }: {
    readonly queue: number
    readonly serial: number
    readonly size: number
    readonly time: number
  },
  kind: MessageKind,
  config: StoreConfig
): Codec.Message => {
  const properties: Array<readonly [string, string]> = [["KEYS", sharedKeyOf(serial)], ["UNIQ_KEY", keyOf(serial)]]
  if (kind === "delayed") properties.push(["DELAY", "3"])
  return {
    // The third topic needs version 2 where that can be written.
    topic: queue === 2 && config.behaviour.writesVersion2 ? `T${queue}`.padEnd(130, "-long") : `T${queue}`,
    queueId: queue,
    body: new TextEncoder().encode(`${serial}:`.padEnd(size, String(serial % 10))),
    properties: Properties.format(properties),
    flag: 0,
    sysFlag: sysFlags[kind],
    bornTimestamp: time,
    bornHost: hosts[queue & 1]!,
    storeHost: hosts[queue >> 1]!,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0
  }
}

/** Where a message of this kind is stored: level 3 of the delayed ones is queue 2 (ScheduleMessageService). */
export const placeOf = (
  { queueId, topic }: Codec.Message,
  kind: MessageKind
): readonly [topic: string, queueId: number] => kind === "delayed" ? ["SCHEDULE_TOPIC_XXXX", 2] : [topic, queueId]

/** A message as somebody reads it. */
export interface Seen {
  readonly offset: number
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: number
  readonly body: string
  /** Its unique key: the end of the properties, which the checksum of the body does not cover. */
  readonly key: string
  /** The other key, before it. */
  readonly sharedKey: string
}

/** A walk never runs out of memory, whatever a damaged length asks for. */
const patient = (config: StoreConfig): StoreConfig => ({ ...config, largestArray: Number.POSITIVE_INFINITY })

const seenOf = (offset: number, { body, properties, queueId, queueOffset, topic }: Look.Looked): Seen => ({
  offset,
  topic,
  queueId,
  queueOffset: Number(queueOffset),
  body: new TextDecoder().decode(body),
  key: properties.get("UNIQ_KEY") ?? "",
  sharedKey: properties.get("KEYS") ?? ""
})

/** Every message of the log, and where the walk stopped that should have reached the end of a file; in bytes. */
export const walkLog = (
  { config, log }: MessageStore
): { readonly messages: ReadonlyArray<Seen>; readonly stoppedAt: number | undefined } => {
  const messages: Array<Seen> = []
  const options = { ...dispatchCheck(patient(config)), readBody: true }
  for (const file of log.files.files) {
    const end = Files.readable(file)
    const bytes = Files.mapped(file.file, 0, end)
    for (let position = 0; position < end;) {
      const checked = checkMessage(bytes, position, end, options)
      if (checked._tag === "EndOfFile") break
      const stoppedAt = Number(file.base) + position
      if (checked._tag !== "Message") return { messages, stoppedAt }
      const { size } = checked.request
      const looked = Look.decode(bytes.subarray(position, position + size), patient(config))
      if (looked === undefined) return { messages, stoppedAt }
      messages.push(seenOf(stoppedAt, looked))
      position += size
    }
  }
  return { messages, stoppedAt: undefined }
}

/** What a consumer of a queue is given under each number, from the least number on; `stuck` where it gets no further. */
export const consume = (
  store: MessageStore,
  topic: string,
  queueId: number
): { readonly given: ReadonlyMap<number, Seen | undefined>; readonly stuck: number | undefined } => {
  const given = new Map<number, Seen | undefined>()
  for (let offset = -1;;) {
    const answer = getMessage(store, { topic, queueId, offset, maxMsgNums: 1 })
    const [bytes] = answer.messages
    if (bytes !== undefined) {
      const number = answer.nextBeginOffset - 1
      const looked = Look.decode(bytes, patient(store.config))
      given.set(number, looked === undefined ? undefined : seenOf(Number(looked.physicalOffset), looked))
    }
    const isAtEnd = answer.status === "NO_MESSAGE_IN_QUEUE" || answer.nextBeginOffset >= answer.maxOffset
    if (isAtEnd) return { given, stuck: undefined }
    if (answer.nextBeginOffset <= offset) return { given, stuck: offset }
    offset = answer.nextBeginOffset
  }
}

/** Every queue that the store has. */
export const queuesOf = (store: MessageStore): ReadonlyArray<readonly [topic: string, queueId: number]> =>
  Queues.all(store.queues).map(({ queueId, topic }) => [topic, queueId] as const)

const always = { maxNum: 1_000, begin: 0, end: Number.MAX_SAFE_INTEGER }

/** Whether a key finds the message at an offset of the log. */
export const keyFinds = (store: MessageStore, topic: string, key: string, offset: number): boolean =>
  physicalOffsets(store, { ...always, topic, key }).some((found) => Number(found) === offset)

/** Offsets of what a client is shown for a topic and a key. */
export const keyGives = (store: MessageStore, topic: string, key: string): ReadonlyArray<number> =>
  queryMessage(store, { ...always, topic, key }).map(({ physicalOffset }) => Number(physicalOffset))

/** First offset of the log, and the one behind its last byte that can be read. */
export const boundsOf = ({ log }: MessageStore): readonly [from: number, to: number] => [
  Math.max(0, Number(Log.minOffset(log))),
  Number(Log.maxOffset(log))
]
