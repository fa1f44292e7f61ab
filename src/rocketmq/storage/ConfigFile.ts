/**
 * The JSON files of a broker (config/*.json): written beside, moved into place, with the content before in a .bak.
 *
 *     write f.tmp ─▶ copy f to f.bak ─▶ remove f ─▶ rename f.tmp to f
 *
 * The one decision: as in the real one nothing is committed and nothing is atomic: after a kill between the last two
 * steps there is only .bak and .tmp, and the .bak is what is loaded; after a power cut any of them may be empty. Loading
 * falls back to the .bak where the file is absent, empty or no JSON; without a .bak the defaults are used
 * (MixAll.string2File, ConfigManager.load).
 */
import type * as Disk from "../../world/Disk.ts"
import { makeDirectories } from "./MappedFileQueue.ts"

/** What was found: `value` in the file or its .bak, nothing at all, or two files of which none can be read. */
export type Loaded =
  | { readonly _tag: "Loaded"; readonly from: "file" | "backup"; readonly value: unknown }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Broken"; readonly path: string }

export const readText = (disk: Disk.Operations, path: string): string | undefined => {
  const stat = disk.stat(path)
  if (stat?.kind !== "file") return undefined
  const file = disk.open(path, "existing")
  const bytes = file.read(0, stat.size)
  file.close()
  return new TextDecoder().decode(bytes)
}

/** Java maps with numbers for names are written without quotes (fastjson): `{1:5}`. */
const parse = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text.replace(/([{,]\s*)(-?[0-9]+)(\s*:)/g, "$1\"$2\"$3")) }
  } catch {
    return undefined
  }
}

export const load = (disk: Disk.Operations, path: string): Loaded => {
  const text = readText(disk, path)
  const parsed = text === undefined || text === "" ? undefined : parse(text)
  if (parsed !== undefined) return { _tag: "Loaded", from: "file", value: parsed.value }
  const backup = readText(disk, `${path}.bak`)
  if (backup === undefined || backup === "") {
    // A broken file without a backup is not an error either: the real one then starts with nothing.
    return { _tag: "Nothing" }
  }
  const saved = parse(backup)
  return saved === undefined
    ? { _tag: "Broken", path: `${path}.bak` }
    : { _tag: "Loaded", from: "backup", value: saved.value }
}

/** Replaces a file's text, keeping the text before as its .bak. */
export const persist = (disk: Disk.Operations, path: string, text: string): void => {
  makeDirectories(disk, path.slice(0, path.lastIndexOf("/")))
  writeText(disk, `${path}.tmp`, text)
  const before = readText(disk, path)
  if (before !== undefined) {
    writeText(disk, `${path}.bak`, before)
    disk.remove(path)
  }
  disk.rename(`${path}.tmp`, path)
}

export const writeText = (disk: Disk.Operations, path: string, text: string): void => {
  const file = disk.open(path, "either")
  file.truncate(0)
  if (text !== "") file.write(0, new TextEncoder().encode(text))
  file.close()
}
