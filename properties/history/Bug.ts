/** The real bugs, by what is known of each; `none` is a log that keeps its promises. */
export type Bug =
  | "none"
  /** redpanda PR #3003: acknowledged after the term check, before the commit index moved; a new leader truncates. */
  | "acknowledged before committed"
  /** Kafka of 2013: the ISR shrinks to the leader, which acknowledges alone and dies. */
  | "in-sync set of one dies"
  /** NATS 2.12.1: acknowledged before the fsync; power loss takes the tail, and a replica shows something else. */
  | "acknowledged before fsync"
  /** FAST'17: a corrupt entry at the leader, and everything behind it is truncated. */
  | "truncated behind a corrupt entry"
  /** Bufstream 0.1.0: acknowledged writes vanish in a healthy cluster. */
  | "vanishes while healthy"
  /** Bufstream 0.1.0: a send is told offset 0. */
  | "spurious zero offset"
  /** redpanda #3039, #3040: a retry is appended again. */
  | "retry appended again"
  /** redpanda #3036: read_committed shows one record past the last stable offset. */
  | "last stable offset off by one"
  /** redpanda PR #5026: a sequence number is used again after an abort, and answered with the old offset. */
  | "sequence number used again"
  /** redpanda #6018: the coordinator forgets the transaction; its commit covers only the offsets. */
  | "commit covers offsets only"
  /** redpanda PR #3501: committed, and the client is told that it failed. */
  | "committed but told failed"
  /** KAFKA-17754: a delayed EndTxn ends the next transaction. */
  | "delayed end of transaction"
  /** KAFKA-17582: the consumer does not go back when its transaction aborts. */
  | "no rewind after an abort"
  /** KAFKA-13574: NOT_LEADER_OR_FOLLOWER taken as definite. */
  | "not leader taken as definite"
  /** KAFKA-3919: after power loss the offsets of batches go backwards. */
  | "batch offsets go backwards"
