/**
 * What a partition's log is, without files: the model that the engine is held to.
 *
 * A list of batches, where it begins and where it ends, and how far it is known to be durable. It has no segments, no
 * indexes and no snapshots, so whatever the engine makes of these must not be seen from outside.
 */

export interface ReferenceBatch {
  readonly firstOffset: number
  readonly leaderEpoch: number
  /** Values of its records, one an offset. */
  readonly values: ReadonlyArray<string>
  /** Milliseconds since 1970, of all its records. */
  readonly timestamp: number
  /** -1 for none. */
  readonly producerId: number
  readonly firstSequence: number
  /** Records of a transaction, or the marker that ends the producer's open one; a marker uses up one offset. */
  readonly transaction: "none" | "part" | "commit" | "abort"
}

export interface ReferenceLog {
  readonly logStartOffset: number
  readonly logEndOffset: number
  /** Ascending; some may lie below the log start. */
  readonly batches: ReadonlyArray<ReferenceBatch>
}

export const empty: ReferenceLog = { logStartOffset: 0, logEndOffset: 0, batches: [] }

export const lastOffset = ({ firstOffset, values }: ReferenceBatch): number => firstOffset + values.length - 1

export const append = (log: ReferenceLog, batch: Omit<ReferenceBatch, "firstOffset">): ReferenceLog => ({
  ...log,
  logEndOffset: log.logEndOffset + batch.values.length,
  batches: [...log.batches, { ...batch, firstOffset: log.logEndOffset }]
})

/** Drops what begins at `offset`, where a batch begins, and above. */
export const truncateTo = (log: ReferenceLog, offset: number): ReferenceLog =>
  offset >= log.logEndOffset ? log : {
    logStartOffset: Math.min(log.logStartOffset, offset),
    logEndOffset: offset,
    batches: log.batches.filter(({ firstOffset }) => firstOffset < offset)
  }

export const deleteRecordsBefore = (log: ReferenceLog, offset: number): ReferenceLog => ({
  ...log,
  logStartOffset: Math.max(log.logStartOffset, offset)
})

const isMarker = ({ transaction }: ReferenceBatch): boolean => transaction === "commit" || transaction === "abort"

const recordsOf = (
  batches: ReadonlyArray<ReferenceBatch>,
  logStartOffset: number
): ReadonlyArray<readonly [offset: number, value: string]> =>
  batches.filter((batch) => !isMarker(batch))
    .flatMap(({ firstOffset, values }) => values.map((value, index) => [firstOffset + index, value] as const))
    .filter(([offset]) => offset >= logStartOffset)

/** Offset and value of every record that the log holds. */
export const records = (log: ReferenceLog): ReadonlyArray<readonly [offset: number, value: string]> =>
  recordsOf(log.batches, log.logStartOffset)

/** How the transaction of a batch ended; `undefined` while it is open. */
const endOf = (log: ReferenceLog, { firstOffset, producerId }: ReferenceBatch): "commit" | "abort" | undefined =>
  log.batches.find((batch) => isMarker(batch) && batch.producerId === producerId && batch.firstOffset > firstOffset)
    ?.transaction as "commit" | "abort" | undefined

/** Batches of transactions that are not decided. */
export const undecided = (log: ReferenceLog): ReadonlyArray<ReferenceBatch> =>
  log.batches.filter((batch) => batch.transaction === "part" && endOf(log, batch) === undefined)

/** Offset and value of what a reader of committed data sees: all below the first open transaction but aborted records. */
export const committed = (log: ReferenceLog): ReadonlyArray<readonly [offset: number, value: string]> => {
  const stable = undecided(log)[0]?.firstOffset ?? log.logEndOffset
  const shown = log.batches.filter((batch) =>
    batch.firstOffset < stable && (batch.transaction === "none" || endOf(log, batch) === "commit")
  )
  return recordsOf(shown, log.logStartOffset)
}

/** The producer's last batch that the log still holds whole: what a repeated or skipped sequence is judged by. */
export const lastOf = (log: ReferenceLog, producerId: number): ReferenceBatch | undefined => {
  const last = log.batches.findLast((batch) => batch.producerId === producerId && !isMarker(batch))
  return last !== undefined && last.firstOffset >= log.logStartOffset ? last : undefined
}

/** The first record that is not older. */
export const findByTimestamp = (log: ReferenceLog, timestamp: number): number | undefined => {
  const batch = log.batches.find((each) => each.timestamp >= timestamp && lastOffset(each) >= log.logStartOffset)
  return batch === undefined ? undefined : Math.max(batch.firstOffset, log.logStartOffset)
}

/** Where a leader epoch ends, by the batches above the log start (KIP-101). */
export const endOfEpoch = (log: ReferenceLog, epoch: number): number =>
  log.batches.find(({ leaderEpoch }) => leaderEpoch > epoch)?.firstOffset ?? log.logEndOffset
