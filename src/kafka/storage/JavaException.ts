/**
 * The failures of the log by the names of the real exceptions, for comparing with what real classes threw.
 *
 * Messages name files without the directories above them, since where a directory lay on that day says nothing.
 */
import { Malformed } from "../../message/Malformed.ts"
import type { Reason, StorageError } from "./StorageError.ts"

export interface JavaException {
  /** Name of the class. */
  readonly exception: string
  readonly message: string
  /** Name of the class of the cause. */
  readonly cause?: string
}

const classes: { readonly [Name in Reason]: string } = {
  CorruptRecord: "org.apache.kafka.common.errors.CorruptRecordException",
  InvalidRecord: "org.apache.kafka.common.InvalidRecordException",
  CorruptIndex: "org.apache.kafka.storage.internals.log.CorruptIndexException",
  CorruptSnapshot: "org.apache.kafka.storage.internals.log.CorruptSnapshotException",
  NumberFormat: "java.lang.NumberFormatException",
  InvalidOffset: "org.apache.kafka.common.errors.InvalidOffsetException",
  SegmentOffsetOverflow: "org.apache.kafka.storage.internals.log.LogSegmentOffsetOverflowException",
  IndexOffsetOverflow: "org.apache.kafka.storage.internals.log.IndexOffsetOverflowException",
  KafkaStorage: "org.apache.kafka.common.errors.KafkaStorageException",
  InconsistentTopicId: "org.apache.kafka.common.errors.InconsistentTopicIdException",
  IllegalArgument: "java.lang.IllegalArgumentException",
  IllegalState: "java.lang.IllegalStateException",
  Kafka: "org.apache.kafka.common.KafkaException",
  OffsetOutOfRange: "org.apache.kafka.common.errors.OffsetOutOfRangeException",
  OffsetsOutOfOrder: "org.apache.kafka.storage.internals.log.OffsetsOutOfOrderException",
  UnexpectedAppendOffset: "org.apache.kafka.storage.internals.log.UnexpectedAppendOffsetException",
  RecordTooLarge: "org.apache.kafka.common.errors.RecordTooLargeException",
  RecordBatchTooLarge: "org.apache.kafka.common.errors.RecordBatchTooLargeException",
  InvalidTimestamp: "org.apache.kafka.common.errors.InvalidTimestampException",
  UnsupportedCompression: "org.apache.kafka.common.errors.UnsupportedCompressionTypeException",
  OutOfOrderSequence: "org.apache.kafka.common.errors.OutOfOrderSequenceException",
  InvalidProducerEpoch: "org.apache.kafka.common.errors.InvalidProducerEpochException",
  InvalidTxnState: "org.apache.kafka.common.errors.InvalidTxnStateException",
  TransactionCoordinatorFenced: "org.apache.kafka.common.errors.TransactionCoordinatorFencedException"
}

/** The failure by its real name; `directory` is the partition directory, which is left out of the message. */
export const javaException = (error: StorageError | Malformed, directory?: string): JavaException => {
  if (error instanceof Malformed) return { exception: classes.InvalidRecord, message: error.message }
  const name = directory?.slice(directory.lastIndexOf("/") + 1)
  // The walk over a log names the file as it was opened, the other messages name it in full.
  const kept = error.reason === "CorruptRecord" ? `${name}/` : ""
  return {
    exception: classes[error.reason],
    message: directory === undefined ? error.message : error.message.replaceAll(`${directory}/`, kept),
    ...(error.cause === "IO" ? { cause: "java.io.IOException" } : {})
  }
}
