/**
 * Damaged partition and log directories recovered, in the fields of a real `images.jsonl` (test/real/README.md).
 *
 *     base ──ops──▶ damaged files ──open, ask, close──▶ actual, which should be what the real log was left with
 *
 * The decision: nothing of the outcome is left out of the comparison, down to a hash of every file that is left, so that
 * an index entry too many is found as well as a lost record.
 */
import { isDeepStrictEqual } from "node:util"
import { applyDamage, type Damage } from "../../world/simulated/Damage.ts"
import type { Image } from "../../world/simulated/DiskImages.ts"
import { type Behaviour, behaviour39, behaviour44, defaults, fromSettings } from "./LogConfig.ts"
import * as LogDirectoryReport from "./LogDirectoryReport.ts"
import * as LogReport from "./LogReport.ts"

/** A topic's settings, as they are given to Kafka. */
export type Settings = { readonly [name: string]: string | number | boolean }

/** One line about a partition directory. Paths are relative to it. */
export interface PartitionImage {
  readonly ops: ReadonlyArray<Damage>
  readonly open: {
    readonly hadCleanShutdown: boolean
    readonly recoveryPoint: number
    readonly logStartOffset: number
    /** Milliseconds since 1970 at which the clock stands. */
    readonly nowMs: number
  }
}

/** One line about a log directory. Paths are relative to it. */
export interface LogDirectoryImage {
  readonly ops: ReadonlyArray<Damage>
}

/** What the real log was left with. */
export interface Recovered extends Partial<LogReport.OpenedReport> {
  readonly result: "ok" | "error"
  readonly segments?: ReadonlyArray<LogReport.SegmentReport>
  readonly exception?: string
  readonly message?: string
  readonly cause?: string
  /** Size and the first 16 hex digits of the SHA-256 of each file. */
  readonly filesAfterClose: { readonly [name: string]: readonly [number, string] }
  /** Entries of the index files that are not large. */
  readonly indexEntries: { readonly [name: string]: ReadonlyArray<ReadonlyArray<LogReport.Integer>> }
}

/** The clock of the real runs over log directories, shortly after the workload's own times. */
const frozenMillis = 1_790_050_000_000
/** The broker epoch with which they were stopped. */
const brokerEpoch = 7
const smallFile = 1200

/** The version that understands these settings: only 4.x takes small segments, by an internal name. */
export const behaviourOf = (settings: ReadonlyArray<Settings>): Behaviour =>
  settings.some((each) => "internal.segment.bytes" in each) ? behaviour44 : behaviour39

/** Recovers a damaged partition directory. Throws `DamageMisses` and `InvalidSetting`. */
export const recoverPartition = (
  name: string,
  base: ReadonlyMap<string, Uint8Array>,
  settings: Settings,
  behaviour: Behaviour,
  image: PartitionImage
): Recovered => {
  const files = applyDamage(base, image.ops)
  const outcome = LogReport.openAndClose({
    name,
    files,
    options: image.open,
    config: fromSettings(settings),
    behaviour,
    nowMillis: image.open.nowMs
  }, LogReport.describeSegments)
  const left = LogReport.describeFiles(outcome.files)
  const said = outcome._tag === "Opened"
    ? { result: "ok" as const, ...outcome.report, segments: outcome.asked }
    : { result: "error" as const, ...outcome.failure }
  const indexes = left.flatMap(({ entries, name: file, size }) =>
    entries === undefined || size >= smallFile ? [] : [[file, entries] as const]
  )
  return {
    ...said,
    filesAfterClose: Object.fromEntries(
      left.map((file) => [file.name, [file.size, file.sha256.slice(0, 16)] as const])
    ),
    indexEntries: Object.fromEntries(indexes)
  }
}

/** Loads and stops a damaged log directory. Throws `DamageMisses` and `InvalidSetting`. */
export const recoverLogDirectory = (
  base: Image,
  settings: { readonly [topic: string]: Settings },
  behaviour: Behaviour,
  image: LogDirectoryImage
): LogDirectoryReport.LogDirectoryReport =>
  LogDirectoryReport.loadAndStop({
    image: applyDamage(base, image.ops),
    configs: Object.fromEntries(Object.entries(settings).map(([topic, each]) => [topic, fromSettings(each)])),
    defaults,
    behaviour,
    nowMillis: frozenMillis,
    brokerEpoch
  })

/** Is what we recovered what the real software did? Both as JSON has them. */
export const matches = (actual: Recovered | LogDirectoryReport.LogDirectoryReport, expected: unknown): boolean =>
  isDeepStrictEqual(JSON.parse(JSON.stringify(actual)), expected)
