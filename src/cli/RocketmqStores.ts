/**
 * RocketMQ's part of `log inspect` and `log images`: a directory that is a store, or that has one in `store/`, and a
 * directory of damaged stores. Everything is read into memory and recovered there.
 */
import { Schema } from "effect"
import { dirname, join } from "node:path"
import * as Images from "../rocketmq/storage/Images.ts"
import * as LogConfig from "../rocketmq/storage/LogConfig.ts"
import { remarks } from "../rocketmq/storage/Remarks.ts"
import { LoadRefused, OutOfMemory, StartHangs } from "../rocketmq/storage/StorageError.ts"
import { isStore, isVersion5, type Report, report, settingsOf } from "../rocketmq/storage/StoreImage.ts"
import { Damage, DamageMisses } from "../world/simulated/Damage.ts"
import { BadInput } from "./Exit.ts"
import { kindOf, list, readFile, readStore } from "./StoreFiles.ts"

/** The store that a directory is or holds, if any. */
export const storeIn = (directory: string): string | undefined =>
  [directory, join(directory, "store")].find((path) =>
    kindOf(path) === "directory" && list(path).some((name) => name === "commitlog" || name === "consumequeue")
  )

/** Deep enough for consumequeue/<topic>/<queueId>/<file>, and for topics that have a `/` in them. */
const depth = 9

/** The fields of expected.json: what the files tell, after what is known of the broker. */
interface StoreDocument extends Report {
  /** The software whose recovery was followed. */
  readonly software: string
  readonly stop: "SIGTERM" | "kill -9"
  /** Settings of the broker: those of an expected.json beside the store, else those that its files show. */
  readonly brokerConfig: Readonly<Record<string, string>>
}

export interface InspectedStore {
  readonly report: StoreDocument
  /** For a person, several lines. */
  readonly text: string
  /** Whether every entry of the log and of the queues is what it should be. */
  readonly sound: boolean
}

const Expected = Schema.Struct({ brokerConfig: Schema.Record(Schema.String, Schema.String) })

/** What is known of the broker whose store this is. */
const brokerConfigOf = (path: string, shown: LogConfig.StoreConfig): Readonly<Record<string, string>> => {
  const beside = join(dirname(path), "expected.json")
  if (kindOf(beside) === "file") return parsed(Expected, beside, 1, text(beside)).brokerConfig
  const { mappedFileSizeCommitLog, mappedFileSizeConsumeQueue, maxHashSlotNum, maxIndexNum } = shown
  return Object.fromEntries(
    Object.entries({ mappedFileSizeCommitLog, mappedFileSizeConsumeQueue, maxHashSlotNum, maxIndexNum })
      .map(([name, value]) => [name, String(value)])
  )
}

const dead = (path: string, cause: unknown): BadInput => {
  if (cause instanceof LoadRefused) {
    return new BadInput({ message: `${path}: the store does not load: ${cause.message.replaceAll("/store/", "")}` })
  }
  if (cause instanceof StartHangs) {
    return new BadInput({ message: `${path}: the store does not start: ${cause.message}` })
  }
  if (cause instanceof OutOfMemory) {
    return new BadInput({
      message: `${path}: 4.9 dies of it (${cause.message}): a message says that it has ${cause.bytes} bytes; ` +
        `cut the log before it, or open it with 5.x`
    })
  }
  throw cause
}

/** Recovers a store in memory. Throws `BadInput` where the real one would not come up. */
export const inspectStore = (path: string): InspectedStore => {
  const { files } = readStore(path, depth)
  if (!isStore(files)) {
    throw new BadInput({ message: `${path}: no file of a CommitLog or a ConsumeQueue; give a RocketMQ store` })
  }
  const shown = settingsOf(files)
  const brokerConfig = brokerConfigOf(path, shown)
  const config = LogConfig.configure(shown, brokerConfig)
  let found: Report
  try {
    found = report(files, config)
  } catch (cause) {
    throw dead(path, cause)
  }
  const notes = remarks(files, found, config)
  return {
    report: {
      software: `Apache RocketMQ ${isVersion5(files) ? "5.5.0" : "4.9.7"}`,
      stop: found.abortPresent ? "kill -9" : "SIGTERM",
      brokerConfig,
      ...found
    },
    sound: notes.every(({ damage }) => !damage),
    text: [
      ...summary(path, found, isVersion5(files) ? "5.x" : "4.9"),
      ...notes.map(({ damage, text }) => `  ${damage ? "DAMAGE" : "note"}: ${text}`)
    ].join("\n")
  }
}

const summary = (path: string, found: Report, version: string): ReadonlyArray<string> => {
  const messages = found.commitLog.filter((entry) => typeof entry[1] === "number").length
  const entries = found.queues.reduce((sum, queue) => sum + queue.entries.length, 0)
  return [
    `${path}: RocketMQ ${version}, stopped ${found.abortPresent ? "without closing" : "cleanly"}`,
    `  log ${found.afterStart.minPhyOffset} to ${found.afterStart.maxPhyOffset}, ${messages} messages`,
    `  ${found.queues.length} queues, ${entries} entries, ${found.afterStart.dispatchBehindBytes} bytes not dispatched`
  ]
}

/** Whether a directory holds damaged images of RocketMQ stores. */
export const isImages = (directory: string): boolean =>
  kindOf(join(directory, "images.jsonl")) === "file" && kindOf(join(directory, "bases")) === "directory" &&
  list(join(directory, "bases")).some((name) => storeIn(join(directory, "bases", name)) !== undefined)

const Line = Schema.Struct({
  id: Schema.String,
  kind: Schema.optionalKey(Schema.String),
  base: Schema.String,
  ops: Schema.Array(Damage),
  cfg: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  expected: Schema.optionalKey(Schema.Unknown)
})
const Settings = Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.String))

export interface RecoveredImage {
  readonly id: string
  readonly kind: string
  readonly actual: Images.Recovered
  /** Absent where the line has no `expected`. */
  readonly equal?: boolean
}

const text = (path: string): string => new TextDecoder().decode(readFile(path))

const parsed = <A>(schema: Schema.Decoder<A>, path: string, line: number, json: string): A => {
  try {
    return Schema.decodeUnknownSync(schema)(JSON.parse(json))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause)
    throw new BadInput({ message: `${path}:${line}: ${reason}; lines are {id, base, ops} as in images.jsonl` })
  }
}

/** Recovers every image of a directory. Throws `BadInput`. */
export const recoverImages = (
  directory: string,
  progress: (done: number, total: number) => void = () => {}
): ReadonlyArray<RecoveredImage> => {
  const path = join(directory, "images.jsonl")
  const lines = text(path).split("\n").filter((line) => line.trim() !== "")
  const configs = join(directory, "configs.json")
  const settings = kindOf(configs) === "file" ? parsed(Settings, configs, 1, text(configs)) : {}
  const bases = new Map<string, Images.Base>()
  const baseOf = (name: string): Images.Base => {
    const known = bases.get(name)
    if (known !== undefined) return known
    const folder = join(directory, "bases", name)
    const store = kindOf(folder) === "directory" ? storeIn(folder) : undefined
    if (store === undefined || /[/\\]|^\.\.?$/.test(name)) {
      throw new BadInput({ message: `${folder}: there is no such base; name a store in bases/` })
    }
    const { files } = readStore(store, depth)
    const config = LogConfig.configure(settingsOf(files), { messageIndexEnable: "true", ...settings[name] })
    try {
      const base = Images.baseOf(files, config)
      bases.set(name, base)
      return base
    } catch (cause) {
      throw dead(folder, cause)
    }
  }
  return lines.map((line, index) => {
    progress(index, lines.length)
    const image = parsed(Line, path, index + 1, line)
    try {
      const actual = Images.recoverImage(baseOf(image.base), image)
      const found = { id: image.id, kind: image.kind ?? "", actual }
      return image.expected === undefined ? found : { ...found, equal: Images.matches(actual, image.expected) }
    } catch (cause) {
      if (cause instanceof DamageMisses) throw new BadInput({ message: `${path}:${index + 1}: ${cause.message}` })
      throw cause
    }
  })
}
