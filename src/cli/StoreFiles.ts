/**
 * A real store's files, read into memory: the only place where the commands over real directories touch the file system,
 * and it opens everything for reading only.
 *
 * Directories and files are told apart, so that what a store's software does with either can be done to the copy. A file
 * of 2 GiB or more cannot be held in one piece and is refused by name.
 */
import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { BadInput } from "./Exit.ts"

export interface StoreFiles {
  /** The directory, absolute. */
  readonly path: string
  /** Its last part. */
  readonly name: string
  /** Files below it by relative path, `/` between the parts. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** Directories below it by relative path. */
  readonly directories: ReadonlyArray<string>
}

const maximumBytes = 2 ** 31 - 1

const because = (path: string, cause: unknown): BadInput => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause)
  return new BadInput({ message: `${path}: cannot be read (${code}); give a directory and files that may be read` })
}

/** Reads one file whole. Throws `BadInput`. */
export const readFile = (path: string): Uint8Array => {
  try {
    const file = openSync(path, "r")
    try {
      const { size } = fstatSync(file)
      if (size > maximumBytes) {
        throw new BadInput({ message: `${path}: ${size} bytes are too many; give files below 2 GiB` })
      }
      const bytes = new Uint8Array(size)
      let at = 0
      while (at < size) {
        const read = readSync(file, bytes, at, size - at, at)
        if (read === 0) break
        at += read
      }
      return at === size ? bytes : bytes.subarray(0, at)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    throw cause instanceof BadInput ? cause : because(path, cause)
  }
}

/** Names in a directory. Throws `BadInput`. */
export const list = (path: string): ReadonlyArray<string> => {
  try {
    return readdirSync(path).sort()
  } catch (cause) {
    throw because(path, cause)
  }
}

/** What is at a path; links are followed nowhere. */
export const kindOf = (path: string): "file" | "directory" | "other" | undefined => {
  try {
    const stat = lstatSync(path)
    return stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other"
  } catch {
    return undefined
  }
}

/** Reads a directory and `depth` levels of directories below it. Throws `BadInput`. */
export const readStore = (
  directory: string,
  depth: number,
  wanted: (name: string) => boolean = () => true
): StoreFiles => {
  const path = resolve(directory)
  const files = new Map<string, Uint8Array>()
  const directories: Array<string> = []
  const visit = (below: string, left: number): void => {
    for (const name of list(join(path, below))) {
      const relative = below === "" ? name : `${below}/${name}`
      const kind = kindOf(join(path, relative))
      if (kind === "file" && wanted(name)) files.set(relative, readFile(join(path, relative)))
      if (kind === "directory") {
        directories.push(relative)
        if (left > 0) visit(relative, left - 1)
      }
    }
  }
  visit("", depth)
  return { path, name: basename(path), files, directories }
}
