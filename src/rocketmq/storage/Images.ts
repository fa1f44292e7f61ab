/**
 * Damaged stores recovered, in the fields of real/'s images.jsonl: what is left, and what became of the files.
 *
 *     base ──ops──▶ damaged image ──load, start──▶ actual, which should be what the real store recovered
 *
 * The one decision: what equals the undamaged base is an index range into the base's own report ("0-10"), anything else is
 * written out; files are compared with the damaged image by SHA-256. Index files that recovery makes are named after the
 * clock, so they read index/<new 1> and so on; checkpoint, lock and abort change with the clock too and are not compared.
 */
import { createHash } from "node:crypto"
import { applyDamage, type Damage } from "../../world/simulated/Damage.ts"
import type { Image } from "../../world/simulated/DiskImages.ts"
import { stoppedCleanly } from "./CleanShutdownMarker.ts"
import * as Inspect from "./Inspect.ts"
import { configure, type StoreConfig } from "./LogConfig.ts"
import * as LogManager from "./LogManager.ts"
import { LoadRefused, OutOfMemory, StartHangs } from "./StorageError.ts"
import { root, storeOf } from "./StoreOnImage.ts"

/** One line of images.jsonl. Paths are relative to the store directory. */
export interface ImageCase {
  readonly id: string
  readonly ops: ReadonlyArray<Damage>
  /** Settings that differ from the base's. */
  readonly cfg?: Readonly<Record<string, string>>
  readonly expected?: unknown
}

/** A base, and where to find what it holds. */
export interface Base {
  /** Contents by path relative to the store directory. */
  readonly image: Image
  readonly config: StoreConfig
  readonly log: ReadonlyMap<string, number>
  readonly entries: ReadonlyMap<string, number>
}

/** Reports the undamaged base, so that images can refer to it. */
export const baseOf = (image: Image, config: StoreConfig): Base => {
  const { parts } = LogManager.load(storeOf(image, config).unloaded)
  LogManager.start(parts)
  const entries = Inspect.queueReports(parts, false).flatMap((queue) =>
    queue.entries.map((entry, index) => [entryKey(queue, entry as Inspect.ShortEntry), index] as const)
  )
  const log = Inspect.walk(parts, false).map((entry, index) => [JSON.stringify(entry), index] as const)
  return { image, config, log: new Map(log), entries: new Map(entries) }
}

const entryKey = (queue: { readonly topic: string; readonly queueId: number }, entry: Inspect.ShortEntry): string =>
  JSON.stringify([queue.topic, queue.queueId, ...entry.slice(0, 4)])

/** Either a range of indexes into the base's report, or what was found, written out. */
type Compact<Entry> = ReadonlyArray<string | Entry>

const compact = <Entry>(entries: ReadonlyArray<Entry>, find: (entry: Entry) => number | undefined): Compact<Entry> => {
  const out: Array<string | Entry> = []
  let run: { readonly from: number; to: number } | undefined
  const flush = () => {
    if (run !== undefined) out.push(run.from === run.to ? `${run.from}` : `${run.from}-${run.to}`)
    run = undefined
  }
  for (const entry of entries) {
    const index = find(entry)
    if (index !== undefined && run?.to === index - 1) {
      run.to = index
      continue
    }
    flush()
    if (index === undefined) out.push(entry)
    else run = { from: index, to: index }
  }
  flush()
  return out
}

type FileState = readonly [size: number, hash: string | null]

const listing = (image: Image): ReadonlyMap<string, FileState> =>
  new Map(
    Array.from(image)
      .filter(([path]) => !path.endsWith("/"))
      .map(([path, bytes]) => [path, [bytes.length, createHash("sha256").update(bytes).digest("hex").slice(0, 32)]])
  )

const followsClock = (path: string): boolean => path === "checkpoint" || path === "lock" || path === "abort"

const byPath = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : left > right ? 1 : 0

/** The order in which a directory is read level by level, as real/ lists what was removed. */
const byDepth = (left: string, right: string): number => {
  const [a, b] = [left.split("/"), right.split("/")]
  const differs = a.findIndex((part, index) => part !== b[index])
  return a.length - b.length || (differs < 0 ? 0 : a[differs]! < b[differs]! ? -1 : 1)
}

const filesOf = (before: ReadonlyMap<string, FileState>, after: ReadonlyMap<string, FileState>) => {
  let fresh = 0
  const added = Array.from(after).filter(([path]) => !before.has(path)).sort(byPath).map(([path, state]) => [
    /^index\/20\d{15}$/.test(path) ? `index/<new ${++fresh}>` : path,
    followsClock(path) ? null : state
  ])
  const changed = Array.from(after).filter(([path, [size, hash]]) => {
    const old = before.get(path)
    return old !== undefined && !followsClock(path) && (old[0] !== size || old[1] !== hash)
  })
  return {
    filesChanged: Object.fromEntries(changed) as Readonly<Record<string, FileState>>,
    filesAdded: Object.fromEntries(added) as Readonly<Record<string, FileState | null>>,
    filesRemoved: Array.from(before.keys()).filter((path) => !after.has(path)).sort(byDepth)
  }
}

/** What recovery left, in the fields of `expected`. */
export interface Recovered {
  readonly abortPresent: boolean
  /** What the real load() returns; absent where it throws. */
  readonly load?: boolean
  readonly afterLoad?: Inspect.Offsets
  readonly startReturns?: boolean
  readonly afterStart?: {
    readonly minPhyOffset: Inspect.Long
    readonly maxPhyOffset: Inspect.Long
    readonly queues: "as afterLoad" | ReadonlyArray<Inspect.QueueOffsets>
    readonly dispatchBehindBytes: Inspect.Long
  }
  readonly errorIn?: "load" | "start" | "report"
  readonly exception?: string
  readonly message?: string
  readonly queues?: ReadonlyArray<
    readonly [
      topic: string,
      queueId: number,
      minOffset: Inspect.Long,
      maxOffset: Inspect.Long,
      entries: Compact<Inspect.QueueEntry>
    ]
  >
  readonly commitLog?: Compact<Inspect.LogEntry>
  readonly filesChanged: Readonly<Record<string, FileState>>
  readonly filesAdded: Readonly<Record<string, FileState | null>>
  readonly filesRemoved: ReadonlyArray<string>
}

/** Damages a copy of the base in memory, loads and starts it, and reports it. Throws `DamageMisses`. */
export const recoverImage = (base: Base, image: ImageCase): Recovered => {
  const damaged = applyDamage(base.image, image.ops)
  const config = configure(base.config, image.cfg ?? {})
  const { disk, environment, unloaded } = storeOf(damaged, config)
  const abortPresent = !stoppedCleanly(environment)
  const found = stages(base, unloaded)
  const after = new Map(
    Array.from(disk.image()).map(([path, bytes]) => [path.slice(root.length + 1), bytes])
  )
  return { abortPresent, ...found, ...filesOf(listing(damaged), listing(after)) }
}

type Found = Omit<Recovered, "abortPresent" | "filesChanged" | "filesAdded" | "filesRemoved">

const stages = (base: Base, unloaded: LogManager.Unloaded): Found => {
  let found: Found = {}
  let stage: "load" | "start" | "report" = "load"
  try {
    const { parts } = LogManager.load(unloaded)
    const afterLoad = Inspect.offsets(parts)
    found = { load: true, afterLoad }
    stage = "start"
    found = { ...found, startReturns: starts(parts) }
    stage = "report"
    const { queues, ...rest } = Inspect.offsets(parts)
    const same = JSON.stringify(queues) === JSON.stringify(afterLoad.queues)
    found = {
      ...found,
      afterStart: {
        ...rest,
        queues: same ? "as afterLoad" : queues,
        dispatchBehindBytes: Inspect.dispatchBehindBytes(parts)
      }
    }
    return { ...found, ...contents(base, parts) }
  } catch (error) {
    if (error instanceof LoadRefused) return { load: false }
    if (error instanceof OutOfMemory) {
      return { ...found, errorIn: stage, exception: "java.lang.OutOfMemoryError", message: error.message }
    }
    throw error
  }
}

const starts = (parts: LogManager.Parts): boolean => {
  try {
    LogManager.start(parts)
    return true
  } catch (error) {
    if (error instanceof StartHangs) return false
    throw error
  }
}

const contents = (base: Base, parts: LogManager.Parts): Pick<Found, "queues" | "commitLog"> => ({
  queues: Inspect.queueReports(parts, false).map((queue) => [
    queue.topic,
    queue.queueId,
    queue.minOffset,
    queue.maxOffset,
    compact(
      queue.entries,
      (entry) =>
        Array.isArray(entry) && entry[4] === "ok"
          ? base.entries.get(entryKey(queue, entry as Inspect.ShortEntry))
          : undefined
    )
  ]),
  commitLog: compact(Inspect.walk(parts, false), (entry) => base.log.get(JSON.stringify(entry)))
})

const newIndex = /^index\/<new \d+>$/

/**
 * Whether `actual` is what was expected, field by field.
 *
 * New index files are compared by content but where the real run had fewer of them than are made here, or has a hash of
 * `null`: there two fell into one millisecond and became one file, which is a race of the real store with its own clock
 * (`sharesMillisecond`). Then only their sizes must agree.
 */
export const matches = (actual: Recovered, expected: unknown): boolean =>
  sharesMillisecond(actual, expected)
    ? same(withoutNewIndexes(actual), withoutNewIndexes(expected)) &&
      new Set(newIndexSizes(actual, expected)).size === 1
    : same(actual, expected)

/** Whether the real run made fewer index files than keys need, because the clock gave two of them one name. */
export const sharesMillisecond = (actual: Recovered, expected: unknown): boolean => {
  const [ours, theirs] = [newIndexes(actual), newIndexes(expected)]
  const shared = theirs.some(([, state]) => Array.isArray(state) && state[1] === null)
  return theirs.length > 0 && ours.length >= theirs.length && (shared || ours.length > theirs.length)
}

const addedOf = (found: unknown): ReadonlyArray<readonly [path: string, state: unknown]> =>
  isRecord(found) && isRecord(found["filesAdded"]) ? Object.entries(found["filesAdded"]) : []

const newIndexes = (found: unknown) => addedOf(found).filter(([path]) => newIndex.test(path))

const newIndexSizes = (actual: unknown, expected: unknown): ReadonlyArray<unknown> =>
  [...newIndexes(actual), ...newIndexes(expected)].map(([, state]) => Array.isArray(state) ? state[0] : undefined)

const withoutNewIndexes = (found: unknown): unknown =>
  isRecord(found)
    ? { ...found, filesAdded: Object.fromEntries(addedOf(found).filter(([path]) => !newIndex.test(path))) }
    : found

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const same = (actual: unknown, expected: unknown): boolean => {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.length === expected.length && actual.every((part, index) => same(part, expected[index]))
  }
  if (isRecord(actual) && isRecord(expected)) {
    const names = Object.keys(actual).filter((name) => actual[name] !== undefined)
    return names.length === Object.keys(expected).length &&
      names.every((name) => name in expected && same(actual[name], expected[name]))
  }
  return actual === expected
}
