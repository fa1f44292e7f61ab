/**
 * Log directories as crashes and faults of the guarantee matrix leave them, opened by Kafka's own UnifiedLog of 3.9.2:
 * offsets, leader epochs, producers, and every file after a clean close must be what the engine makes of the same bytes.
 *
 * So what the matrix finds broken (an epoch that is not right, an open transaction that nobody remembers, a flushed record
 * behind a marker that came back) is what the real log does with these very bytes, and no fault of the engine.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { diskPrint } from "../../src/guarantee/DiskPrint.ts"
import { root, smallSegments } from "../../src/guarantee/KafkaLogUnderTest.ts"
import { real } from "../../src/guarantee/KafkaStorageCommand.ts"
import { type FaultClass, faultClasses, historyOf } from "../../src/guarantee/KafkaStorageHistories.ts"
import { run as runHistory } from "../../src/guarantee/KafkaStorageRun.ts"
import { configOf, directory } from "../../src/guarantee/KafkaStorageWorld.ts"
import * as Checkpoint from "../../src/kafka/storage/Checkpoint.ts"
import * as CleanShutdownMarker from "../../src/kafka/storage/CleanShutdownMarker.ts"
import { behaviour39 } from "../../src/kafka/storage/LogConfig.ts"
import { logStartOffsetCheckpoint, recoveryPointCheckpoint } from "../../src/kafka/storage/LogManager.ts"
import { openAndClose } from "../../src/kafka/storage/LogReport.ts"
import { seeded } from "../../src/replay/Choose.ts"
import type { Operations } from "../../src/world/Disk.ts"
import type { Image } from "../../src/world/simulated/DiskImages.ts"
import { prepare } from "./Maven.ts"

const nowMillis = 1_002_000
/** What the topic of the histories has, by Kafka's names. */
const settings = {
  "segment.bytes": smallSegments.segmentBytes,
  "index.interval.bytes": smallSegments.indexIntervalBytes,
  "segment.index.bytes": smallSegments.segmentIndexBytes,
  "retention.ms": smallSegments.retentionMillis
}
const config = configOf(real)

/** What a start finds. */
interface State {
  readonly id: string
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly options: {
    readonly hadCleanShutdown: boolean
    readonly recoveryPoint: number
    readonly logStartOffset: number
  }
}

const offsetIn = (disk: Operations, name: string): number => {
  try {
    return Checkpoint.readOffsets(disk, `${root}/${name}`).get("p 0") ?? 0
  } catch {
    return 0
  }
}

/** The partition's files as a process reads them, damage and all. */
const stateOf = (id: string, disk: Operations): State => {
  const names = disk.list(directory).filter((name) => disk.stat(`${directory}/${name}`)?.kind === "file")
  return {
    id,
    files: new Map(names.map((name) => [name, Checkpoint.readBytes(disk, `${directory}/${name}`)!])),
    options: {
      hadCleanShutdown: disk.stat(`${root}/${CleanShutdownMarker.fileName}`) !== undefined,
      recoveryPoint: offsetIn(disk, recoveryPointCheckpoint),
      logStartOffset: offsetIn(disk, logStartOffsetCheckpoint)
    }
  }
}

/** A block that cannot be read is nothing that a copy of a directory can show. */
const shown = faultClasses.filter((faults) => faults !== "F12")

/** Distinct states before the last two starts of so many histories of each class, with what the history broke. */
const statesOf = (count: number, seed: number) => {
  const seen = new Set<string>()
  const states: Array<State> = []
  const broken = new Map<FaultClass, Set<string>>()
  for (const [faults, isFlushed] of shown.flatMap((faults) => [[faults, true], [faults, false]] as const)) {
    for (let at = 0; at < count; at++) {
      const openings: Array<State> = []
      const { findings } = runHistory(
        { ...real, isFlushed: true },
        historyOf({ faults, cuts: false }, seeded(seed + at)),
        {
          opening: (disk) => {
            // A process of its own, so that reading counts for no fault of the one that starts.
            openings.push(
              stateOf(
                `${faults}/${isFlushed ? "flushed" : "unflushed"}/${seed + at}/${openings.length}`,
                disk.operations()
              )
            )
          }
        }
      )
      for (const { kind } of findings) broken.set(faults, (broken.get(faults) ?? new Set()).add(kind))
      for (const state of openings.slice(-2)) {
        const print = diskPrint(state.files as Image, JSON.stringify(state.options))
        if (!seen.has(print)) states.push(state)
        seen.add(print)
      }
    }
  }
  return { states, broken }
}

const write = (folder: string, { files }: State): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of files) writeFileSync(join(folder, name), content)
}

type Answer = Readonly<Record<string, unknown>>

/** What the engine makes of it; `undefined` where damage left an offset beyond 2^53, which it does not follow. */
const expectedOf = ({ files, options }: State): Answer | undefined => {
  const outcome = openAndClose(
    { name: "p-0", files, options, config, behaviour: behaviour39, nowMillis },
    () => undefined
  )
  const left = [...outcome.files].sort(([a], [b]) => a < b ? -1 : 1).map(([file, content]) =>
    [file, content.length, createHash("sha256").update(content).digest("hex")] as const
  )
  if (outcome._tag === "Opened") return { ...outcome.report, files: left }
  const { exception, message } = outcome.failure
  return message.includes("beyond 2^53") ? undefined : { error: exception, files: left }
}

const ask = (states: ReadonlyArray<State>, folder: string): ReadonlyArray<Answer> => {
  const [input, output] = [join(folder, "jobs.tsv"), join(folder, "answers.jsonl")]
  const given = Object.entries(settings).map(([key, value]) => `${key}=${value}`).join(";")
  const lines = states.map((state, index) => {
    const { hadCleanShutdown, logStartOffset, recoveryPoint } = state.options
    const at = join(folder, String(index), "p-0")
    write(at, state)
    return [state.id, at, recoveryPoint, logStartOffset, hadCleanShutdown, nowMillis, given, "damaged"].join("\t")
  })
  writeFileSync(input, lines.join("\n") + "\n")
  const classpath = prepare("kafka", "3.9.2")
  execFileSync("java", ["-Xmx700m", "-XX:+UseSerialGC", "-cp", classpath, "Oracle", input, output], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 10 * 60 * 1000
  })
  return readFileSync(output, "utf8").trim().split("\n").map((line) => JSON.parse(line))
}

const differences = (state: State, expected: Answer, { error, ...told }: Answer): ReadonlyArray<string> => {
  // Of a failure the class counts; what was told before it came is of no use.
  const answered: Answer = typeof error === "string"
    ? { error: error.split(":")[0], files: told["files"] }
    : { ...told, id: undefined }
  return [...new Set([...Object.keys(expected), ...Object.keys(answered)])]
    .filter((field) => JSON.stringify(answered[field]) !== JSON.stringify(expected[field]))
    .map((field) =>
      `${state.id} ${field}: real ${JSON.stringify(answered[field])?.slice(0, 400)}, here ${
        JSON.stringify(expected[field])?.slice(0, 400)
      }`
    )
}

/** Runs it, a twentieth of COUNT histories a class and flush policy, printing one line and the first differences. */
export const run = async (count: number, seed: number): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), "ackproof-kafka-"))
  try {
    const { broken, states } = statesOf(Math.ceil(count / 20), seed)
    const followed = states.flatMap((state) => {
      const expected = expectedOf(state)
      return expected === undefined ? [] : [{ state, expected }]
    })
    const answers = ask(followed.map(({ state }) => state), folder)
    const wrong = followed.flatMap(({ expected, state }, index) => differences(state, expected, answers[index] ?? {}))
    for (const line of wrong.slice(0, 10)) console.log(line)
    const kinds = [...broken].map(([faults, kinds]) => `${faults} ${[...kinds].sort().join("+")}`)
    console.log(
      `Kafka 3.9.2: ${followed.length} crashed or damaged directories of ${shown.length} classes of faults recovered by ` +
        `the real one, ${wrong.length} differences, ${states.length - followed.length} with offsets beyond 2^53 left ` +
        `out (seed ${seed}); broken on the way: ${kinds.join("; ")}`
    )
    return wrong.length === 0 && answers.length === followed.length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
