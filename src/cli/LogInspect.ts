/**
 * `log inspect DIR...`: reads real stores, as their own software would, and prints what is in them. Nothing is written.
 *
 * What a directory is, is seen from its files: a partition directory of Kafka holds `<20 digits>.log`, a log directory
 * of Kafka holds partition directories, a RocketMQ store has a `commitlog/`. A file that is damaged or foreign is one line
 * that names its byte, exit 2.
 */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { join, resolve } from "node:path"
import { MissingCodec } from "../kafka/storage/Compression.ts"
import { describeSegment, type SegmentDescription } from "../kafka/storage/Describe.ts"
import { isSound, judge, type Judgement } from "../kafka/storage/Judgement.ts"
import { Malformed } from "../message/Malformed.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import { document, json, line } from "./Output.ts"
import { inspectStore, storeIn } from "./RocketmqStores.ts"
import { kindOf, list, readStore } from "./StoreFiles.ts"

const segmentFile = /^\d{20}\.log$/
const partitionName = /^(.+)-(\d+)$/

const isPartition = (directory: string): boolean =>
  partitionName.test(directory) && kindOf(directory) === "directory" &&
  list(directory).some((name) => segmentFile.test(name))

/** The partition directories that an argument means: itself, or those in it. Throws `BadInput`. */
const partitionsOf = (directory: string): ReadonlyArray<string> => {
  const path = resolve(directory)
  if (kindOf(path) === undefined) {
    throw new BadInput({ message: `${directory}: there is nothing; give a directory of a store` })
  }
  if (isPartition(path)) return [path]
  const below = kindOf(path) === "directory" ? list(path).map((name) => join(path, name)).filter(isPartition) : []
  if (below.length > 0) return below
  throw new BadInput({
    message:
      `${directory}: no store; give a directory TOPIC-PARTITION that holds <20 digits>.log, or one that holds such, ` +
      `or a RocketMQ store, which holds commitlog/`
  })
}

interface Inspected {
  readonly topic: string
  readonly partition: number
  readonly segments: ReadonlyArray<SegmentDescription>
}

const inspect = (path: string): Inspected => {
  const { files, name } = readStore(path, 0, (file) => segmentFile.test(file))
  const [, topic, partition] = partitionName.exec(name) as unknown as [string, string, string]
  const segments = [...files].map(([file, bytes]) => {
    try {
      return describeSegment(Number(file.slice(0, 20)), bytes)
    } catch (error) {
      if (error instanceof Malformed || error instanceof MissingCodec) {
        throw new BadInput({ message: `${join(path, file)}: ${error.message}` })
      }
      throw error
    }
  })
  return { topic, partition: Number(partition), segments }
}

const plural = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : what.endsWith("ch") ? "es" : "s"}`

const offsetsLine = (judgement: Judgement): string => {
  const { disorder, gap, offsets } = judgement
  if (offsets === undefined) return "no offsets"
  const range = `offsets ${offsets[0]} to ${offsets[1]}`
  if (disorder !== undefined) return `${range}: OUT OF ORDER, ${disorder.next} after ${disorder.after}`
  if (gap === undefined) return `${range}, dense`
  const hole = `first hole between ${gap.after} and ${gap.next}`
  return judgement.compacted ? `${range}, compacted (${hole})` : `${range}: A HOLE without compaction (${hole})`
}

const epochsLine = (judgement: Judgement): string => {
  const { epochDisorder } = judgement
  const epochs = judgement.leaderEpochs.map(([epoch, from]) => `${epoch} from ${from}`).join(", ")
  return epochDisorder === undefined
    ? `leader epochs ${epochs === "" ? "none" : epochs}`
    : `leader epochs GO BACK at offset ${epochDisorder.at}, from ${epochDisorder.from} to ${epochDisorder.to}`
}

const text = ({ partition, segments, topic }: Inspected): string => {
  const judgement = judge(segments)
  return [
    `${topic}-${partition}: ${plural(judgement.segments, "segment")}, ${plural(judgement.batches, "batch")}, ` +
    `${plural(judgement.records, "record")}, every checksum right`,
    `  ${offsetsLine(judgement)}`,
    `  ${epochsLine(judgement)}`
  ].join("\n")
}

/** What is said of one directory: as JSON, as text, and whether everything in it is as it should be. */
interface Said {
  readonly document: unknown
  readonly text: string
  readonly sound: boolean
}

const inspectAny = (directory: string): ReadonlyArray<Said> => {
  const store = storeIn(resolve(directory))
  if (store !== undefined) {
    const { report, sound, text } = inspectStore(store)
    return [{ document: report, text, sound }]
  }
  return partitionsOf(directory).map(inspect).map((one) => ({
    document: one,
    text: text(one),
    sound: isSound(judge(one.segments))
  }))
}

const run = Effect.fnUntraced(function*(dirs: ReadonlyArray<string>, asJson: boolean) {
  if (dirs.length === 0) return yield* new BadInput({ message: "log inspect: give at least one directory of a store" })
  const inspected = yield* Effect.try({
    try: () => dirs.flatMap(inspectAny),
    catch: (error) => {
      if (error instanceof BadInput) return error
      throw error
    }
  })
  if (asJson) yield* document(inspected.length === 1 ? inspected[0]!.document : inspected.map((one) => one.document))
  else for (const one of inspected) yield* line(one.text)
  if (!inspected.every((one) => one.sound)) return yield* new NotAsStated()
})

export const logInspect = Command.make(
  "inspect",
  { dirs: Argument.String("dir").pipe(Argument.withDescription("A directory of a store"), Argument.variadic()), json },
  ({ dirs, json }) => run(dirs, json)
).pipe(Command.withDescription("A real Kafka or RocketMQ store: what is in it, checked; never writes"))
