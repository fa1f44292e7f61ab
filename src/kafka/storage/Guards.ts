/**
 * What keeps the records of a log, each a switch: with one off the log is as the real one would be without it.
 *
 * They are there so that a suite which claims to catch their absence can be shown to do so. All are on in a log that
 * stands for the real one; `hardened` is a switch the other way, a check that the real log does not have.
 */
export interface Guards {
  /** A batch counts in recovery only when its checksum is right (LogSegment.recover). */
  readonly ChecksumBatches: boolean
  /** Recovery cuts the file where the valid batches end. */
  readonly CutTornTail: boolean
  /** Segments behind a cut go too (LogLoader.recoverLog). */
  readonly DropSegmentsBehindCut: boolean
  /** Recovery builds indexes anew instead of trusting what is there. */
  readonly RebuildIndexes: boolean
  /** After an unclean stop what may be unflushed is recovered. */
  readonly RecoverAfterUncleanStop: boolean
  /** The recovery point moves, and a flush is answered, only when the commit has ended (UnifiedLog.flush). */
  readonly AnswerFlushAfterCommit: boolean
  /** A flush makes the names of segments durable that may have been made since the last one. */
  readonly CommitDirectory: boolean
  /** A flush takes every segment from the recovery point on, not only the active one. */
  readonly FlushEverySegment: boolean
  /** The recovery point never lies above the log end. */
  readonly LowerRecoveryPoint: boolean
  /** A truncation takes index entries with it. */
  readonly TruncateIndexes: boolean
  /** A truncation takes leader epochs with it (KIP-101). */
  readonly TruncateEpochs: boolean
  /** A truncation rebuilds the state of producers. */
  readonly RebuildProducers: boolean
  /** After an I/O error nothing in the directory is served any more (KIP-112). */
  readonly GoOffline: boolean
  /** A repeated batch is answered with its first offsets (KIP-98). */
  readonly AnswerDuplicates: boolean
  /** A batch out of sequence is refused (KIP-98). */
  readonly CheckSequences: boolean
  /** The active segment is left when it is full. */
  readonly RollFullSegments: boolean
  /** The marker of a clean stop is taken away when it is read. */
  readonly TakeMarker: boolean
  /** A clean stop flushes every log. */
  readonly FlushOnClose: boolean
  /** New contents are durable before they take the place of the old. */
  readonly CommitBeforeRename: boolean
  /** New contents are written beside the old ones. */
  readonly WriteBeside: boolean
}

export const allGuards: Guards = {
  ChecksumBatches: true,
  CutTornTail: true,
  DropSegmentsBehindCut: true,
  RebuildIndexes: true,
  RecoverAfterUncleanStop: true,
  AnswerFlushAfterCommit: true,
  CommitDirectory: true,
  FlushEverySegment: true,
  LowerRecoveryPoint: true,
  TruncateIndexes: true,
  TruncateEpochs: true,
  RebuildProducers: true,
  GoOffline: true,
  AnswerDuplicates: true,
  CheckSequences: true,
  RollFullSegments: true,
  TakeMarker: true,
  FlushOnClose: true,
  CommitBeforeRename: true,
  WriteBeside: true
}

export type Guard = keyof Guards

export const guardNames = Object.keys(allGuards) as ReadonlyArray<Guard>

/** All guards but the given one. */
export const without = (guard: Guard): Guards => ({ ...allGuards, [guard]: false })
