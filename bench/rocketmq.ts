/**
 * RocketMQ's store on a real disk beside the machine's own limits, in one run: appends gathered over outstanding puts
 * against one buffered `writeSync` of the same bytes, dispatch against those appends, recovery against reading and
 * checksumming the same bytes.
 *
 * Each row is the median of interleaved rounds in CPU seconds. Asserted: append at least 0.3 of the limit, and dispatch at
 * least 0.8 of append, so that it keeps up with producers that leave it any time at all.
 */
import { Effect } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import * as Append from "../src/rocketmq/storage/LogAppend.ts"
import { defaults, type StoreConfig } from "../src/rocketmq/storage/LogConfig.ts"
import type * as Codec from "../src/rocketmq/storage/MessageCodec.ts"
import * as Store from "../src/rocketmq/storage/MessageStore.ts"
import { makeLive } from "../src/world/live/LiveDisk.ts"

const fileSize = 8 * 1024 * 1024
const total = 5 * fileSize
const bodyBytes = 1024
/** Puts that are outstanding at the same time. */
const gathered = 16

const config: StoreConfig = {
  ...defaults,
  mappedFileSizeCommitLog: fileSize,
  mappedFileSizeConsumeQueue: 20 * 30_000,
  maxHashSlotNum: 50_000,
  maxIndexNum: 200_000
}
const host: Codec.Host = { address: Uint8Array.of(127, 0, 0, 1), port: 10911 }
const body = new Uint8Array(bodyBytes).fill(97)

const messagesOf = (round: number): ReadonlyArray<Codec.Message> =>
  Array.from({ length: gathered }, (_, n) => ({
    topic: "Bench",
    queueId: n % 4,
    body,
    properties: `UNIQ_KEY\u0001${round}-${n}`,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0
  }))

/** CPU seconds: what else the machine does then is not counted against either side. All stays in the page cache. */
const seconds = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { system, user } = process.cpuUsage(before)
  return (system + user) / 1e6
}

const rate = (bytes: number, time: number): number => bytes / time / 1e6

/** Megabytes a second of plain positional writes, as many bytes at once as one gathered append has. */
const writeLimit = (folder: string): number => {
  const chunk = new Uint8Array(gathered * (bodyBytes + 130)).fill(1)
  const file = fs.openSync(join(folder, "limit"), "w")
  const time = seconds(() => {
    for (let at = 0; at + chunk.length <= total; at += chunk.length) fs.writeSync(file, chunk, 0, chunk.length, at)
  })
  fs.closeSync(file)
  return rate(total, time)
}

/** Megabytes a second of reading files and checksumming all of them. */
const readLimit = (folder: string): number => {
  const names = fs.readdirSync(folder).map((name) => join(folder, name))
  let bytes = 0
  const time = seconds(() => {
    for (const name of names) {
      const content = fs.readFileSync(name)
      crc32(content)
      bytes += content.length
    }
  })
  return rate(bytes, time)
}

const round = (folder: string) => {
  const live = makeLive(folder)
  const environment = { disk: live.operations, root: "/store", now: Date.now, processId: 1 }
  const store = Effect.runSync(Store.open(environment, config))
  // What producers send is made beforehand: it is not the store's work.
  const sent = Array.from({ length: 1000 }, (_, count) => messagesOf(count))
  const append = seconds(() => {
    for (let count = 0; Number(store.log.files.files.at(-1)?.base ?? 0n) < total - fileSize; count++) {
      Effect.runSync(Append.putGathered(store, sent[count % sent.length]!))
    }
  })
  const bytes = Number(store.log.files.files.at(-1)!.base)
  const dispatch = seconds(() => void Effect.runSync(Store.dispatch(store)))
  live.closeAll()
  // The abort file is there: everything is checked and dispatched again, from the first file.
  fs.rmSync(join(folder, "store", "checkpoint"))
  const limit = readLimit(join(folder, "store", "commitlog"))
  const again = makeLive(folder)
  const recovery = seconds(() => {
    Effect.runSync(Store.open({ ...environment, disk: again.operations }, config))
  })
  again.closeAll()
  return {
    append: rate(bytes, append),
    dispatch: rate(bytes, dispatch),
    recovery: rate(bytes, recovery),
    readLimit: limit
  }
}

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Rounds that warm up, and rounds that count. */
const [warming, counted] = [3, 7]

/** Exit 1 where a ratio that is asserted does not hold. */
export const run = async (): Promise<void> => {
  const rows: Array<ReturnType<typeof round> & { readonly writeLimit: number }> = []
  for (let n = 0; n < warming + counted; n++) {
    const folder = fs.mkdtempSync(join(tmpdir(), "ackproof-bench-"))
    try {
      const limit = writeLimit(folder)
      const row = { writeLimit: limit, ...round(folder) }
      if (n >= warming) rows.push(row)
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
  const of = (name: keyof (typeof rows)[number]) => median(rows.map((row) => row[name]))
  const line = (what: string, value: number, against: string, limit: number) =>
    console.log(
      `${what.padEnd(34)} ${value.toFixed(0).padStart(6)} MB a CPU second, ${
        (value / limit).toFixed(2)
      } of ${against} (${limit.toFixed(0)})`
    )
  line(`append, ${gathered} puts of 1 KiB gathered`, of("append"), "one write of the same size", of("writeLimit"))
  line("dispatch to queues and index", of("dispatch"), "append", of("append"))
  line("recovery with dispatch", of("recovery"), "reading and checksumming", of("readLimit"))
  const asserted = [["append", "writeLimit", 0.3], ["dispatch", "append", 0.8]] as const
  for (const [name, limit, least] of asserted) {
    const share = of(name) / of(limit)
    if (share >= least) continue
    console.error(`${name} is ${share.toFixed(2)} of ${limit}; at least ${least} is asked for`)
    process.exitCode = 1
  }
}
