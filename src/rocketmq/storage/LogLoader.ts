/**
 * What a store does with what it finds on disk: load, normal and abnormal recovery.
 *
 *     abort absent    queues to their last good entry; the newest files of the log checked; the log cut where it breaks
 *     abort present   as above, but from the newest file that the checkpoint vouches for, and every message dispatched again
 *
 * The one decision: the log is the truth and ends at the first thing that is no message, wherever that is: a flipped bit in
 * an older file costs everything behind it. The queues are only cut, and only rebuilt where recovery dispatches: what they
 * lack before that place stays missing (CommitLog.recoverNormally, recoverAbnormally, isMappedFileMatchedRecover;
 * DefaultMessageStore.load; versions 4.9.7 and 5.5.0).
 */
import { type Checked, checkMessage, type CheckOptions } from "./CheckMessage.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Dispatch from "./Dispatch.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as Files from "./MappedFileQueue.ts"
import { bornHostBytes, Magic } from "./MessageCodec.ts"

/** What recovery did with the log. */
export interface Recovered {
  /** Offset of the first byte that was checked. */
  readonly from: number
  /** Where the log ends. */
  readonly to: number
  /** Messages that were checked, and those that were dispatched again. */
  readonly messages: number
  readonly dispatched: number
  /** Why the log ends there. */
  readonly end: "no more files" | "no message" | "half a message" | "no log"
}

/** Options of the check that recovery makes. */
export const recoveryCheck = (config: StoreConfig): CheckOptions => ({
  checkCrc: config.checkCRCOnRecover && config.guards.ChecksumMessages,
  checkWhole: config.forceVerifyPropCRC,
  readBody: true,
  delayLevels: config.behaviour.knowsDelayLevelsInRecovery ? config.messageDelayLevel : [],
  readsVersion2: config.behaviour.readsVersion2,
  largestArray: config.largestArray
})

/** Recovers queues and log, with files loaded; may throw `OutOfMemory` where the real process dies. */
export const recover = (dispatcher: Dispatch.Dispatcher, afterCleanStop: boolean): Recovered => {
  const { config, log, queues } = dispatcher
  Queues.recover(queues)
  const reached = Queues.maxPhysicOffset(queues)
  if (log.files.files.length === 0) {
    log.files.flushedWhere = 0n
    log.files.committedWhere = 0n
    Queues.destroy(queues)
    return { from: 0, to: 0, messages: 0, dispatched: 0, end: "no log" }
  }
  const rebuilds = config.behaviour.rebuildsQueues && !afterCleanStop
  if (rebuilds) Queues.destroy(queues)
  const start = afterCleanStop ? normalStart(dispatcher, reached) : rebuilds ? 0 : abnormalStart(dispatcher)
  // After a clean stop 5.x dispatches what the queues have not reached, by the offset that the message itself states.
  const beyond = afterCleanStop ? (config.behaviour.dispatchesAfterCleanStop ? reached : undefined) : -(1n << 63n) - 1n
  const { recovered, end } = scan(dispatcher, start, beyond)
  log.files.flushedWhere = end
  log.files.committedWhere = end
  // 4.9 asks how far the queues were before it dispatched, 5.x how far they are now.
  const furthest = config.behaviour.matchesByQueues ? Queues.maxPhysicOffset(queues) : reached
  if (furthest >= end && config.guards.TruncateDirtyQueues) {
    Queues.truncateDirty(queues, end)
  }
  Files.truncateDirtyFiles(log.files, end)
  if (config.behaviour.erasesDirtyTail) eraseTail(log.files)
  if (config.behaviour.flushesRecovered && !afterCleanStop) forgetFlushed(log.files, start)
  return recovered
}

/** Counts files from one on as not flushed, whatever is in them. */
const forgetFlushed = (files: Files.MappedFileQueue, start: number): void => {
  for (const file of files.files.slice(start)) file.flushed = 0
  const earliest = files.files[Math.min(start, files.files.length - 1)]
  if (earliest !== undefined) files.flushedWhere = earliest.base
}

/** Overwrites with zeros what is behind the end of the last file, so that no later recovery finds it there. */
const eraseTail = (files: Files.MappedFileQueue): void => {
  const file = Files.last(files)
  if (file !== undefined && file.wrote < files.fileSize) {
    file.file.write(file.wrote, new Uint8Array(files.fileSize - file.wrote))
  }
}

/** Walks the log from a file on, dispatching messages that say they are beyond an offset. */
const scan = (
  dispatcher: Dispatch.Dispatcher,
  start: number,
  beyond: bigint | undefined
): { readonly recovered: Recovered; readonly end: bigint } => {
  const { files } = dispatcher.log
  const options = recoveryCheck(dispatcher.config)
  const list = files.files
  let messages = 0
  let dispatched = 0
  for (let index = start;; index++) {
    const file = list[index]!
    const bytes = Files.readAll(files, file)
    let position = 0
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let checked: Checked = checkMessage(bytes, 0, bytes.length, options, view)
    while (checked._tag === "Message") {
      const { request } = checked
      messages++
      position += request.size
      if (beyond !== undefined && request.physicalOffset > beyond) {
        Dispatch.dispatch(dispatcher, request)
        dispatched++
      }
      checked = checkMessage(bytes, position, bytes.length, options, view)
    }
    Dispatch.settle(dispatcher)
    if (checked._tag === "EndOfFile" && index + 1 < list.length) continue
    const end = file.base + BigInt(position)
    const why = checked._tag === "EndOfFile"
      ? "no more files"
      : checked._tag === "Half"
      ? "half a message"
      : "no message"
    return {
      end,
      recovered: { from: Number(list[start]!.base), to: Number(end), messages, dispatched, end: why }
    }
  }
}

const normalStart = (dispatcher: Dispatch.Dispatcher, reached: bigint): number => {
  const { config, log } = dispatcher
  const count = log.files.files.length
  if (!config.behaviour.dispatchesAfterCleanStop) return Math.max(0, count - 3)
  let left = config.commitLogRecoverMaxNum
  for (let index = count - 1; index > 0; index--) {
    left--
    const head = headOf(dispatcher, log.files.files[index]!)
    if ((head !== undefined && head.physicalOffset <= reached && indexVouches(dispatcher, head)) || left <= 0) {
      return index
    }
  }
  return 0
}

const abnormalStart = (dispatcher: Dispatch.Dispatcher): number => {
  const { config, log } = dispatcher
  const byQueues = config.behaviour.matchesByQueues
  let left = byQueues ? config.commitLogRecoverMaxNum : Number.POSITIVE_INFINITY
  for (let index = log.files.files.length - 1; index >= 0; index--) {
    const file = log.files.files[index]!
    left--
    if ((byQueues ? queuesVouch(dispatcher, file) : checkpointVouches(dispatcher, file)) || left <= 0) return index
  }
  return 0
}

/** Bytes of an entry up to its store timestamp, with the longer kind of host before that. */
const headBytes = 48 + 20 + 8

/** 4.9: the magic of the first message and its store timestamp are looked at, and nothing else. */
const checkpointVouches = (dispatcher: Dispatch.Dispatcher, file: Files.MappedFile): boolean => {
  const { checkpoint, config, log } = dispatcher
  const bytes = Files.mapped(file.file, 0, Math.min(headBytes, log.files.fileSize))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getInt32(4) !== Magic.v1) return false
  const storeTimestamp = view.getBigInt64(48 + bornHostBytes(view.getInt32(36)))
  if (storeTimestamp === 0n) return false
  return storeTimestamp <= (config.messageIndexEnable && config.messageIndexSafe
    ? Checkpoint.minTimestampIndex(checkpoint)
    : Checkpoint.minTimestamp(checkpoint))
}

interface Head {
  readonly physicalOffset: bigint
  readonly storeTimestamp: bigint
}

/** 5.x: the first message must pass every check; a blank in its place counts as none. */
const headOf = (dispatcher: Dispatch.Dispatcher, file: Files.MappedFile): Head | undefined => {
  const bytes = Files.readAll(dispatcher.log.files, file)
  const checked = checkMessage(bytes, 0, bytes.length, recoveryCheck(dispatcher.config))
  return checked._tag === "Message" && checked.request.storeTimestamp !== 0n ? checked.request : undefined
}

const queuesVouch = (dispatcher: Dispatch.Dispatcher, file: Files.MappedFile): boolean => {
  const { checkpoint } = dispatcher
  const head = headOf(dispatcher, file)
  if (head === undefined) return false
  // A checkpoint written by 4.9 has no offset: then its timestamp decides, without the three seconds.
  const vouches = checkpoint.logicsPhysicalOffset <= 0n
    ? head.storeTimestamp <= checkpoint.logicsMsgTimestamp
    : head.physicalOffset <= checkpoint.logicsPhysicalOffset
  return vouches && indexVouches(dispatcher, head)
}

const indexVouches = ({ checkpoint, config }: Dispatch.Dispatcher, head: Head): boolean =>
  !(config.messageIndexEnable && config.messageIndexSafe) || head.storeTimestamp <= checkpoint.indexMsgTimestamp
