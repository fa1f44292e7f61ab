/**
 * What a bug changes in the small log: each hook stands where the real bug was, and a log without any keeps its promises.
 *
 * The one decision: a bug says itself what clients then see (`World.claims`), so that the judge is held to the very records
 * that suffered and not only to a name.
 */
import type { Sent, World } from "./SmallLog.ts"

/** A transaction that has polled and appended, before its client is answered. */
export interface Transaction {
  readonly sends: ReadonlyArray<Sent>
  /** Whether its client has ended another transaction before. */
  readonly isLater: boolean
  /** The last acknowledged record of each key that its process sent before. */
  readonly lastSent: ReadonlyMap<number, Sent>
  type: "ok" | "fail" | "info"
  error?: string
}

export interface Bug {
  readonly beforeAnswer?: (world: World, transaction: Transaction) => void
  readonly afterAnswer?: (world: World, transaction: Transaction) => void
  readonly atStart?: (world: World) => void
  readonly atEnd?: (world: World) => void
  /** Every client is told every offset, or what is lost could not be named. */
  readonly tellsOffsets?: boolean
  /** A batch leaves an offset below it free. */
  readonly leavesOffsets?: boolean
  /** Polls show one record past the last stable offset. */
  readonly showsOpen?: boolean
  /** A client stays where it is when its transaction aborts. */
  readonly keepsPositions?: boolean
}
