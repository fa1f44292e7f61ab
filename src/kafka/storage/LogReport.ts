/**
 * What a partition's log says of itself after it was opened, and what files it leaves when it is closed, in the fields in
 * which real logs were asked (test/real/README.md).
 *
 * The directory is a copy in memory on a simulated disk: opening a log writes, and a real directory is not to be written
 * to. The clock stands still, so that no producer expires while nobody looks. Work that is due at once is done before the
 * close, work with a delay (removing `.deleted` files) never.
 */
import { createHash } from "node:crypto"
import { viewOf } from "../../message/Int64.ts"
import { Malformed } from "../../message/Malformed.ts"
import type { Image } from "../../world/simulated/DiskImages.ts"
import { SimulatedDisk } from "../../world/simulated/SimulatedDisk.ts"
import * as Durably from "./Durably.ts"
import type { Environment, Task } from "./Environment.ts"
import * as FileRecords from "./FileRecords.ts"
import { type JavaException, javaException } from "./JavaException.ts"
import type { Behaviour, LogConfig } from "./LogConfig.ts"
import { online } from "./LogDirectory.ts"
import * as PartitionLog from "./PartitionLog.ts"
import { firstOffset, firstSequence, type ProducerEntry } from "./ProducerState.ts"
import { StorageError } from "./StorageError.ts"

/** An integer as JSON holds it: of 16 or more digits as a string, so that no parser rounds it. */
export type Integer = number | string

export const integer = (value: number | bigint): Integer => {
  const text = String(value)
  return text.replace("-", "").length >= 16 ? text : Number(text)
}

export interface ProducerReport {
  readonly producerId: Integer
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly lastTimestamp: Integer
  readonly currentTxnFirstOffset: Integer | null
  /** First and last sequence, first and last offset of each batch that is remembered. */
  readonly batches: ReadonlyArray<readonly [number, number, Integer, Integer]>
}

/** A log right after it was opened. */
export interface OpenedReport {
  readonly logStartOffset: Integer
  readonly logEndOffset: Integer
  readonly recoveryPoint: Integer
  readonly leaderEpochs: ReadonlyArray<readonly [number, Integer]>
  readonly producers: ReadonlyArray<ProducerReport>
}

/** A file as it is left: entries where it is an index. */
export interface FileReport {
  readonly name: string
  readonly size: number
  readonly sha256: string
  readonly entries?: ReadonlyArray<ReadonlyArray<Integer>>
}

const describeProducer = (entry: ProducerEntry): ProducerReport => ({
  producerId: integer(entry.producerId),
  producerEpoch: entry.producerEpoch,
  coordinatorEpoch: entry.coordinatorEpoch,
  lastTimestamp: integer(entry.lastTimestamp),
  currentTxnFirstOffset: entry.currentTxnFirstOffset === undefined ? null : integer(entry.currentTxnFirstOffset),
  batches: entry.batches.map((batch) => [
    firstSequence(batch),
    batch.lastSequence,
    integer(firstOffset(batch)),
    integer(batch.lastOffset)
  ])
})

export const describeOpened = (log: PartitionLog.PartitionLog): OpenedReport => ({
  logStartOffset: integer(log.logStartOffset),
  logEndOffset: integer(log.logEndOffset),
  recoveryPoint: integer(log.recoveryPoint),
  leaderEpochs: log.epochs.entries.map(({ epoch, startOffset }) => [epoch, integer(startOffset)]),
  producers: [...log.producers.producers.values()].sort((one, other) => one.producerId - other.producerId)
    .map(describeProducer)
})

/** A segment in short: position, first and last offset, and leader epoch of each batch. */
export interface SegmentReport {
  readonly baseOffset: Integer
  readonly size: number
  readonly batches: ReadonlyArray<readonly [number, Integer, Integer, number]>
  /** The exception that ended the walk over the batches. */
  readonly batchesError?: string
  readonly _?: readonly []
}

export const describeSegments = (log: PartitionLog.PartitionLog): ReadonlyArray<SegmentReport> =>
  log.segments.all.map(({ baseOffset, log: records }) => {
    const batches: Array<readonly [number, Integer, Integer, number]> = []
    const report = { baseOffset: integer(baseOffset), size: records.size, batches }
    try {
      for (const batch of FileRecords.batches(records)) {
        batches.push([batch.position, integer(batch.baseOffset), integer(batch.lastOffset), batch.partitionLeaderEpoch])
      }
      return report
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      return { ...report, batchesError: javaException(error).exception, _: [] }
    }
  })

const shapes: {
  readonly [kind: string]: { readonly size: number; readonly fields: ReadonlyArray<readonly [number, 4 | 8]> }
} = {
  ".index": { size: 8, fields: [[0, 4], [4, 4]] },
  ".timeindex": { size: 12, fields: [[0, 8], [8, 4]] },
  ".txnindex": { size: 34, fields: [[2, 8], [10, 8], [18, 8], [26, 8]] }
}

const entriesOf = (name: string, bytes: Uint8Array): ReadonlyArray<ReadonlyArray<Integer>> | undefined => {
  const shape = shapes[name.slice(name.lastIndexOf("."))]
  if (shape === undefined) return undefined
  const view = viewOf(bytes)
  return Array.from(
    { length: Math.floor(bytes.length / shape.size) },
    (_, slot) =>
      shape.fields.map(([at, width]) =>
        integer(width === 4 ? view.getInt32(slot * shape.size + at) : view.getBigInt64(slot * shape.size + at))
      )
  )
}

/** The files of a directory by name, ascending. */
export const describeFiles = (files: ReadonlyMap<string, Uint8Array>): ReadonlyArray<FileReport> =>
  [...files].sort(([one], [other]) => one < other ? -1 : 1).map(([name, bytes]) => {
    const entries = entriesOf(name, bytes)
    return {
      name,
      size: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      ...(entries === undefined ? {} : { entries })
    }
  })

/** A partition directory to be opened: its files by name, and what the log directory around it says of it. */
export interface Case {
  /** `TOPIC-PARTITION`. */
  readonly name: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly options: PartitionLog.OpenOptions
  readonly config: LogConfig
  readonly behaviour: Behaviour
  /** Milliseconds since 1970 at which the clock stands. */
  readonly nowMillis: number
}

/** What came of it. `opened` is asked before the log is closed. */
export type Outcome<A> =
  | {
    readonly _tag: "Opened"
    readonly report: OpenedReport
    readonly asked: A
    readonly files: ReadonlyMap<string, Uint8Array>
  }
  | { readonly _tag: "Failed"; readonly failure: JavaException; readonly files: ReadonlyMap<string, Uint8Array> }

const root = "/logs"

const under = (directory: string, image: Image): ReadonlyMap<string, Uint8Array> =>
  new Map(
    [...image].filter(([path]) => path.startsWith(`${directory}/`) && !path.endsWith("/"))
      .map(([path, bytes]) => [path.slice(directory.length + 1), bytes])
  )

/** Opens the directory in memory, asks the log, does what is due, and closes it as at a clean stop. */
export const openAndClose = <A>(
  { behaviour, config, files, name, nowMillis, options }: Case,
  ask: (log: PartitionLog.PartitionLog) => A
): Outcome<A> => {
  const directory = `${root}/${name}`
  const image = new Map([...files].map(([file, bytes]) => [`${directory}/${file}`, bytes] as const))
  const disk = SimulatedDisk.fromImage(image.size === 0 ? new Map([[`${directory}/`, new Uint8Array(0)]]) : image)
  const tasks: Array<Task> = []
  const environment: Environment = {
    logDirectory: online(root),
    disk: disk.operations(),
    now: () => nowMillis,
    behaviour,
    schedule: (task) => tasks.push(task)
  }
  const left = () => under(directory, disk.image())
  try {
    const log = Durably.runUncommitted(() => PartitionLog.open(environment, directory, config, options))
    const report = describeOpened(log)
    const asked = ask(log)
    Durably.runUncommitted(function*() {
      yield* runDue(tasks)
      yield* PartitionLog.flush(log, true)
      yield* PartitionLog.close(log)
    })
    return { _tag: "Opened", report, asked, files: left() }
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof Malformed)) throw error
    return { _tag: "Failed", failure: javaException(error, directory), files: left() }
  }
}

/** Does the work that is due at once, in order, and what it makes due. */
export function* runDue(tasks: Array<Task>): Durably.Durably<void> {
  for (let index = 0; index < tasks.length; index++) {
    const task = tasks[index]!
    if (task.delayMillis <= 0) yield* task.run()
  }
  tasks.length = 0
}
