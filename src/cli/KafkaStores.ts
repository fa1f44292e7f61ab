/**
 * Kafka's part of `log inspect`: partition directories, each opened in memory with what the log directory around it says,
 * then told and judged.
 *
 * A topic's settings are not in its directory. They are taken from `config.json` beside the segments, or from "config" in
 * an `expected.json`; otherwise they are the defaults, which decides nothing but how indexes are rebuilt.
 */
import { Schema } from "effect"
import { basename, dirname, join, resolve } from "node:path"
import { describeBatch } from "../kafka/storage/Describe.ts"
import type { Settings } from "../kafka/storage/Images.ts"
import * as Inspect from "../kafka/storage/Inspect.ts"
import { isSound, judge, type Judgement } from "../kafka/storage/Judgement.ts"
import { InvalidSetting } from "../kafka/storage/LogConfig.ts"
import { StorageError } from "../kafka/storage/StorageError.ts"
import { Malformed } from "../message/Malformed.ts"
import { BadInput } from "./Exit.ts"
import { kindOf, list, readFile, readStore } from "./StoreFiles.ts"

const segmentFile = /^\d{20}\.log$/
const partitionName = /^(.+)-(\d+)$/
/** Files that are ours to read and not the broker's. */
const notOfBroker = new Set(["expected.json", "config.json"])

const isPartition = (directory: string): boolean =>
  partitionName.test(basename(directory)) && kindOf(directory) === "directory" &&
  list(directory).some((name) => segmentFile.test(name))

/** The partition directories that an argument means: itself, or those in it. */
export const partitionsOf = (directory: string): ReadonlyArray<string> => {
  const path = resolve(directory)
  if (isPartition(path)) return [path]
  return kindOf(path) === "directory" ? list(path).map((name) => join(path, name)).filter(isPartition) : []
}

const isLogDirectoryFile = (name: string): boolean =>
  name === "meta.properties" || name === ".kafka_cleanshutdown" || name.endsWith("-checkpoint")

const Config = Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
const Expected = Schema.Struct({ config: Config })

const settingsFrom = (path: string, schema: Schema.Decoder<Settings | { readonly config: Settings }>): Settings => {
  try {
    const read = Schema.decodeUnknownSync(schema)(JSON.parse(new TextDecoder().decode(readFile(path))))
    return "config" in read && typeof read["config"] === "object" ? read["config"] : read as Settings
  } catch (cause) {
    if (cause instanceof BadInput) throw cause
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause)
    throw new BadInput({ message: `${path}: ${reason}; expected a topic's settings by name` })
  }
}

const settingsOf = (path: string): Settings => {
  if (kindOf(join(path, "config.json")) === "file") return settingsFrom(join(path, "config.json"), Config)
  if (kindOf(join(path, "expected.json")) === "file") return settingsFrom(join(path, "expected.json"), Expected)
  return {}
}

export interface InspectedPartition {
  readonly report: Inspect.Inspected
  /** For a person, several lines. */
  readonly text: string
  readonly sound: boolean
}

const plural = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : what.endsWith("ch") ? "es" : "s"}`

const offsetsLine = (judgement: Judgement): string => {
  const { gap, offsets } = judgement
  if (offsets === undefined) return "no offsets"
  const range = `offsets ${offsets[0]} to ${offsets[1]}`
  if (gap === undefined) return `${range}, dense`
  const hole = `first hole between ${gap.after} and ${gap.next}`
  return judgement.compacted ? `${range}, compacted (${hole})` : `${range}: A HOLE without compaction (${hole})`
}

const epochsLine = (judgement: Judgement): string => {
  const { epochDisorder } = judgement
  const epochs = judgement.leaderEpochs.map(([epoch, from]) => `${epoch} from ${from}`).join(", ")
  return epochDisorder === undefined
    ? `leader epochs ${epochs === "" ? "none" : epochs}`
    : `leader epochs GO BACK at offset ${epochDisorder.at}, from ${epochDisorder.from} to ${epochDisorder.to}`
}

const textOf = (report: Inspect.Inspected, judgement: Judgement, cuts: Inspect.Outcome["cuts"]): string => {
  const { checkpointedHighWatermark, logEndOffset, logStartOffset, producers } = report
  const watermark = checkpointedHighWatermark === null ? "" : `, high watermark ${checkpointedHighWatermark}`
  return [
    `${report.topic}-${report.partition}: ${report.software}, ${report.stop}; ${
      plural(judgement.segments, "segment")
    }, ` +
    `${plural(judgement.batches, "batch")}, ${plural(judgement.records, "record")}, every checksum right`,
    `  ${offsetsLine(judgement)}; log start ${logStartOffset}${watermark}, log end ${logEndOffset}`,
    `  ${epochsLine(judgement)}; ${plural(producers.length, "producer")}`,
    ...cuts.map(({ bytes, file, position }) => `  CUT: ${plural(bytes, "byte")} from byte ${position} of ${file} on`)
  ].join("\n")
}

/** Why the real log cuts here, or that it drops what follows a cut. */
const reasonOf = (bytes: Uint8Array, position: number): string => {
  try {
    describeBatch(bytes, position)
    return `byte ${position}: found batches behind a damaged one; expected none`
  } catch (error) {
    if (error instanceof Malformed) return error.message
    throw error
  }
}

/** Opens a partition directory in memory. Throws `BadInput`; damage that recovery cuts away is bad unless `recover`. */
export const inspectPartition = (path: string, recover: boolean): InspectedPartition => {
  const name = basename(path)
  const [, topic, partition] = partitionName.exec(name) as unknown as [string, string, string]
  const files = new Map([...readStore(path, 0).files].filter(([file]) => !notOfBroker.has(file)))
  const logDirectory = readStore(dirname(path), 0, isLogDirectoryFile).files
  const directory = { name, topic, partition: Number(partition), files, logDirectory, settings: settingsOf(path) }
  const outcome = attempt(path, directory)
  if ("_tag" in outcome) {
    const what = outcome._tag === "Damaged"
      ? `${join(path, outcome.file)}: ${outcome.error.message}`
      : `${path}: a broker does not open it: ${outcome.failure.exception}: ${outcome.failure.message}`
    throw new BadInput({ message: what })
  }
  const { cuts, report } = outcome
  const cut = cuts[0]
  if (cut !== undefined && !recover) {
    throw new BadInput({
      message: `${join(path, cut.file)}: ${reasonOf(files.get(cut.file)!, cut.position)}; recovery would cut ` +
        `${plural(cut.bytes, "byte")} here, and --recover shows the log without them`
    })
  }
  const judgement = judge(report.segments)
  if (judgement.disorder !== undefined) {
    const { after, next } = judgement.disorder
    throw new BadInput({
      message: `${path}: offset ${next} stands behind ${after}; give the segments of one log, not those of two`
    })
  }
  return { report, text: textOf(report, judgement, cuts), sound: isSound(judgement) }
}

const attempt = (path: string, directory: Inspect.Directory): Inspect.Outcome | Inspect.Failure => {
  try {
    return Inspect.inspect(directory)
  } catch (error) {
    if (error instanceof InvalidSetting) throw new BadInput({ message: `${path}: ${error.message}` })
    if (!(error instanceof StorageError)) throw error
    // Only the files of the log directory around it are read outside of the opening.
    throw new BadInput({
      message: `${dirname(path)}: ${error.message.replaceAll("/logs/", "")}; a broker cannot read it`
    })
  }
}
