/**
 * `log inspect DIR...`: opens real stores in memory, as their own software would, and prints what is in them. Nothing is
 * written to a directory.
 *
 * What a directory is, is seen from its files: a partition directory of Kafka holds `<20 digits>.log`, a log directory
 * of Kafka holds partition directories, a RocketMQ store has a `commitlog/`. A file that is damaged or foreign is one line
 * that names its byte, exit 2.
 */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { resolve } from "node:path"
import { BadInput, NotAsStated } from "./Exit.ts"
import { inspectPartition, partitionsOf } from "./KafkaStores.ts"
import { document, json, line } from "./Output.ts"
import { inspectStore, storeIn } from "./RocketmqStores.ts"
import { kindOf } from "./StoreFiles.ts"

/** What is said of one directory: as JSON, as text, and whether everything in it is as it should be. */
interface Said {
  readonly document: unknown
  readonly text: string
  readonly sound: boolean
}

const inspectAny = (directory: string, recover: boolean): ReadonlyArray<Said> => {
  if (kindOf(resolve(directory)) === undefined) {
    throw new BadInput({ message: `${directory}: there is nothing; give a directory of a store` })
  }
  const store = storeIn(resolve(directory))
  const partitions = partitionsOf(directory)
  if (store !== undefined && partitions.length > 0) {
    throw new BadInput({ message: `${directory}: files of Kafka and of RocketMQ; give the directory of one broker` })
  }
  if (store !== undefined) {
    const { report, sound, text } = inspectStore(store)
    return [{ document: report, text, sound }]
  }
  if (partitions.length === 0) {
    throw new BadInput({
      message:
        `${directory}: no store; give a directory TOPIC-PARTITION that holds <20 digits>.log, or one that holds such, ` +
        `or a RocketMQ store, which holds commitlog/`
    })
  }
  return partitions.map((path) => {
    const { report, sound, text } = inspectPartition(path, recover)
    return { document: report, text, sound }
  })
}

interface InspectOptions {
  readonly dirs: ReadonlyArray<string>
  readonly recover: boolean
  readonly brief: boolean
  readonly json: boolean
}

const inOneLine = (text: string): string => text.split("\n").map((part) => part.trim()).join("; ")

const run = Effect.fnUntraced(function*({ brief, dirs, json: asJson, recover }: InspectOptions) {
  if (dirs.length === 0) return yield* new BadInput({ message: "log inspect: give at least one directory of a store" })
  const inspected = yield* Effect.try({
    try: () => dirs.flatMap((directory) => inspectAny(directory, recover)),
    catch: (error) => {
      if (error instanceof BadInput) return error
      throw error
    }
  })
  if (asJson) yield* document(inspected.length === 1 ? inspected[0]!.document : inspected.map((one) => one.document))
  else for (const one of inspected) yield* line(brief ? inOneLine(one.text) : one.text)
  if (!inspected.every((one) => one.sound)) return yield* new NotAsStated()
})

const recover = Flag.Boolean("recover").pipe(
  Flag.withDescription("Show a damaged Kafka log as recovery would leave it, instead of naming the damage"),
  Flag.withDefault(false)
)

const brief = Flag.Boolean("brief").pipe(
  Flag.withDescription("One line a log or store"),
  Flag.withDefault(false)
)

export const logInspect = Command.make(
  "inspect",
  {
    dirs: Argument.String("dir").pipe(Argument.withDescription("A directory of a store"), Argument.variadic()),
    recover,
    brief,
    json
  },
  run
).pipe(Command.withDescription("A real Kafka or RocketMQ store: open it in memory, tell what is in it; never writes"))
