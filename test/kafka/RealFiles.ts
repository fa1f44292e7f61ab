/** Real directories under test/real, read into memory: nothing here writes to them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Damage } from "../../src/world/simulated/Damage.ts"

const root = fileURLToPath(new URL("../real/", import.meta.url))

export const pathOf = (name: string): string => join(root, name)

/** Names of the partition directories of a log directory that say what is expected of them. */
export const partitionsOf = (directory: string): ReadonlyArray<string> =>
  readdirSync(pathOf(directory)).filter((name) => existsSync(join(pathOf(directory), name, "expected.json"))).sort()

/** The files of a directory, by name. */
export const filesOf = (directory: string): ReadonlyMap<string, Uint8Array> =>
  new Map(
    readdirSync(pathOf(directory)).sort().filter((name) => statSync(join(pathOf(directory), name)).isFile()).map((
      name
    ) => [name, new Uint8Array(readFileSync(join(pathOf(directory), name)))])
  )

export const jsonOf = (file: string): unknown => JSON.parse(readFileSync(pathOf(file), "utf8"))

/** One line of images.jsonl. */
interface ImageLine {
  readonly id: string
  readonly kind: string
  readonly base?: string
  readonly dir?: string
  readonly ops: ReadonlyArray<Damage>
  readonly open?: {
    readonly hadCleanShutdown: boolean
    readonly recoveryPoint: number
    readonly logStartOffset: number
    readonly nowMs: number
  }
  readonly expected: unknown
}

const directoriesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(pathOf(directory)).sort().filter((name) => statSync(join(pathOf(directory), name)).isDirectory())

/** A set of damaged images: partition directories by "BASE/TOPIC-PARTITION", or the files of one log directory. */
export const imagesOf = (name: string) => {
  const bases = existsSync(join(pathOf(name), "bases"))
    ? directoriesIn(`${name}/bases`).flatMap((base) =>
      directoriesIn(`${name}/bases/${base}`).map((dir) =>
        [`${base}/${dir}`, filesOf(`${name}/bases/${base}/${dir}`)] as const
      )
    )
    : []
  const base = new Map<string, Uint8Array>()
  if (bases.length === 0) {
    for (const [file, bytes] of filesOf(`${name}/base`)) base.set(file, bytes)
    for (const dir of directoriesIn(`${name}/base`)) {
      for (const [file, bytes] of filesOf(`${name}/base/${dir}`)) base.set(`${dir}/${file}`, bytes)
    }
  }
  const lines = readFileSync(join(pathOf(name), "images.jsonl"), "utf8").trim().split("\n")
    .map((line) => JSON.parse(line) as ImageLine)
  const settings = jsonOf(`${name}/configs.json`) as {
    readonly [name: string]: { readonly [name: string]: string | number }
  }
  return { bases: new Map(bases), base, lines, settings }
}
