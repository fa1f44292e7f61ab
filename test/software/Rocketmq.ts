/**
 * Stores that this project wrote, opened by the real DefaultMessageStore of 4.9.7 and 5.5.0: what it finds in their queues,
 * and what its index finds, must be what the engine says of the same directory.
 *
 * The one decision: directories are random histories with kills and clean stops in them, left running or closed, so the
 * real store recovers what the engine recovers. Half of those for 5.5.0 carry the checksum of whole messages, which the
 * real store then demands.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { quiet } from "../../properties/rocketmq/storage/Commands.ts"
import { small } from "../../src/guarantee/RocketmqStorageCommand.ts"
import { play } from "../../src/guarantee/RocketmqStorageRun.ts"
import * as Inspect from "../../src/rocketmq/storage/Inspect.ts"
import { type StoreConfig, v4_9, v5_5 } from "../../src/rocketmq/storage/LogConfig.ts"
import * as LogManager from "../../src/rocketmq/storage/LogManager.ts"
import { physicalOffsets } from "../../src/rocketmq/storage/LogRead.ts"
import * as Store from "../../src/rocketmq/storage/MessageStore.ts"
import { storeOf } from "../../src/rocketmq/storage/StoreOnImage.ts"
import { prepare } from "./Maven.ts"

const versions = { "4.9.7": v4_9, "5.5.0": v5_5 }
type Version = keyof typeof versions

/** One directory for the real store, and what the engine says of it. */
interface Job {
  readonly id: string
  readonly directory: string
  readonly config: StoreConfig
  readonly expected: Found
}

/** What either store finds. */
interface Found {
  readonly minPhyOffset: Inspect.Long
  readonly maxPhyOffset: Inspect.Long
  readonly queues: ReadonlyArray<Inspect.QueueReport>
  readonly keys: ReadonlyArray<readonly [asked: string, offsets: ReadonlyArray<number>]>
}

/** The settings that both sides get, by the names of MessageStoreConfig. */
export const settingsOf = (config: StoreConfig): string =>
  Object.entries({
    mappedFileSizeCommitLog: config.mappedFileSizeCommitLog,
    mappedFileSizeConsumeQueue: config.mappedFileSizeConsumeQueue,
    maxHashSlotNum: config.maxHashSlotNum,
    maxIndexNum: config.maxIndexNum,
    flushDiskType: config.flushDiskType,
    enabledAppendPropCRC: config.enabledAppendPropCRC,
    forceVerifyPropCRC: config.forceVerifyPropCRC,
    timerWheelEnable: false
  }).map(([name, value]) => `${name}=${value}`).join(";")

const expectedOf = (files: ReadonlyMap<string, Uint8Array>, config: StoreConfig): Found => {
  const { parts } = LogManager.load(storeOf(files, config).unloaded)
  LogManager.start(parts)
  // The real store may give two index files that it makes in one millisecond one name: then nothing can be asked of it.
  const made = parts.index.files.filter(({ path }) => !files.has(path.slice("/store/".length))).length
  const queues = Inspect.queueReports(parts, true).filter(({ maxOffset }) => maxOffset !== 0)
  const asked = new Set(
    queues.flatMap(({ entries, topic }) =>
      entries.flatMap((entry) => "keys" in entry && entry.keys !== null ? [`${topic}#${entry.keys}`] : [])
    )
  )
  const keys = made > 1 ? [] : [...asked].map((pair) => {
    const [topic, key] = pair.split("#") as [string, string]
    const ask = { topic, key, maxNum: 64, begin: 0, end: Number.MAX_SAFE_INTEGER }
    return [pair, physicalOffsets(parts, ask).map(Number)] as const
  })
  const { maxPhyOffset, minPhyOffset } = Inspect.offsets(parts)
  return { minPhyOffset, maxPhyOffset, queues, keys }
}

const write = (directory: string, files: ReadonlyMap<string, Uint8Array>): void => {
  for (const [path, bytes] of files) {
    const target = join(directory, path)
    mkdirSync(path.endsWith("/") ? target : dirname(target), { recursive: true })
    if (!path.endsWith("/")) writeFileSync(target, bytes)
  }
}

/** Plays random histories and writes what they leave. Delayed messages stay pending: their clock is this machine's. */
const makeJobs = (version: Version, count: number, seed: number, folder: string): ReadonlyArray<Job> => {
  const scripts = fc.sample(quiet, { numRuns: count, seed })
  const jobs: Array<Job> = []
  for (const [index, script] of scripts.entries()) {
    const whole = version === "5.5.0" && index % 4 < 2
    const config: StoreConfig = {
      ...small,
      behaviour: versions[version],
      flushDiskType: index % 2 === 0 ? "SYNC_FLUSH" : "ASYNC_FLUSH",
      enabledAppendPropCRC: whole,
      forceVerifyPropCRC: whole
    }
    // Expiry goes by the age of files, which the real store reads from the file system.
    const commands = script.filter(({ _tag }) => _tag !== "Expire")
    const settings = { version, flush: "ASYNC_FLUSH", pool: false, off: [] } as const
    const { world } = play(settings, commands, { config, time: Date.now() })
    if (world.store === undefined) throw new Error(`${version} ${index}: the store does not start`)
    if (index % 3 === 0) Effect.runSync(Store.close(world.store))
    const files = new Map(
      Array.from(world.disk.image(), ([path, bytes]) => [path.slice("/store/".length), bytes] as const)
    )
    const directory = join(folder, String(index))
    write(directory, files)
    jobs.push({ id: `${version} ${index}`, directory, config, expected: expectedOf(files, config) })
  }
  return jobs
}

export const java = [
  "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
  "--add-opens=java.base/java.nio=ALL-UNNAMED",
  "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
  "-Dfile.encoding=UTF-8",
  "-XX:+UseSerialGC",
  "-Xmx700m"
]

/** What the real store finds, job by job; a batch of jobs shares a virtual machine, since stores are not shut down. */
const ask = (version: Version, jobs: ReadonlyArray<Job>, folder: string): ReadonlyArray<Record<string, unknown>> => {
  const classpath = prepare("rocketmq", version)
  const answers: Array<Record<string, unknown>> = []
  for (let from = 0; from < jobs.length; from += 20) {
    const input = join(folder, "jobs.tsv")
    const output = join(folder, "answers.jsonl")
    const lines = jobs.slice(from, from + 20).map(({ config, directory, expected, id }) =>
      [id, directory, settingsOf(config), expected.keys.map(([pair]) => pair).join(";")].join("\t")
    )
    writeFileSync(input, lines.join("\n") + "\n")
    const args = [...java, `-Duser.home=${folder}`, "-cp", classpath, "Oracle", input, output]
    execFileSync("java", args, { stdio: ["ignore", "ignore", "pipe"], timeout: 10 * 60 * 1000 })
    answers.push(...readFileSync(output, "utf8").trim().split("\n").map((line) => JSON.parse(line)))
  }
  return answers
}

const differences = (job: Job, answer: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const expected: Record<string, unknown> = { id: job.id, load: true, ...JSON.parse(JSON.stringify(job.expected)) }
  return [...new Set([...Object.keys(expected), ...Object.keys(answer)])]
    .filter((field) => JSON.stringify(answer[field]) !== JSON.stringify(expected[field]))
    .map((field) =>
      `${job.id} ${field}: real ${JSON.stringify(answer[field])?.slice(0, 300)}, here ${
        JSON.stringify(expected[field])?.slice(0, 300)
      }`
    )
}

/** Runs it, printing a line a version; answers whether all was equal. */
export const run = async (count: number, seed: number): Promise<boolean> => {
  let equal = true
  for (const version of Object.keys(versions) as Array<Version>) {
    const folder = mkdtempSync(join(tmpdir(), "ackproof-rocketmq-"))
    try {
      const jobs = makeJobs(version, count, seed, folder)
      const answers = ask(version, jobs, folder)
      const wrong = jobs.flatMap((job, index) => differences(job, answers[index] ?? {}))
      const entries = jobs.reduce(
        (sum, { expected }) => sum + expected.queues.reduce((n, { entries }) => n + entries.length, 0),
        0
      )
      const keys = jobs.reduce((sum, { expected }) => sum + expected.keys.length, 0)
      for (const line of wrong.slice(0, 10)) console.log(line)
      console.log(
        `RocketMQ ${version}: ${jobs.length} stores opened by the real one, ${entries} messages, ${keys} key queries, ` +
          `${wrong.length} differences (seed ${seed})`
      )
      equal &&= wrong.length === 0 && entries > 0 && keys > 0
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return equal
}
