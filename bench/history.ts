/**
 * The history checker against a plain `JSON.parse` of the same file, in one run: `npm run bench -- history [SIZE...]`.
 *
 * The one decision: reading, judging and reporting are timed together, from the file's text to the verdict, so nothing that
 * a user waits for is left out. Ratios are asserted (10 for up to 100,000 operations, 12 above), and what the operations
 * and all columns hold at the end (1.5 KB an operation); times are printed. The median of three runs counts (of a
 * million operations one). "Linear" shows in the ratio, which does not grow with the size.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { check, type Report } from "../src/history/Check.ts"
import { judged } from "../src/history/Judged.ts"
import type { Operation, Step } from "../src/history/Operation.ts"
import { readLeniently } from "../src/history/ReadHistory.ts"
import { toEdn, toJson, toJsonLines } from "../src/history/WriteHistory.ts"
import { type Choose, seeded } from "../src/replay/Choose.ts"

const concurrency = 10
const activeKeys = 12
const writesPerKey = 1024

/** A log without faults under `size` operations of the workload's mix: sends, polls and transactions of up to 4 steps. */
const faultless = (size: number, choose: Choose): Array<Operation> => {
  const operations: Array<Operation> = []
  const logs = new Map<number, Array<number>>()
  const keys = Array.from({ length: activeKeys }, (_, key) => key)
  const positions = Array.from({ length: concurrency }, () => new Map<number, number>())
  const pending: Array<Operation | undefined> = Array.from({ length: concurrency })
  let time = 0
  let nextKey = activeKeys
  const sends = new Map<number, number>()
  const begin = (process: number): Operation => {
    const f = (["send", "poll", "txn"] as const)[choose(3)]!
    const value = Array.from({ length: 1 + choose(4) }, (): Step => {
      if (f === "poll" || (f === "txn" && choose(2) === 0)) return ["poll"]
      const place = choose(activeKeys)
      const key = keys[place]!
      const sent = (sends.get(key) ?? 0) + 1
      sends.set(key, sent)
      if (sent === writesPerKey) keys[place] = nextKey++
      return ["send", key, sent]
    })
    return { index: operations.length, time, process, type: "invoke", f, value }
  }
  const poll = (process: number): Step => {
    const polled: { [key: string]: Array<readonly [number, number]> } = {}
    for (let i = 0; i < 2; i++) {
      const key = keys[choose(activeKeys)]!
      if (key in polled) continue
      const log = logs.get(key) ?? []
      const from = positions[process]!.get(key) ?? 0
      const to = Math.min(log.length, from + 1 + choose(3))
      if (from === to) continue
      polled[key] = log.slice(from, to).map((value, at) => [from + at, value] as const)
      positions[process]!.set(key, to)
    }
    return ["poll", polled]
  }
  const complete = (invoked: Operation): Operation => {
    const process = invoked.process as number
    const steps = invoked.value as ReadonlyArray<Step>
    const polls = steps.map((step) => step[0] === "poll" ? poll(process) : step)
    const value = polls.map((step): Step => {
      if (step[0] === "poll") return step
      const log = logs.get(step[1] as number) ?? []
      logs.set(step[1] as number, log)
      log.push(step[2] as number)
      return ["send", step[1], [log.length - 1, step[2] as number]]
    })
    return { ...invoked, index: operations.length, time, type: "ok", value } as Operation
  }
  /** One client reads all that there is, so that nothing is left unseen. */
  const rereads = (): Array<Step> =>
    [...logs].flatMap(([key, log]) =>
      Array.from({ length: Math.ceil(log.length / 50) }, (_, part): Step => [
        "poll",
        { [key]: log.slice(part * 50, part * 50 + 50).map((value, at) => [part * 50 + at, value] as const) }
      ])
    )
  const record = (type: "invoke" | "ok", f: "assign" | "poll", value: ReadonlyArray<number> | ReadonlyArray<Step>) => {
    const seek = f === "assign" ? { seekToBeginning: true } : undefined
    operations.push({ index: operations.length, time, process: 1000, type, f, value, ...seek } as Operation)
  }
  while (operations.length < size) {
    time += 1000 + choose(1_000_000)
    const process = choose(concurrency)
    const invoked = pending[process]
    operations.push(invoked === undefined ? begin(process) : complete(invoked))
    pending[process] = invoked === undefined ? operations[operations.length - 1] : undefined
  }
  for (const type of ["invoke", "ok"] as const) record(type, "assign", [...logs.keys()])
  for (const step of rereads()) {
    record("invoke", "poll", [["poll"]])
    record("ok", "poll", [step])
  }
  return operations
}

/**
 * The same history with record keys and groups, one poll in 500 that passes a record over, and one send in 500 whose
 * client was told nothing: something for every check to do.
 */
const faulty = (operations: ReadonlyArray<Operation>, choose: Choose): Array<Operation> =>
  operations.map((operation) => {
    if (operation.f !== "send" && operation.f !== "poll" && operation.f !== "txn") return operation
    const { process, type } = operation
    const keys = new Set(
      (operation.value as ReadonlyArray<Step>).flatMap((step) => step[0] === "send" ? [step[1]] : [])
    )
    const recordKey = keys.size === 1 ? { recordKey: `${process} of ${[...keys][0]}` } : undefined
    const grouped = { ...operation, ...recordKey, group: `group ${process}` } as Operation
    if (type === "invoke" || choose(500) > 0) return grouped
    if (operation.f === "send") return { ...grouped, type: "info" } as Operation
    const value = (operation.value as ReadonlyArray<Step>).map((step): Step => {
      if (step[0] === "send" || step.length === 1) return step
      return ["poll", Object.fromEntries(Object.entries(step[1]).map(([key, pairs]) => [key, pairs.toSpliced(1, 1)]))]
    })
    return { ...grouped, value } as Operation
  })

const median = (numbers: ReadonlyArray<number>): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const timed = (work: () => unknown): number => {
  collect()
  const start = performance.now()
  work()
  return performance.now() - start
}

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

/** What is being weighed: held here, since a local that is not read any more may be collected before its weight is taken. */
const scale: { held: unknown } = { held: undefined }

/** Bytes that are alive only because of what `make` answers, after collecting twice. */
const kept = (make: () => unknown): number => {
  const used = (): number => {
    collect()
    collect()
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  scale.held = make()
  const bytes = used() - before
  scale.held = undefined
  return bytes
}

const judge = (text: string): Report => {
  const { broken, operations } = readLeniently(text)
  if (broken.length > 0) throw new Error(`line ${broken[0]!.line}: ${broken[0]!.message}`)
  return check(operations)
}

interface Row {
  readonly operations: number
  readonly format: string
  readonly megabytes: number
  readonly parseMillis: number
  readonly readMillis: number
  readonly checkMillis: number
  readonly ratio: number
  readonly bytesAnOperation: number
}

/** Times one file: parsing it as JSON where it is a JSON array, else parsing the same history as one. */
const measure = (format: Format, path: string, jsonPath: string, operations: number): Row => {
  const text = readFileSync(path, "utf8")
  const { stats, verdict } = judge(text)
  if (verdict !== (format === "faulty" ? "invalid" : "valid")) {
    throw new Error(`${format} was found ${verdict}: ${stats["error-types"].join()}`)
  }
  const bytes = kept(() => {
    const read = readLeniently(text).operations
    return [read, judged(read, false)]
  })
  const runs = operations > 500_000 ? [0] : [0, 1, 2]
  const json = format === "JSON array" || format === "faulty" ? text : readFileSync(jsonPath, "utf8")
  const parse = median(runs.map(() => timed(() => JSON.parse(json))))
  const read = median(runs.map(() => timed(() => readLeniently(text))))
  const all = median(runs.map(() => timed(() => judge(text))))
  return {
    operations,
    format,
    megabytes: Math.round(text.length / 1e5) / 10,
    parseMillis: Math.round(parse),
    readMillis: Math.round(read),
    checkMillis: Math.round(all - read),
    ratio: Math.round(all / parse * 100) / 100,
    bytesAnOperation: Math.round(bytes / operations)
  }
}

const told = (row: Row): string =>
  `${String(row.operations).padStart(9)} operations  ${
    row.format.padEnd(10)
  }  ${row.megabytes} MB  parse ${row.parseMillis} ms  ` +
  `read ${row.readMillis} ms  check ${row.checkMillis} ms  ratio ${row.ratio}  ${row.bytesAnOperation} B an operation`

/** `faulty` is a JSON array of a history with something wrong in it; the others hold one history without faults. */
type Format = "JSON array" | "JSON lines" | "EDN" | "faulty"
const formats: ReadonlyArray<Format> = ["JSON array", "JSON lines", "EDN", "faulty"]

/** Runs the bench for some sizes: by default 100,000 and 1,000,000 operations. */
export const run = async (args: ReadonlyArray<string>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "ackproof-history-"))
  const broken: Array<string> = []
  try {
    for (const size of args.length > 0 ? args.map(Number) : [100_000, 1_000_000]) {
      const paths: { readonly [F in Format]: string } = {
        "JSON array": join(folder, "a.json"),
        "JSON lines": join(folder, "a.jsonl"),
        EDN: join(folder, "a.edn"),
        faulty: join(folder, "faulty.json")
      }
      let count = 0
      const write = () => {
        const operations = faultless(size, seeded(size))
        count = operations.length
        writeFileSync(paths["JSON array"], toJson(operations))
        writeFileSync(paths["JSON lines"], toJsonLines(operations))
        writeFileSync(paths.EDN, toEdn(operations))
        writeFileSync(paths.faulty, toJson(faulty(operations, seeded(size))))
      }
      write()
      for (const format of formats) {
        const row = measure(format, paths[format], paths["JSON array"], count)
        console.log(told(row))
        const limit = size > 100_000 ? 12 : 10
        if (row.ratio > limit) broken.push(`${size} operations, ${format}: ratio ${row.ratio} is above ${limit}`)
        if (row.bytesAnOperation < 100) {
          throw new Error(`${row.bytesAnOperation} bytes an operation were weighed: too few`)
        }
        if (row.bytesAnOperation > 1536) broken.push(`${size}, ${format}: ${row.bytesAnOperation} bytes an operation`)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const line of broken) console.error(line)
  if (broken.length > 0) process.exitCode = 1
}
