/** Stories about one partition's log, each with the source of what it expects. */
import { Effect, Result } from "effect"
import { expect, it } from "vitest"
import * as ControlRecord from "../../../src/kafka/storage/ControlRecord.ts"
import * as Durably from "../../../src/kafka/storage/Durably.ts"
import type { Environment, Task } from "../../../src/kafka/storage/Environment.ts"
import * as LogAppend from "../../../src/kafka/storage/LogAppend.ts"
import { behaviour39, behaviour44, defaults, type LogConfig } from "../../../src/kafka/storage/LogConfig.ts"
import { online } from "../../../src/kafka/storage/LogDirectory.ts"
import * as LogRead from "../../../src/kafka/storage/LogRead.ts"
import * as LogRetention from "../../../src/kafka/storage/LogRetention.ts"
import * as LogSegment from "../../../src/kafka/storage/LogSegment.ts"
import * as PartitionLog from "../../../src/kafka/storage/PartitionLog.ts"
import type { Origin } from "../../../src/kafka/storage/ProducerState.ts"
import * as RecordBatch from "../../../src/kafka/storage/RecordBatch.ts"
import { StorageError } from "../../../src/kafka/storage/StorageError.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"

const directory = "/logs/p-0"

const batch = (over: Partial<RecordBatch.Contents> & { readonly count?: number } = {}): Uint8Array => {
  const { count = 1, ...rest } = over
  return RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression: "none",
    timestampType: "CreateTime",
    isTransactional: false,
    isControl: false,
    baseTimestamp: 1000,
    maxTimestamp: 1000,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastOffsetDelta: count - 1,
    records: Array.from({ length: count }, (_, offsetDelta) => ({
      offsetDelta,
      timestampDelta: 0,
      key: new Uint8Array([1]),
      value: new Uint8Array(20),
      headers: []
    })),
    ...rest
  })
}

const world = (over: Partial<LogConfig> = {}, behaviour = behaviour39) => {
  const disk = SimulatedDisk.fromImage(new Map([[`${directory}/`, new Uint8Array(0)]]))
  const tasks: Array<Task> = []
  let now = 1000
  const environment = (): Environment => ({
    logDirectory: online("/logs"),
    disk: disk.operations(),
    now: () => now,
    behaviour,
    schedule: (task) => tasks.push(task)
  })
  let current = environment()
  const run = <A>(step: () => Durably.Durably<A>) => Effect.runSync(Effect.result(Durably.run(current.disk, step)))
  const done = <A>(step: () => Durably.Durably<A>): A => Result.getOrThrow(run(step))
  const config = { ...defaults, ...over }
  const open = (options = { hadCleanShutdown: false, recoveryPoint: 0, logStartOffset: 0 }) => {
    current = environment()
    const log = done(() => PartitionLog.open(current, directory, config, options))
    return log
  }
  const append = (
    log: PartitionLog.PartitionLog,
    bytes: Uint8Array,
    epoch = 0,
    origin: Exclude<Origin, "replication"> = "client"
  ) => run(() => LogAppend.appendAsLeader(log, bytes, epoch, origin))
  const reasonOf = (answer: ReturnType<typeof append>) =>
    Result.isFailure(answer) && answer.failure instanceof StorageError ? answer.failure.reason : undefined
  return { disk, tasks, run, done, open, append, reasonOf, wait: (millis: number) => now += millis }
}

// ProducerAppendInfo, ProducerStateEntry: the last five batches are remembered; KIP-98, KIP-360.
it("answers each of the last five batches of a producer as duplicates, and an older one as out of order", () => {
  const { append, open, reasonOf } = world()
  const log = open()
  const from = (sequence: number) => batch({ producerId: 9, producerEpoch: 0, baseSequence: sequence })
  for (let sequence = 0; sequence < 6; sequence++) append(log, from(sequence))
  for (let sequence = 1; sequence < 6; sequence++) {
    const answer = Result.getOrThrow(append(log, from(sequence)))
    expect([answer.isDuplicate, answer.firstOffset]).toEqual([true, sequence])
  }
  expect(reasonOf(append(log, from(0)))).toBe("OutOfOrderSequence")
  expect(log.logEndOffset).toBe(6)
})

it("fences a producer's old epoch, and starts a new one at sequence 0", () => {
  const { append, open, reasonOf } = world()
  const log = open()
  append(log, batch({ producerId: 9, producerEpoch: 1, baseSequence: 0 }))
  expect(reasonOf(append(log, batch({ producerId: 9, producerEpoch: 0, baseSequence: 1 })))).toBe(
    "InvalidProducerEpoch"
  )
  expect(reasonOf(append(log, batch({ producerId: 9, producerEpoch: 2, baseSequence: 5 })))).toBe("OutOfOrderSequence")
  expect(Result.isSuccess(append(log, batch({ producerId: 9, producerEpoch: 2, baseSequence: 0 })))).toBe(true)
})

const marker = (type: "abort" | "commit"): Uint8Array => {
  const record = ControlRecord.encode({ type, coordinatorEpoch: 0 })
  return batch({
    isTransactional: true,
    isControl: true,
    producerId: 9,
    producerEpoch: 0,
    records: [{ offsetDelta: 0, timestampDelta: 0, headers: [], ...record }]
  })
}

// KIP-98: the last stable offset is where the first open transaction begins; aborted ones are in the fetch's answer.
it("shows a committed reader nothing of an open transaction, and none of an aborted one's records", () => {
  const { append, open } = world()
  const log = open()
  append(log, batch())
  append(
    log,
    batch({ isTransactional: true, producerId: 9, producerEpoch: 0, baseSequence: 0, count: 2, lastOffsetDelta: 1 })
  )
  append(log, batch())
  PartitionLog.updateHighWatermark(log, 4)
  expect(PartitionLog.lastStableOffset(log)).toBe(1)
  append(log, marker("abort"), 0, "coordinator")
  PartitionLog.updateHighWatermark(log, 5)
  expect(PartitionLog.lastStableOffset(log)).toBe(5)
  const fetched = LogRead.read(log, 0, 10_000, "committed", true)
  expect(fetched.aborted).toEqual([{ producerId: 9, firstOffset: 1, lastOffset: 4, lastStableOffset: 5 }])
  expect(LogRead.visible(fetched, 0).records.map(({ offset }) => offset)).toEqual([0, 3])
  const uncommitted = LogRead.visible(LogRead.read(log, 0, 10_000, "uncommitted", true), 0)
  expect(uncommitted.records.map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
})

// LogValidator.validateBatch and validateRecord; UnifiedLog.analyzeAndValidateRecords.
it.each([
  ["a base offset that is not 0", batch({ baseOffset: 4 }), {}, "InvalidRecord"],
  ["a control batch from a client", marker("abort"), {}, "InvalidRecord"],
  ["a count that does not fit its offsets", batch({ lastOffsetDelta: 3 }), {}, "InvalidRecord"],
  ["a producer without a sequence", batch({ producerId: 3, producerEpoch: 0 }), {}, "InvalidRecord"],
  [
    "no key in a compacted topic",
    batch({
      records: [{ offsetDelta: 0, timestampDelta: 0, key: null, value: null, headers: [] }]
    }),
    { cleanupPolicies: ["compact"] as const },
    "InvalidRecord"
  ],
  ["a time too far ahead", batch({ baseTimestamp: 9000 }), { messageTimestampAfterMaxMillis: 10 }, "InvalidTimestamp"],
  ["a batch that claims the time of its append", batch({ timestampType: "LogAppendTime" }), {
    messageTimestampType: "LogAppendTime" as const
  }, "InvalidTimestamp"],
  ["a batch above the limit", batch({ count: 9 }), { maxMessageBytes: 100 }, "RecordTooLarge"],
  ["an append above the segment size", batch({ count: 9 }), { segmentBytes: 100 }, "RecordBatchTooLarge"]
])("refuses %s", (_, bytes, config, reason) => {
  const { append, open, reasonOf } = world(config)
  const log = open()
  expect(reasonOf(append(log, bytes))).toBe(reason)
  expect(log.logEndOffset).toBe(0)
})

it("carries the time of the append where the topic says so, with a checksum that fits", () => {
  const { append, open, wait } = world({ messageTimestampType: "LogAppendTime" })
  const log = open()
  wait(500)
  expect(Result.getOrThrow(append(log, batch())).logAppendTime).toBe(1500)
  const { bytes } = LogRead.read(log, 0, 1000, "log end", true)
  expect(RecordBatch.records(bytes, RecordBatch.decode(bytes))[0]!.timestamp).toBe(1500)
})

it("writes a batch in the codec of the topic", () => {
  const { append, open } = world({ compressionType: "zstd" })
  const log = open()
  append(log, batch({ count: 3 }))
  const { bytes } = LogRead.read(log, 0, 1000, "log end", true)
  const header = RecordBatch.decode(bytes)
  expect(RecordBatch.compressionOf(header)).toBe("zstd")
  expect(RecordBatch.records(bytes, header).map(({ offset }) => offset)).toEqual([0, 1, 2])
})

it("makes a follower's log the leader's, byte for byte, and refuses what does not follow", () => {
  const leader = world()
  const leaderLog = leader.open()
  for (const epoch of [0, 0, 2]) leader.append(leaderLog, batch({ count: 2 }), epoch)
  const { bytes } = LogRead.read(leaderLog, 0, 10_000, "log end", true)
  const follower = world()
  const followerLog = follower.open()
  follower.done(() => LogAppend.appendAsFollower(followerLog, bytes))
  expect(LogRead.read(followerLog, 0, 10_000, "log end", true).bytes).toEqual(bytes)
  expect(followerLog.epochs.entries).toEqual([{ epoch: 0, startOffset: 0 }, { epoch: 2, startOffset: 4 }])
  const again = follower.run(() => LogAppend.appendAsFollower(followerLog, bytes))
  expect(Result.isFailure(again) && again.failure instanceof StorageError && again.failure.reason).toBe(
    "UnexpectedAppendOffset"
  )
})

// LogSegment.append: an entry where more than the interval went by since the last one. 3.9 asks once for the whole set,
// before which nothing went by; 4.x asks before each batch, and finds 89 bytes before the second, third and fourth.
it.each([["3.9", behaviour39, 0], ["4.x", behaviour44, 3]] as const)(
  "adds index entries for four batches of 89 bytes in one append as %s does",
  (_, behaviour, entries) => {
    const { append, done, open } = world({ indexIntervalBytes: 80 }, behaviour)
    const source = open()
    for (let index = 0; index < 4; index++) append(source, batch())
    const { bytes } = LogRead.read(source, 0, 10_000, "log end", true)
    done(() => PartitionLog.truncateFullyAndStartAt(source, 0))
    done(() => LogAppend.appendAsFollower(source, bytes))
    expect(LogSegment.offsetIndex(PartitionLog.activeSegment(source)).index.entries).toBe(entries)
  }
)

it("deletes the oldest segments by size and by age, never above the high watermark, and never the last one unrolled", () => {
  const { append, done, open, wait } = world({ segmentBytes: 200, retentionBytes: 250, retentionMillis: 5000 })
  const log = open()
  for (let index = 0; index < 8; index++) append(log, batch())
  expect(log.segments.all.length).toBe(4)
  expect(done(() => LogRetention.deleteOldSegments(log))).toBe(0)
  PartitionLog.updateHighWatermark(log, 8)
  const size = PartitionLog.size(log)
  const segment = log.segments.all[0]!.log.size
  expect(done(() => LogRetention.deleteOldSegments(log))).toBe(Math.floor((size - 250) / segment))
  expect(log.logStartOffset).toBe(log.segments.all[0]!.baseOffset)
  wait(20_000)
  done(() => LogRetention.deleteOldSegments(log))
  expect([log.logStartOffset, log.segments.all.length]).toEqual([8, 1])
})

// "An empty later segment moves the log end to its base": the real log does so on test/real's images of that kind.
it("has its log end above the records that a power cut left, when only the name of a segment was durable", () => {
  const { append, disk, done, open } = world()
  const log = open()
  append(log, batch(), 0)
  done(() => PartitionLog.roll(log))
  append(log, batch(), 1)
  disk.powerLoss()
  const again = open()
  expect([again.logStartOffset, again.logEndOffset]).toEqual([0, 1])
  expect(PartitionLog.size(again)).toBe(0)
})

it("takes the log directory offline with the first failed commit, and serves nothing from it afterwards", () => {
  const { append, disk, open, run } = world()
  const log = open()
  append(log, batch())
  disk.inject({ _tag: "CommitFails", path: "**", pages: "ext4-ordered", sequence: "x" })
  const flushed = run(() => PartitionLog.flush(log))
  expect(Result.isFailure(flushed)).toBe(true)
  expect(log.recoveryPoint).toBe(0)
  const answer = append(log, batch())
  expect(Result.isFailure(answer) && answer.failure instanceof StorageError && answer.failure.reason).toBe(
    "KafkaStorage"
  )
})
