/**
 * `log images DIR...`: damaged stores in the format of `images.jsonl`: each is recovered in memory, as its own software
 * would recover it, and compared with what that software was left with, where the line says so.
 *
 * Without `--json` it counts what is equal for each kind of damage; with it it prints `[{id, actual, equal?}]`.
 */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { resolve } from "node:path"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as KafkaImages from "./KafkaImages.ts"
import { document, json, line, progress } from "./Output.ts"
import * as RocketmqStores from "./RocketmqStores.ts"

/** What both systems answer for one image. */
interface RecoveredImage {
  readonly id: string
  readonly kind: string
  readonly actual: unknown
  readonly equal?: boolean
}

interface RecoveredSet {
  readonly directory: string
  readonly images: ReadonlyArray<RecoveredImage>
}

const recover = (directory: string): RecoveredSet => {
  const path = resolve(directory)
  const shown = progress(directory)
  try {
    if (KafkaImages.isImages(path)) return { directory, images: KafkaImages.recoverImages(path, shown.update) }
    if (RocketmqStores.isImages(path)) return { directory, images: RocketmqStores.recoverImages(path, shown.update) }
  } finally {
    shown.end()
  }
  throw new BadInput({
    message:
      `${directory}: no images; give a directory with images.jsonl and bases/ (stores) or base/ (a log directory)`
  })
}

/** Images of one kind of damage, in the order in which kinds first appear. */
const byKind = (images: ReadonlyArray<RecoveredImage>): ReadonlyMap<string, ReadonlyArray<RecoveredImage>> => {
  const kinds = new Map<string, Array<RecoveredImage>>()
  for (const image of images) kinds.set(image.kind, [...kinds.get(image.kind) ?? [], image])
  return kinds
}

const countOf = (images: ReadonlyArray<RecoveredImage>): string => {
  const compared = images.filter(({ equal }) => equal !== undefined)
  if (compared.length === 0) return `${images.length} recovered, nothing to compare with`
  return `${compared.filter(({ equal }) => equal).length} of ${images.length} equal`
}

const text = ({ directory, images }: RecoveredSet): string =>
  [
    ...[...byKind(images)].map(([kind, each]) => {
      const different = each.filter(({ equal }) => equal === false).map(({ id }) => id)
      return `  ${countOf(each)}  ${kind}${different.length === 0 ? "" : `  DIFFERENT: ${different.join(" ")}`}`
    }),
    `${directory}: ${countOf(images)}, ${byKind(images).size} kinds of damage`
  ].join("\n")

const run = Effect.fnUntraced(function*(dirs: ReadonlyArray<string>, asJson: boolean) {
  if (dirs.length === 0) return yield* new BadInput({ message: "log images: give at least one directory of images" })
  const sets = yield* Effect.try({
    try: () => dirs.map(recover),
    catch: (error) => {
      if (error instanceof BadInput) return error
      throw error
    }
  })
  const images = sets.flatMap((set) => set.images)
  if (asJson) {
    yield* document(images.map(({ actual, equal, id }) => ({ id, actual, ...(equal === undefined ? {} : { equal }) })))
  } else for (const set of sets) yield* line(text(set))
  if (images.some(({ equal }) => equal === false)) return yield* new NotAsStated()
})

export const logImages = Command.make(
  "images",
  { dirs: Argument.String("dir").pipe(Argument.withDescription("A directory of images"), Argument.variadic()), json },
  ({ dirs, json }) => run(dirs, json)
).pipe(Command.withDescription("Damaged stores in the format of images.jsonl: recover each, compare"))
