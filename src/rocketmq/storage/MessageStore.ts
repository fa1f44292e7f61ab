/**
 * The store: open, flush, dispatch, close, over the files of one broker; how messages get in is in LogAppend.ts.
 *
 *     put ──▶ CommitLog ──dispatch──▶ queues, index          each arrow and each flush is a step of its own: the real one
 *              └─flush─▶ disk          └─flush─▶ disk         has a thread for it, which is a fiber of whoever runs a store
 *
 * The one decision: nothing runs by itself. A flush that fails is no error here, as it is none in the real one; what a put
 * is then told is decided by how far the log is flushed (CommitLog.GroupCommitService, FlushRealTimeService;
 * DefaultMessageStore.FlushConsumeQueueService, shutdown).
 */
import { Deferred, Effect } from "effect"
import { DiskError } from "../../world/Disk.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as CleanShutdownMarker from "./CleanShutdownMarker.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import type { Environment } from "./Environment.ts"
import * as Index from "./IndexFile.ts"
import type { StoreConfig } from "./LogConfig.ts"
import type { Recovered } from "./LogLoader.ts"
import * as LogManager from "./LogManager.ts"
import * as Flush from "./MappedFileFlush.ts"
import * as Files from "./MappedFileQueue.ts"
import type { PutMessageStatus } from "./PutMessageStatus.ts"
import { LoadRefused, onDisk, OutOfMemory, StartHangs } from "./StorageError.ts"

interface GroupCommitRequest {
  /** Flushed when the log is flushed up to here. */
  readonly nextOffset: bigint
  readonly answer: Deferred.Deferred<PutMessageStatus>
}

export interface MessageStore extends LogManager.Parts {
  /** What recovery did when it was opened. */
  readonly recovered: Recovered
  running: boolean
  /** The disk is too full to write (cleanCommitLog). */
  diskFull: boolean
  requests: ReadonlyArray<GroupCommitRequest>
}

type OpenError = LoadRefused | StartHangs | OutOfMemory | DiskError

const isOpenError = (error: unknown): error is OpenError =>
  error instanceof LoadRefused || error instanceof StartHangs || error instanceof OutOfMemory ||
  error instanceof DiskError

/** Loads, recovers and starts the store in a directory, which is made where there is none. */
export const open = (
  environment: Environment,
  config: StoreConfig
): Effect.Effect<MessageStore, OpenError> =>
  Effect.tap(
    opened(environment, config),
    () => config.behaviour.commitsNames ? environment.disk.commit([environment.root]) : Effect.void
  )

const opened = (environment: Environment, config: StoreConfig): Effect.Effect<MessageStore, OpenError> =>
  Effect.try({
    try: () => {
      const { parts, recovered } = LogManager.load(LogManager.make(environment, config))
      LogManager.start(parts)
      return Object.assign(parts, { recovered, running: true, diskFull: false, requests: [] })
    },
    catch: (error) => {
      if (isOpenError(error)) return error
      throw error
    }
  })

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

/** Whether nothing keeps the store from taking messages: no full disk, no queue that could not be written (RunningFlags). */
export const isWritable = ({ diskFull, writesQueues }: MessageStore): boolean => writesQueues && !diskFull

/**
 * Stops cleanly: everything committed, dispatched and flushed, the abort file removed. Where dispatch cannot catch up
 * or the store is not writable, the abort file stays and the next load recovers as after a crash.
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
    if (config.behaviour.commitsNames) yield* Index.flushAll(index)
    yield* onDisk(() => {
      if (Dispatch.behind(store) === 0n && isWritable(store)) {
        CleanShutdownMarker.remove(environment)
      }
      Files.close(log.files)
      Queues.close(queues)
      Index.close(index)
      store.checkpoint.file.close()
    })
  })
