/**
 * Which leader epoch began at which offset: what followers compare to find where their log parts from the leader's
 * (LeaderEpochFileCache, LeaderEpochCheckpointFile; KIP-101).
 *
 *     leader-epoch-checkpoint:  0 · 2 · "0 0" · "3 120"        epoch, first offset of it
 *
 * Epochs and offsets rise together: an entry that does not fit behind the last one drops those it contradicts. Entries
 * cut at either end are written back later by a background task; an assignment is durable before it returns.
 */
import * as Checkpoint from "./Checkpoint.ts"
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import { followed, leaderEpochCheckpoint, parseInteger } from "./LogFileNames.ts"
import { fail } from "./StorageError.ts"

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

/** The epochs of a partition, in memory and in its directory. */
export interface LeaderEpochs {
  readonly path: string
  /** By epoch, ascending. */
  entries: ReadonlyArray<EpochEntry>
}

/** The answer where no epoch or offset is known. */
export const undefinedEpoch = -1
export const undefinedEpochOffset = -1

const withEntry = (entries: ReadonlyArray<EpochEntry>, entry: EpochEntry): ReadonlyArray<EpochEntry> | undefined => {
  if (entry.epoch < 0 || entry.startOffset < 0) {
    return fail(
      "IllegalArgument",
      `Received invalid partition leader epoch entry EpochEntry(epoch=${entry.epoch}, startOffset=${entry.startOffset})`
    )
  }
  followed(entry.startOffset)
  const last = entries.at(-1)
  if (last !== undefined && last.epoch === entry.epoch && entry.startOffset >= last.startOffset) return undefined
  let kept = entries.length
  while (kept > 0 && (entries[kept - 1]!.epoch >= entry.epoch || entries[kept - 1]!.startOffset >= entry.startOffset)) {
    kept--
  }
  return [...entries.slice(0, kept), entry]
}

/**
 * Reads the epochs of a partition directory, creating an empty file where there is none.
 *
 * Fails with `KafkaStorage` where the file is malformed, which takes the log directory offline, and with `NumberFormat`
 * where a field is no number, which stops the start.
 */
export const open = ({ disk }: Environment, directory: string): LeaderEpochs => {
  const path = `${directory}/${leaderEpochCheckpoint}`
  disk.open(path, "either").close()
  const read = Checkpoint.parse(
    Checkpoint.readBytes(disk, path)!,
    `Error while reading checkpoint file ${path}`,
    (fields) =>
      fields.length === 2
        ? { epoch: parseInteger(fields[0]!, 32), startOffset: parseInteger(fields[1]!, 64) }
        : undefined
  )
  let entries: ReadonlyArray<EpochEntry> = []
  for (const entry of read) entries = withEntry(entries, entry) ?? entries
  return { path, entries }
}

const write = ({ behaviour, disk }: Environment, epochs: LeaderEpochs): Durably<void> =>
  Checkpoint.replaceFile(
    disk,
    epochs.path,
    Checkpoint.format(epochs.entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`)),
    behaviour.guards
  )

const writeLater = (environment: Environment, epochs: LeaderEpochs): void =>
  environment.schedule({
    name: "leader-epoch-cache-flush",
    delayMillis: 0,
    run: function*() {
      if (environment.disk.stat(Checkpoint.parentOf(epochs.path)) !== undefined) yield* write(environment, epochs)
    }
  })

export const latestEpoch = (epochs: LeaderEpochs): number | undefined => epochs.entries.at(-1)?.epoch

/** An epoch begins at an offset; durable when it returns. Fails with `IllegalArgument` where either is negative. */
export function* assign(
  environment: Environment,
  epochs: LeaderEpochs,
  epoch: number,
  startOffset: number
): Durably<void> {
  const entries = withEntry(epochs.entries, { epoch, startOffset })
  if (entries === undefined) return
  epochs.entries = entries
  yield* write(environment, epochs)
}

/** Drops the epochs that begin at `endOffset` or above. */
export const truncateFromEnd = (environment: Environment, epochs: LeaderEpochs, endOffset: number): void => {
  const { entries } = epochs
  if (endOffset < 0) return
  let kept = entries.length
  while (kept > 0 && entries[kept - 1]!.startOffset >= endOffset) kept--
  if (kept === entries.length) return
  epochs.entries = entries.slice(0, kept)
  writeLater(environment, epochs)
}

/** Drops what ended at `startOffset` or below; the epoch that goes on there begins there. */
export const truncateFromStart = (environment: Environment, epochs: LeaderEpochs, startOffset: number): void => {
  const { entries } = epochs
  let dropped = 0
  while (dropped < entries.length && entries[dropped]!.startOffset <= startOffset) dropped++
  if (dropped === 0) return
  epochs.entries = [{ epoch: entries[dropped - 1]!.epoch, startOffset }, ...entries.slice(dropped)]
  writeLater(environment, epochs)
}

/** Forgets every epoch, durably. */
export function* clear(environment: Environment, epochs: LeaderEpochs): Durably<void> {
  epochs.entries = []
  yield* write(environment, epochs)
}

/** Where an epoch ends: the largest known one up to it, and the first offset that is no longer of it (endOffsetFor). */
export const endOffsetFor = (
  epochs: LeaderEpochs,
  requested: number,
  logEndOffset: number
): { readonly epoch: number; readonly endOffset: number } => {
  const { entries } = epochs
  const unknown = { epoch: undefinedEpoch, endOffset: undefinedEpochOffset }
  if (requested === undefinedEpoch) return unknown
  if (requested === latestEpoch(epochs)) return { epoch: requested, endOffset: logEndOffset }
  const higher = entries.find((entry) => entry.epoch > requested)
  if (higher === undefined) return unknown
  const floor = entries.findLast((entry) => entry.epoch <= requested)
  return { epoch: floor?.epoch ?? requested, endOffset: higher.startOffset }
}
