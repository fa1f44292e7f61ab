/**
 * What a person should be told about a store's directory that its report alone does not say, one line each.
 *
 * The one decision: nothing is repaired here and nothing refused; each line names the file, and what the real store does
 * with it. Damage is told apart from what is only unusual, since a command ends differently on it.
 */
import type { Image } from "../../world/simulated/DiskImages.ts"
import * as ConfigFile from "./ConfigFile.ts"
import type { StoreConfig } from "./LogConfig.ts"
import { baseOf } from "./MappedFileQueue.ts"
import type { Report } from "./StoreImage.ts"
import { storeOf } from "./StoreOnImage.ts"

export interface Remark {
  /** Something is lost or leads astray; else only worth knowing. */
  readonly damage: boolean
  readonly text: string
}

const known =
  /^(commitlog|consumequeue|batchconsumequeue|consumequeue_ext|index|config|compaction|timerwheel|timerlog|rocksdbstore|pop_rocksdb)\/|^(checkpoint|abort|abort\.bak|lock|timerwheel)$/

/** Everything worth a line about a store's files and what was found in them. */
export const remarks = (image: Image, report: Report, config: StoreConfig): ReadonlyArray<Remark> => [
  ...gaps(image, config),
  ...endOfLog(report),
  ...astray(report),
  ...brokenConfigs(image, config),
  ...foreign(image)
]

/** Files of the CommitLog that are missing between two others. */
const gaps = (image: Image, config: StoreConfig): ReadonlyArray<Remark> => {
  const bases = Array.from(image.keys())
    .filter((path) => path.startsWith("commitlog/"))
    .flatMap((path) => baseOf(path.slice("commitlog/".length)) ?? [])
    .sort((left, right) => left < right ? -1 : 1)
  return bases.flatMap((base, index) => {
    const before = bases[index - 1]
    const size = BigInt(config.mappedFileSizeCommitLog)
    if (before === undefined || base - before === size) return []
    return [{
      damage: true,
      text: `commitlog: no file for offsets ${
        before + size
      } to ${base}; the store goes on behind them, and what was there is lost`
    }]
  })
}

const endOfLog = ({ commitLog }: Report): ReadonlyArray<Remark> => {
  const last = commitLog.at(-1)
  if (last === undefined || (last[1] !== "invalid" && last[1] !== "no data")) return []
  return [{
    damage: true,
    text: last[1] === "invalid"
      ? `commitlog: no message at ${last[0]}, before the end of the log; dispatch skips the rest of that file`
      : `commitlog: no file at ${last[0]}, before the end of the log; nothing behind it is reached from before it`
  }]
}

/** Queue entries that lead to no message, or to another queue's. */
const astray = ({ queues }: Report): ReadonlyArray<Remark> =>
  queues.flatMap(({ entries, queueId, topic }) => {
    const lost = entries.filter((entry) => !("topic" in entry)).length
    const others = entries.filter((entry) =>
      "topic" in entry && (entry.topic !== topic || entry.queueId !== queueId)
    ).length
    const queue = `consumequeue/${topic}/${queueId}`
    return [
      ...(lost === 0
        ? []
        : [`${queue}: ${lost} of ${entries.length} entries lead to no message; a consumer is shown nothing there`]),
      ...(others === 0 ? [] : [`${queue}: ${others} of ${entries.length} entries lead to a message of another queue`])
    ].map((text) => ({ damage: true, text }))
  })

/** Files of config/ that are no JSON: half written, most likely. */
const brokenConfigs = (image: Image, config: StoreConfig): ReadonlyArray<Remark> => {
  const { disk } = storeOf(image, config)
  const operations = disk.operations()
  return Array.from(image.keys())
    .filter((path) => /^config\/[^/]+\.json$/.test(path))
    .flatMap((path) => {
      const loaded = ConfigFile.load(operations, `/store/${path}`)
      if (loaded._tag === "Loaded" && loaded.from === "file") return []
      const then = loaded._tag === "Loaded"
        ? "its .bak is used"
        : loaded._tag === "Broken"
        ? "its .bak cannot be read either"
        : "there is no .bak, so the broker starts with its defaults"
      return [{ damage: loaded._tag !== "Loaded", text: `${path}: empty or no JSON; ${then}` }]
    })
}

const foreign = (image: Image): ReadonlyArray<Remark> =>
  Array.from(image.keys())
    .filter((path) => !path.endsWith("/") && !known.test(path))
    .map((path) => ({ damage: false, text: `${path}: no file of a store; it is passed over` }))
