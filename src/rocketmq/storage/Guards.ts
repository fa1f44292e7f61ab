/**
 * What keeps the messages of a store, each a switch: with one off the store is as the real one would be without it.
 *
 * They are there so that a suite which claims to catch their absence can be shown to do so. All are on in a store that
 * stands for a real one; what no real store has are the hardened habits of `Behaviour` (LogConfig.ts). Names in brackets
 * are classes and methods of 4.9.7.
 */
export interface Guards {
  /** Recovery takes a message only when its checksum is right (CommitLog.checkMessageAndReturnSize). */
  readonly ChecksumMessages: boolean
  /** The log ends where recovery found the last message (MappedFileQueue.truncateDirtyFiles). */
  readonly CutTornTail: boolean
  /** Files behind that end go (the same). */
  readonly DropFilesBehindCut: boolean
  /** Queue entries that lead behind that end go (DefaultMessageStore.truncateDirtyLogicFiles). */
  readonly TruncateDirtyQueues: boolean
  /** The abort file of a store that did not stop cleanly is heeded (DefaultMessageStore.load). */
  readonly RecoverAfterUncleanStop: boolean
  /** The next number of each queue is read from its entries at the start (recoverTopicQueueTable). */
  readonly RecoverQueueNumbers: boolean
  /** A put is answered as flushed only when a flush that covers it has ended (GroupCommitService). */
  readonly AnswerFlushAfterCommit: boolean
  /** A clean stop flushes the log (CommitLog.shutdown). */
  readonly FlushOnClose: boolean
  /** A file that is left is ended by a blank (DefaultAppendMessageCallback.doAppend). */
  readonly WriteBlank: boolean
  /** A queue passes over what it has already (ConsumeQueue.putMessagePositionInfo). */
  readonly IgnoreRepeatedEntries: boolean
  /** Half and rolled back messages take no number of their queue (doAppend). */
  readonly NumberOnlyVisible: boolean
  /** Half and rolled back messages get no queue entry (CommitLogDispatcherBuildConsumeQueue). */
  readonly HideHalfMessages: boolean
  /** After a crash index files go that hold more than was flushed of them (IndexService.load). */
  readonly DropUnsafeIndexes: boolean
}

export const allGuards: Guards = {
  ChecksumMessages: true,
  CutTornTail: true,
  DropFilesBehindCut: true,
  TruncateDirtyQueues: true,
  RecoverAfterUncleanStop: true,
  RecoverQueueNumbers: true,
  AnswerFlushAfterCommit: true,
  FlushOnClose: true,
  WriteBlank: true,
  IgnoreRepeatedEntries: true,
  NumberOnlyVisible: true,
  HideHalfMessages: true,
  DropUnsafeIndexes: true
}

export type Guard = keyof Guards

export const guardNames = Object.keys(allGuards) as ReadonlyArray<Guard>
