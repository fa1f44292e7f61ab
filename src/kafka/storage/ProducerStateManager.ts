/**
 * The state of all producers of a partition, its snapshots on disk, and the transactions that are open
 * (ProducerStateManager).
 *
 *     snapshot at 40 ──replay of the log from 40──▶ state at the end     recovery
 *     a snapshot is taken when a segment is rolled, after recovery and when the log is closed
 *
 * `lastMapOffset` is how far the state has followed the log, `lastSnapshotOffset` how far a snapshot holds it: nothing is
 * written when the second is not behind. Snapshots are kept for the base offsets of segments, and the latest one.
 */
import * as Checkpoint from "./Checkpoint.ts"
import type { Durably } from "./Durably.ts"
import type { Environment } from "./Environment.ts"
import { deleted, fileName, offsetOf } from "./LogFileNames.ts"
import * as ProducerSnapshot from "./ProducerSnapshot.ts"
import {
  type AppendInfo,
  type CompletedTransaction,
  emptyEntry,
  merge,
  type Origin,
  prepare,
  type ProducerEntry
} from "./ProducerState.ts"
import { fail, isReason } from "./StorageError.ts"

/** A transaction by where it began; `lastOffset` once it is decided. */
export interface Transaction {
  readonly producerId: number
  readonly firstOffset: number
  readonly lastOffset?: number
}

export interface ProducerStateManager {
  readonly directory: string
  readonly expirationMillis: number
  readonly producers: Map<number, ProducerEntry>
  /** The most producers there ever were at once: it decides the order of a snapshot. */
  mostProducers: number
  /** Open transactions by first offset. */
  readonly ongoing: Map<number, Transaction>
  /** Decided ones whose marker is not below the high watermark, by first offset. */
  readonly unreplicated: Map<number, Transaction>
  /** Snapshots in the directory, by offset, ascending: their names. */
  snapshots: Map<number, string>
  lastMapOffset: number
  lastSnapshotOffset: number
}

const listSnapshots = ({ disk }: Environment, directory: string): Map<number, string> => {
  const found: Array<[number, string]> = []
  for (const name of disk.list(directory)) {
    if (!name.endsWith(".snapshot") || disk.stat(`${directory}/${name}`)?.kind !== "file") continue
    found.push([offsetOf(name)!, name])
  }
  return new Map(found.sort(([one], [other]) => one - other))
}

/** No state yet, beside the snapshots of a partition directory. Fails with `NumberFormat` for a snapshot without number. */
export const open = (
  environment: Environment,
  directory: string,
  expirationMillis: number
): ProducerStateManager => ({
  directory,
  expirationMillis,
  producers: new Map(),
  mostProducers: 0,
  ongoing: new Map(),
  unreplicated: new Map(),
  snapshots: listSnapshots(environment, directory),
  lastMapOffset: 0,
  lastSnapshotOffset: 0
})

export const isEmpty = (state: ProducerStateManager): boolean =>
  state.producers.size === 0 && state.unreplicated.size === 0

export const latestSnapshotOffset = (state: ProducerStateManager): number | undefined =>
  [...state.snapshots.keys()].at(-1)

const removeFile = ({ disk }: Environment, path: string): void => {
  if (disk.stat(path) !== undefined) disk.remove(path)
}

const dropSnapshot = (environment: Environment, state: ProducerStateManager, offset: number): void => {
  const name = state.snapshots.get(offset)
  if (name === undefined) return
  state.snapshots.delete(offset)
  removeFile(environment, `${state.directory}/${name}`)
}

/** Deletes the snapshots that are at no segment's base but the latest of them, and that one too below the last base. */
export const removeStraySnapshots = (
  environment: Environment,
  state: ProducerStateManager,
  baseOffsets: ReadonlyArray<number>
): void => {
  state.snapshots = listSnapshots(environment, state.directory)
  const strays = [...state.snapshots.keys()].filter((offset) => !baseOffsets.includes(offset))
  for (const stray of strays.slice(0, -1)) dropSnapshot(environment, state, stray)
  const last = strays.at(-1)
  if (last !== undefined && baseOffsets.length > 0 && last < Math.max(...baseOffsets)) {
    dropSnapshot(environment, state, last)
  }
}

const put = (state: ProducerStateManager, entry: ProducerEntry): void => {
  state.producers.set(entry.producerId, entry)
  state.mostProducers = Math.max(state.mostProducers, state.producers.size)
}

const isExpired = (state: ProducerStateManager, entry: ProducerEntry, now: number): boolean =>
  entry.currentTxnFirstOffset === undefined && now - entry.lastTimestamp >= state.expirationMillis

/** Forgets the producers that were silent for too long. */
export const removeExpired = (state: ProducerStateManager, now: number): void => {
  for (const entry of state.producers.values()) {
    if (isExpired(state, entry, now)) state.producers.delete(entry.producerId)
  }
}

const loadFromSnapshot = (environment: Environment, state: ProducerStateManager, logStartOffset: number): void => {
  for (;;) {
    const offset = latestSnapshotOffset(state)
    if (offset === undefined) {
      state.lastSnapshotOffset = logStartOffset
      state.lastMapOffset = logStartOffset
      return
    }
    const bytes = Checkpoint.readBytes(environment.disk, `${state.directory}/${state.snapshots.get(offset)!}`)
    try {
      if (bytes === undefined) fail("CorruptSnapshot", "the snapshot is gone")
      for (const entry of ProducerSnapshot.decode(bytes!)) {
        if (isExpired(state, entry, environment.now())) continue
        put(state, entry)
        const begun = entry.currentTxnFirstOffset
        if (begun !== undefined) state.ongoing.set(begun, { producerId: entry.producerId, firstOffset: begun })
      }
      state.lastSnapshotOffset = offset
      state.lastMapOffset = offset
      return
    } catch (error) {
      if (!isReason(error, "CorruptSnapshot")) throw error
      dropSnapshot(environment, state, offset)
    }
  }
}

const forget = (state: ProducerStateManager): void => {
  state.producers.clear()
  state.ongoing.clear()
  state.unreplicated.clear()
}

/** Drops snapshots outside the log, then goes back to the latest one unless the state already is at `logEndOffset`. */
export const truncateAndReload = (
  environment: Environment,
  state: ProducerStateManager,
  logStartOffset: number,
  logEndOffset: number
): void => {
  for (const offset of [...state.snapshots.keys()]) {
    if (offset > logEndOffset || offset <= logStartOffset) dropSnapshot(environment, state, offset)
  }
  if (logEndOffset === state.lastMapOffset) return onLogStartOffsetIncremented(state, logStartOffset)
  forget(state)
  loadFromSnapshot(environment, state, logStartOffset)
}

/** Forgets everything, snapshots too, and goes on from `offset`. */
export const truncateFullyAndStartAt = (
  environment: Environment,
  state: ProducerStateManager,
  offset: number
): void => {
  forget(state)
  for (const snapshot of [...state.snapshots.keys()]) dropSnapshot(environment, state, snapshot)
  state.lastSnapshotOffset = 0
  state.lastMapOffset = offset
}

const removeReplicated = (state: ProducerStateManager, offset: number): void => {
  for (const [first, { lastOffset }] of state.unreplicated) {
    if (lastOffset !== undefined && lastOffset < offset) state.unreplicated.delete(first)
  }
}

export const onHighWatermarkUpdated = removeReplicated

export const onLogStartOffsetIncremented = (state: ProducerStateManager, logStartOffset: number): void => {
  removeReplicated(state, logStartOffset)
  if (state.lastMapOffset < logStartOffset) state.lastMapOffset = logStartOffset
  state.lastSnapshotOffset = latestSnapshotOffset(state) ?? logStartOffset
}

export const prepareUpdate = (state: ProducerStateManager, producerId: number, origin: Origin): AppendInfo =>
  prepare(state.producers.get(producerId) ?? emptyEntry(producerId), origin)

/** Takes over what an append made of a producer. */
export const update = (state: ProducerStateManager, { startedAt, updated }: AppendInfo): void => {
  if (updated.producerId === -1) fail("IllegalArgument", "Invalid producer id -1 passed to update")
  put(state, merge(state.producers.get(updated.producerId), updated))
  for (const firstOffset of startedAt) {
    state.ongoing.set(firstOffset, { producerId: updated.producerId, firstOffset })
  }
}

const byFirstOffset = (transactions: Iterable<Transaction>): ReadonlyArray<Transaction> =>
  [...transactions].sort((one, other) => one.firstOffset - other.firstOffset)

/** The last stable offset when this transaction ends: where another producer's open one begins, or behind the marker. */
export const lastStableOffset = (state: ProducerStateManager, completed: CompletedTransaction): number =>
  byFirstOffset(state.ongoing.values()).find(({ producerId }) => producerId !== completed.producerId)?.firstOffset ??
    completed.lastOffset + 1

/** The transaction is decided. Fails with `IllegalArgument` where it was never begun. */
export const complete = (state: ProducerStateManager, completed: CompletedTransaction): void => {
  const transaction = state.ongoing.get(completed.firstOffset)
  if (transaction === undefined) {
    return fail(
      "IllegalArgument",
      `Attempted to complete transaction ${JSON.stringify(completed)} which was not started`
    )
  }
  state.ongoing.delete(completed.firstOffset)
  state.unreplicated.set(completed.firstOffset, { ...transaction, lastOffset: completed.lastOffset })
}

/** Where the first transaction begins that is open, or decided above the high watermark. */
export const firstUnstableOffset = (state: ProducerStateManager): number | undefined =>
  byFirstOffset([...state.ongoing.values(), ...state.unreplicated.values()])[0]?.firstOffset

/** Writes the state to a snapshot at the offset it has reached, unless one is there. Answers its path. */
export function* takeSnapshot(
  { disk }: Environment,
  state: ProducerStateManager,
  isDurable = true
): Durably<string | undefined> {
  if (state.lastMapOffset <= state.lastSnapshotOffset) return undefined
  const name = fileName(state.lastMapOffset, ".snapshot")
  const path = `${state.directory}/${name}`
  const file = disk.open(path, "either")
  try {
    // Written over what may be there, and not cut: a longer file keeps its end, as it does in the real one.
    file.write(0, ProducerSnapshot.encode(ProducerSnapshot.inTableOrder(state.producers.values(), state.mostProducers)))
    if (isDurable) yield [file]
  } finally {
    file.close()
  }
  state.snapshots.set(state.lastMapOffset, name)
  state.snapshots = new Map([...state.snapshots].sort(([one], [other]) => one - other))
  state.lastSnapshotOffset = state.lastMapOffset
  return path
}

/** Marks the snapshot at an offset for deletion. Answers the path of what is to be deleted. */
export const removeAndMark = (
  { disk }: Environment,
  state: ProducerStateManager,
  offset: number
): string | undefined => {
  const name = state.snapshots.get(offset)
  if (name === undefined) return undefined
  state.snapshots.delete(offset)
  const path = `${state.directory}/${name}`
  if (disk.stat(path) === undefined) return undefined
  disk.rename(path, path + deleted)
  return path + deleted
}
