/**
 * How far things were when they were last flushed: one page, rewritten in place.
 *
 *     0  physicMsgTimestamp i64     8  logicsMsgTimestamp i64     16  indexMsgTimestamp i64
 *     24 masterFlushedOffset i64    32 confirmPhyOffset i64       40  logicsPhysicalOffset i64      (5.x only)
 *
 * The one decision: store timestamps stand for offsets, so recovery takes three seconds off to be safe. 4.9 sets the
 * queues' timestamp when an entry is appended, flushed or not (apache/rocketmq#678); 5.x when it is flushed, from what was
 * noted on appending (StoreCheckpoint).
 */
import type * as Disk from "../../world/Disk.ts"

const pageBytes = 4096

export interface Checkpoint {
  readonly file: Disk.File
  /** Whether the fields of 5.x are there. */
  readonly extended: boolean
  physicMsgTimestamp: bigint
  logicsMsgTimestamp: bigint
  indexMsgTimestamp: bigint
  masterFlushedOffset: bigint
  confirmPhyOffset: bigint
  logicsPhysicalOffset: bigint
  /** Of the last queue entry appended (5.x): what the next thorough flush of the queues covers. */
  appendedTimestamp: bigint
  appendedOffset: bigint
}

/** Opens the checkpoint, all zeros where there was none; a short file is filled up with zeros. */
export const open = (disk: Disk.Operations, path: string, extended: boolean): Checkpoint => {
  const file = disk.open(path, "either")
  if (file.size() < pageBytes) file.truncate(pageBytes)
  const bytes = file.read(0, 48)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return {
    file,
    extended,
    physicMsgTimestamp: view.getBigInt64(0),
    logicsMsgTimestamp: view.getBigInt64(8),
    indexMsgTimestamp: view.getBigInt64(16),
    masterFlushedOffset: extended ? view.getBigInt64(24) : 0n,
    confirmPhyOffset: extended ? view.getBigInt64(32) : 0n,
    logicsPhysicalOffset: extended ? view.getBigInt64(40) : 0n,
    appendedTimestamp: 0n,
    appendedOffset: 0n
  }
}

/** Writes it into the page cache; whoever wants it durable commits `file`. */
export const write = (checkpoint: Checkpoint): void => {
  const bytes = new Uint8Array(checkpoint.extended ? 48 : 24)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(0, checkpoint.physicMsgTimestamp)
  view.setBigInt64(8, checkpoint.logicsMsgTimestamp)
  view.setBigInt64(16, checkpoint.indexMsgTimestamp)
  if (checkpoint.extended) {
    view.setBigInt64(24, checkpoint.masterFlushedOffset)
    view.setBigInt64(32, checkpoint.confirmPhyOffset)
    view.setBigInt64(40, checkpoint.logicsPhysicalOffset)
  }
  checkpoint.file.write(0, bytes)
}

/** The time before which log and queues are safe, three seconds early. */
export const minTimestamp = (checkpoint: Checkpoint): bigint => {
  const { logicsMsgTimestamp, physicMsgTimestamp } = checkpoint
  const least = physicMsgTimestamp < logicsMsgTimestamp ? physicMsgTimestamp : logicsMsgTimestamp
  const early = BigInt.asIntN(64, least - 3000n)
  return early < 0n ? 0n : early
}

/** The same with the index. */
export const minTimestampIndex = (checkpoint: Checkpoint): bigint => {
  const least = minTimestamp(checkpoint)
  return least < checkpoint.indexMsgTimestamp ? least : checkpoint.indexMsgTimestamp
}
