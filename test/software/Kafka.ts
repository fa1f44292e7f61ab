/**
 * Partition directories that this project wrote, read by Kafka's own DumpLogSegments and opened by its own UnifiedLog of
 * 3.9.2: batches, records, leader epochs, producers, and every file after a clean close must be what the engine says.
 *
 * The one decision: directories are random histories of plain, idempotent and transactional producers under every
 * compression, with rolls, flushes, cuts, deletions, restarts and kills in them, and end killed or closed. So the real
 * log recovers what the engine recovers, from files that only the engine wrote.
 */
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { batchOfRecords, carry, markerOf, root, surroundings } from "../../src/guarantee/KafkaLogUnderTest.ts"
import { type BatchDescription, describeSegment, type SegmentDescription } from "../../src/kafka/storage/Describe.ts"
import type { Durably } from "../../src/kafka/storage/Durably.ts"
import type { Environment, Task } from "../../src/kafka/storage/Environment.ts"
import * as LogAppend from "../../src/kafka/storage/LogAppend.ts"
import { behaviour39, fromSettings } from "../../src/kafka/storage/LogConfig.ts"
import { openAndClose, runDue } from "../../src/kafka/storage/LogReport.ts"
import * as LogRetention from "../../src/kafka/storage/LogRetention.ts"
import * as PartitionLog from "../../src/kafka/storage/PartitionLog.ts"
import { isReason } from "../../src/kafka/storage/StorageError.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { prepare } from "./Maven.ts"

const name = "real-0"
const directory = `${root}/${name}`
const nowMillis = 1_790_000_000_000
/** Small, so that every kind of file rolls within a few appends; the same settings go to both sides. */
const settings = {
  "segment.bytes": 900,
  "index.interval.bytes": 150,
  "segment.index.bytes": 240,
  "retention.ms": -1
}
const config = fromSettings(settings)

const bytes = fc.uint8Array({ maxLength: 24 })
const record = fc.record({
  key: fc.option(bytes, { nil: null }),
  value: fc.option(bytes, { nil: null }),
  headers: fc.array(
    fc.record({ key: fc.string({ maxLength: 5 }), value: fc.option(bytes, { nil: null }) }),
    { maxLength: 2 }
  ),
  later: fc.integer({ min: -50, max: 50 })
})
const share = fc.nat(0xffff)
const compression = fc.constantFrom(
  "none" as const,
  "none" as const,
  "none" as const,
  "gzip" as const,
  "snappy" as const,
  "lz4" as const,
  "zstd" as const
)
/** -1 sends without an identity, 7 and 8 are idempotent, 11 and 12 send in transactions. */
const producer = fc.constantFrom(-1, 7, 8, 11, 12)
const tagged = <Tag extends string>(_tag: Tag) => fc.record({ _tag: fc.constant(_tag) })
const command = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      _tag: fc.constant("Append" as const),
      producer,
      compression,
      records: fc.array(record, { minLength: 1, maxLength: 4 })
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({
      _tag: fc.constant("End" as const),
      producer: fc.constantFrom(11, 12),
      type: fc.constantFrom("commit" as const, "abort" as const)
    })
  },
  { weight: 1, arbitrary: tagged("NewEpoch") },
  { weight: 2, arbitrary: tagged("Background") },
  { weight: 1, arbitrary: tagged("Flush") },
  { weight: 1, arbitrary: tagged("Roll") },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Truncate" as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("DeleteRecords" as const), at: share }) },
  { weight: 1, arbitrary: tagged("Restart") },
  { weight: 1, arbitrary: tagged("Kill") }
)
const history = fc.record({
  commands: fc.array(command, { minLength: 5, maxLength: 40, size: "max" }),
  closed: fc.boolean()
})
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never
type History = typeof history extends fc.Arbitrary<infer H> ? H : never

/** One log under a history, and what the producers know. */
class Writer {
  readonly disk = SimulatedDisk.fromImage(new Map([[`${directory}/`, new Uint8Array(0)]]))
  readonly sequences = new Map<number, number>()
  readonly open = new Set<number>()
  /** Offsets at which a batch begins. */
  batches: Array<number> = []
  now = nowMillis - 1_000_000
  epoch = 0
  logStartOffset = 0
  environment!: Environment
  tasks: Array<Task> = []
  log!: PartitionLog.PartitionLog

  constructor() {
    this.start({ hadCleanShutdown: false, recoveryPoint: 0, logStartOffset: 0 })
  }

  run<A>(step: () => Durably<A>): A {
    return carry(this.environment.disk, step)
  }

  start(options: PartitionLog.OpenOptions): void {
    const start = { disk: this.disk.operations(), behaviour: behaviour39, now: () => this.now }
    const { environment, tasks } = surroundings(start)
    this.environment = environment
    this.tasks = tasks
    this.log = this.run(() => PartitionLog.open(this.environment, directory, config, options))
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
  }

  stop(): PartitionLog.OpenOptions {
    this.run(() => runDue(this.tasks))
    this.run(() => PartitionLog.flush(this.log, true))
    this.run(() => PartitionLog.close(this.log))
    return { hadCleanShutdown: true, recoveryPoint: this.log.logEndOffset, logStartOffset: this.logStartOffset }
  }

  kill(): PartitionLog.OpenOptions {
    const { recoveryPoint } = this.log
    this.disk.kill()
    return { hadCleanShutdown: false, recoveryPoint, logStartOffset: this.logStartOffset }
  }

  /** A producer's batch, whose bytes are made of its next sequence, or a coordinator's marker. */
  append(bytes: Uint8Array, origin: "client" | "coordinator"): boolean {
    try {
      const { firstOffset } = this.run(() => LogAppend.appendAsLeader(this.log, bytes, this.epoch, origin))
      this.batches.push(firstOffset)
      PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
      return true
    } catch (error) {
      // A start may find a producer's marker and no batch of it: then its next sequence is refused, and it begins anew.
      if (!isReason(error, "OutOfOrderSequence")) throw error
      this.forget()
      return false
    }
  }

  send({ compression, producer, records }: Command & { readonly _tag: "Append" }): void {
    const producerId = producer === -1 ? -1 : producer + this.generation
    const firstSequence = producerId === -1 ? -1 : this.sequences.get(producerId) ?? 0
    const isTransactional = producer > 10
    const sent = { timestamp: this.now, producerId, firstSequence, isTransactional, compression }
    const placed = records.map(({ later, ...rest }, offsetDelta) => ({
      ...rest,
      offsetDelta,
      timestampDelta: offsetDelta === 0 ? 0 : later
    }))
    if (!this.append(batchOfRecords(sent, placed), "client")) return
    if (producerId !== -1) this.sequences.set(producerId, firstSequence + records.length)
    if (isTransactional) this.open.add(producerId)
  }

  /** After records went, each producer begins anew under another identity, since nobody knows what is remembered of it. */
  forget(): void {
    this.batches = this.batches.filter((offset) => offset < this.log.logEndOffset)
    this.generation += 100
    this.sequences.clear()
    this.open.clear()
  }
  generation = 0

  step(each: Command): void {
    this.now += 10
    switch (each._tag) {
      case "Append":
        return this.send(each)
      case "End": {
        const producer = each.producer + this.generation
        if (this.open.delete(producer)) this.append(markerOf(producer, each.type, this.now, 3), "coordinator")
        return
      }
      case "NewEpoch": {
        this.epoch++
        return
      }
      case "Background":
        return this.run(() => runDue(this.tasks))
      case "Flush":
        return void this.run(() => PartitionLog.flush(this.log))
      case "Roll":
        return void this.run(() => PartitionLog.roll(this.log))
      case "Truncate": {
        const places = [...this.batches.filter((offset) => offset >= this.logStartOffset), this.log.logEndOffset]
        const at = places[Math.floor(each.at / 0x1_0000 * places.length)]!
        this.run(() => runDue(this.tasks))
        this.run(() => PartitionLog.truncateTo(this.log, at))
        return this.forget()
      }
      case "DeleteRecords": {
        const room = this.log.logEndOffset - this.logStartOffset + 1
        this.logStartOffset += Math.floor(each.at / 0x1_0000 * room)
        PartitionLog.incrementLogStartOffset(this.log, this.logStartOffset)
        this.run(() => LogRetention.deleteOldSegments(this.log))
        return
      }
      case "Restart":
        return this.start(this.stop())
      case "Kill":
        return this.start(this.kill())
    }
  }
}

interface Job {
  readonly id: string
  readonly directory: string
  readonly options: PartitionLog.OpenOptions
  readonly expected: Readonly<Record<string, unknown>>
  readonly dumped: ReadonlyArray<ReadonlyArray<string>>
}

const number = (value: number | null): string => value === null ? "OptionalLong.empty" : `OptionalLong[${value}]`

/** The line that DumpLogSegments prints of a batch (DumpLogSegments.printBatchLevel, 3.9). */
const dumpLine = (batch: BatchDescription): string =>
  `baseOffset: ${batch.baseOffset} lastOffset: ${batch.lastOffset} count: ${batch.count} ` +
  `baseSequence: ${batch.baseSequence} lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} ` +
  `producerEpoch: ${batch.producerEpoch} partitionLeaderEpoch: ${batch.leaderEpoch} ` +
  `isTransactional: ${batch.isTransactional} isControl: ${batch.isControl} ` +
  `deleteHorizonMs: ${number(batch.deleteHorizonMs)} position: ${batch.position} ${batch.timestampType}: ` +
  `${batch.maxTimestamp} size: ${batch.size} magic: ${batch.magic} compresscodec: ${batch.compression} ` +
  `crc: ${batch.crc} isvalid: true`

const describe = (files: ReadonlyMap<string, Uint8Array>): ReadonlyArray<SegmentDescription> =>
  [...files].filter(([file]) => file.endsWith(".log")).sort(([a], [b]) => a < b ? -1 : 1)
    .map(([file, content]) => describeSegment(Number(file.slice(0, 20)), content))

const write = (folder: string, files: ReadonlyMap<string, Uint8Array>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [file, content] of files) writeFileSync(join(folder, file), content)
}

const jobOf = ({ closed, commands }: History, index: number, folder: string): Job => {
  const writer = new Writer()
  for (const each of commands) writer.step(each)
  const options = closed ? writer.stop() : writer.kill()
  const files = new Map(
    [...writer.disk.image()].filter(([path]) => path.startsWith(`${directory}/`) && !path.endsWith("/"))
      .map(([path, content]) => [path.slice(directory.length + 1), content] as const)
  )
  const target = join(folder, String(index), name)
  write(target, files)
  const opened = { name, files, options, config, behaviour: behaviour39, nowMillis }
  const outcome = openAndClose(
    opened,
    ({ segments }) => segments.all.map(({ baseOffset, log }) => describeSegment(baseOffset, log.file.read(0, log.size)))
  )
  if (outcome._tag === "Failed") throw new Error(`history ${index}: ${JSON.stringify(outcome.failure)}`)
  const left = [...outcome.files].sort(([a], [b]) => a < b ? -1 : 1).map(([file, content]) =>
    [file, content.length, createHash("sha256").update(content).digest("hex")] as const
  )
  return {
    id: String(index),
    directory: target,
    options,
    expected: { id: String(index), ...outcome.report, segments: outcome.asked, files: left },
    dumped: describe(files).map(({ batches }) => batches.map(dumpLine))
  }
}

const ask = (jobs: ReadonlyArray<Job>, folder: string): ReadonlyArray<Readonly<Record<string, unknown>>> => {
  const [input, output] = [join(folder, "jobs.tsv"), join(folder, "answers.jsonl")]
  const given = Object.entries(settings).map(([key, value]) => `${key}=${value}`).join(";")
  const lines = jobs.map(({ directory, id, options }) =>
    [id, directory, options.recoveryPoint, options.logStartOffset, options.hadCleanShutdown, nowMillis, given, "whole"]
      .join(
        "\t"
      )
  )
  writeFileSync(input, lines.join("\n") + "\n")
  const classpath = prepare("kafka", "3.9.2")
  execFileSync("java", ["-Xmx700m", "-XX:+UseSerialGC", "-cp", classpath, "Oracle", input, output], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 10 * 60 * 1000
  })
  return readFileSync(output, "utf8").trim().split("\n").map((line) => JSON.parse(line))
}

const differences = (job: Job, answer: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const { dumped, ...told } = answer
  const lines = (dumped as ReadonlyArray<ReadonlyArray<string>> | undefined ?? [])
    .map((printed) => printed.filter((line) => line.startsWith("baseOffset")).map((line) => line.trim()))
  const printed = JSON.stringify(lines) === JSON.stringify(job.dumped) ? [] : [
    `${job.id} DumpLogSegments: real ${JSON.stringify(lines).slice(0, 400)}, here ${
      JSON.stringify(job.dumped).slice(0, 400)
    }`
  ]
  const fields = [...new Set([...Object.keys(job.expected), ...Object.keys(told)])]
  return [
    ...printed,
    ...fields.filter((field) => JSON.stringify(told[field]) !== JSON.stringify(job.expected[field])).map((field) =>
      `${job.id} ${field}: real ${JSON.stringify(told[field])?.slice(0, 400)}, here ${
        JSON.stringify(job.expected[field])?.slice(0, 400)
      }`
    )
  ]
}

/** A job of which one bit is not what the engine wrote: unless the comparison notices, it notices nothing. */
const planted = (job: Job, folder: string): Job => {
  const copy = join(folder, "planted", name)
  cpSync(job.directory, copy, { recursive: true })
  const log = readdirSync(copy).find((file) => file.endsWith(".log") && statSync(join(copy, file)).size > 0)!
  const content = readFileSync(join(copy, log))
  content[content.length - 1]! ^= 1
  writeFileSync(join(copy, log), content)
  return { ...job, directory: copy }
}

/** Runs it, printing one line and the first differences; answers whether all was equal. */
export const run = async (count: number, seed: number): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), "ackproof-kafka-"))
  try {
    const jobs = fc.sample(history, { numRuns: count, seed }).map((one, index) => jobOf(one, index, folder))
    const damaged = planted(jobs.find(({ dumped }) => dumped.flat().length > 0)!, folder)
    const answers = ask([...jobs, damaged], folder)
    const noticed = differences(damaged, answers.at(-1)!).length > 0
    if (!noticed) console.log("a flipped bit was not noticed: the comparison says nothing")
    const wrong = jobs.flatMap((job, index) => differences(job, answers[index] ?? {}))
    const lines = jobs.flatMap(({ dumped }) => dumped.flat())
    const reached = [
      ...["gzip", "snappy", "lz4", "zstd"].map((codec) => `compresscodec: ${codec}`),
      "isTransactional: true",
      "isControl: true",
      "partitionLeaderEpoch: 1 "
    ]
    const missed = reached.filter((part) => !lines.some((line) => line.includes(part)))
    for (const part of missed) console.log(`no batch with ${part} in ${count} histories: too few to say anything of it`)
    for (const line of wrong.slice(0, 10)) console.log(line)
    console.log(
      `Kafka 3.9.2: ${jobs.length} directories dumped and opened by the real one, ${lines.length} batches, ` +
        `${wrong.length} differences (seed ${seed})`
    )
    return wrong.length === 0 && answers.length === jobs.length + 1 && missed.length === 0 && noticed
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
