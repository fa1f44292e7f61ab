/**
 * Where the two logs must differ, over the interface at which they are otherwise the same (properties/panels).
 *
 *     Kafka      one log a partition: damage, flush and power cut cost that partition, every partition has its own files
 *     RocketMQ   one log a store: damage and power cut cost what was appended later, whatever its queue; one file to flush
 *
 * Expected numbers are worked out from the sources named at each test, never from a run. Under power cuts it is the hardened
 * RocketMQ that is compared: no version commits the name of a file, so what is lost there says nothing of flushing.
 */
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { kafka } from "../../properties/panels/KafkaPanel.ts"
import type { Engine, Panel } from "../../properties/panels/Panel.ts"
import { mostQueues } from "../../properties/panels/Panel.ts"
import { hardenedStore, kafka39, rocketmq49, rocketmqHardened, smallLog } from "../../properties/panels/Panels.ts"
import { rocketmq } from "../../properties/panels/RocketmqPanel.ts"
import { behaviour39, defaults as kafkaDefaults } from "../../src/kafka/storage/LogConfig.ts"
import { defaults as rocketmqDefaults } from "../../src/rocketmq/storage/LogConfig.ts"
import type { File, Operations } from "../../src/world/Disk.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"

const started = (panel: Panel) => {
  const disk = SimulatedDisk.fromImage(panel.image)
  const clock = { now: 1_700_000_000_000 }
  const open = (operations: Operations = disk.operations()): Engine => panel.open(operations, () => clock.now)
  return { disk, clock, open, engine: open() }
}

/** The message that is appended to a queue in a round. */
const value = (queue: number, round: number): string => `<${queue}:${round}>`.padEnd(40, "x")

/** One message to each queue, round after round. */
const appendRounds = (engine: Engine, queues: number, rounds: number, from = 0): void => {
  for (let round = from; round < from + rounds; round++) {
    for (let queue = 0; queue < queues; queue++) engine.append(queue, [value(queue, round)])
  }
}

/** How many messages each queue still reads; what is read must be the first ones of it. */
const left = (engine: Engine, queues: number): ReadonlyArray<number> =>
  Array.from({ length: queues }, (_, queue) => {
    const read = engine.read(queue)
    expect(read).toEqual(read.map((_, round) => [round, value(queue, round)]))
    return read.length
  })

const times = (count: number, of: (index: number) => number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => of(index))

interface Damaged {
  readonly queues: number
  readonly rounds: number
  /** The message of this queue and round has one byte flipped in its body. */
  readonly queue: number
  readonly round: number
}

const damaged: fc.Arbitrary<Damaged> = fc.record({
  queues: fc.integer({ min: 1, max: 6 }),
  rounds: fc.integer({ min: 1, max: 12 }),
  queue: fc.nat(5),
  round: fc.nat(11)
}).map(({ queue, queues, round, rounds }) => ({
  queues,
  rounds,
  queue: Math.min(queue, queues - 1),
  round: Math.min(round, rounds - 1)
}))

/** Flushes all of it, and flips the byte while the broker is down; answers the broker that came up again. */
const afterFlip = (panel: Panel, { queue, queues, round, rounds }: Damaged, down: "kill" | "clean stop"): Engine => {
  const { disk, engine, open } = started(panel)
  appendRounds(engine, queues, rounds)
  engine.flush()
  if (down === "clean stop") engine.stop()
  disk.kill()
  const wanted = Buffer.from(value(queue, round))
  const holding = [...disk.image()].flatMap(([path, bytes]) => {
    const at = Buffer.from(bytes).indexOf(wanted)
    return at < 0 ? [] : [{ path, at }]
  })
  expect(holding.length).toBe(1)
  const { at, path } = holding[0]!
  const file = disk.operations().open(path, "existing")
  file.write(at + 10, Uint8Array.of(file.read(at + 10, 1)[0]! ^ 1))
  return open()
}

// LogSegment.recover cuts at the first invalid batch and LogLoader.recoverLog removes the segments behind it, of that
// partition; nothing of it was checkpointed, so all of it is looked at. CORDS (FAST'17), p. 155.
it("one corrupt byte costs Kafka the damaged message and all behind it in that partition, and no other partition any", () => {
  fc.assert(
    fc.property(damaged, (damage) => {
      const expected = times(damage.queues, (queue) => queue === damage.queue ? damage.round : damage.rounds)
      expect(left(afterFlip(kafka39, damage, "kill"), damage.queues)).toEqual(expected)
    }),
    { numRuns: 100 }
  )
})

// CommitLog.recoverAbnormally ends the log at the first message that does not check (BODYCRC), and
// truncateDirtyLogicFiles and truncateDirtyFiles take from every queue and file what lies behind; no checkpoint vouches.
it("one corrupt byte costs RocketMQ every message of every queue that was appended after the damaged one", () => {
  fc.assert(
    fc.property(damaged, (damage) => {
      const expected = times(damage.queues, (queue) => damage.round + (queue < damage.queue ? 1 : 0))
      expect(left(afterFlip(rocketmq49, damage, "kill"), damage.queues)).toEqual(expected)
    }),
    { numRuns: 100 }
  )
})

// LogLoader.load skips recovery after a clean stop, and the broker sends what it has: the consumer's check.crcs finds it.
// CommitLog.recoverNormally of 4.9 checks the last three files, 21 messages of 132 bytes here, and cuts as after a crash.
it("after a clean stop Kafka still holds all of it, for a reader to stumble over, and RocketMQ cuts as after a kill", () => {
  fc.assert(
    fc.property(damaged, (whole) => {
      const queues = Math.min(whole.queues, 5)
      const rounds = Math.min(whole.rounds, 3)
      const damage = {
        queues,
        rounds,
        queue: Math.min(whole.queue, queues - 1),
        round: Math.min(whole.round, rounds - 1)
      }
      const log = afterFlip(kafka39, damage, "clean stop")
      for (let queue = 0; queue < queues; queue++) {
        if (queue === damage.queue) expect(() => log.read(queue)).toThrow("checksum")
        else expect(log.read(queue).length).toBe(rounds)
        expect(log.append(queue, [value(queue, rounds)])).toBe(rounds)
      }
      const expected = times(queues, (queue) => damage.round + (queue < damage.queue ? 1 : 0))
      expect(left(afterFlip(rocketmq49, damage, "clean stop"), queues)).toEqual(expected)
    }),
    { numRuns: 50 }
  )
})

/** Flushes one queue between two messages of each, cuts the power, and answers what each queue reads. */
const afterPartialFlush = (panel: Panel, queues: number, flushed: number): ReadonlyArray<number> => {
  const { disk, engine, open } = started(panel)
  appendRounds(engine, queues, 1)
  engine.flush(flushed)
  appendRounds(engine, queues, 1, 1)
  disk.powerLoss(undefined, { _tag: "DropAll" })
  return left(open(), queues)
}

// UnifiedLog.flush is of one log; MappedFileQueue.flush of the one that all queues share.
it("a flush for one queue covers that partition alone in Kafka, and all that came before it in RocketMQ", () => {
  for (let queues = 1; queues <= 5; queues++) {
    for (let flushed = 0; flushed < queues; flushed++) {
      expect(afterPartialFlush(kafka39, queues, flushed)).toEqual(times(queues, (queue) => queue === flushed ? 1 : 0))
      expect(afterPartialFlush(rocketmqHardened, queues, flushed)).toEqual(times(queues, () => 1))
    }
  }
})

/** Appends, lets the broker's own flushes run for some time, appends again, cuts the power. */
const afterOwnFlushes = (panel: Panel, queues: number, rounds: number): ReadonlyArray<number> => {
  const { clock, disk, engine, open } = started(panel)
  appendRounds(engine, queues, rounds)
  clock.now += 10_000
  engine.flushByDefault()
  appendRounds(engine, queues, 2, rounds)
  disk.powerLoss(undefined, { _tag: "DropAll" })
  return left(open(), queues)
}

// LogConfig: flush.messages and flush.ms are Long.MAX_VALUE by default, so only a roll flushes. MessageStoreConfig:
// flushCommitLogThoroughInterval is 10 s, after which FlushRealTimeService flushes whatever there is.
it("a power cut takes from Kafka all since the last roll by default, and from RocketMQ the last ten seconds", () => {
  const sized = { segmentBytes: kafkaDefaults.segmentBytes, segmentIndexBytes: 1024 }
  const unrolled = kafka("Kafka 3.9, default segments", behaviour39, { ...kafkaDefaults, ...sized })
  const store = rocketmq("RocketMQ, hardened", { ...hardenedStore, mappedFileSizeCommitLog: 65536 })
  for (const [queues, rounds] of [[1, 3], [4, 5]] as const) {
    expect(afterOwnFlushes(unrolled, queues, rounds)).toEqual(times(queues, () => 0))
    expect(afterOwnFlushes(store, queues, rounds)).toEqual(times(queues, () => rounds))
  }
})

// DefaultRecordBatch, DefaultRecord: a batch of one value of 40 bytes has 61 + 47 = 108 bytes (length, attributes, timestamp
// delta, offset delta, key length, value length and header count of 1 byte each), so a segment of 420 bytes holds three.
it("a roll flushes the segments below it, of one partition of Kafka, and a power cut takes only what is above", () => {
  const { disk, engine, open } = started(kafka39)
  for (let round = 0; round < 4; round++) engine.append(0, [value(0, round)])
  for (let round = 0; round < 3; round++) engine.append(1, [value(1, round)])
  engine.flushByDefault()
  disk.powerLoss(undefined, { _tag: "DropAll" })
  expect(smallLog.segmentBytes).toBe(420)
  expect(left(open(), 2)).toEqual([3, 0])
})

// LogSegment.readNextOffset: the log end is the base of a last segment that is empty. CommitLog.recoverTopicQueueTable: a queue
// goes on behind its last entry, and entries are cut where the log ends.
it("where only names of files survive, Kafka's numbers go on above what is lost, and RocketMQ's are given again", () => {
  const next = (panel: Panel): number => {
    const { disk, engine, open } = started(panel)
    appendRounds(engine, 1, 4)
    disk.powerLoss(undefined, { _tag: "TornGroup", path: "**", persist: [] })
    const again = open()
    expect(again.read(0)).toEqual([])
    return again.append(0, [value(0, 4)])
  }
  expect(next(kafka39)).toBe(3)
  expect(next(rocketmqHardened)).toBe(0)
})

/** A disk that notes the files that are written and committed. */
const noting = (operations: Operations) => {
  const written = new Set<string>()
  const committed = new Set<string>()
  /** The disk knows its own handles only. */
  const own = new Map<File | string, File>()
  const noted: Operations = {
    ...operations,
    open: (path, mode) => {
      const file = operations.open(path, mode)
      const writes = <A extends ReadonlyArray<unknown>, B>(call: (...args: A) => B) => (...args: A): B => {
        written.add(path)
        return call(...args)
      }
      const wrapped = {
        ...file,
        append: writes(file.append),
        write: writes(file.write),
        truncate: writes(file.truncate)
      }
      own.set(wrapped, file)
      return wrapped
    },
    commit: (targets) => {
      for (const target of targets) committed.add(typeof target === "string" ? target : target.path)
      return operations.commit(targets.map((target) => own.get(target) ?? target))
    }
  }
  const since = (step: () => void) => {
    written.clear()
    committed.clear()
    step()
    return { written: [...written].sort(), committed: [...committed].sort() }
  }
  return { noted, since }
}

/** A round of appends to n queues that hold something already, the flush and the rest; each with the files it touched. */
const touched = (panel: Panel, queues: number) => {
  const { disk, open } = started(panel)
  const { noted, since } = noting(disk.operations())
  const engine = open(noted)
  appendRounds(engine, queues, 1)
  engine.flush()
  engine.background()
  return {
    append: since(() => appendRounds(engine, queues, 1, 1)),
    flush: since(() => engine.flush()),
    read: since(() => expect(left(engine, queues)).toEqual(times(queues, () => 2)))
  }
}

// LogSegment.append writes the log, the indexes only every index.interval.bytes (4096); LogSegment.flush commits log, offset
// index and time index. CommitLog and MappedFileQueue.flush: one file; ReputMessageService: an entry to each queue's file.
it("n queues are n files to append to and 3n to flush in Kafka; in RocketMQ one of each, and n more for dispatch", () => {
  const log = kafka("Kafka 3.9", behaviour39, { ...kafkaDefaults, segmentIndexBytes: 1024 })
  const store = rocketmq("RocketMQ 4.9", {
    ...rocketmqDefaults,
    mappedFileSizeCommitLog: 65536,
    mappedFileSizeConsumeQueue: 400,
    messageIndexEnable: false
  })
  for (let queues = 1; queues <= mostQueues; queues++) {
    const files = (ending: ReadonlyArray<string>) =>
      Array.from({ length: queues }, (_, queue) => ending.map((kind) => `/logs/q-${queue}/${"0".repeat(20)}.${kind}`))
        .flat().sort()
    const own = touched(log, queues)
    expect(own.append).toEqual({ written: files(["log"]), committed: [] })
    expect(own.flush).toEqual({ written: [], committed: files(["log", "index", "timeindex"]) })
    expect(own.read).toEqual({ written: [], committed: [] })

    const commitLog = [`/store/commitlog/${"0".repeat(20)}`]
    const shared = touched(store, queues)
    expect(shared.append).toEqual({ written: commitLog, committed: [] })
    expect(shared.flush).toEqual({ written: [], committed: commitLog })
    expect(shared.read).toEqual({
      written: Array.from({ length: queues }, (_, queue) => `/store/consumequeue/q/${queue}/${"0".repeat(20)}`).sort(),
      committed: []
    })
  }
})
