/**
 * Kafka's part of `log images`: a directory of damaged partition directories (`bases/BASE/TOPIC-PARTITION`) or of damaged
 * log directories (`base/`), `images.jsonl` and the topics' settings beside them. Everything is recovered in memory.
 */
import { Schema } from "effect"
import { join } from "node:path"
import * as Images from "../kafka/storage/Images.ts"
import { type Behaviour, InvalidSetting } from "../kafka/storage/LogConfig.ts"
import type { LogDirectoryReport } from "../kafka/storage/LogDirectoryReport.ts"
import { Damage, DamageMisses } from "../world/simulated/Damage.ts"
import { BadInput } from "./Exit.ts"
import { kindOf, list, readFile, readStore } from "./StoreFiles.ts"

const segmentFile = /^\d{20}\.log$/

/** Whether a directory holds damaged images of Kafka's. */
export const isImages = (directory: string): boolean =>
  kindOf(join(directory, "images.jsonl")) === "file" && (hasBase(directory) || basesOf(directory).length > 0)

const hasBase = (directory: string): boolean => kindOf(join(directory, "base")) === "directory"

/** Partition directories below `bases/`, by "BASE/TOPIC-PARTITION". */
const basesOf = (directory: string): ReadonlyArray<string> => {
  const bases = join(directory, "bases")
  if (kindOf(bases) !== "directory") return []
  return list(bases).filter((base) => kindOf(join(bases, base)) === "directory").flatMap((base) =>
    list(join(bases, base)).map((name) => `${base}/${name}`).filter((path) =>
      kindOf(join(bases, path)) === "directory" && list(join(bases, path)).some((name) => segmentFile.test(name))
    )
  )
}

const Line = Schema.Struct({
  id: Schema.String,
  kind: Schema.optionalKey(Schema.String),
  base: Schema.optionalKey(Schema.String),
  dir: Schema.optionalKey(Schema.String),
  ops: Schema.Array(Damage),
  open: Schema.optionalKey(Schema.Struct({
    hadCleanShutdown: Schema.Boolean,
    recoveryPoint: Schema.Int,
    logStartOffset: Schema.Int,
    nowMs: Schema.Int
  })),
  expected: Schema.optionalKey(Schema.Unknown)
})
type Line = typeof Line.Type
const Settings = Schema.Record(
  Schema.String,
  Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))
)
type Settings = typeof Settings.Type

export interface RecoveredImage {
  readonly id: string
  readonly kind: string
  readonly actual: Images.Recovered | LogDirectoryReport
  /** Absent where the line has no `expected`. */
  readonly equal?: boolean
}

const text = (path: string): string => new TextDecoder().decode(readFile(path))

const parsed = <A>(schema: Schema.Decoder<A>, where: string, json: string, shape: string): A => {
  try {
    return Schema.decodeUnknownSync(schema)(JSON.parse(json))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause)
    throw new BadInput({ message: `${where}: ${reason}; expected ${shape}` })
  }
}

type Recover = (line: Line, where: string) => RecoveredImage["actual"]

const recoverPartitions = (directory: string, settings: Settings, behaviour: Behaviour): Recover => {
  const known = new Map<string, ReadonlyMap<string, Uint8Array>>()
  const bases = basesOf(directory)
  return ({ base, dir, open, ops }, where) => {
    const path = `${base}/${dir}`
    if (base === undefined || dir === undefined || open === undefined || !bases.includes(path)) {
      throw new BadInput({
        message: `${where}: no such base ${path}; name one of ${bases.join(", ")}, and give "open"`
      })
    }
    const files = known.get(path) ?? readStore(join(directory, "bases", path), 0).files
    known.set(path, files)
    return Images.recoverPartition(dir, files, settings[base] ?? {}, behaviour, { ops, open })
  }
}

/** Recovers every image of a directory. Throws `BadInput`. */
export const recoverImages = (
  directory: string,
  progress: (done: number, total: number) => void = () => {}
): ReadonlyArray<RecoveredImage> => {
  const path = join(directory, "images.jsonl")
  const lines = text(path).split("\n").map((line, index) => [line, index + 1] as const).filter(([line]) =>
    line.trim() !== ""
  )
  const configs = join(directory, "configs.json")
  const settings = kindOf(configs) === "file" ? parsed(Settings, configs, text(configs), "settings by name") : {}
  const behaviour = Images.behaviourOf(Object.values(settings))
  const recover: Recover = hasBase(directory)
    ? recoverDirectories(join(directory, "base"), settings, behaviour)
    : recoverPartitions(directory, settings, behaviour)
  return lines.map(([json, number], index) => {
    progress(index, lines.length)
    const where = `${path}:${number}`
    const line = parsed(Line, where, json, "lines {id, ops, ...} as in images.jsonl")
    try {
      const actual = recover(line, where)
      const found = { id: line.id, kind: line.kind ?? "", actual }
      return line.expected === undefined ? found : { ...found, equal: Images.matches(actual, line.expected) }
    } catch (cause) {
      if (cause instanceof DamageMisses) throw new BadInput({ message: `${where}: ${cause.message}` })
      if (cause instanceof InvalidSetting) throw new BadInput({ message: `${configs}: ${cause.message}` })
      throw cause
    }
  })
}

/** A log directory, its partition directories, and what may lie in those. */
const depth = 2

const recoverDirectories = (base: string, settings: Settings, behaviour: Behaviour): Recover => {
  const { directories, files } = readStore(base, depth)
  const empty = directories.filter((name) => ![...files.keys()].some((path) => path.startsWith(`${name}/`)))
  const image = new Map([...files, ...empty.map((name) => [`${name}/`, new Uint8Array(0)] as const)])
  return (line) => Images.recoverLogDirectory(image, settings, behaviour, line)
}
