/**
 * The anomalies by name, what each is told with, and which of them a history may show and still be valid.
 *
 * The one decision: names and fields are those of jepsen.tests.kafka, so a report can be laid beside one of upstream;
 * the last seven names are added here. Allowed is what Kafka's transactions do by design: writes interleave (int-send-skip,
 * G0), a group moves partitions between polls (poll-skip, nonmonotonic-poll with `subscribe`), and with ww edges drawn an
 * information flow may be circular. Authority: jepsen.tests.kafka, analysis and allowed-error-types.
 */
import type { Key, Operation, Value } from "./Operation.ts"

/** The sub-graphs of which a marker tells that they hold a cycle, by the consistency model that then does not hold. */
export type CycleMarker =
  | "PL-1-cycle-exists"
  | "PL-2-cycle-exists"
  | "strong-PL-1-cycle-exists"
  | "strong-PL-2-cycle-exists"

/** The classes of cycles, strongest first. */
export type CycleClass = "G0" | "G1c" | "G0-realtime" | "G1c-realtime"

/** Why one operation of a cycle comes before the next. */
export interface CycleStep {
  readonly type: "ww" | "wr" | "realtime"
  readonly key?: Key
  readonly value?: Value
  /** Of a ww step the value that follows. */
  readonly "value'"?: Value
  /** Which send of the first and which send or poll of the second operation, from 0. */
  readonly "a-mop-index"?: number
  readonly "b-mop-index"?: number
  readonly sentence: string
}

interface CycleFields {
  readonly type: CycleClass
  /** The operations in order; the last is the first again. */
  readonly cycle: ReadonlyArray<Operation>
  readonly steps: ReadonlyArray<CycleStep>
  /** False where the budget ended before every shorter cycle was ruled out. */
  readonly shortest: boolean
}

interface MarkerFields {
  readonly type: CycleMarker
  readonly not: string
  readonly subgraph: ReadonlyArray<"ww" | "wr" | "realtime">
  readonly "scc-size": number
  /** The indices of the operations of the smallest component, in order. */
  readonly scc: ReadonlyArray<number>
}

interface InOnePoll {
  readonly key: Key
  readonly values: readonly [Value, Value]
  readonly delta: number
  readonly op: Operation
}

interface Between {
  readonly key: Key
  readonly values: readonly [Value, Value]
  readonly delta: number
  readonly ops: readonly [Operation, Operation]
}

/** What each anomaly is told with, beside its sentence and its proof. */
export interface FieldsOf {
  readonly "inconsistent-offsets": {
    readonly key: Key
    readonly offset: number
    readonly index: number
    readonly values: ReadonlyArray<Value>
  }
  readonly duplicate: {
    readonly key: Key
    readonly value: Value
    readonly count: number
    readonly offsets: ReadonlyArray<number>
  }
  readonly G1a: {
    readonly key: Key
    readonly value: Value
    readonly writer: Operation
    readonly reader: Operation
  }
  readonly "precommitted-read": { readonly op: Operation; readonly key: Key; readonly value: Value }
  readonly "lost-write": {
    readonly key: Key
    readonly value: Value
    readonly index: number
    readonly "max-read-index": number
    readonly writer: Operation
    readonly "max-read": Operation | null
  }
  readonly unseen: {
    /** When the last ok send or poll completed. */
    readonly time: number
    readonly unseen: { readonly [key: string]: number }
    readonly messages: { readonly [key: string]: ReadonlyArray<Value> }
  }
  readonly "int-poll-skip": InOnePoll & { readonly skipped: ReadonlyArray<Value> }
  readonly "int-nonmonotonic-poll": InOnePoll
  readonly "int-send-skip": InOnePoll & { readonly skipped: ReadonlyArray<Value> }
  readonly "int-nonmonotonic-send": InOnePoll
  readonly "poll-skip": {
    readonly key: Key
    readonly delta: number
    readonly skipped: ReadonlyArray<Value>
    readonly ops: readonly [Operation, Operation]
  }
  readonly "nonmonotonic-poll": Between
  readonly "nonmonotonic-send": Between
  readonly G0: CycleFields
  readonly G1c: CycleFields
  readonly "G0-realtime": CycleFields
  readonly "G1c-realtime": CycleFields
  readonly "PL-1-cycle-exists": MarkerFields
  readonly "PL-2-cycle-exists": MarkerFields
  readonly "strong-PL-1-cycle-exists": MarkerFields
  readonly "strong-PL-2-cycle-exists": MarkerFields
  readonly "cycle-search-timeout": {
    readonly "anomaly-spec-type": CycleClass
    readonly "does-not-contain": ReadonlyArray<CycleClass>
    readonly "scc-size": number
  }
  readonly "empty-transaction-graph": { readonly operations: number }
  readonly phantom: {
    readonly key: Key
    readonly value: Value
    readonly offset: number | null
    readonly reader: Operation
  }
  readonly "torn-transaction": {
    readonly key: Key
    readonly value: Value
    readonly index: number
    readonly writer: Operation
    readonly reader: Operation
    /** What the reader did read of the transaction. */
    readonly read: { readonly key: Key; readonly value: Value }
    /** The poll whose position is past the missing value. */
    readonly "max-read": Operation
  }
  readonly "delivered-then-gone": {
    readonly key: Key
    readonly value: Value
    readonly offset: number
    readonly reader: Operation
    readonly "re-read": Operation
  }
  readonly "acknowledged-never-delivered": {
    readonly group: string
    readonly key: Key
    readonly value: Value
    readonly offset: number
    readonly position: number
    readonly writer: Operation
    readonly commit: Operation
  }
  readonly "key-order": {
    readonly "record-key": string
    readonly keys: readonly [Key, Key]
    readonly values: readonly [Value, Value]
    /** The group, or the process that reads for none that is known. */
    readonly reader: string
    readonly writers: readonly [Operation, Operation]
    /** The poll of the second value, then that of the first. */
    readonly ops: readonly [Operation, Operation]
  }
  readonly "committed-went-back": {
    readonly group: string
    readonly key: Key
    readonly values: readonly [number, number]
    readonly delta: number
    readonly ops: readonly [Operation, Operation]
  }
  readonly "end-offset-went-back": {
    readonly key: Key
    readonly values: readonly [number, number]
    readonly delta: number
    readonly ops: readonly [Operation, Operation]
  }
}

export type Name = keyof FieldsOf

/** One anomaly as a check finds it: `proof` are the places of its operations in the history, in order. */
export interface Finding<N extends Name = Name> {
  readonly name: N
  /** What stays the same when operations that do not matter are dropped. */
  readonly identity: string
  readonly proof: ReadonlyArray<number>
  readonly sentence: string
  readonly fields: FieldsOf[N]
}

/** One finding; `identity` is what it is about. */
export const finding = <N extends Name>(
  name: N,
  identity: ReadonlyArray<unknown>,
  proof: ReadonlyArray<number>,
  sentence: string,
  fields: FieldsOf[N]
): Finding<N> => ({
  name,
  identity: identity.join("\u0000"),
  proof: [...new Set(proof)].sort((a, b) => a - b),
  sentence,
  fields
})

/** What is allowed depends on how the clients read and on which edges are drawn. */
export interface Expectations {
  /** Draw an edge from each writer to the writer of the next value. */
  readonly wwDeps: boolean
  /** Clients subscribe, so that a group may move partitions between their polls. */
  readonly subscribe: boolean
}

/** The anomalies that do not make a history invalid. */
export const allowed = ({ subscribe, wwDeps }: Expectations): ReadonlySet<Name> =>
  new Set<Name>([
    "int-send-skip",
    "G0",
    "G0-realtime",
    "PL-1-cycle-exists",
    "strong-PL-1-cycle-exists",
    ...(subscribe ? ["poll-skip", "nonmonotonic-poll"] as const : []),
    ...(wwDeps ? ["G1c", "G1c-realtime", "PL-2-cycle-exists", "strong-PL-2-cycle-exists"] as const : [])
  ])
