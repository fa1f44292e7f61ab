/**
 * `test/seeds`, where a checkout keeps runs that once failed: one file a run, replayed by every `npm test`.
 *
 * A file is written, never edited: its name follows from what the run shows, so the same run kept again is the same file.
 */
import { Effect } from "effect"
import { existsSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { BadInput } from "./Exit.ts"

const folder = join(import.meta.dirname, "..", "..", "test", "seeds")

/** A run that is kept. */
export interface Seed {
  /** What the run shows, as a sentence. */
  readonly sentence: string
  readonly token: string
  /** Whether the promise is still broken today. */
  readonly broken: boolean
}

/** A name for a run of a kind of tokens, by its sentence. */
export const nameOf = (kind: string, sentence: string): string =>
  `${kind}-${sentence.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60)}`

/** Writes a seed and says where on standard error. Fails outside a checkout. */
export const keep = Effect.fnUntraced(function*(seed: Seed, name: string) {
  if (!existsSync(folder)) {
    return yield* new BadInput({ message: "--keep: seeds are kept in test/seeds of a checkout, and this is none" })
  }
  const path = join(folder, `${name}.json`)
  writeFileSync(path, `${JSON.stringify(seed, undefined, 2)}\n`)
  process.stderr.write(`kept in ${relative(process.cwd(), path)}\n`)
})
