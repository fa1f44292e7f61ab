/**
 * What clients of a log did and saw: the operations that a history is made of, as plain data with a Schema.
 *
 *     invoke --> ok     it happened, and this is what the client saw
 *            --> fail   it did not happen
 *            --> info   nobody can know
 *
 * The one decision: a completion carries all that is judged, so an invocation is only asked for its place in the order.
 * A key stands one-to-one for a partition or a queue, a value is unique within its key, an offset may be unknown.
 * Authority: the workload of jepsen.tests.kafka (docs/histories.md lists what is added: commit, committed, list-offsets,
 * record key, group, reset).
 */
import { Schema } from "effect"

const text = (description: string) => Schema.String.annotate({ description })
const natural = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const integer = Schema.Int.check(
  Schema.isBetween({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
)

/** A partition or queue: an integer, or a word. As the key of a JSON object it is its text, so 8 and "8" are one key. */
export type Key = number | string
const Key = Schema.Union([integer, text("the name of a partition")])

const integerText = /^(0|-?[1-9]\d{0,14})$/

/** The key that a name stands for: the integer where it is written as one. */
export const keyOf = (name: Key): Key => typeof name === "string" && integerText.test(name) ? Number(name) : name

/** What was sent: an integer, or a word; unique within its key in the whole history. */
export type Value = number | string
const Value = Schema.Union([integer, text("a message")])

/** Where the log put a value (from 0, not always without gaps), or `null` where nobody was told. */
export type Offset = number | null
const Pair = Schema.Tuple([Schema.NullOr(natural), Value])

/** One record that a poll returned, or that a send was told of. */
export type Pair = readonly [offset: Offset, value: Value]

/** Invoked as `["send", key, value]`; completed with a pair, or left as it was where nothing is known. */
export type SendStep = readonly ["send", Key, Value | Pair]
const SendStep = Schema.Tuple([Schema.Literal("send"), Key, Schema.Union([Value, Pair])])

/** Invoked as `["poll"]`; completed with the records of each key in the order in which they came. */
export type PollStep = readonly ["poll"] | readonly ["poll", { readonly [key: string]: ReadonlyArray<Pair> }]
const PollStep = Schema.Union([
  Schema.Tuple([Schema.Literal("poll")]),
  Schema.Tuple([Schema.Literal("poll"), Schema.Record(Schema.String, Schema.Array(Pair))])
])

/** One send or poll of an operation that makes several of them, in a transaction or not. */
export type Step = SendStep | PollStep

/** How an operation stands: begun, or ended in one of three ways. */
export type Type = "invoke" | "ok" | "fail" | "info"

interface Common {
  /** Place in the history; the only identity. Increasing, with gaps allowed. */
  readonly index: number
  /** Nanoseconds since the history began; never falls. */
  readonly time: number
  /** A logical client. It has one operation under way at a time; after an `info` its thread goes on as another one. */
  readonly process: number
  readonly type: Type
  /** The consumer group that the process reads for, where it is known. */
  readonly group?: string
  /** Why it failed, or why nobody can know. */
  readonly error?: string
}

const common = {
  index: natural,
  time: natural,
  process: integer,
  type: Schema.Literals(["invoke", "ok", "fail", "info"]),
  group: Schema.optionalKey(Schema.String),
  error: Schema.optionalKey(Schema.String)
}

/** Partitions that were given to the client or taken from it while the operation was under way. */
export interface Rebalance {
  readonly keys: ReadonlyArray<Key>
}

/** Sends and polls: `send` has only sends, `poll` only polls, `txn` any mix. */
export interface DataOperation extends Common {
  readonly f: "send" | "poll" | "txn"
  readonly value: ReadonlyArray<Step>
  readonly rebalanceLog?: ReadonlyArray<Rebalance>
  /** The record key of every send of the operation: records with one record key are promised to stay in order. */
  readonly recordKey?: string
}
const DataOperation = Schema.Struct({
  ...common,
  f: Schema.Literals(["send", "poll", "txn"]),
  value: Schema.Array(Schema.Union([SendStep, PollStep])),
  rebalanceLog: Schema.optionalKey(Schema.Array(Schema.Struct({ keys: Schema.Array(Key) }))),
  recordKey: Schema.optionalKey(Schema.String)
})

/** The client reads these keys from now on (`assign`), or what a group gives it of them (`subscribe`). */
export interface AssignOperation extends Common {
  readonly f: "assign" | "subscribe"
  readonly value: ReadonlyArray<Key>
  /** The client went to the beginning of every key it was assigned. */
  readonly seekToBeginning?: boolean
}
const AssignOperation = Schema.Struct({
  ...common,
  f: Schema.Literals(["assign", "subscribe"]),
  value: Schema.Array(Key),
  seekToBeginning: Schema.optionalKey(Schema.Boolean)
})

/** The client is killed and comes back as another process, or is asked for what its broker shows of the topic. */
export interface OtherOperation extends Common {
  readonly f: "crash" | "debug-topic-partitions"
  readonly value: null
}
const OtherOperation = Schema.Struct({
  ...common,
  f: Schema.Literals(["crash", "debug-topic-partitions"]),
  value: Schema.Null
})

/** The next offset to read of each key. */
export type Positions = { readonly [key: string]: number }
const Positions = Schema.Record(Schema.String, natural)

/**
 * A group's committed positions: `commit` asks for them, `committed` reads them. Invoking `committed` names the keys.
 * A position is that of the next record to read, so a group whose position is 5 is done with offset 4.
 */
export interface CommitOperation extends Common {
  readonly f: "commit" | "committed"
  readonly value: readonly [group: string, positions: Positions | ReadonlyArray<Key>]
  /** The position is put back on purpose: by a seek, or by an administrator. */
  readonly reset?: boolean
}
const CommitOperation = Schema.Struct({
  ...common,
  f: Schema.Literals(["commit", "committed"]),
  value: Schema.Tuple([Schema.String, Schema.Union([Positions, Schema.Array(Key)])]),
  reset: Schema.optionalKey(Schema.Boolean)
})

/** The first offset that is still there and the offset after the last one. Invoking it names the keys. */
export interface ListOffsetsOperation extends Common {
  readonly f: "list-offsets"
  readonly value: { readonly [key: string]: readonly [earliest: number, latest: number] } | ReadonlyArray<Key>
}
const ListOffsetsOperation = Schema.Struct({
  ...common,
  f: Schema.Literal("list-offsets"),
  value: Schema.Union([Schema.Record(Schema.String, Schema.Tuple([natural, natural])), Schema.Array(Key)])
})

/** What a client did. */
export type ClientOperation =
  | DataOperation
  | AssignOperation
  | OtherOperation
  | CommitOperation
  | ListOffsetsOperation

/**
 * What something that is no client did, as a rule the one that makes faults. It is never judged; where its `f` begins or
 * ends a fault (`kill`, `start-partition`, `heal`, ...), the time until sends work again is measured from it.
 */
export interface FaultOperation {
  readonly index: number
  readonly time: number
  /** Any word, as a rule "nemesis". */
  readonly process: string
  readonly type: Type
  readonly f: string
  readonly value: unknown
  readonly error?: string
}
const FaultOperation = Schema.Struct({
  index: natural,
  time: natural,
  process: Schema.String,
  type: common.type,
  f: Schema.String,
  value: Schema.Unknown,
  error: Schema.optionalKey(Schema.String)
})

/** One entry of a history. */
export type Operation = ClientOperation | FaultOperation

/** The shape of an operation as neutral JSON; `Operations` is the array of them. */
export const Operation = Schema.Union([
  DataOperation,
  AssignOperation,
  OtherOperation,
  CommitOperation,
  ListOffsetsOperation,
  FaultOperation
])

/** Whether a client did it: only these are judged. */
export const isClient = (operation: Operation): operation is ClientOperation => typeof operation.process === "number"

/** Whether it sends or polls. */
export const isData = (operation: Operation): operation is DataOperation =>
  typeof operation.process === "number" &&
  (operation.f === "send" || operation.f === "poll" || operation.f === "txn")

/** Whether it changes what its client reads. */
export const isAssign = (operation: Operation): operation is AssignOperation =>
  typeof operation.process === "number" && (operation.f === "assign" || operation.f === "subscribe")
