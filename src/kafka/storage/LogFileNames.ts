/**
 * Names in a partition directory, and what they say (LogFileUtils, LocalLog.parseTopicPartitionName).
 *
 *     00000000000000000042.log  .index  .timeindex  .txnindex    base offset of the segment
 *     00000000000000000042.snapshot                              producers' state before that offset
 *     ... .deleted  .cleaned  .swap                              after the whole name
 *     topic-0   topic-0.<uuid>-delete  -future  -stray           directories
 *
 * The offset is whatever stands before the first dot: a stray `x.log` is a number that cannot be read, and stops a start.
 */
import { fail } from "./StorageError.ts"

export const deleted = ".deleted"
export const cleaned = ".cleaned"
export const swap = ".swap"
export const leaderEpochCheckpoint = "leader-epoch-checkpoint"
export const partitionMetadata = "partition.metadata"

/** The kinds of file that a segment consists of. */
export const segmentKinds = [".log", ".index", ".timeindex", ".txnindex"] as const
export type SegmentKind = typeof segmentKinds[number]

/** An offset as far as it can be followed: damage may leave one beyond 2^53, which a number cannot hold. */
export const followed = (offset: number): number =>
  Number.isSafeInteger(offset)
    ? offset
    : fail("Kafka", `An offset near ${offset} is beyond 2^53, where logs are not followed; the real log would go on`)

/** The name of a segment's file or a snapshot: 20 digits, so that names sort as offsets do. */
export const fileName = (offset: number, kind: SegmentKind | ".snapshot", suffix = ""): string =>
  `${followed(offset) < 0 ? "-" : ""}${String(Math.abs(offset)).padStart(20, "0")}${kind}${suffix}`

export const isLogFile = (name: string): boolean => name.endsWith(".log")
export const isIndexFile = (name: string): boolean =>
  name.endsWith(".index") || name.endsWith(".timeindex") || name.endsWith(".txnindex")

/** A whole number as Java's `Long.parseLong` and `Integer.parseInt` read it. */
export const parseInteger = (text: string, bits: 32 | 64): number => {
  const value = /^[+-]?[0-9]+$/.test(text) ? BigInt(text) : undefined
  if (value === undefined || BigInt.asIntN(bits, value) !== value) {
    return fail("NumberFormat", `For input string: "${text}"`)
  }
  return Number(value)
}

/** The offset before the first dot of a name; `undefined` where there is no dot. Fails with `NumberFormat`. */
export const offsetOf = (name: string): number | undefined => {
  const dot = name.indexOf(".")
  return dot < 0 ? undefined : parseInteger(name.slice(0, dot), 64)
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What a directory's name says, and what it is for. */
export interface DirectoryName extends TopicPartition {
  readonly role: "current" | "delete" | "future" | "stray"
}

const withId = /^(\S+)-(\S+)\.(\S+)-(delete|future|stray)$/

/** Reads the name of a partition directory; fails with `Kafka`, and `path` in the message, as the start of a broker does. */
export const parseDirectoryName = (name: string, path: string): DirectoryName => {
  const wrong = (): never =>
    fail(
      "Kafka",
      `Found directory ${path}, '${name}' is not in the form of topic-partition or topic-partition.uniqueId-delete ` +
        "(if marked for deletion).\nKafka's log directories (and children) should only contain Kafka topic data."
    )
  const suffixed = /-(delete|future|stray)$/.exec(name)
  const role = (suffixed?.[1] ?? "current") as DirectoryName["role"]
  if (!name.includes("-") || (suffixed !== null && !withId.test(name))) return wrong()
  const live = role === "current" ? name : name.slice(0, name.lastIndexOf("."))
  const dash = live.lastIndexOf("-")
  const topic = live.slice(0, dash)
  const number = live.slice(dash + 1)
  if (topic === "" || dash < 0 || !/^[+-]?[0-9]+$/.test(number) || Number(number) > 0x7fffffff) return wrong()
  return { topic, partition: Number(number), role }
}
