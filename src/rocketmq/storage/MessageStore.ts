/**
 * The store: put, flush, dispatch, get, query, expire, over the files of one broker.
 *
 *     put ──▶ CommitLog ──dispatch──▶ queues, index          each arrow and each flush is a step of its own: the real one
 *              └─flush─▶ disk          └─flush─▶ disk         has a thread for it, which is a fiber of whoever runs a store
 *
 * The one decision: an acknowledgement says what the flush policy says. ASYNC_FLUSH answers PUT_OK when the bytes are in
 * the page cache (or, with a transient pool, not even there); SYNC_FLUSH when a flush that began after the write has ended,
 * or FLUSH_DISK_TIMEOUT after `syncFlushTimeout`, with the message stored all the same. A message with WAIT=false never
 * waits (CommitLog.asyncPutMessage, submitFlushRequest, GroupCommitService; DefaultMessageStore).
 */
import { Deferred, Effect } from "effect"
import { Malformed } from "../../message/Malformed.ts"
import { DiskError } from "../../world/Disk.ts"
import { OutOfMemory, scheduleTopic } from "./CheckMessage.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as Log from "./CommitLog.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import * as Index from "./IndexFile.ts"
import * as Flush from "./MappedFileFlush.ts"
import * as Files from "./MappedFileQueue.ts"
import * as Batch from "./MessageBatch.ts"
import * as Codec from "./MessageCodec.ts"
import * as Properties from "./Properties.ts"
import type { StoreConfig } from "./StoreConfig.ts"
import * as Lifecycle from "./StoreLifecycle.ts"
import type { Recovered } from "./StoreRecovery.ts"

/** How a put went: the real PutMessageStatus, by the names of 4.9. Replication adds its own at a broker. */
export type PutMessageStatus =
  | "PUT_OK"
  | "FLUSH_DISK_TIMEOUT"
  | "SERVICE_NOT_AVAILABLE"
  | "CREATE_MAPEDFILE_FAILED"
  | "MESSAGE_ILLEGAL"
  | "PROPERTIES_SIZE_EXCEEDED"

export interface PutResult {
  readonly status: PutMessageStatus
  /** Where the messages are; absent where none was stored. */
  readonly appended: Log.Appended | undefined
}

interface GroupCommitRequest {
  /** Flushed when the log is flushed up to here. */
  readonly nextOffset: bigint
  readonly answer: Deferred.Deferred<PutMessageStatus>
}

export interface MessageStore extends Lifecycle.Parts {
  /** What recovery did when it was opened. */
  readonly recovered: Recovered
  running: boolean
  /** The disk is too full to write (cleanCommitLog). */
  diskFull: boolean
  requests: ReadonlyArray<GroupCommitRequest>
}

type OpenError = Lifecycle.LoadRefused | Lifecycle.StartHangs | OutOfMemory | DiskError

const isOpenError = (error: unknown): error is OpenError =>
  error instanceof Lifecycle.LoadRefused || error instanceof Lifecycle.StartHangs || error instanceof OutOfMemory ||
  error instanceof DiskError

/** Runs a step, with the errors of the disk in the error channel; anything else is a defect. */
const onDisk = <A>(step: () => A): Effect.Effect<A, DiskError> =>
  Effect.try({
    try: step,
    catch: (error) => {
      if (error instanceof DiskError) return error
      throw error
    }
  })

/** Loads, recovers and starts the store in a directory, which is made where there is none. */
export const open = (
  environment: Lifecycle.Environment,
  config: StoreConfig
): Effect.Effect<MessageStore, OpenError> =>
  Effect.tap(
    opened(environment, config),
    () => config.behaviour.commitsNames ? environment.disk.commit([environment.root]) : Effect.void
  )

const opened = (environment: Lifecycle.Environment, config: StoreConfig): Effect.Effect<MessageStore, OpenError> =>
  Effect.try({
    try: () => {
      const { parts, recovered } = Lifecycle.load(Lifecycle.make(environment, config))
      Lifecycle.start(parts)
      return Object.assign(parts, { recovered, running: true, diskFull: false, requests: [] })
    },
    catch: (error) => {
      if (isOpenError(error)) return error
      throw error
    }
  })

const refused = (status: PutMessageStatus): PutResult => ({ status, appended: undefined })

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
      const found = appended[next++]
      return found === undefined ? refused("MESSAGE_ILLEGAL") : { status: "PUT_OK", appended: found }
    })
    const end = results.reduce((end, { appended }) => Math.max(end, appended?.nextOffset ?? 0), 0)
    const waits = config.flushDiskType === "SYNC_FLUSH" && end > 0
    return { results, answer: waits ? askForFlush(store, end) : undefined }
  })

const takesMessages = ({ config, diskFull, running }: MessageStore): boolean =>
  running && !diskFull && config.brokerRole !== "SLAVE"

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
  if (appended === undefined) return refusedAll("MESSAGE_ILLEGAL")
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

/**
 * One round of synchronous flushing: every put that waits by now is answered, most of them by one flush.
 *
 * Two flushes are tried for each, since the message may be in the file after the one that is flushed first; whoever is
 * not flushed then is told FLUSH_DISK_TIMEOUT at once.
 */
export const groupCommit = (store: MessageStore): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { checkpoint, log } = store
    const { requests } = store
    store.requests = []
    if (requests.length === 0) return yield* Flush.flush(log.files, 0)
    for (const { answer, nextOffset } of requests) {
      for (let tries = 0; tries < 2 && log.files.flushedWhere < nextOffset; tries++) yield* Flush.flush(log.files, 0)
      yield* Deferred.succeed(answer, log.files.flushedWhere >= nextOffset ? "PUT_OK" : "FLUSH_DISK_TIMEOUT")
    }
    if (log.files.storeTimestamp > 0) checkpoint.physicMsgTimestamp = BigInt(log.files.storeTimestamp)
  })

/** Asynchronous flushing, one round: at least so many dirty pages (4 every half second), or 0 for any byte (every 10 s). */
export const flushCommitLog = (store: MessageStore, leastPages: number): Effect.Effect<void> =>
  Effect.map(Flush.flush(store.log.files, leastPages), () => {
    const { storeTimestamp } = store.log.files
    if (storeTimestamp > 0) store.checkpoint.physicMsgTimestamp = BigInt(storeTimestamp)
  })

/** Moves what is in the transient pool into the page cache; answers whether there was nothing to move. */
export const commitCommitLog = (store: MessageStore, leastPages: number): Effect.Effect<boolean, DiskError> =>
  onDisk(() => Flush.commit(store.log.files, leastPages))

/** Flushes the queues, one round; with 0 pages (once a minute) the checkpoint too. */
export const flushConsumeQueues = (store: MessageStore, leastPages: number): Effect.Effect<void, DiskError> =>
  Effect.gen(function*() {
    const { checkpoint, config, queues } = store
    const { appendedOffset, appendedTimestamp } = checkpoint
    for (const queue of Queues.all(queues)) {
      yield* Flush.flush(queue.files, leastPages)
    }
    if (leastPages !== 0) return
    if (!config.behaviour.checkpointsUnflushedQueues) {
      if (appendedTimestamp > 0n) checkpoint.logicsMsgTimestamp = appendedTimestamp
      if (appendedOffset > 0n) checkpoint.logicsPhysicalOffset = appendedOffset
    }
    yield* flushCheckpoint(store)
  })

const flushCheckpoint = ({ checkpoint, environment }: MessageStore): Effect.Effect<void, DiskError> =>
  Effect.flatMap(onDisk(() => Checkpoint.write(checkpoint)), () => environment.disk.commit([checkpoint.file]))

/** Makes the oldest full index file durable, and notes in the checkpoint how far the index is. */
export const flushIndex = (store: MessageStore): Effect.Effect<void, DiskError> =>
  Effect.flatMap(Index.flushSealed(store.index), (end) => {
    if (end <= 0n) return Effect.void
    store.checkpoint.indexMsgTimestamp = end
    return flushCheckpoint(store)
  })

/** Dispatches what is in the log, as far as it may; answers how many messages. */
export const dispatch = (store: MessageStore): Effect.Effect<number, DiskError> => onDisk(() => Dispatch.reput(store))

/**
 * Stops cleanly: everything committed, dispatched and flushed, the abort file removed. Where dispatch cannot catch up,
 * the abort file stays and the next load recovers as after a crash.
 */
export const close = (store: MessageStore): Effect.Effect<void, DiskError> =>
  Effect.gen(function*() {
    const { config, environment, index, log, queues } = store
    store.running = false
    while (!(yield* commitCommitLog(store, 0)));
    if (config.guards.FlushOnClose) {
      yield* groupCommit(store)
      yield* Flush.flushAll(log.files)
      yield* flushCommitLog(store, 0)
    }
    yield* dispatch(store)
    for (const queue of Queues.all(queues)) yield* Flush.flushAll(queue.files)
    yield* flushConsumeQueues(store, 0)
    yield* onDisk(() => {
      if (Dispatch.behind(store) === 0n && !store.diskFull) {
        environment.disk.remove(Lifecycle.pathOf(environment, "abort"))
      }
      Files.close(log.files)
      Queues.close(queues)
      Index.close(index)
      store.checkpoint.file.close()
    })
  })
