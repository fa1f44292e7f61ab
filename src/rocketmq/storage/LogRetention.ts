/**
 * What makes room: old files of the CommitLog first, then the queue and index files that only led there.
 *
 *     every 10 s    commitlog/   oldest first, at the hour set, or when the disk is fuller than it should be; never the last
 *                   queues       files whose last entry points before the log begins; never the last of a queue
 *                   index        files that end before the log begins; never the last
 *
 * The one decision: age is that of the last message stored in a file, where the real one takes the file system's word
 * (mtime), which a simulated disk has not and a restored backup has wrong (DefaultMessageStore.CleanCommitLogService,
 * CleanConsumeQueueService; MappedFileQueue.deleteExpiredFileByTime).
 */
import { checkMessage } from "./CheckMessage.ts"
import * as Log from "./CommitLog.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import * as Index from "./IndexFile.ts"
import * as Files from "./MappedFileQueue.ts"
import type { MessageStore } from "./MessageStore.ts"

/** Above these the disk is cleaned whatever the age of the files, and no longer written to (percent). */
const cleanForciblyRatio = 85
const warningRatio = 90

/** Files removed in one round at most. */
const batchMax = 10

export interface Clean {
  /** Whether it is the hour at which old files go (`deleteWhen`, 4 in the morning by default). */
  readonly timeUp: boolean
  /** How full the disk is, in percent. */
  readonly usedPercent: number
}

/** When a file was last written, by its blank or a message: noted at the time, else the last message found in it. */
const lastStored = (store: MessageStore, file: Files.MappedFile): number => {
  if (file.storeTimestamp > 0) return file.storeTimestamp
  const bytes = Files.readFrom(file, 0) ?? new Uint8Array(0)
  const options = Dispatch.dispatchCheck(store.config)
  let stored = 0
  for (let position = 0;;) {
    const checked = checkMessage(bytes, position, bytes.length, options)
    if (checked._tag !== "Message") return stored
    stored = Number(checked.request.storeTimestamp)
    position += checked.request.size
  }
}

/** One round over the CommitLog; answers how many files went. Throws `DiskError`. */
export const cleanCommitLog = (store: MessageStore, { timeUp, usedPercent }: Clean): number => {
  const { config, environment, log } = store
  store.diskFull = usedPercent > warningRatio
  const forcibly = usedPercent > cleanForciblyRatio
  if (!timeUp && usedPercent <= config.diskMaxUsedSpaceRatio) return 0
  const reserved = config.fileReservedTime * 60 * 60 * 1000
  let count = 0
  for (const file of log.files.files.slice(0, -1)) {
    if (count === batchMax || (!forcibly && environment.now() < lastStored(store, file) + reserved)) return count
    Files.destroy(log.files, file)
    count++
  }
  return count
}

/** One round over queues and index, once the log begins later than before. Throws `DiskError`. */
export const cleanConsumeQueues = (store: MessageStore): number => {
  const least = Log.minOffset(store.log)
  const count = Queues.deleteExpired(store.queues, least)
  Index.deleteExpired(store.index, least)
  return count
}
