/**
 * Dispatch ("reput"): what turns the CommitLog into queues and index, behind the log and on its own.
 *
 *     CommitLog   ████████████████████████████░░░░
 *                 dispatched ┘ reputFromOffset   └ max offset
 *
 * The one decision: dispatch does not check checksums and does not give up. What it cannot read to the end of a file it
 * skips (a master), what claims another length than it has it passes over by that length; only a hole between files
 * stops it for good. Half and rolled back messages get no queue entry (DefaultMessageStore.ReputMessageService.doReput,
 * CommitLogDispatcherBuildConsumeQueue, CommitLogDispatcherBuildIndex).
 */
import { checkMessage, type CheckOptions, type DispatchRequest } from "./CheckMessage.ts"
import type * as Checkpoint from "./Checkpoint.ts"
import * as Log from "./CommitLog.ts"
import * as Queue from "./ConsumeQueue.ts"
import * as Queues from "./ConsumeQueueStore.ts"
import * as Index from "./IndexFile.ts"
import type { StoreConfig } from "./LogConfig.ts"
import { SysFlag } from "./MessageCodec.ts"

/** What dispatch reads and writes. */
export interface Dispatcher {
  readonly config: StoreConfig
  readonly log: Log.CommitLog
  readonly queues: Queues.ConsumeQueueStore
  readonly index: Index.IndexService
  readonly checkpoint: Checkpoint.Checkpoint
  /** Everything before it has been dispatched. */
  reputFromOffset: bigint
  /** False once a queue's file could not be made: then no queue gets an entry until the next start (RunningFlags). */
  writesQueues: boolean
}

/** Writes what was dispatched since the last time: a write a file, whatever the number of messages. */
export const settle = ({ index, queues }: Dispatcher): void => {
  for (const queue of Queues.unsettled(queues)) Queue.settle(queue)
  Index.settle(index)
}

/** Where the disk refused: what was dispatched since the last time is to be dispatched again. */
const forget = ({ index, queues }: Dispatcher): void => {
  for (const queue of Queues.unsettled(queues)) Queue.forget(queue)
  Index.forget(index)
}

/** How often the file that a queue needs next is tried to be made. */
const mostTries = 30

/**
 * Puts the entry of a message into its queue; answers whether it is there, now or since before.
 *
 * The real one waits a second between two tries. Here they follow each other at once: a fault that outlasts them is one
 * that lasts for half a minute (ConsumeQueue.putMessagePositionInfoWrapper).
 */
const putEntry = (dispatcher: Dispatcher, request: DispatchRequest): boolean => {
  const queue = Queues.findOrCreate(dispatcher.queues, request.topic, request.queueId)
  const { physicalOffset: offset, queueOffset, size, tagsCode } = request
  for (let tries = 0; tries < mostTries && dispatcher.writesQueues; tries++) {
    if (Queue.put(queue, { offset, size, tagsCode }, queueOffset) !== "no file") return true
  }
  dispatcher.writesQueues = false
  return false
}

/** Gives one message to its queue and to the index, which have it once `settle` has written it. */
export const dispatch = (dispatcher: Dispatcher, request: DispatchRequest): void => {
  const { checkpoint, config, index } = dispatcher
  const transaction = request.sysFlag & SysFlag.transaction
  if (transaction === 0 || transaction === SysFlag.commit || !config.guards.HideHalfMessages) {
    // A repetition moves the timestamp as well.
    if (putEntry(dispatcher, request)) {
      if (config.brokerRole === "SLAVE") checkpoint.physicMsgTimestamp = request.storeTimestamp
      if (config.behaviour.checkpointsUnflushedQueues) checkpoint.logicsMsgTimestamp = request.storeTimestamp
      checkpoint.appendedTimestamp = request.storeTimestamp
      checkpoint.appendedOffset = request.physicalOffset
    }
  }
  if (config.messageIndexEnable) Index.build(index, request)
}

/** Where dispatch must stop for now. */
const endOffset = (dispatcher: Dispatcher): bigint => {
  const { config, log } = dispatcher
  return config.behaviour.dispatchesBeforeFlush || config.flushDiskType === "ASYNC_FLUSH"
    ? Log.maxOffset(log)
    : log.files.flushedWhere
}

/** Bytes of the log that are not yet dispatched. */
export const behind = (dispatcher: Dispatcher): bigint => endOffset(dispatcher) - dispatcher.reputFromOffset

/** Options of the check that dispatch makes: no body, no checksum. */
export const dispatchCheck = (config: StoreConfig): CheckOptions => ({
  checkCrc: false,
  checkWhole: false,
  readBody: false,
  delayLevels: config.messageDelayLevel,
  readsVersion2: config.behaviour.readsVersion2,
  largestArray: config.largestArray
})

/** Dispatches what there is, as far as it goes; answers how many messages. */
export const reput = (dispatcher: Dispatcher): number => {
  const { config, log } = dispatcher
  const options = dispatchCheck(config)
  const least = Log.minOffset(log)
  if (dispatcher.reputFromOffset < least) dispatcher.reputFromOffset = least
  let count = 0
  while (dispatcher.reputFromOffset < endOffset(dispatcher)) {
    const data = Log.dataFrom(log, dispatcher.reputFromOffset, dispatcher.reputFromOffset === 0n)
    if (data === undefined) return count
    dispatcher.reputFromOffset = data.start
    try {
      const dispatched = reputFile(dispatcher, data.bytes, options)
      settle(dispatcher)
      count += dispatched.count
      if (dispatched.stops) return count
    } catch (error) {
      forget(dispatcher)
      dispatcher.reputFromOffset = data.start
      throw error
    }
  }
  return count
}

/** Dispatches what `bytes`, which begin at `reputFromOffset`, hold: the rest of one file. */
const reputFile = (
  dispatcher: Dispatcher,
  bytes: Uint8Array,
  options: CheckOptions
): { readonly count: number; readonly stops: boolean } => {
  const bounded = !dispatcher.config.behaviour.dispatchesBeforeFlush
  const master = dispatcher.config.brokerRole !== "SLAVE"
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  // Bytes of whole messages so far: what a `Half` claims is not counted, as in the real one.
  let read = 0
  for (let position = 0; read < bytes.length;) {
    const end = endOffset(dispatcher)
    if (bounded && dispatcher.reputFromOffset >= end) break
    const checked = checkMessage(bytes, position, bytes.length, options, view)
    const size = checked._tag === "Message" ? checked.request.size : checked._tag === "Half" ? checked.size : 0
    if (bounded && dispatcher.reputFromOffset + BigInt(size) > end) return { count, stops: true }
    switch (checked._tag) {
      case "Message":
        dispatch(dispatcher, checked.request)
        dispatcher.reputFromOffset += BigInt(size)
        read += size
        position = checked.position
        count++
        break
      case "EndOfFile":
        dispatcher.reputFromOffset = Log.rollNextFile(dispatcher.log, dispatcher.reputFromOffset)
        return { count, stops: false }
      case "Half":
        dispatcher.reputFromOffset += BigInt(size)
        position = checked.position
        break
      case "Invalid":
        if (master) dispatcher.reputFromOffset += BigInt(bytes.length - read)
        return { count, stops: true }
    }
  }
  return { count, stops: false }
}
