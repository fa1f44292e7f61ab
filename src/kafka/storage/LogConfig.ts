/**
 * A topic's settings, by Kafka's names, and the version whose behaviour is followed (LogConfig, TopicConfig).
 *
 * Settings that are not given have the real defaults. A setting that is known and cannot be read is refused; one that is
 * not known is passed over, since a topic has many that a log does not look at.
 */
import { Schema } from "effect"
import { allGuards, type Guards } from "./Guards.ts"

/**
 * What changed between the versions, as switches of their own: 3.9 is the last of the ZooKeeper line, 4.4 runs on KRaft.
 */
export interface Behaviour {
  /** What the switches stand for, as the software names itself. */
  readonly software: "Apache Kafka 3.9.2" | "Apache Kafka 4.4.0"
  /** 3.9 adds at most one index entry for an append of several batches, 4.x looks at each batch (LogSegment.append). */
  readonly indexesEachBatch: boolean
  /** Scala's `require` puts "requirement failed: " before its message; the same check in Java does not. */
  readonly requireSaysSo: boolean
  /** What protects the records, all on in the real log. */
  readonly guards: Guards
  /** Recovery refuses to cut where a valid batch lies behind a damaged one, which no torn tail leaves; no real log does. */
  readonly hardened: boolean
}

export const behaviour39: Behaviour = {
  software: "Apache Kafka 3.9.2",
  indexesEachBatch: false,
  requireSaysSo: true,
  guards: allGuards,
  hardened: false
}
export const behaviour44: Behaviour = {
  software: "Apache Kafka 4.4.0",
  indexesEachBatch: true,
  requireSaysSo: false,
  guards: allGuards,
  hardened: false
}

export interface LogConfig {
  /** A segment is rolled before it would grow beyond this, in bytes. */
  readonly segmentBytes: number
  readonly segmentMillis: number
  /** Bytes of log after which an index gets another entry. */
  readonly indexIntervalBytes: number
  /** Bytes that an index file is preallocated to. */
  readonly segmentIndexBytes: number
  /** Messages appended since the last flush that make the next append flush. */
  readonly flushMessages: number
  readonly flushMillis: number
  /** Negative: for ever. */
  readonly retentionMillis: number
  /** Negative: without bound. */
  readonly retentionBytes: number
  readonly fileDeleteDelayMillis: number
  readonly cleanupPolicies: ReadonlyArray<"delete" | "compact">
  readonly maxMessageBytes: number
  readonly messageTimestampType: "CreateTime" | "LogAppendTime"
  readonly messageTimestampBeforeMaxMillis: number
  readonly messageTimestampAfterMaxMillis: number
  readonly compressionType: "producer" | "uncompressed" | "gzip" | "snappy" | "lz4" | "zstd"
  /** A producer that was silent for so long is forgotten (a setting of the broker). */
  readonly producerIdExpirationMillis: number
}

const forEver = Number.MAX_SAFE_INTEGER

/** The defaults of 3.9. */
export const defaults: LogConfig = {
  segmentBytes: 1024 * 1024 * 1024,
  segmentMillis: 7 * 24 * 60 * 60 * 1000,
  indexIntervalBytes: 4096,
  segmentIndexBytes: 10 * 1024 * 1024,
  flushMessages: forEver,
  flushMillis: forEver,
  retentionMillis: 7 * 24 * 60 * 60 * 1000,
  retentionBytes: -1,
  fileDeleteDelayMillis: 60_000,
  cleanupPolicies: ["delete"],
  maxMessageBytes: 1024 * 1024 + 12,
  messageTimestampType: "CreateTime",
  messageTimestampBeforeMaxMillis: forEver,
  messageTimestampAfterMaxMillis: forEver,
  compressionType: "producer",
  producerIdExpirationMillis: 24 * 60 * 60 * 1000
}

/** A setting that cannot be read. */
export class InvalidSetting extends Schema.TaggedError<InvalidSetting>()("InvalidSetting", {
  name: Schema.String,
  value: Schema.String,
  expected: Schema.String
}) {
  override get message(): string {
    return `the setting ${this.name} is ${this.value}; expected ${this.expected}`
  }
}

const numbers: { readonly [name: string]: keyof LogConfig } = {
  "segment.bytes": "segmentBytes",
  "internal.segment.bytes": "segmentBytes",
  "segment.ms": "segmentMillis",
  "index.interval.bytes": "indexIntervalBytes",
  "segment.index.bytes": "segmentIndexBytes",
  "flush.messages": "flushMessages",
  "flush.ms": "flushMillis",
  "retention.ms": "retentionMillis",
  "retention.bytes": "retentionBytes",
  "file.delete.delay.ms": "fileDeleteDelayMillis",
  "max.message.bytes": "maxMessageBytes",
  "message.timestamp.before.max.ms": "messageTimestampBeforeMaxMillis",
  "message.timestamp.after.max.ms": "messageTimestampAfterMaxMillis",
  "producer.id.expiration.ms": "producerIdExpirationMillis"
}

const wordOf = <Word extends string>(name: string, value: string, words: ReadonlyArray<Word>): Word => {
  const word = words.find((each) => each === value)
  if (word === undefined) throw new InvalidSetting({ name, value, expected: words.join(" or ") })
  return word
}

const numberOf = (name: string, value: string): number => {
  if (!/^-?[0-9]+$/.test(value)) throw new InvalidSetting({ name, value, expected: "a whole number" })
  // Kafka's "never" is 2^63 - 1, which is no safe integer and need not be told from one.
  return Math.min(Number(value), forEver)
}

/** Reads a topic's settings. Throws `InvalidSetting`. */
export const fromSettings = (settings: { readonly [name: string]: string | number | boolean }): LogConfig => {
  const read: { -readonly [Key in keyof LogConfig]?: LogConfig[Key] } = {}
  for (const [name, given] of Object.entries(settings)) {
    const value = String(given)
    const number = numbers[name]
    if (number !== undefined) Object.assign(read, { [number]: numberOf(name, value) })
    if (name === "cleanup.policy") {
      read.cleanupPolicies = value.split(",").map((word) => wordOf(name, word.trim(), ["delete", "compact"]))
    }
    if (name === "message.timestamp.type") {
      read.messageTimestampType = wordOf(name, value, ["CreateTime", "LogAppendTime"])
    }
    if (name === "compression.type") {
      read.compressionType = wordOf(name, value, ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"])
    }
  }
  return { ...defaults, ...read }
}
