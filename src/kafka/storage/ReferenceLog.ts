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

/** Offset and value of every record that the log holds. */
export const records = (log: ReferenceLog): ReadonlyArray<readonly [offset: number, value: string]> =>
  log.batches.flatMap(({ firstOffset, values }) => values.map((value, index) => [firstOffset + index, value] as const))
    .filter(([offset]) => offset >= log.logStartOffset)

/** The producer's last batch that the log still holds whole: what a repeated or skipped sequence is judged by. */
export const lastOf = (log: ReferenceLog, producerId: number): ReferenceBatch | undefined => {
  const last = log.batches.findLast((batch) => batch.producerId === producerId)
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
