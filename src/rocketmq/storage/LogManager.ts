/**
 * A store from its directory to its first message, and back: make, load, start.
 *
 *     <root>/  commitlog/  consumequeue/<topic>/<queueId>/  index/  config/delayOffset.json  checkpoint  abort  lock
 *
 * The one decision: `abort` is made when the store has started and removed when it has stopped cleanly, so its presence
 * at the next load means a crash; what a store cannot load it refuses whole, and changes nothing of it but what the real
 * one changes (DefaultMessageStore: constructor, load, start; versions 4.9.7 and 5.5.0).
 */
import { scheduleTopic } from "./CheckMessage.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as CleanShutdownMarker from "./CleanShutdownMarker.ts"
import * as Log from "./CommitLog.ts"
import * as ConfigFile from "./ConfigFile.ts"
import * as Queue from "./ConsumeQueue.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import type { Environment } from "./Environment.ts"
import * as Index from "./IndexFile.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as LogLoader from "./LogLoader.ts"
import * as Files from "./MappedFileQueue.ts"
import { LoadRefused, StartHangs } from "./StorageError.ts"

/** The parts of a store; see MessageStore.ts for what is done with them. */
export interface Parts extends Dispatch.Dispatcher {
  readonly environment: Environment
  /** Next queue offset to deliver by delay level, as delayOffset.json has it. */
  readonly delayOffsets: Map<number, number>
}

export const pathOf = (environment: Environment, name: string): string => `${environment.root}/${name}`

/** The parts before the checkpoint has been read. */
export type Unloaded = Omit<Parts, "checkpoint">

/** Makes the parts of a store over its directory, which is made where there is none; nothing is read yet. */
export const make = (environment: Environment, config: StoreConfig): Unloaded => {
  const { disk, now } = environment
  const { behaviour } = config
  const path = (name: string) => pathOf(environment, name)
  for (const directory of [environment.root, path("commitlog"), path("consumequeue")]) {
    Files.makeDirectories(disk, directory)
  }
  disk.open(path("lock"), "either").close()
  return {
    environment,
    config,
    log: Log.make(disk, path("commitlog"), config),
    queues: Queues.make({
      disk,
      directory: path("consumequeue"),
      fileSize: config.mappedFileSizeConsumeQueue,
      searchesMinOffset: behaviour.searchesMinOffset,
      advancesOnFailedFlush: behaviour.advancesOnFailedFlush,
      commitsNames: behaviour.commitsNames,
      guards: config.guards
    }),
    index: Index.make({
      disk,
      directory: path("index"),
      maxHashSlotNum: config.maxHashSlotNum,
      maxIndexNum: config.maxIndexNum,
      indexesTags: behaviour.indexesTags,
      indexesOnce: behaviour.indexesOnce,
      now,
      guards: config.guards
    }),
    reputFromOffset: 0n,
    writesQueues: true,
    delayOffsets: new Map()
  }
}

/**
 * Loads what is on disk and recovers it; answers what recovery did.
 *
 * Throws `LoadRefused` where the real `load()` answers false, `OutOfMemory` where the real process dies.
 */
export const load = (parts: Unloaded): { readonly parts: Parts; readonly recovered: LogLoader.Recovered } => {
  const { config, environment, index, log, queues } = parts
  const { behaviour } = config
  const cleanly = CleanShutdownMarker.stoppedCleanly(environment) || !config.guards.RecoverAfterUncleanStop
  const refusal = Files.load(log.files, behaviour) ?? Queues.load(queues, behaviour)
  if (refusal !== undefined) throw new LoadRefused({ message: refusal })
  const checkpointPath = pathOf(environment, "checkpoint")
  const checkpoint = Checkpoint.open(environment.disk, checkpointPath, behaviour.checkpointsQueueOffset)
  const loaded: Parts = { ...parts, checkpoint }
  // What makes the queues anew from the log makes the index anew with them.
  const isKept = cleanly || !behaviour.rebuildsQueues
  Index.load(index, cleanly, isKept ? checkpoint.indexMsgTimestamp : -(1n << 63n) - 1n)
  const recovered = LogLoader.recover(loaded, cleanly)
  recoverNumbers(parts)
  if (behaviour.loadsDelayOffsets) loadDelayOffsets(loaded)
  return { parts: loaded, recovered }
}

/** Sets the next number of each queue by its entries, and the least offset of each. */
const recoverNumbers = ({ config, log, queues }: Unloaded): void => {
  const table = Queues.recoverOffsetTable(queues, Log.minOffset(log))
  if (config.guards.RecoverQueueNumbers) log.topicQueueTable = table
}

/** Reads delayOffset.json, and makes the queue of every delay level. */
const loadDelayOffsets = ({ config, delayOffsets, environment, queues }: Parts): void => {
  const found = ConfigFile.load(environment.disk, pathOf(environment, "config/delayOffset.json"))
  if (found._tag === "Broken") {
    throw new LoadRefused({ message: `${found.path}: no JSON, where {"offsetTable":{level:offset}} would be` })
  }
  const table = found._tag === "Loaded" ? (found.value as { readonly offsetTable?: unknown } | null)?.offsetTable : {}
  for (const [level, offset] of Object.entries(table ?? {})) delayOffsets.set(Number(level), Number(offset))
  for (const level of config.messageDelayLevel.keys()) {
    const queue = Queues.findOrCreate(queues, scheduleTopic, level)
    const offset = delayOffsets.get(level + 1)
    if (offset === undefined) continue
    const min = Number(Queue.minOffsetInQueue(queue))
    const max = Number(Queue.maxOffsetInQueue(queue))
    delayOffsets.set(level + 1, Math.min(Math.max(offset, min), max))
  }
}

/** Begins dispatch and catches up with the log; throws `StartHangs` where the real `start()` never returns. */
export const start = (parts: Parts): void => {
  const { config, environment, log, queues } = parts
  const lock = environment.disk.open(pathOf(environment, "lock"), "either")
  lock.write(0, new TextEncoder().encode("lock"))
  lock.close()
  if (config.behaviour.startsDispatchAtQueues) {
    const least = Log.minOffset(log)
    const reached = Queues.all(queues).reduce(
      (max, queue) => queue.maxPhysicOffset > max ? queue.maxPhysicOffset : max,
      least
    )
    parts.reputFromOffset = reached < 0n ? 0n : reached
    while (Dispatch.behind(parts) > 0n) {
      const before = parts.reputFromOffset
      Dispatch.reput(parts)
      if (parts.reputFromOffset === before) {
        throw new StartHangs({ reputFromOffset: Number(before), maxOffset: Number(Log.maxOffset(log)) })
      }
    }
    recoverNumbers(parts)
  } else {
    // Recovery has dispatched all that it kept, flushed or not.
    parts.reputFromOffset = Log.maxOffset(log)
    Dispatch.reput(parts)
  }
  CleanShutdownMarker.create(environment, config)
}
