/**
 * What the clients of a log know: the values they sent and at which offset each may be found, and which sequence each
 * producer sends next.
 */
import type * as Reference from "../kafka/storage/ReferenceLog.ts"

export interface Ledger {
  /** Every value that was ever sent, by the offset it was meant for. */
  readonly ever: Map<number, Set<string>>
  /** Offsets whose append failed: they may be in the log, and nothing is owed for them. */
  readonly unacknowledged: Set<number>
  /** The next sequence by producer. */
  readonly sequences: Map<number, number>
  /** Producers of which the log may remember more than it holds, or less; they send no more. */
  readonly forgotten: Set<number>
  /** Values so far; each is another one. */
  serial: number
}

export const empty = (): Ledger => ({
  ever: new Map(),
  unacknowledged: new Set(),
  sequences: new Map(),
  forgotten: new Set(),
  serial: 0
})

/** Values of their own, of `bytes` bytes or a few more. */
export const valuesOf = (ledger: Ledger, count: number, bytes: number): ReadonlyArray<string> =>
  Array.from({ length: count }, () => `${ledger.serial++}:`.padEnd(bytes, "x"))

/** Values were sent for the offsets from `firstOffset` on, and acknowledged or not. */
export const note = (
  { ever, unacknowledged }: Ledger,
  firstOffset: number,
  values: ReadonlyArray<string>,
  isAcknowledged: boolean
): void => {
  for (const [index, value] of values.entries()) {
    const offset = firstOffset + index
    ever.set(offset, (ever.get(offset) ?? new Set()).add(value))
    if (isAcknowledged) unacknowledged.delete(offset)
    else unacknowledged.add(offset)
  }
}

/** After records went a producer goes on from its last batch that is left. */
export const resume = ({ sequences }: Ledger, model: Reference.ReferenceLog): void => {
  sequences.clear()
  for (const { firstSequence, producerId, transaction, values } of model.batches) {
    const isData = transaction === "none" || transaction === "part"
    if (producerId !== -1 && isData) sequences.set(producerId, firstSequence + values.length)
  }
}
