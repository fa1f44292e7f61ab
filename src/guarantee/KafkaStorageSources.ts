/**
 * Who says what a Kafka log of 3.9 keeps and loses: the sources that expectations name.
 *
 * A class and method is of Apache Kafka 3.9; what is drawn from one alone was seen as well: the real log recovers the very
 * bytes to the same state (`npm run test:real`, test/software/KafkaDamage.ts).
 */

/** The page cache and what makes it durable. */
export const pageCache = "Kafka documentation, 4.3 Design, Replication and 6.4 Application vs. OS Flush Management: " +
  "acknowledged records are in the page cache, durability comes from replicas or log.flush.interval.messages"
export const recover =
  "LogSegment.recover, LogLoader.recoverLog: the first batch that is partial or fails its checksum is cut"
export const offline =
  "KIP-112, LogDirFailureChannel: an I/O error takes the log directory offline, nothing is acknowledged after it"
export const emptySegment =
  "real/ images, \"an empty segment after a gap\": an empty segment's base is the log end (LogSegment.readNextOffset)"
export const names =
  "LogSegments, UnifiedLog.flush: the directory is synced when a segment may have been made since; KAFKA-13070"
export const namesForgotten =
  "UnifiedLog.updateLogStartOffset lifts the recovery point into a segment whose name no flush made durable yet, and " +
  "LocalLog.flush syncs the directory only where a segment begins at the recovery point or above"
export const header =
  "DefaultRecordBatch: the checksum covers from the attributes on, so a batch whose base offset was lost and reads 0 is " +
  "valid; LogLoader.recoverLog then empties the segment (InvalidOffsetException), or the log ends behind that offset"
export const marker =
  "CleanShutdownFileHandler.delete: nothing makes the removal of .kafka_cleanshutdown durable; where a power cut brings " +
  "it back, LogLoader recovers nothing and takes no producer from the log"
export const cords =
  "CORDS (FAST'17) p. 155: Kafka drops the damaged entry and all entries after it; LogSegment.recover"
export const cleanPages =
  "Rebello et al., ATC'20, section 3: pages of a failed fsync are clean and can be read until the machine stops, so a " +
  "broker that starts again takes them for flushed"
export const lateReport =
  "Rebello et al., ATC'20, section 3: with data=journal ext4 reports a failed write-back at the next fsync"
export const rebuiltTooSoon =
  "LogLoader.loadSegmentFiles: a segment without its index is recovered before the ones it follows, and the producers it " +
  "needs are read from those as they are: CorruptRecordException is no IOException, and the broker does not start"
export const lies = "Pillai et al., OSDI'14, section 4.7: nothing is durable on a disk whose flush lies"
export const outsideChecksum =
  "DefaultRecordBatch: the checksum covers from the attributes on, base offset and leader epoch are outside it"
export const noChecksum =
  "OffsetIndex, TimeIndex, AbortedTxn, LeaderEpochCheckpointFile: none has a checksum, and below the recovery point " +
  "LogLoader builds none of them anew"
export const endOfSlice =
  "FileLogInputStream.nextBatch, LocalLog.read: a batch whose length leads beyond the file is the end of what is read, " +
  "and no error"
export const rolledBack =
  "LogLoader.recoverLog: the recovery point is at most the log end; LeaderEpochCheckpointFile: epochs below the recovery " +
  "point are not read from the log again"
export const isolation =
  "KIP-98, ProducerStateManager, LogSegment.recover: open and aborted transactions come from snapshots and the log"
export const answers = "KIP-101, KIP-98, LogSegment.recover: epochs, producers and indexes are built from what is left"
export const allConsumed = "KIP-98, KIP-101 and the consumer protocol: a log that runs reads to its end"
/** Of our own switch, which no real log has. */
export const ctrl =
  "Alagappan et al., FAST'18: a valid entry behind a damaged one tells corruption from a torn tail; our own switch"
export const ctrlTail =
  "Alagappan et al., FAST'18, section 3: the last entry cannot be told from a torn one without another copy"
