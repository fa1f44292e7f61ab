/**
 * What the answers of real clients say of a send: it happened, it did not, or nobody can know.
 *
 * The one decision: `fail` only where the record certainly did not reach the log. Calling an indefinite error a failure
 * makes aborted reads out of nothing, so whatever is not in the table is `info`; and a send that was retried has the
 * outcome of its worst attempt. RocketMQ's soft statuses are `info` with an offset: the master stored the message, but
 * does not vouch for it. Sources stand with each row.
 */

export type Outcome = "ok" | "fail" | "info"

/** How one answer of one client is to be recorded. */
export interface Classified {
  readonly system: "kafka" | "rocketmq"
  /** The error or status as the client names it. */
  readonly name: string
  /** The code on the wire, where there is one. */
  readonly code?: number
  readonly outcome: Outcome
  readonly why: string
  readonly source: string
}

const kafka = (name: string, code: number | undefined, outcome: Outcome, why: string, source: string): Classified => ({
  system: "kafka",
  name,
  ...(code === undefined ? undefined : { code }),
  outcome,
  why,
  source
})

const rocketmq = (
  name: string,
  code: number | undefined,
  outcome: Outcome,
  why: string,
  source: string
): Classified => ({ ...kafka(name, code, outcome, why, source), system: "rocketmq" })

const withErrors = "jepsen-io/redpanda, workload/queue.clj, with-errors"
const appendRecords = "kafka 3.9, Partition.appendRecordsToLeader"
const validate = "kafka 3.9, UnifiedLog.append and LogValidator"
const produce = "kafka 3.9, KafkaApis.handleProduceRequest"
const sendProcessor = "rocketmq 4.9, SendMessageProcessor.handlePutMessageResult"
const sendImpl = "rocketmq 4.9, DefaultMQProducerImpl.sendDefaultImpl and MQClientAPIImpl"

/** Every answer that is known, with its source. */
export const outcomes: ReadonlyArray<Classified> = [
  kafka("NONE", 0, "ok", "the required replicas have it", produce),
  kafka("UNKNOWN_SERVER_ERROR", -1, "info", "it may have been thrown before or after the append", withErrors),
  kafka("CORRUPT_MESSAGE", 2, "fail", "refused before the append", validate),
  kafka("UNKNOWN_TOPIC_OR_PARTITION", 3, "fail", "there is nothing to append to", withErrors),
  kafka("NOT_LEADER_OR_FOLLOWER", 6, "info", "a leader that resigns while it waits answers so too", "KAFKA-13574"),
  kafka("REQUEST_TIMED_OUT", 7, "info", "appended, and not replicated in time", "kafka 3.9, DelayedProduce"),
  kafka("BROKER_NOT_AVAILABLE", 8, "fail", "never reached a broker", withErrors),
  kafka("MESSAGE_TOO_LARGE", 10, "fail", "refused before the append", validate),
  kafka("NETWORK_EXCEPTION", 13, "info", "the request may have arrived", withErrors),
  kafka("INVALID_TOPIC_EXCEPTION", 17, "fail", "refused before the append", withErrors),
  kafka("RECORD_LIST_TOO_LARGE", 18, "fail", "refused before the append", validate),
  kafka("NOT_ENOUGH_REPLICAS", 19, "fail", "the in-sync set is checked before the append", appendRecords),
  kafka(
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    20,
    "info",
    "appended, then the in-sync set shrank",
    "kafka 3.9, Partition"
  ),
  kafka("INVALID_REQUIRED_ACKS", 21, "fail", "refused before the append", "kafka 3.9, ReplicaManager.appendRecords"),
  kafka("TOPIC_AUTHORIZATION_FAILED", 29, "fail", "refused before the append", withErrors),
  kafka("GROUP_AUTHORIZATION_FAILED", 30, "fail", "refused before the append", withErrors),
  kafka("CLUSTER_AUTHORIZATION_FAILED", 31, "fail", "refused before the append", withErrors),
  kafka("INVALID_REPLICATION_FACTOR", 38, "fail", "the topic could not be created", withErrors),
  kafka("NOT_CONTROLLER", 41, "fail", "the topic could not be created", withErrors),
  kafka("OUT_OF_ORDER_SEQUENCE_NUMBER", 45, "fail", "refused by the producer state before the append", withErrors),
  kafka("DUPLICATE_SEQUENCE_NUMBER", 46, "info", "an earlier attempt was appended", "kafka 3.9, ProducerAppendInfo"),
  kafka("INVALID_PRODUCER_EPOCH", 47, "fail", "fenced before the append", withErrors),
  kafka("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", 53, "fail", "refused before the append", withErrors),
  kafka("KAFKA_STORAGE_ERROR", 56, "info", "the write may have reached the file", "kafka 3.9, LocalLog.append"),
  kafka("INVALID_RECORD", 87, "fail", "refused before the append", validate),
  kafka("PRODUCER_FENCED", 90, "fail", "fenced before the append", withErrors),
  kafka("TimeoutException", undefined, "info", "the request may have been sent", withErrors),
  kafka("DisconnectException", undefined, "info", "the request may have arrived", withErrors),
  kafka("transaction aborted before a commit was tried", undefined, "fail", "an abort marker follows", withErrors),
  kafka("error in EndTxn", undefined, "info", "the commit may have been written", withErrors),
  rocketmq("SEND_OK", 0, "ok", "stored as the master's flush and replication demand", sendProcessor),
  rocketmq("FLUSH_DISK_TIMEOUT", 10, "info", "stored; not known to be on disk", sendProcessor),
  rocketmq("SLAVE_NOT_AVAILABLE", 11, "info", "stored; no slave is near enough", sendProcessor),
  rocketmq("FLUSH_SLAVE_TIMEOUT", 12, "info", "stored; not known to be on a slave", sendProcessor),
  rocketmq("SYSTEM_ERROR", 1, "info", "also the answer to anything thrown, before or after the append", sendProcessor),
  rocketmq("SYSTEM_BUSY", 2, "fail", "taken from the queue before it was processed", "rocketmq 4.9, BrokerFastFailure"),
  rocketmq("MESSAGE_ILLEGAL", 13, "fail", "refused before the append", sendProcessor),
  rocketmq("SERVICE_NOT_AVAILABLE", 14, "fail", "the store is not writable", sendProcessor),
  rocketmq(
    "NO_PERMISSION",
    16,
    "fail",
    "refused before the append",
    "rocketmq 4.9, AbstractSendMessageProcessor.msgCheck"
  ),
  rocketmq(
    "TOPIC_NOT_EXIST",
    17,
    "fail",
    "there is nothing to append to",
    "rocketmq 4.9, AbstractSendMessageProcessor.msgCheck"
  ),
  rocketmq("RemotingConnectException", undefined, "fail", "no connection, so nothing was sent", sendImpl),
  rocketmq("RemotingTooMuchRequestException", undefined, "fail", "held back by the client itself", sendImpl),
  rocketmq("RemotingSendRequestException", undefined, "info", "the write may have left the client", sendImpl),
  rocketmq("RemotingTimeoutException", undefined, "info", "the request may have arrived", sendImpl)
]

const byName = new Map(outcomes.map((row) => [`${row.system} ${row.name}`, row.outcome]))
const byCode = new Map(
  outcomes.flatMap((row) => row.code === undefined ? [] : [[`${row.system} ${row.code}`, row.outcome] as const])
)

/** The outcome of one attempt, by the name or the code of its answer; `info` for an answer that is not in the table. */
export const outcomeOf = (system: "kafka" | "rocketmq", answer: string | number): Outcome =>
  (typeof answer === "string" ? byName : byCode).get(`${system} ${answer}`) ?? "info"

/** One attempt at a send: the answer as the client names it, or its code, and the offset where it told one. */
export interface Attempt {
  readonly answer: string | number
  readonly offset?: number
}

/** The outcome of a send that was tried several times: ok once it was acknowledged, else fail only if every try failed. */
export const outcomeOfAttempts = (attempts: ReadonlyArray<Outcome>): Outcome => {
  if (attempts.includes("ok")) return "ok"
  return attempts.length > 0 && attempts.every((outcome) => outcome === "fail") ? "fail" : "info"
}
