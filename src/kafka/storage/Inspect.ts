/**
 * A real partition directory opened as its broker would open it, and everything in it told, in the fields of its
 * expected.json (test/real/README.md). It is opened in memory: nothing is written to it.
 *
 * What the log directory around it says counts, as it would for the broker: marker, recovery point, log start, high
 * watermark, and the version by meta.properties. The clock stands at 1970, so that no producer has expired.
 */
import { Malformed } from "../../message/Malformed.ts"
import { SimulatedDisk } from "../../world/simulated/SimulatedDisk.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as CleanShutdownMarker from "./CleanShutdownMarker.ts"
import type { MissingCodec } from "./Compression.ts"
import { describeSegment, type SegmentDescription } from "./Describe.ts"
import { behaviourOf, type Settings } from "./Images.ts"
import type { JavaException } from "./JavaException.ts"
import { type Behaviour, behaviour39, behaviour44, fromSettings } from "./LogConfig.ts"
import { fileName, isLogFile, type TopicPartition } from "./LogFileNames.ts"
import * as LogManager from "./LogManager.ts"
import * as LogRead from "./LogRead.ts"
import * as LogReport from "./LogReport.ts"
import * as MetaProperties from "./MetaProperties.ts"
import * as PartitionLog from "./PartitionLog.ts"
import type { PlacedRecord } from "./RecordBatch.ts"

/** What consumers are shown at one isolation level. */
export interface Shown {
  readonly beginningOffset: number
  readonly endOffset: number
  /** Runs of offsets, both ends included. */
  readonly offsets: ReadonlyArray<readonly [number, number]>
}

export interface Inspected extends Omit<LogReport.OpenedReport, "recoveryPoint"> {
  /** The software whose recovery was followed. */
  readonly software: string
  readonly topic: string
  readonly partition: number
  /** How the broker was stopped, as the marker tells. */
  readonly stop: "SIGTERM" | "kill -9"
  readonly config: Settings
  readonly openedWith: {
    readonly hadCleanShutdown: boolean
    readonly recoveryPoint: number
    readonly logStartOffset: number
  }
  readonly checkpointedHighWatermark: number | null
  /** Absent for internal topics, which nobody consumes. */
  readonly consumer?: { readonly read_uncommitted: Shown; readonly read_committed: Shown }
  readonly segments: ReadonlyArray<SegmentDescription>
  readonly filesAfterOpenAndClose: ReadonlyArray<LogReport.FileReport>
}

/** A partition directory, and the files of the log directory around it as far as they are there. */
export interface Directory extends TopicPartition {
  readonly name: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly logDirectory: ReadonlyMap<string, Uint8Array>
  readonly settings: Settings
}

/** Why there is nothing to tell: the real software refuses the directory, or a batch that it passed over is damaged. */
export type Failure =
  | { readonly _tag: "Refused"; readonly failure: JavaException }
  | { readonly _tag: "Damaged"; readonly file: string; readonly error: Malformed | MissingCodec }

export interface Outcome {
  readonly report: Inspected
  /** Log files that recovery cut or did away with, and where the first byte of that was. */
  readonly cuts: ReadonlyArray<{ readonly file: string; readonly position: number; readonly bytes: number }>
}

const shown = (log: PartitionLog.PartitionLog, isolation: LogRead.Isolation): Shown => {
  const endOffset = LogRead.endOffsetOf(log, isolation)
  const runs: Array<[number, number]> = []
  const add = ({ offset }: PlacedRecord): void => {
    const last = runs.at(-1)
    if (last !== undefined && offset === last[1] + 1) last[1] = offset
    else runs.push([offset, offset])
  }
  for (let offset = log.logStartOffset; offset < endOffset;) {
    const { next, records } = LogRead.visible(LogRead.read(log, offset, 1024 * 1024, isolation, true), offset)
    records.forEach(add)
    if (next === offset) break
    offset = next
  }
  return { beginningOffset: log.logStartOffset, endOffset, offsets: runs }
}

/** What the files of a log directory say of a partition. Fails by name where a broker could not read them. */
const knownOf = ({ logDirectory, partition, settings, topic }: Directory) => {
  const image = new Map([...logDirectory].map(([name, bytes]) => [`/logs/${name}`, bytes] as const))
  const disk = SimulatedDisk.fromImage(image.size === 0 ? new Map([["/logs/", new Uint8Array(0)]]) : image).operations()
  const key = Checkpoint.keyOf({ topic, partition })
  const offsetIn = (name: string) => Checkpoint.readOffsets(disk, `/logs/${name}`).get(key)
  const meta = MetaProperties.read(disk, "/logs")
  const behaviour: Behaviour = meta === undefined
    ? behaviourOf([settings])
    : meta.version === 1
    ? behaviour44
    : behaviour39
  return {
    behaviour,
    highWatermark: offsetIn(LogManager.highWatermarkCheckpoint),
    options: {
      hadCleanShutdown: CleanShutdownMarker.take(disk, "/logs"),
      recoveryPoint: offsetIn(LogManager.recoveryPointCheckpoint) ?? 0,
      logStartOffset: offsetIn(LogManager.logStartOffsetCheckpoint) ?? 0
    }
  }
}

/** Where the log files that were left are shorter than those that were found. */
const cutsOf = (before: ReadonlyMap<string, Uint8Array>, after: ReadonlyMap<string, Uint8Array>): Outcome["cuts"] =>
  [...before].filter(([name]) => isLogFile(name)).flatMap(([file, bytes]) => {
    const left = after.get(file)?.length ?? 0
    return left >= bytes.length ? [] : [{ file, position: left, bytes: bytes.length - left }]
  })

const describe = (log: PartitionLog.PartitionLog): ReadonlyArray<SegmentDescription> | Failure => {
  const segments: Array<SegmentDescription> = []
  for (const { baseOffset, log: { file, size } } of log.segments.all) {
    try {
      segments.push(describeSegment(baseOffset, file.read(0, size)))
    } catch (error) {
      if (error instanceof Malformed || isMissingCodec(error)) {
        return { _tag: "Damaged", file: fileName(baseOffset, ".log"), error }
      }
      throw error
    }
  }
  return segments
}

const isMissingCodec = (error: unknown): error is MissingCodec =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "MissingCodec"

const isFailure = (found: ReadonlyArray<SegmentDescription> | Failure): found is Failure => "_tag" in found

/** Opens the directory and tells what is in it, or why the real software or this reader cannot. */
export const inspect = (directory: Directory): Outcome | Failure => {
  const { files, name, partition, settings, topic } = directory
  const { behaviour, highWatermark, options } = knownOf(directory)
  const outcome = LogReport.openAndClose(
    { name, files, options, config: fromSettings(settings), behaviour, nowMillis: 0 },
    (log) => {
      const segments = describe(log)
      if (isFailure(segments)) return segments
      PartitionLog.updateHighWatermark(log, highWatermark ?? log.logEndOffset)
      const consumer = { read_uncommitted: shown(log, "uncommitted"), read_committed: shown(log, "committed") }
      return { segments, ...(topic.startsWith("__") ? {} : { consumer }) }
    }
  )
  if (outcome._tag === "Failed") return { _tag: "Refused", failure: outcome.failure }
  if ("_tag" in outcome.asked) return outcome.asked
  const { recoveryPoint: _, ...opened } = outcome.report
  return {
    report: {
      software: behaviour.software,
      topic,
      partition,
      stop: options.hadCleanShutdown ? "SIGTERM" : "kill -9",
      config: settings,
      openedWith: options,
      checkpointedHighWatermark: highWatermark ?? null,
      ...opened,
      ...outcome.asked,
      filesAfterOpenAndClose: LogReport.describeFiles(outcome.files)
    },
    cuts: cutsOf(files, outcome.files)
  }
}
