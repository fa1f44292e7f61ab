/**
 * What becomes of a whole log directory: loaded by the log manager, asked, and stopped cleanly, in the fields in which the
 * real one was asked (test/real/README.md). It is a copy in memory, and the clock stands still.
 */
import { Malformed } from "../../message/Malformed.ts"
import type { Image } from "../../world/simulated/DiskImages.ts"
import { SimulatedDisk } from "../../world/simulated/SimulatedDisk.ts"
import * as CleanShutdownMarker from "./CleanShutdownMarker.ts"
import * as Durably from "./Durably.ts"
import type { Environment, Task } from "./Environment.ts"
import { javaException } from "./JavaException.ts"
import type { Behaviour, LogConfig } from "./LogConfig.ts"
import { online } from "./LogDirectory.ts"
import * as LogManager from "./LogManager.ts"
import { describeOpened, type Integer, integer, runDue } from "./LogReport.ts"
import * as MetaProperties from "./MetaProperties.ts"
import type { PartitionLog } from "./PartitionLog.ts"
import { StorageError } from "./StorageError.ts"

interface LoadedReport {
  readonly dir: string
  readonly logStartOffset: Integer
  readonly logEndOffset: Integer
  readonly recoveryPoint: Integer
  readonly leaderEpochs: ReadonlyArray<readonly [number, Integer]>
  /** Base offset and size of each segment. */
  readonly segments: ReadonlyArray<readonly [Integer, number]>
}

export interface LogDirectoryReport {
  readonly result?: "ok"
  readonly logDirOffline?: boolean
  readonly markerAfterLoad?: boolean
  readonly logs?: ReadonlyArray<LoadedReport>
  readonly shutdown?: "skipped"
  readonly errorIn?: "construct" | "load" | "shutdown"
  readonly exception?: string
  readonly message?: string
  readonly cause?: string
  /** Files in the log directory itself: their text, null where there is much of it. */
  readonly filesAfter: { readonly [name: string]: string | null }
}

/** A log directory to be loaded, and what is known from elsewhere. */
export interface LogDirectoryCase {
  /** Contents by path below the log directory; a directory without files is a path that ends with `/`. */
  readonly image: Image
  readonly configs: { readonly [topic: string]: LogConfig }
  /** Settings of topics that have none. */
  readonly defaults: LogConfig
  readonly behaviour: Behaviour
  /** Milliseconds since 1970 at which the clock stands. */
  readonly nowMillis: number
  /** Written into the marker of the clean stop. */
  readonly brokerEpoch: number
}

const root = "/logs"
const withoutIds = (name: string): string => name.replaceAll(/[0-9a-f]{32}/g, "<uuid>")
const longText = 2000

const describeLog = (log: PartitionLog): LoadedReport => {
  const { leaderEpochs, logEndOffset, logStartOffset, recoveryPoint } = describeOpened(log)
  return {
    dir: withoutIds(log.directory.slice(log.directory.lastIndexOf("/") + 1)),
    logStartOffset,
    logEndOffset,
    recoveryPoint,
    leaderEpochs,
    segments: log.segments.all.map((segment) => [integer(segment.baseOffset), segment.log.size])
  }
}

/** Lines of a checkpoint in one order: the real order is that of a hash table. */
const sorted = (text: string): string => {
  const lines = text.split("\n")
  return lines.length > 3 && lines[0] === "0"
    ? [...lines.slice(0, 2), ...lines.slice(2, -1).sort(), ...lines.slice(-1)].join("\n")
    : text
}

const filesAfter = (image: Image): { readonly [name: string]: string | null } => {
  const found = new Map<string, string | null>()
  for (const [path, bytes] of image) {
    const [name, ...below] = path.slice(root.length + 1).split("/") as [string, ...Array<string>]
    if (name === "" || name === MetaProperties.fileName) continue
    const text = Buffer.from(bytes).toString("utf8")
    const isCheckpoint = name.endsWith("checkpoint")
    const content = bytes.length > longText ? null : isCheckpoint ? sorted(text) : text
    found.set(withoutIds(name), below.length > 0 ? "directory" : content)
  }
  return Object.fromEntries([...found].sort(([one], [other]) => one < other ? -1 : 1))
}

/** Loads the directory in memory, asks every log, stops cleanly. */
export const loadAndStop = (
  { behaviour, brokerEpoch, configs, defaults, image, nowMillis }: LogDirectoryCase
): LogDirectoryReport => {
  const disk = SimulatedDisk.fromImage(new Map([...image].map(([path, bytes]) => [`${root}/${path}`, bytes])))
  const tasks: Array<Task> = []
  const environment: Environment = {
    logDirectory: online(root),
    disk: disk.operations(),
    now: () => nowMillis,
    behaviour,
    schedule: (task) => tasks.push(task)
  }
  let phase: "load" | "shutdown" = "load"
  let report: Omit<LogDirectoryReport, "filesAfter"> = {}
  try {
    const manager = Durably.runUncommitted(() => LogManager.open(environment, (topic) => configs[topic] ?? defaults))
    const logs = [...manager.current, ...manager.future].map(([key, log]) => [`${key}@${log.directory}`, log] as const)
    report = {
      result: "ok",
      logDirOffline: environment.logDirectory.isOffline,
      markerAfterLoad: disk.image().has(`${root}/${CleanShutdownMarker.fileName}`),
      logs: logs.sort(([one], [other]) => one < other ? -1 : 1).map(([, log]) => describeLog(log))
    }
    phase = "shutdown"
    if (environment.logDirectory.isOffline) report = { ...report, shutdown: "skipped" }
    else {
      Durably.runUncommitted(function*() {
        yield* runDue(tasks)
        yield* LogManager.close(manager, brokerEpoch)
      })
    }
  } catch (error) {
    if (!(error instanceof StorageError) && !(error instanceof Malformed)) throw error
    const failure = javaException(error)
    report = { ...report, errorIn: phase, ...failure, message: failure.message.replaceAll(root, "<log dir>") }
  }
  return { ...report, filesAfter: filesAfter(disk.image()) }
}
