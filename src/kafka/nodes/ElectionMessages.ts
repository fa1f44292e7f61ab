/**
 * Names, ports and messages between brokers: a controller's orders, a leader's proposals, a follower's fetches. All plain
 * data.
 *
 *     controller ──Order──▶ broker ──Answer──▶          port "orders"
 *     leader ──Alter──▶ controller ──Verdict──▶         port "alter"
 *     follower ──Fetch──▶ leader ──Fetched──▶           port "fetch P"
 */
import type { AlterPartition, ControllerOrder } from "../rules/CoordinationMessages.ts"

export const brokerName = (broker: number): string => `broker-${broker}`

/** The number at the end of a process's name. */
export const numberIn = (process: string): number => Number(process.slice(process.lastIndexOf("-") + 1))

export const ordersPort = "orders"
export const alterPort = "alter"
/** A connection a partition, as there is a fetcher a leader and a set of partitions in the real one. */
export const fetchPort = (partition: number): string => `fetch ${partition}`

export interface OrderMessage {
  readonly _tag: "Order"
  readonly order: ControllerOrder
}

export interface AlterMessage extends AlterPartition {
  readonly _tag: "Alter"
}

export interface FetchMessage {
  readonly _tag: "Fetch"
  readonly partition: number
  readonly epoch: number
  readonly end: number
}

export type FetchAnswer =
  | {
    readonly _tag: "Fetched"
    readonly epoch: number
    readonly end: number
    /** The leader's log as a whole, a byte a record. */
    readonly records: Uint8Array
  }
  | { readonly _tag: "NotLeader" }
