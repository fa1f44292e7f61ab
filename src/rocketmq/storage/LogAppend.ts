/**
 * Puts messages into a store: one, a batch, or many that are outstanding at the same time.
 *
 *     refused? ─▶ delayed: to the queue of its level ─▶ append to the CommitLog ─▶ wait for a flush that covers it
 *
 * The one decision: an acknowledgement says what the flush policy says. ASYNC_FLUSH answers PUT_OK when the bytes are in
 * the page cache (or, with a transient pool, not even there); SYNC_FLUSH when a flush that began after the write has ended,
 * or FLUSH_DISK_TIMEOUT after `syncFlushTimeout`, with the message stored all the same. A message with WAIT=false never
 * waits (DefaultMessageStore.asyncPutMessage, CommitLog.asyncPutMessage, submitFlushRequest).
 */
import { Deferred, Effect } from "effect"
import { Malformed } from "../../message/Malformed.ts"
import type { DiskError } from "../../world/Disk.ts"
import { scheduleTopic } from "./CheckMessage.ts"
import * as Log from "./CommitLog.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as Batch from "./MessageBatch.ts"
import * as Codec from "./MessageCodec.ts"
import { isWritable, type MessageStore } from "./MessageStore.ts"
import * as Properties from "./Properties.ts"
import type { PutMessageStatus } from "./PutMessageStatus.ts"
import { onDisk } from "./StorageError.ts"

export interface PutResult {
  readonly status: PutMessageStatus
  /** Where the messages are; absent where none was stored. */
  readonly appended: Log.Appended | undefined
}

const refused = (status: PutMessageStatus): PutResult => ({ status, appended: undefined })

/** What is answered to a put whose entries were not appended (CommitLog.asyncPutMessage). */
const statusOf = (why: Log.NotAppended): PutMessageStatus => {
  switch (why) {
    case "too large":
      return "MESSAGE_ILLEGAL"
    case "no file":
      return "CREATE_MAPEDFILE_FAILED"
  }
}

/** Puts that were stored or refused, and what is still to be waited for before they are answered. */
export interface Submitted {
  /** In the order of the messages; a batch is one put. */
  readonly results: ReadonlyArray<PutResult>
  /** Answers how the flush went that those wait for which were stored; absent where nobody waits. */
  readonly answer: Deferred.Deferred<PutMessageStatus> | undefined
}

/** Stores one message. A delayed one goes to the queue of its level, with its own topic and queue in its properties. */
export const put = (store: MessageStore, message: Codec.Message): Effect.Effect<PutResult, DiskError> =>
  Effect.flatMap(submit(store, message), (submitted) => only(store, submitted))

/** `put` up to its wait for the flush: what a thread of the real one does before it hands its future on. */
export const submit = (store: MessageStore, message: Codec.Message): Effect.Effect<Submitted, DiskError> =>
  onDisk(() => submitAll(store, [delayed(store, message)]))

const only = (store: MessageStore, submitted: Submitted): Effect.Effect<PutResult> =>
  Effect.map(answered(store, submitted), (results) => results[0]!)

/** Waits until what was submitted is flushed, or the timeout passes. */
const answered = (store: MessageStore, { answer, results }: Submitted): Effect.Effect<ReadonlyArray<PutResult>> => {
  if (answer === undefined) return Effect.succeed(results)
  const status = Deferred.await(answer).pipe(
    Effect.timeoutOrElse({
      duration: store.config.syncFlushTimeout,
      orElse: () => Effect.succeed<PutMessageStatus>("FLUSH_DISK_TIMEOUT")
    })
  )
  return Effect.map(status, (status) => withStatus(results, status))
}

/** The answers of puts, once it is known how the flush went that they wait for. */
const withStatus = (results: ReadonlyArray<PutResult>, status: PutMessageStatus): ReadonlyArray<PutResult> =>
  results.map((result) => result.appended === undefined ? result : { ...result, status })

/**
 * Stores messages that are put at the same time by many, with one write a file: each has the answer that `put` would have
 * given it, and none is given before the write has returned. With synchronous flush all wait for one flush.
 */
export const putGathered = (
  store: MessageStore,
  messages: ReadonlyArray<Codec.Message>
): Effect.Effect<ReadonlyArray<PutResult>, DiskError> =>
  Effect.flatMap(submitGathered(store, messages), (submitted) => answered(store, submitted))

/** `putGathered` up to its wait for the flush. */
export const submitGathered = (
  store: MessageStore,
  messages: ReadonlyArray<Codec.Message>
): Effect.Effect<Submitted, DiskError> =>
  onDisk(() => {
    const { config, log } = store
    if (!takesMessages(store)) {
      return { results: messages.map(() => refused("SERVICE_NOT_AVAILABLE")), answer: undefined }
    }
    const sealed = config.enabledAppendPropCRC
    const refusals: Array<PutMessageStatus | undefined> = []
    const items: Array<Log.Gathered> = []
    for (const message of messages) {
      const placed = delayed(store, message)
      const status = refusal(config, placed)
      refusals.push(status)
      if (status !== undefined) continue
      items.push({ entry: Codec.measure(placed, sealed), queue: Log.queueKey(placed.topic, placed.queueId) })
    }
    const storeTimestamp = store.environment.now()
    const appended = Log.appendGathered(log, items, { storeTimestamp, sealed })
    let next = 0
    const results = refusals.map((status): PutResult => {
      if (status !== undefined) return refused(status)
      const found = appended[next++]!
      return typeof found === "string" ? refused(statusOf(found)) : { status: "PUT_OK", appended: found }
    })
    const end = results.reduce((end, { appended }) => Math.max(end, appended?.nextOffset ?? 0), 0)
    const waits = config.flushDiskType === "SYNC_FLUSH" && end > 0
    return { results, answer: waits ? askForFlush(store, end) : undefined }
  })

const takesMessages = (store: MessageStore): boolean =>
  store.running && isWritable(store) && store.config.brokerRole !== "SLAVE"

/** Stores the messages of a batch request: `batch.body` is what the client sent, see MessageBatch.ts. */
export const putBatch = (store: MessageStore, batch: Codec.Message): Effect.Effect<PutResult, DiskError> =>
  Effect.flatMap(submitBatch(store, batch), (submitted) => only(store, submitted))

/** `putBatch` up to its wait for the flush. */
export const submitBatch = (store: MessageStore, batch: Codec.Message): Effect.Effect<Submitted, DiskError> =>
  onDisk(() => {
    const level = Properties.javaInt(Properties.parse(batch.properties).get(Properties.Name.delayLevel) ?? "0") ?? 0
    const illegal = (batch.sysFlag & Codec.SysFlag.transaction) !== 0 || level > 0 ||
      batch.body.length > store.config.maxMessageSize
    if (illegal && store.running) return refusedAll("MESSAGE_ILLEGAL")
    try {
      const own = store.config.behaviour.writesVersion2 ? "" : batch.properties
      const parts = Batch.decode(batch.body)
      const messages = parts.map((part) => ({ ...batch, ...part, properties: Batch.joined(part.properties, own) }))
      return submitAll(store, messages, Properties.parse(batch.properties))
    } catch (error) {
      if (error instanceof Malformed) return refusedAll("MESSAGE_ILLEGAL")
      throw error
    }
  })

const refusedAll = (status: PutMessageStatus): Submitted => ({ results: [refused(status)], answer: undefined })

const submitAll = (
  store: MessageStore,
  messages: ReadonlyArray<Codec.Message>,
  properties = Properties.parse(messages[0]?.properties ?? "")
): Submitted => {
  const { config, log } = store
  if (!takesMessages(store)) return refusedAll("SERVICE_NOT_AVAILABLE")
  const status = messages.map((message) => refusal(config, message)).find((found) => found !== undefined)
  if (messages.length === 0 || status !== undefined) return refusedAll(status ?? "MESSAGE_ILLEGAL")
  const { queueId, sysFlag, topic } = messages[0]!
  const entries = messages.map((message) => Codec.encode(message, config.enabledAppendPropCRC))
  const appended = Log.append(log, entries, {
    queue: Log.queueKey(topic, queueId),
    sysFlag,
    storeTimestamp: store.environment.now(),
    sealed: config.enabledAppendPropCRC
  })
  if (typeof appended === "string") return refusedAll(statusOf(appended))
  const waits = config.flushDiskType === "SYNC_FLUSH" && properties.get(Properties.Name.waitStoreMsgOk) !== "false"
  return {
    results: [{ status: "PUT_OK", appended }],
    answer: waits ? askForFlush(store, appended.nextOffset) : undefined
  }
}

const refusal = (config: StoreConfig, message: Codec.Message): PutMessageStatus | undefined => {
  // A UTF-16 unit takes at most three bytes of UTF-8: nearly every message is settled by its lengths.
  if (
    message.topic.length <= 42 && message.properties.length <= 10_000 && message.body.length <= config.maxMessageSize
  ) {
    return undefined
  }
  const topicBytes = Buffer.byteLength(message.topic)
  if (topicBytes > (config.behaviour.writesVersion2 ? 0x7fff : 0x7f)) return "MESSAGE_ILLEGAL"
  if (message.properties.length > 0x7fff) return "MESSAGE_ILLEGAL"
  if (Buffer.byteLength(message.properties) > 0x7fff) return "PROPERTIES_SIZE_EXCEEDED"
  return message.body.length > config.maxMessageSize ? "MESSAGE_ILLEGAL" : undefined
}

/** Where a message goes: a delayed one to the queue of its level, unless it is half or rolled back. */
const delayed = ({ config }: MessageStore, message: Codec.Message): Codec.Message => {
  if (!message.properties.includes(Properties.Name.delayLevel)) return message
  const transaction = message.sysFlag & Codec.SysFlag.transaction
  const properties = Properties.parse(message.properties)
  const asked = Properties.javaInt(properties.get(Properties.Name.delayLevel) ?? "0") ?? 0
  if (asked <= 0 || (transaction !== 0 && transaction !== Codec.SysFlag.commit)) return message
  const level = Math.min(asked, config.messageDelayLevel.length)
  const moved = new Map(properties)
    .set(Properties.Name.delayLevel, String(level))
    .set(Properties.Name.realTopic, message.topic)
    .set(Properties.Name.realQueueId, String(message.queueId))
  return { ...message, topic: scheduleTopic, queueId: level - 1, properties: Properties.format(moved) }
}

/** Leaves a request with the group commit: that the log be flushed up to an offset. */
const askForFlush = (store: MessageStore, nextOffset: number): Deferred.Deferred<PutMessageStatus> => {
  const answer = Deferred.makeUnsafe<PutMessageStatus>()
  store.requests = [...store.requests, { nextOffset: BigInt(nextOffset), answer }]
  return answer
}
