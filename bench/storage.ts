/**
 * Kafka's log on a real disk beside the machine's own limits, in one run: appends (validate, assign, checksum, write) of
 * 16 KiB batches and of single 1 KiB records against one buffered `writeSync` of the same bytes, recovery of an unclean
 * log against reading and checksumming the same bytes. RocketMQ's store is `bench/rocketmq.ts`.
 *
 * Each row is the best of interleaved rounds in CPU seconds on either side, once with checksums in TypeScript and once with
 * `@node-rs/crc32`, in a process of its own. Asserted of batches of 16 KiB: append at least 0.3 and 0.5 of the limit, recovery
 * at least 0.6. What is measured, and what single records cost, is told in README.md.
 */
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Durably from "../src/kafka/storage/Durably.ts"
import type { Environment } from "../src/kafka/storage/Environment.ts"
import * as LogAppend from "../src/kafka/storage/LogAppend.ts"
import { behaviour39, defaults } from "../src/kafka/storage/LogConfig.ts"
import { online } from "../src/kafka/storage/LogDirectory.ts"
import * as PartitionLog from "../src/kafka/storage/PartitionLog.ts"
import * as RecordBatch from "../src/kafka/storage/RecordBatch.ts"
import { crc32c } from "../src/message/Crc32c.ts"
import { makeLive } from "../src/world/live/LiveDisk.ts"

const total = 64 * 1024 * 1024
const directory = "/bench-0"

/** A batch of records with values of 1 KiB, as an idempotent producer sends it. */
const batchOf = (records: number): Uint8Array =>
  RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression: "none",
    timestampType: "CreateTime",
    isTransactional: false,
    isControl: false,
    baseTimestamp: 1_790_000_000_000,
    maxTimestamp: 1_790_000_000_000,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastOffsetDelta: records - 1,
    records: Array.from({ length: records }, (_, offsetDelta) => ({
      offsetDelta,
      timestampDelta: 0,
      key: null,
      value: new Uint8Array(1024).fill(97 + offsetDelta),
      headers: []
    }))
  })

/** CPU seconds: what else the machine does then is not counted against either side. Both stay in the page cache. */
const seconds = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1e6
}
const megabytes = (time: number): number => total / time / 1e6

const inFolder = <A>(work: (folder: string) => A): A => {
  const folder = fs.mkdtempSync(join(tmpdir(), "ackproof-bench-"))
  try {
    return work(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Megabytes a second of the machine alone: one write call a batch, nothing else. */
const writeLimit = (size: number): number =>
  inFolder((folder) => {
    const chunk = new Uint8Array(size).fill(1)
    const file = fs.openSync(join(folder, "limit"), "w")
    const time = seconds(() => {
      for (let at = 0; at + size <= total; at += size) fs.writeSync(file, chunk, 0, size, at)
    })
    fs.closeSync(file)
    return megabytes(time)
  })

/** CPU seconds of reading and checksumming a file with the same checksum, in large pieces one over the other. */
const readLimit = (path: string): number => {
  const room = new Uint8Array(256 * 1024)
  const file = fs.openSync(path, "r")
  const time = seconds(() => {
    let checksum = 0
    for (let at = 0;;) {
      const count = fs.readSync(file, room, 0, room.length, at)
      if (count === 0) return
      checksum = crc32c(room, 0, count, checksum)
      at += count
    }
  })
  fs.closeSync(file)
  return time
}

const environmentOf = (folder: string) => {
  const live = makeLive(folder)
  const environment: Environment = {
    logDirectory: online("/"),
    disk: live.operations,
    now: Date.now,
    behaviour: behaviour39,
    schedule: () => {}
  }
  return { environment, live }
}

const opened = (environment: Environment): Promise<PartitionLog.PartitionLog> => {
  const options = { hadCleanShutdown: false, recoveryPoint: 0, logStartOffset: 0 }
  return Effect.runPromise(
    Durably.run(environment.disk, () => PartitionLog.open(environment, directory, defaults, options))
  )
}

/** Appends `total` bytes; then opens the unclean log again, which checks every batch and rebuilds the indexes. */
const engine = async (records: number) => {
  const folder = fs.mkdtempSync(join(tmpdir(), "ackproof-bench-"))
  try {
    const batch = batchOf(records)
    const { environment, live } = environmentOf(folder)
    const log = await opened(environment)
    // The first append makes the leader epoch durable, which is no part of what is measured.
    await Effect.runPromise(Durably.run(environment.disk, () => LogAppend.appendAsLeader(log, batch, 0)))
    // One fiber appends again and again, as a broker's request handler does.
    const appending = Effect.gen(function*() {
      for (let at = 0; at + batch.length <= total; at += batch.length) {
        yield* Durably.run(environment.disk, () => LogAppend.appendAsLeader(log, batch, 0))
      }
    })
    const append = seconds(() => Effect.runSync(appending))
    live.closeAll()
    const file = join(folder, directory, "00000000000000000000.log")
    const read = readLimit(file)
    const again = environmentOf(folder)
    const before = process.cpuUsage()
    await opened(again.environment)
    const spent = process.cpuUsage(before)
    const recovery = (spent.system + spent.user) / 1e6
    again.live.closeAll()
    return { append: megabytes(append), recovery: megabytes(recovery), readLimit: megabytes(read) }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const rounds = 9

interface Row {
  readonly what: string
  readonly rate: number
  readonly limit: number
}

const measure = async (): Promise<ReadonlyArray<Row>> => {
  await engine(15)
  await engine(1)
  const rows: Array<Row> = []
  for (const [what, records] of [["batches of 16 KiB", 15], ["single records of 1 KiB", 1]] as const) {
    const made: Array<Awaited<ReturnType<typeof engine>> & { readonly writeLimit: number }> = []
    for (let round = 0; round < rounds; round++) {
      const limit = writeLimit(batchOf(records).length)
      const row = { ...await engine(records), writeLimit: limit }
      if (round > 0) made.push(row)
    }
    // The best round of either side: what else the machine does only ever takes from caches and adds to the time.
    const of = (name: keyof (typeof made)[number]) => Math.max(...made.map((row) => row[name]))
    rows.push({ what: `append of ${what}`, rate: of("append"), limit: of("writeLimit") })
    rows.push({ what: `recovery of ${what}`, rate: of("recovery"), limit: of("readLimit") })
  }
  return rows
}

const print = (title: string, rows: ReadonlyArray<Row>): void => {
  console.log(title)
  for (const { limit, rate, what } of rows) {
    const share = (rate / limit).toFixed(2)
    console.log(
      `  ${what.padEnd(36)} ${rate.toFixed(0).padStart(5)} MB a CPU second, ${share} of the limit of ${
        limit.toFixed(0)
      }`
    )
  }
}

export const run = async (args: ReadonlyArray<string>): Promise<void> => {
  if (args[0] === "--rows") {
    console.log(JSON.stringify(await measure()))
    return
  }
  const needed = { pure: 0.3, native: 0.5 } as const
  for (const kind of ["pure", "native"] as const) {
    const child = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), "storage", "--rows"], {
      encoding: "utf8",
      env: { ...process.env, ACKPROOF_PURE_CHECKSUMS: kind === "pure" ? "1" : "" }
    })
    if (child.status !== 0) throw new Error(child.stderr)
    const rows = JSON.parse(child.stdout) as ReadonlyArray<Row>
    print(kind === "pure" ? "checksums in TypeScript" : "checksums by @node-rs/crc32", rows)
    const asserted = [[0, needed[kind]], [1, 0.6]] as const
    for (const [index, least] of asserted) {
      const { limit, rate, what } = rows[index]!
      if (rate / limit >= least) continue
      console.error(`${what} is ${(rate / limit).toFixed(2)} of its limit; at least ${least} is asked for`)
      process.exitCode = 1
    }
  }
}
