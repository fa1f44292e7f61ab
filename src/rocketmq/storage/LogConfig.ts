/**
 * The settings of a store, named as in MessageStoreConfig, and what 5.x does differently from 4.9 as named switches.
 *
 * The one decision: versions are never compared. Code asks a switch what it is called after, so a store of 4.9 with one
 * habit of 5.x is a configuration like any other, and each difference can be tested alone. Where the facts of 5.3 and
 * the directories of 5.5.0 differ, 5.5.0 decides.
 */
import { allGuards, type Guards } from "./Guards.ts"

/** Differences in behaviour. All of `v4_9` is false where the name describes 5.x. */
export interface Behaviour {
  /** Reads entries of version 2, and never looks past the end of a file for a message that says it is longer. */
  readonly readsVersion2: boolean
  /** An empty last file of a queue is removed when it is loaded, and directories are passed over; else loading fails. */
  readonly removesEmptyLastFile: boolean
  /**
   * After a clean stop recovery begins at the newest file whose first message the queues have reached (at most
   * `commitLogRecoverMaxNum` files back) and dispatches what lies beyond them; else it checks the last three files and
   * dispatches nothing.
   */
  readonly dispatchesAfterCleanStop: boolean
  /** After a crash a file is matched by the queues' checkpoint alone and its first message must pass every check. */
  readonly matchesByQueues: boolean
  /** Delay levels are known before recovery; else a delayed message that recovery dispatches gets its tags' hash. */
  readonly knowsDelayLevelsInRecovery: boolean
  /** The store itself loads delayOffset.json, and fails with it. */
  readonly loadsDelayOffsets: boolean
  /** At start dispatch begins at the highest offset that any queue has reached; else where recovery ended. */
  readonly startsDispatchAtQueues: boolean
  /** Dispatch may run ahead of a synchronous flush (apache/rocketmq#8239). */
  readonly dispatchesBeforeFlush: boolean
  /** The least offset of a queue is found by binary search from the last one, and may point past the end. */
  readonly searchesMinOffset: boolean
  /** The timestamp of the queues in the checkpoint is that of the last entry appended, flushed or not. */
  readonly checkpointsUnflushedQueues: boolean
  /** The checkpoint also holds the offset that the queues have reached. */
  readonly checkpointsQueueOffset: boolean
  /** Tags are keys of the index too. */
  readonly indexesTags: boolean
  /** The abort file holds the process id, and is replaced with a .bak; else it is empty. */
  readonly abortHoldsProcessId: boolean
  /** A flush that failed moves the flushed position all the same, so its messages are acknowledged as flushed. */
  readonly advancesOnFailedFlush: boolean
  /**
   * Hardened, in no version: the first flush of a file commits its name too, and that of the abort file is committed before
   * the store takes messages, so that a power cut can take neither. A stop makes the index durable before that file goes.
   */
  readonly commitsNames: boolean
  /** Hardened, in no version: recovery overwrites with zeros what it cuts off, so that it cannot come back. */
  readonly erasesDirtyTail: boolean
  /**
   * Hardened, in no version: a file that is too short is filled up with zeros when it is loaded. A power cut may keep the
   * name of a file that was just made and not its size, and every version then refuses the whole store.
   */
  readonly fillsShortFiles: boolean
  /**
   * Hardened, in no version: what recovery found counts as flushed only once it has been flushed again; after a kill it
   * was in the page cache and nowhere else.
   */
  readonly flushesRecovered: boolean
  /**
   * Hardened, in no version: the message at which the index ends is not indexed again when it is dispatched again. The others
   * compare with < (IndexService.buildIndex), since a crash may have left some of its keys out; here a crash leaves no index.
   */
  readonly indexesOnce: boolean
  /**
   * Hardened, in no version: after a crash every queue and the index are made again from the log. A queue's file may have kept an entry
   * whose message the log lost, and every version believes it once the log has grown over that place again.
   */
  readonly rebuildsQueues: boolean
  /** Who walks over the log has bodies read and checked; 4.9 passes them over. */
  readonly walksBodies: boolean
  /** A topic of more than 127 bytes is stored as version 2; else it is refused. */
  readonly writesVersion2: boolean
}

/** RocketMQ 4.9.7. */
export const v4_9: Behaviour = {
  readsVersion2: false,
  removesEmptyLastFile: false,
  dispatchesAfterCleanStop: false,
  matchesByQueues: false,
  knowsDelayLevelsInRecovery: false,
  loadsDelayOffsets: true,
  startsDispatchAtQueues: true,
  dispatchesBeforeFlush: true,
  searchesMinOffset: false,
  checkpointsUnflushedQueues: true,
  checkpointsQueueOffset: false,
  indexesTags: false,
  abortHoldsProcessId: false,
  advancesOnFailedFlush: true,
  commitsNames: false,
  erasesDirtyTail: false,
  flushesRecovered: false,
  indexesOnce: false,
  rebuildsQueues: false,
  fillsShortFiles: false,
  walksBodies: false,
  writesVersion2: false
}

/** RocketMQ 5.5.0, with its own defaults. */
export const v5_5: Behaviour = {
  readsVersion2: true,
  removesEmptyLastFile: true,
  dispatchesAfterCleanStop: true,
  matchesByQueues: true,
  knowsDelayLevelsInRecovery: true,
  loadsDelayOffsets: false,
  startsDispatchAtQueues: false,
  dispatchesBeforeFlush: false,
  searchesMinOffset: true,
  checkpointsUnflushedQueues: false,
  checkpointsQueueOffset: true,
  indexesTags: true,
  abortHoldsProcessId: true,
  advancesOnFailedFlush: false,
  commitsNames: false,
  erasesDirtyTail: false,
  flushesRecovered: false,
  indexesOnce: false,
  rebuildsQueues: false,
  fillsShortFiles: false,
  walksBodies: true,
  writesVersion2: true
}

/** 5.5.0 with what it takes to keep every message that was acknowledged as flushed; see also `hardened`. */
export const hardenedBehaviour: Behaviour = {
  ...v5_5,
  commitsNames: true,
  erasesDirtyTail: true,
  fillsShortFiles: true,
  flushesRecovered: true,
  indexesOnce: true,
  rebuildsQueues: true
}

export interface StoreConfig {
  readonly behaviour: Behaviour
  /** All on in a store that stands for a real one. */
  readonly guards: Guards
  /** Bytes of a CommitLog file, exactly: 1 GiB by default. */
  readonly mappedFileSizeCommitLog: number
  /** Bytes of a ConsumeQueue file; rounded up to whole entries of 20 bytes. */
  readonly mappedFileSizeConsumeQueue: number
  readonly maxHashSlotNum: number
  readonly maxIndexNum: number
  readonly messageIndexEnable: boolean
  /** Recovery also goes back to what the index has reached. */
  readonly messageIndexSafe: boolean
  readonly flushDiskType: "SYNC_FLUSH" | "ASYNC_FLUSH"
  /** How long a put waits for its flush, in milliseconds. */
  readonly syncFlushTimeout: number
  /** Messages go to a buffer outside the page cache first, and are lost with the process until they are committed. */
  readonly transientStorePoolEnable: boolean
  readonly checkCRCOnRecover: boolean
  /** Each message gets a checksum of all of it as its last property (5.x; off by default). */
  readonly enabledAppendPropCRC: boolean
  /** Recovery checks that one instead of the body's, and takes a message without it for none (5.x; off by default). */
  readonly forceVerifyPropCRC: boolean
  /** Most files that recovery goes back over (5.x). */
  readonly commitLogRecoverMaxNum: number
  /** Bytes of a body. */
  readonly maxMessageSize: number
  /** Delays by level, in milliseconds, level 1 first. */
  readonly messageDelayLevel: ReadonlyArray<number>
  /** Hours that a CommitLog file is kept after its last message. */
  readonly fileReservedTime: number
  /** Percent of the disk above which old files go, from `cleanForciblyRatio` on whatever their age. */
  readonly diskMaxUsedSpaceRatio: number
  readonly brokerRole: "ASYNC_MASTER" | "SYNC_MASTER" | "SLAVE"
  /**
   * Bytes that the Java virtual machine can give to one array. 4.9 allocates as many as a message claims before it looks
   * at the rest of it, and dies where there are none.
   */
  readonly largestArray: number
}

const seconds = 1000
const minutes = 60 * seconds
const hours = 60 * minutes

/** The defaults of 4.9.7. */
export const defaults: StoreConfig = {
  behaviour: v4_9,
  guards: allGuards,
  mappedFileSizeCommitLog: 1024 * 1024 * 1024,
  mappedFileSizeConsumeQueue: 300_000 * 20,
  maxHashSlotNum: 5_000_000,
  maxIndexNum: 5_000_000 * 4,
  messageIndexEnable: true,
  messageIndexSafe: false,
  flushDiskType: "ASYNC_FLUSH",
  syncFlushTimeout: 5 * seconds,
  transientStorePoolEnable: false,
  checkCRCOnRecover: true,
  enabledAppendPropCRC: false,
  forceVerifyPropCRC: false,
  commitLogRecoverMaxNum: 10,
  maxMessageSize: 4 * 1024 * 1024,
  messageDelayLevel: [
    ...[1, 5, 10, 30].map((n) => n * seconds),
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30].map((n) => n * minutes),
    ...[1, 2].map((n) => n * hours)
  ],
  fileReservedTime: 72,
  diskMaxUsedSpaceRatio: 75,
  brokerRole: "ASYNC_MASTER",
  largestArray: 450 * 1024 * 1024
}

/** Settings and habits under which a power cut takes nothing that was acknowledged as flushed, and leaves no half message. */
export const hardened = (config: StoreConfig): StoreConfig => ({
  ...config,
  behaviour: hardenedBehaviour,
  flushDiskType: "SYNC_FLUSH",
  enabledAppendPropCRC: true,
  forceVerifyPropCRC: true
})

const numeric = [
  "mappedFileSizeCommitLog",
  "mappedFileSizeConsumeQueue",
  "maxHashSlotNum",
  "maxIndexNum",
  "syncFlushTimeout",
  "commitLogRecoverMaxNum",
  "maxMessageSize",
  "fileReservedTime",
  "diskMaxUsedSpaceRatio"
] as const
const boolean = [
  "messageIndexEnable",
  "messageIndexSafe",
  "transientStorePoolEnable",
  "checkCRCOnRecover",
  "enabledAppendPropCRC",
  "forceVerifyPropCRC"
] as const

/** A broker's settings as text, name by name, over others; names that are no setting of the store are passed over. */
export const configure = (config: StoreConfig, settings: Readonly<Record<string, string>>): StoreConfig => {
  const changed: { -readonly [Name in keyof StoreConfig]?: StoreConfig[Name] } = {}
  for (const name of numeric) {
    const value = Number(settings[name] ?? Number.NaN)
    if (Number.isSafeInteger(value) && value > 0) changed[name] = value
  }
  for (const name of boolean) {
    if (settings[name] !== undefined) changed[name] = settings[name] === "true"
  }
  const flush = settings["flushDiskType"]
  if (flush === "SYNC_FLUSH" || flush === "ASYNC_FLUSH") changed.flushDiskType = flush
  const role = settings["brokerRole"]
  if (role === "ASYNC_MASTER" || role === "SYNC_MASTER" || role === "SLAVE") changed.brokerRole = role
  return { ...config, ...changed }
}
