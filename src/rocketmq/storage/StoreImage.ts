/**
 * A store's files, found somewhere: is it one, which settings made it, and what would the real store say of it.
 *
 * The one decision: settings are read off the files, since a directory does not name them: files of the CommitLog and of
 * a queue have the size that was set, an index file has 84 bytes a slot where there are four entries a slot, as by
 * default. 5.x leaves an abort.bak, a compaction folder or an offset in the checkpoint; what has none of them is 4.9.
 */
import type { Image } from "../../world/simulated/DiskImages.ts"
import { stoppedCleanly } from "./CleanShutdownMarker.ts"
import * as Inspect from "./Inspect.ts"
import { defaults, type StoreConfig, v4_9, v5_5 } from "./LogConfig.ts"
import * as LogManager from "./LogManager.ts"
import { storeOf } from "./StoreOnImage.ts"

/** What the real `load()` and `start()` make of a store: the fields of expected.json that the files themselves tell. */
export interface Report {
  readonly abortPresent: boolean
  readonly afterLoad: Inspect.Offsets
  readonly afterStart: Inspect.Offsets & { readonly dispatchBehindBytes: Inspect.Long }
  readonly commitLog: ReadonlyArray<Inspect.LogEntry>
  readonly queues: ReadonlyArray<Inspect.QueueReport>
}

const files = (image: Image, directory: string): ReadonlyArray<readonly [path: string, bytes: Uint8Array]> =>
  Array.from(image).filter(([path]) => path.startsWith(directory) && !path.endsWith("/"))

/** Whether files by relative path are those of a RocketMQ store. */
export const isStore = (image: Image): boolean =>
  Array.from(image.keys()).some((path) => path.startsWith("commitlog/") || path.startsWith("consumequeue/"))

/** Whether 5.x wrote these files. */
export const isVersion5 = (image: Image): boolean => {
  const checkpoint = image.get("checkpoint")
  return image.has("abort.bak") || files(image, "compaction/").length > 0 ||
    (checkpoint?.subarray(24, 48).some((byte) => byte !== 0) ?? false)
}

/** The size that most files of a folder have. */
const commonSize = (image: Image, directory: string): number | undefined => {
  const counts = new Map<number, number>()
  for (const [, bytes] of files(image, directory)) counts.set(bytes.length, (counts.get(bytes.length) ?? 0) + 1)
  counts.delete(0)
  return Array.from(counts).sort(([, left], [, right]) => right - left)[0]?.[0]
}

/** The settings that the files show, the defaults of the version for the rest. */
export const settingsOf = (image: Image): StoreConfig => {
  const index = commonSize(image, "index/")
  const slots = index === undefined ? undefined : (index - 40) / 84
  const known = slots !== undefined && Number.isInteger(slots) && slots > 0
  return {
    ...defaults,
    behaviour: isVersion5(image) ? v5_5 : v4_9,
    mappedFileSizeCommitLog: commonSize(image, "commitlog/") ?? defaults.mappedFileSizeCommitLog,
    mappedFileSizeConsumeQueue: commonSize(image, "consumequeue/") ?? defaults.mappedFileSizeConsumeQueue,
    maxHashSlotNum: known ? slots : defaults.maxHashSlotNum,
    maxIndexNum: known ? 4 * slots : defaults.maxIndexNum,
    // An index of another shape is left alone: nothing that is reported comes from it.
    messageIndexEnable: known
  }
}

/**
 * Loads and starts a store of these files in memory, and reports it in full.
 *
 * Throws `LoadRefused`, `StartHangs` or `OutOfMemory` where the real store would not come up.
 */
export const report = (image: Image, config: StoreConfig): Report => {
  const { environment, unloaded } = storeOf(image, config)
  const abortPresent = !stoppedCleanly(environment)
  const { parts } = LogManager.load(unloaded)
  const afterLoad = Inspect.offsets(parts)
  LogManager.start(parts)
  return {
    abortPresent,
    afterLoad,
    afterStart: { ...Inspect.offsets(parts), dispatchBehindBytes: Inspect.dispatchBehindBytes(parts) },
    commitLog: Inspect.walk(parts, true),
    queues: Inspect.queueReports(parts, true).filter(({ maxOffset }) => maxOffset !== 0)
  }
}
