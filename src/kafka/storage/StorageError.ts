/**
 * What can go wrong in a partition's log, by the names that Kafka gives it.
 *
 * One type, because recovery decides by name what it catches (LogLoader, LogSegment.recover), and a real broker answers
 * or stops by name as well: `KafkaStorage` takes the log directory offline, the others stop its start or are an answer
 * to a client.
 */
import { Schema } from "effect"

/** Names of the exceptions of the real log, without "Exception" and "Error". */
export const Reason = Schema.Literals([
  // Bytes that are no log, index, snapshot or name.
  "CorruptRecord",
  "InvalidRecord",
  "CorruptIndex",
  "CorruptSnapshot",
  "NumberFormat",
  "InvalidOffset",
  "SegmentOffsetOverflow",
  "IndexOffsetOverflow",
  // The log directory is at fault.
  "KafkaStorage",
  "InconsistentTopicId",
  // Not foreseen by the real log.
  "IllegalArgument",
  "IllegalState",
  "Kafka",
  // Answers to a client or a follower.
  "OffsetOutOfRange",
  "OffsetsOutOfOrder",
  "UnexpectedAppendOffset",
  "RecordTooLarge",
  "RecordBatchTooLarge",
  "InvalidTimestamp",
  "UnsupportedCompression",
  "OutOfOrderSequence",
  "InvalidProducerEpoch",
  "InvalidTxnState",
  "TransactionCoordinatorFenced"
])
export type Reason = typeof Reason.Type

export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  reason: Reason,
  message: Schema.String,
  /** The error below it, where the real exception has a cause. */
  cause: Schema.optionalKey(Schema.Literal("IO"))
}) {}

/** Throws a `StorageError`. */
export const fail = (reason: Reason, message: string): never => {
  throw new StorageError({ reason, message })
}

/** Is it that error? */
export const isReason = (error: unknown, ...reasons: ReadonlyArray<Reason>): boolean =>
  error instanceof StorageError && reasons.includes(error.reason)
