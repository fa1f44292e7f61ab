/**
 * All logs of one log directory: found by their names, opened with its checkpoints, closed together (LogManager).
 *
 *     .lock ─ .kafka_cleanshutdown? ─ recovery-point-, log-start-offset-checkpoint ─▶ each TOPIC-PARTITION ─▶ serve
 *     close all ─▶ both checkpoints ─▶ .kafka_cleanshutdown ─▶ .lock away
 *
 * An I/O error in one partition takes the directory offline and the start goes on; any other failure ends the start. A
 * checkpoint that cannot be read counts as an I/O error too: its offsets read as 0, and the first log that has to look a
 * transaction up in its own segments finds the directory offline.
 */
import * as Checkpoint from "./Checkpoint.ts"
import * as CleanShutdownMarker from "./CleanShutdownMarker.ts"
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import type { LogConfig } from "./LogConfig.ts"
import { ensureOnline, guarded, noteFailure } from "./LogDirectory.ts"
import { type DirectoryName, parseDirectoryName, type TopicPartition } from "./LogFileNames.ts"
import * as LogRetention from "./LogRetention.ts"
import * as MetaProperties from "./MetaProperties.ts"
import * as PartitionLog from "./PartitionLog.ts"
import * as ProducerStateManager from "./ProducerStateManager.ts"
import { fail } from "./StorageError.ts"

export const recoveryPointCheckpoint = "recovery-point-offset-checkpoint"
export const logStartOffsetCheckpoint = "log-start-offset-checkpoint"
export const highWatermarkCheckpoint = "replication-offset-checkpoint"

/** Directories that are no partition's: the cache of tiered storage, and KRaft's own log. */
const remoteCache = "remote-log-index-cache"
const metadataTopic = "__cluster_metadata"

export interface LogManager {
  readonly environment: Environment
  /** Settings of a topic, the defaults where it has none of its own. */
  readonly configOf: (topic: string) => LogConfig
  readonly hadCleanShutdown: boolean
  readonly metaProperties: MetaProperties.MetaProperties | undefined
  /** By "topic partition": the logs that are served, and those that are to take their places. */
  readonly current: Map<string, PartitionLog.PartitionLog>
  readonly future: Map<string, PartitionLog.PartitionLog>
  /** Logs on their way out. */
  readonly toDelete: Array<PartitionLog.PartitionLog>
  readonly stray: Map<string, PartitionLog.PartitionLog>
}

const touch = ({ disk }: Environment, path: string): void => disk.open(path, "either").close()

/** The offsets of a checkpoint; none where it cannot be read, and where it cannot be read for I/O the directory is offline. */
const readCheckpoint = ({ disk, logDirectory }: Environment, name: string): Checkpoint.Offsets => {
  try {
    return Checkpoint.readOffsets(disk, `${logDirectory.path}/${name}`)
  } catch (error) {
    noteFailure(logDirectory, error)
    return new Map()
  }
}

/** Partition directories, in the order in which they are loaded. Fails with `Kafka` for a name that is none. */
const directoriesToLoad = (
  { disk, logDirectory: { path } }: Environment
): ReadonlyArray<DirectoryName & { readonly name: string }> =>
  disk.list(path).filter((name) => disk.stat(`${path}/${name}`)?.kind === "directory" && name !== remoteCache)
    .map((name) => ({ name, ...parseDirectoryName(name, `${path}/${name}`) }))
    .filter(({ topic }) => topic !== metadataTopic)
    // A file system lists a directory in an order of its own; from the back is one of them.
    .toReversed()

const keep = (manager: LogManager, directory: DirectoryName, log: PartitionLog.PartitionLog): void => {
  const key = Checkpoint.keyOf(directory)
  switch (directory.role) {
    case "delete":
      manager.toDelete.push(log)
      return
    case "stray":
      manager.stray.set(key, log)
      return
    case "current":
    case "future": {
      const logs = directory.role === "current" ? manager.current : manager.future
      const previous = logs.get(key)
      logs.set(key, log)
      if (previous !== undefined) {
        fail("IllegalState", `Duplicate log directories found: ${log.directory}, ${previous.directory}`)
      }
      return
    }
  }
}

/**
 * Opens a log directory and every log in it.
 *
 * Fails by name where a broker would not start. I/O errors leave `environment.logDirectory` offline instead.
 */
export function* open(environment: Environment, configOf: (topic: string) => LogConfig): Durably<LogManager> {
  const { disk, logDirectory } = environment
  const { path } = logDirectory
  touch(environment, `${path}/.lock`)
  const metaProperties = MetaProperties.read(disk, path)
  for (const name of [recoveryPointCheckpoint, logStartOffsetCheckpoint]) touch(environment, `${path}/${name}`)
  const hadCleanShutdown = CleanShutdownMarker.take(disk, path, environment.behaviour.guards.TakeMarker)
  const recoveryPoints = readCheckpoint(environment, recoveryPointCheckpoint)
  const logStartOffsets = readCheckpoint(environment, logStartOffsetCheckpoint)
  const manager: LogManager = {
    environment,
    configOf,
    hadCleanShutdown,
    metaProperties,
    current: new Map(),
    future: new Map(),
    toDelete: [],
    stray: new Map()
  }
  for (const directory of directoriesToLoad(environment)) {
    const key = Checkpoint.keyOf(directory)
    const options = {
      hadCleanShutdown,
      recoveryPoint: recoveryPoints.get(key) ?? 0,
      logStartOffset: logStartOffsets.get(key) ?? 0
    }
    try {
      const config = configOf(directory.topic)
      keep(manager, directory, yield* PartitionLog.open(environment, `${path}/${directory.name}`, config, options))
    } catch (error) {
      if (!noteFailure(logDirectory, error)) throw error
    }
  }
  return manager
}

/** The logs that are checkpointed and closed: of a partition with two logs the future one hides the current one. */
const logs = (manager: LogManager): ReadonlyMap<string, PartitionLog.PartitionLog> =>
  new Map([...manager.current, ...manager.future])

/** Makes a log for a partition that has none, or answers the one it has. */
export function* getOrCreate(
  manager: LogManager,
  partition: TopicPartition,
  topicId?: string
): Durably<PartitionLog.PartitionLog> {
  const { configOf, current, environment } = manager
  const key = Checkpoint.keyOf(partition)
  const known = current.get(key)
  if (known !== undefined) return known
  const directory = `${environment.logDirectory.path}/${partition.topic}-${partition.partition}`
  const log = yield* guarded(
    environment.logDirectory,
    () =>
      PartitionLog.open(environment, directory, configOf(partition.topic), {
        hadCleanShutdown: true,
        recoveryPoint: 0,
        logStartOffset: 0,
        ...(topicId === undefined ? {} : { topicId })
      })
  )
  current.set(key, log)
  return log
}

/** Writes down how far each log was flushed. */
export const checkpointRecoveryPoints = (manager: LogManager): Durably<void> => {
  const { behaviour, disk, logDirectory } = manager.environment
  const offsets = new Map([...logs(manager)].map(([key, log]) => [key, log.recoveryPoint]))
  return Checkpoint.writeOffsets(disk, `${logDirectory.path}/${recoveryPointCheckpoint}`, offsets, behaviour.guards)
}

/** Writes down where each log begins that begins inside its first segment. */
export const checkpointLogStartOffsets = (manager: LogManager): Durably<void> => {
  const { behaviour, disk, logDirectory } = manager.environment
  const moved = [...logs(manager)].filter(([, log]) => log.logStartOffset > log.segments.all[0]!.baseOffset)
  const offsets = new Map(moved.map(([key, log]) => [key, log.logStartOffset]))
  return Checkpoint.writeOffsets(disk, `${logDirectory.path}/${logStartOffsetCheckpoint}`, offsets, behaviour.guards)
}

/** Writes down the high watermark of each log (ReplicaManager.checkpointHighWatermarks). */
export const checkpointHighWatermarks = (manager: LogManager): Durably<void> => {
  const { behaviour, disk, logDirectory } = manager.environment
  const offsets = new Map([...logs(manager)].map(([key, log]) => [key, log.highWatermark]))
  return Checkpoint.writeOffsets(disk, `${logDirectory.path}/${highWatermarkCheckpoint}`, offsets, behaviour.guards)
}

/** Takes up the high watermarks that were written down, each within its log. */
export const restoreHighWatermarks = (manager: LogManager): void => {
  const { disk, logDirectory } = manager.environment
  const offsets = Checkpoint.readOffsets(disk, `${logDirectory.path}/${highWatermarkCheckpoint}`)
  for (const [key, log] of manager.current) PartitionLog.updateHighWatermark(log, offsets.get(key) ?? 0)
}

/** Removes what retention no longer wants, of every log (cleanupLogs). Answers the number of segments. */
export function* cleanUp(manager: LogManager): Durably<number> {
  let removed = 0
  for (const log of logs(manager).values()) removed += yield* LogRetention.deleteOldSegments(log)
  return removed
}

/** Forgets the producers that were silent for too long (producer.id.expiration.ms). */
export const removeExpiredProducers = (manager: LogManager): void => {
  for (const log of logs(manager).values()) ProducerStateManager.removeExpired(log.producers, log.environment.now())
}

/** Flushes the logs whose last flush is too long ago (flushDirtyLogs). */
export function* flushDirty(manager: LogManager): Durably<void> {
  for (const log of logs(manager).values()) {
    const { config, environment } = log
    if (environment.now() - log.lastFlushed >= config.flushMillis) yield* PartitionLog.flush(log)
  }
}

/** Stops cleanly: all is flushed and closed before the marker says so. */
export function* close(manager: LogManager, brokerEpoch: number): Durably<void> {
  const { disk, logDirectory } = manager.environment
  ensureOnline(logDirectory)
  for (const log of logs(manager).values()) {
    if (log.environment.behaviour.guards.FlushOnClose) yield* PartitionLog.flush(log, true)
    yield* PartitionLog.close(log)
  }
  yield* checkpointRecoveryPoints(manager)
  yield* checkpointLogStartOffsets(manager)
  yield* CleanShutdownMarker.write(disk, logDirectory.path, brokerEpoch)
  disk.remove(`${logDirectory.path}/.lock`)
}
