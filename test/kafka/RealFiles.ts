/** Real directories under test/real, read into memory: nothing here writes to them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

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
