/**
 * Small text files that are written whole: new contents beside the old, made durable, then put in their place
 * (CheckpointFile; Utils.atomicMoveWithFallback).
 *
 *     0              version                     write NAME.tmp ─commit─▶ rename to NAME ─commit directory─▶
 *     2              number of entries
 *     plain 0 1200   entries, one a line
 *
 * So a crash leaves the old file or the new one, and perhaps a NAME.tmp that nobody looks at. An empty file is an empty
 * checkpoint. Anything else that is wrong is an I/O error to the caller.
 */
import type { Operations } from "../../world/Disk.ts"
import type { Durably } from "./Durably.ts"
import { allGuards, type Guards } from "./Guards.ts"
import { parseInteger, type TopicPartition } from "./LogFileNames.ts"
import { fail, isReason, StorageError } from "./StorageError.ts"

const version = 0

/** Directory of a path. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/"

/** Contents of a file, `undefined` where there is none. */
export const readBytes = (disk: Operations, path: string): Uint8Array | undefined => {
  if (disk.stat(path) === undefined) return undefined
  const file = disk.open(path, "existing")
  try {
    return file.read(0, file.size())
  } finally {
    file.close()
  }
}

/** Puts a text in the place of a file, whole and durably. */
export function* replaceFile(
  disk: Operations,
  path: string,
  text: string,
  guards: Guards = allGuards
): Durably<void> {
  const temporary = guards.WriteBeside ? `${path}.tmp` : path
  const file = disk.open(temporary, "either")
  try {
    file.truncate(0)
    file.append(new TextEncoder().encode(text))
    if (guards.CommitBeforeRename) yield [file]
  } finally {
    file.close()
  }
  if (guards.WriteBeside) disk.rename(temporary, path)
  yield [parentOf(path)]
}

/** Lines as Java's BufferedReader tells them: ended by LF, CR or CRLF, the last one perhaps by nothing. */
export const linesOf = (text: string): ReadonlyArray<string> => {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === "") lines.pop()
  return lines
}

/** Fields as Java's Pattern.split tells them: empty ones at the end do not count. */
export const fieldsOf = (line: string, separator = /[ \t\v\f\r\n]+/): ReadonlyArray<string> => {
  if (line === "") return [""]
  const fields = line.split(separator)
  while (fields.at(-1) === "") fields.pop()
  return fields
}

/** An I/O error, as far as the callers of a checkpoint are concerned. */
export const malformedFile = (message: string): never => {
  throw new StorageError({ reason: "KafkaStorage", message, cause: "IO" })
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of a file, an I/O error where it is not UTF-8. */
export const decodeText = (bytes: Uint8Array, failure: string): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    return malformedFile(failure)
  }
}

/**
 * The entries of a checkpoint's text. `entryOf` answers `undefined` for a line with the wrong number of fields.
 *
 * Fails with `KafkaStorage`, caused by I/O and with `failure` as its message, where version, count or a line is wrong.
 */
export const parse = <Entry>(
  bytes: Uint8Array,
  failure: string,
  entryOf: (fields: ReadonlyArray<string>) => Entry | undefined
): ReadonlyArray<Entry> => {
  const wrong = (): never => malformedFile(failure)
  const number = (line: string): number => {
    try {
      return parseInteger(line, 32)
    } catch (error) {
      if (isReason(error, "NumberFormat")) return wrong()
      throw error
    }
  }
  const [first, second, ...rest] = linesOf(decodeText(bytes, failure))
  if (first === undefined) return []
  if (number(first) !== version) return wrong()
  if (second === undefined) return []
  const expected = number(second)
  if (expected < 0) return fail("IllegalArgument", `Illegal Capacity: ${expected}`)
  const entries = rest.map((line) => entryOf(fieldsOf(line)) ?? wrong())
  return entries.length === expected ? entries : wrong()
}

/** The text of a checkpoint. */
export const format = (lines: ReadonlyArray<string>): string => [version, lines.length, ...lines, ""].join("\n")

/** Offsets by partition, in the order of the file. */
export type Offsets = ReadonlyMap<string, number>

export const keyOf = ({ partition, topic }: TopicPartition): string => `${topic} ${partition}`

/** Reads an offset checkpoint of a log directory; a missing or empty file has no entries. The last of two lines counts. */
export const readOffsets = (disk: Operations, path: string): Offsets =>
  new Map(
    parse(readBytes(disk, path) ?? new Uint8Array(0), `Error while reading checkpoint file ${path}`, (fields) => {
      const [topic, partition, offset] = fields
      if (fields.length !== 3) return undefined
      return [
        keyOf({ topic: topic!, partition: parseInteger(partition!, 32) }),
        parseInteger(offset!, 64)
      ] as const
    })
  )

/** Writes an offset checkpoint. */
export const writeOffsets = (disk: Operations, path: string, offsets: Offsets, guards?: Guards): Durably<void> =>
  replaceFile(disk, path, format([...offsets].map(([partition, offset]) => `${partition} ${offset}`)), guards)
