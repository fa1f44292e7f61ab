/**
 * Who says what a RocketMQ store keeps and loses: the sources that expectations name.
 *
 * A class and method is of Apache RocketMQ 4.9.7 unless it says 5.5.0. An image is one of those under `test/real`: a damaged
 * store, and what the real DefaultMessageStore made of it.
 */

export const pageCache =
  "RocketMQ documentation, design, \"Message flush\" and CommitLog.asyncPutMessage: a message is in the mapped file when it " +
  "is acknowledged, so a killed process loses none of them"
export const asyncFlush =
  "RocketMQ documentation, design, \"Message flush\": with ASYNC_FLUSH a put is answered once it is in the page cache, and a " +
  "power cut takes what FlushRealTimeService has not flushed"
export const groupCommit =
  "CommitLog.GroupCommitService.doCommit: with SYNC_FLUSH a put is answered once the file that holds it has been forced"
export const pool =
  "RocketMQ documentation, transientStorePoolEnable, and MappedFile.appendMessagesInner: messages go to a buffer outside the " +
  "page cache, which dies with the process"
export const names =
  "MappedFile.flush, MappedFileQueue: contents are forced and no directory is ever synced (4.9.7, 5.5.0); fsync(2): that " +
  "does not make the entry in the directory durable"
export const wholeFiles =
  "MappedFileQueue.load, images \"last commit log file empty\" (4.9.7), \"last commit log file cut to half\", \"a middle " +
  "commit log file empty\" (5.5.0): a file of another size is refused, and the whole store with it"
export const queueFiles =
  "MappedFileQueue.load, image \"consume queue file cut\" (4.9.7): a queue's file of another size refuses the whole store"
export const emptyQueueFile =
  "MappedFileQueue.doLoad of 5.5.0, image \"consume queue file empty\": an empty last file is removed"
export const firstFileGone = "image \"first commit log file missing\": the log begins at the first file that is there"
export const bodyChecksum =
  "CommitLog.checkMessageAndReturnSize, images \"bit flip in QUEUEOFFSET\", \"last byte of the last message zeroed\": the " +
  "checksum covers the body alone, and what is wrong elsewhere is taken"
export const firstBad =
  "CommitLog.recoverAbnormally, images \"bit flip in MAGICCODE in an older file\" (4.9.7), \"bit flip in TOTALSIZE in an older " +
  "file\" (5.5.0), both with abort present: the log ends at the first bad message, whatever stands behind it"
export const zeroedFile =
  "CommitLog.recoverAbnormally, images \"a middle commit log file all zeros\" (4.9.7), \"last commit log file all zeros\" (5.5.0)"
export const zerosEnd =
  "CommitLog.recoverAbnormally, images \"zeros from TOTALSIZE of the last message\": the log ends where zeros begin"
export const tornTail =
  "images \"zeros from BODYCRC of the last message\", \"40 random bytes behind the last message\": what is no message is cut off, " +
  "and the store starts"
export const newestFiles =
  "CommitLog.recoverNormally: after a clean stop only the newest files are checked (the last three of 4.9.7, those that the " +
  "queues have not reached of 5.5.0), and dispatch checks no checksum"
export const unsafeIndex =
  "IndexService.load, StoreCheckpoint.getMinTimestampIndex: index files that are newer than the checkpoint go, and with " +
  "messageIndexSafe=false, the default, recovery does not go back as far as they did"
export const indexedTwice =
  "IndexService.buildIndex: what is before the end of the index is passed over, and a message that is just there is indexed once " +
  "more when recovery dispatches it; MQAdminImpl.queryMessage shows whatever has the topic and the key"
export const noQueueChecksum =
  "ConsumeQueue.recover, images \"consume queue entry with a wrong size\" (4.9.7), \"one consume queue entry garbage\" (5.5.0): " +
  "an entry has no checksum, and one that looks good is believed"
export const noIndexChecksum = "IndexFile, IndexHeader: neither has a checksum"
export const checkpointIsAHint =
  "images \"checkpoint far ahead\", \"checkpoint file empty\" (4.9.7), \"checkpoint negative\" (5.5.0): the log is the same"
export const derived =
  "DefaultMessageStore.load: queues, index and checkpoint are derived from the log and change nothing of it"
export const failedForce =
  "MappedFile.flush: a force that fails is logged, and the flushed position moves on (4.9.7); Rebello et al., ATC'20, section " +
  "3: its pages are clean"
export const retriedForce =
  "CommitLog.GroupCommitService.doCommit: a flush that did not get far enough is tried again; Rebello et al., ATC'20, section " +
  "3: pages of a failed fsync are clean, so that one succeeds"
export const lateReport =
  "Rebello et al., ATC'20, section 3: with data=journal ext4 reports a failed write-back at the next fsync"
export const lies = "Pillai et al., OSDI'14, section 4.7: nothing is durable on a disk whose flush lies"
export const mapping =
  "MappedByteBuffer (Java SE 8 API): an access that the file cannot serve throws, so the put that makes it is not acknowledged; " +
  "AllocateMappedFileService: CREATE_MAPEDFILE_FAILED"
export const noNextFile =
  "CommitLog.asyncPutMessage, AllocateMappedFileService, and runs of both versions (npm run test:real): where the log's next file " +
  "cannot be made the last one ends with its blank, the put is CREATE_MAPEDFILE_FAILED, and nothing of it is stored"
export const queueNotWritten =
  "ConsumeQueue.putMessagePositionInfoWrapper, DefaultMessageStore.shutdown, and runs of both versions (npm run test:real): where " +
  "a queue's file cannot be made no queue is written any more and every put is SERVICE_NOT_AVAILABLE; the abort file stays, and " +
  "the next start dispatches again what was passed over"
export const inPlace =
  "CommitLog.recoverAbnormally, images \"zeros from BODYCRC of the last message\", \"one message in the middle of the last file " +
  "zeroed\": a place that holds something else is the end of the log"
/** Of our own switches, which no real store has. */
export const hardenedStore =
  "fsync(2) and LogConfig.ts, hardenedBehaviour: our own switches, each of which takes one of the causes above away"
