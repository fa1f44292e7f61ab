/**
 * The store one rule at a time, each from the source of RocketMQ 4.9.7 or 5.5.0 that it names.
 */
import { it as effectIt } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import * as Log from "../../../src/rocketmq/storage/CommitLog.ts"
import * as Queue from "../../../src/rocketmq/storage/ConsumeQueue.ts"
import * as Queues from "../../../src/rocketmq/storage/ConsumeQueueStore.ts"
import * as Append from "../../../src/rocketmq/storage/LogAppend.ts"
import { defaults, type StoreConfig, v4_9, v5_5 } from "../../../src/rocketmq/storage/LogConfig.ts"
import { getMessage, queryMessage } from "../../../src/rocketmq/storage/LogRead.ts"
import { cleanCommitLog, cleanConsumeQueues } from "../../../src/rocketmq/storage/LogRetention.ts"
import * as Batch from "../../../src/rocketmq/storage/MessageBatch.ts"
import * as Codec from "../../../src/rocketmq/storage/MessageCodec.ts"
import * as Store from "../../../src/rocketmq/storage/MessageStore.ts"
import * as Properties from "../../../src/rocketmq/storage/Properties.ts"
import type { DiskFault } from "../../../src/world/simulated/DiskFaults.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"

const small: StoreConfig = {
  ...defaults,
  mappedFileSizeCommitLog: 1024,
  mappedFileSizeConsumeQueue: 60,
  maxHashSlotNum: 5,
  maxIndexNum: 9
}
const hours = 60 * 60 * 1000

const opened = (config: StoreConfig, disk = new SimulatedDisk(), time = { now: 1_000_000 }) => {
  const environment = { disk: disk.operations(), root: "/store", now: () => time.now, processId: 7 }
  return { disk, time, environment, store: Effect.runSync(Store.open(environment, config)) }
}

const host: Codec.Host = { address: Uint8Array.of(127, 0, 0, 1), port: 10911 }

const message = (change: Partial<Codec.Message> = {}): Codec.Message => ({
  topic: "T",
  queueId: 0,
  body: new TextEncoder().encode("body"),
  properties: "",
  flag: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  bornHost: host,
  storeHost: host,
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  ...change
})

const put = (store: Store.MessageStore, change: Partial<Codec.Message> = {}): Append.PutResult =>
  Effect.runSync(Append.put(store, message(change)))
const dispatch = (store: Store.MessageStore): number => Effect.runSync(Store.dispatch(store))

/** An entry of this many bytes in all: 91 of them are the entry's own with nothing in it, one is the topic. */
const sized = (bytes: number): Partial<Codec.Message> => ({ body: new Uint8Array(bytes - 92) })

describe("a put is refused", () => {
  const status = (config: StoreConfig, change: Partial<Codec.Message>) => put(opened(config).store, change).status

  it("on a slave, on a full disk and after the store was closed (DefaultMessageStore.checkStoreStatus)", () => {
    expect(status({ ...small, brokerRole: "SLAVE" }, {})).toBe("SERVICE_NOT_AVAILABLE")
    const { store } = opened(small)
    cleanCommitLog(store, { timeUp: false, usedPercent: 91 })
    expect(put(store).status).toBe("SERVICE_NOT_AVAILABLE")
    cleanCommitLog(store, { timeUp: false, usedPercent: 50 })
    expect(put(store).status).toBe("PUT_OK")
    Effect.runSync(Store.close(store))
    expect(put(store).status).toBe("SERVICE_NOT_AVAILABLE")
  })

  /** What seven puts of 400 bytes are answered where the log's third file cannot be made, and two when it can be again. */
  const withoutThirdFile = (config: StoreConfig, puts: (store: Store.MessageStore, count: number) => Array<string>) => {
    const { disk, store } = opened(config)
    disk.operations().makeDirectory("/store/commitlog/00000000000000002048")
    const answers = [...puts(store, 3), ...puts(store, 4)]
    disk.operations().remove("/store/commitlog/00000000000000002048")
    return [...answers, ...puts(store, 2)]
  }

  // Two entries of 400 bytes and a blank fill a file of 1024; a real run of both versions: test/software/Rocketmq.ts.
  const stored = [..."1234"].map(() => "PUT_OK")
  const failed = [..."567"].map(() => "CREATE_MAPEDFILE_FAILED")

  it.each([["4.9.7", v4_9], ["5.5.0", v5_5]] as const)(
    "by %s for want of the log's next file, until it can be made (CommitLog.asyncPutMessage, AllocateMappedFileService)",
    (_, behaviour) => {
      const one = (store: Store.MessageStore, count: number) =>
        Array.from({ length: count }, () => put(store, sized(400)).status)
      const gathered = (store: Store.MessageStore, count: number) =>
        Effect.runSync(Append.putGathered(store, Array.from({ length: count }, () => message(sized(400)))))
          .map(({ status }) => status)
      for (const puts of [one, gathered]) {
        expect(withoutThirdFile({ ...small, behaviour }, puts)).toEqual([...stored, ...failed, "PUT_OK", "PUT_OK"])
      }
    }
  )

  it("not for want of the file after the next, which is made ahead (AllocateMappedFileService)", () => {
    const { disk, store } = opened(small)
    disk.operations().makeDirectory("/store/commitlog/00000000000000001024")
    expect([put(store, sized(400)), put(store, sized(400))].map(({ status }) => status)).toEqual(["PUT_OK", "PUT_OK"])
    expect(put(store, sized(400)).status).toBe("CREATE_MAPEDFILE_FAILED")
  })

  it("and its number is taken by the next one: nothing of it is stored", () => {
    const { disk, store } = opened(small)
    const fault = disk.inject({ _tag: "NoSpace", path: "/store/commitlog/*", after: 0 })
    expect(put(store)).toEqual({ status: "CREATE_MAPEDFILE_FAILED", appended: undefined })
    fault.heal()
    expect(put(store).appended).toMatchObject({ offsets: [0], queueOffset: 0 })
  })

  it("by a queue's file that cannot be made: then no queue is written until the next start (putMessagePositionInfoWrapper)", () => {
    const { disk, environment, store } = opened(small)
    const obstacle = "/store/consumequeue/T/0/00000000000000000060"
    for (let count = 0; count < 3; count++) put(store)
    dispatch(store)
    disk.operations().makeDirectory(obstacle)
    // The fourth entry needs the second file.
    for (const queueId of [0, 1]) expect(put(store, { queueId }).status).toBe("PUT_OK")
    expect(dispatch(store)).toBe(2)
    expect(put(store).status).toBe("SERVICE_NOT_AVAILABLE")
    const ends = (of: Store.MessageStore) =>
      [0, 1].map((queueId) => Number(Queue.maxOffsetInQueue(Queues.findOrCreate(of.queues, "T", queueId))))
    expect(ends(store)).toEqual([3, 0])
    disk.operations().remove(obstacle)
    expect(dispatch(store)).toBe(0)
    expect(put(store).status).toBe("SERVICE_NOT_AVAILABLE")
    // A stop is not a clean one then (DefaultMessageStore.shutdown), so the next start dispatches all of it again.
    Effect.runSync(Store.close(store))
    expect(disk.image().has("/store/abort")).toBe(true)
    const again = Effect.runSync(Store.open({ ...environment, disk: disk.operations() }, small))
    expect(ends(again)).toEqual([4, 1])
    expect(put(again).status).toBe("PUT_OK")
  })

  it("for a topic of more than 127 bytes by 4.9, which 5.x stores as version 2", () => {
    expect(status(small, { topic: "t".repeat(128) })).toBe("MESSAGE_ILLEGAL")
    expect(status({ ...small, behaviour: v5_5 }, { topic: "t".repeat(128) })).toBe("PUT_OK")
  })

  it("for properties of more than 32767 characters, or bytes (MessageExtEncoder.encode)", () => {
    expect(status(small, { properties: `a\u0001${"x".repeat(32766)}` })).toBe("MESSAGE_ILLEGAL")
    expect(status(small, { properties: `a\u0001${"\u00e9".repeat(16_400)}` })).toBe("PROPERTIES_SIZE_EXCEEDED")
  })

  it("for a body of more than maxMessageSize, and a batch that is delayed or half", () => {
    const config = { ...small, mappedFileSizeCommitLog: 65536, maxMessageSize: 1000 }
    expect(status(config, { body: new Uint8Array(1001) })).toBe("MESSAGE_ILLEGAL")
    expect(status(config, { body: new Uint8Array(1000) })).toBe("PUT_OK")
    const body = Batch.encode([message()])
    const batch = (change: Partial<Codec.Message>) =>
      Effect.runSync(Append.putBatch(opened(config).store, message({ body, ...change }))).status
    expect([batch({ sysFlag: 4 }), batch({ properties: Properties.format([["DELAY", "1"]]) }), batch({})]).toEqual([
      "MESSAGE_ILLEGAL",
      "MESSAGE_ILLEGAL",
      "PUT_OK"
    ])
    expect(batch({ body: body.subarray(1) })).toBe("MESSAGE_ILLEGAL")
  })
})

describe("the CommitLog rolls", () => {
  it("where an entry and the eight bytes of a blank no longer fit (DefaultAppendMessageCallback.doAppend)", () => {
    const { disk, store } = opened(small)
    // 1024 = 500 + 516 + 8: the second fits to the byte.
    expect(put(store, sized(500)).appended?.offsets).toEqual([0])
    expect(put(store, sized(516)).appended?.offsets).toEqual([500])
    expect(put(store, sized(100)).appended?.offsets).toEqual([1024])
    const first = disk.image().get("/store/commitlog/00000000000000000000")!
    expect(Buffer.from(first.subarray(1016)).toString("hex")).toBe("00000008cbd43194")
    expect([...disk.image().keys()].filter((path) => path.startsWith("/store/commitlog/"))).toEqual([
      "/store/commitlog/00000000000000000000",
      "/store/commitlog/00000000000000001024",
      "/store/commitlog/00000000000000002048"
    ])
  })

  it("with the whole batch, whose messages share a file and have consecutive numbers", () => {
    const { store } = opened(small)
    put(store, sized(900))
    const parts = Array.from({ length: 3 }, (_, n) => message({ body: Uint8Array.of(n), flag: n }))
    const { appended } = Effect.runSync(Append.putBatch(store, message({ body: Batch.encode(parts) })))
    expect(appended).toMatchObject({ queueOffset: 1, offsets: [1024, 1024 + 93, 1024 + 186] })
    const stored = Codec.decode(store.log.files.files[1]!.file.read(93, 93))
    expect(stored).toMatchObject({ flag: 1, queueOffset: 2, physicalOffset: 1024 + 93 })
  })
})

describe("puts that are gathered", () => {
  it("leave the bytes and give the answers of one put after the other", () => {
    const messages = Array.from(
      { length: 30 },
      (_, n) => message({ queueId: n % 3, ...sized(100 + 37 * n % 400), sysFlag: n % 7 === 3 ? 4 : 0 })
    )
    messages.splice(5, 0, message({ topic: "t".repeat(128) }), message(sized(1017)))
    const [one, all] = [opened(small), opened(small)]
    const singly = messages.map((each) => Effect.runSync(Append.put(one.store, each)))
    const gathered = Effect.runSync(Append.putGathered(all.store, messages))
    expect(gathered).toEqual(singly)
    expect(gathered.map(({ status }) => status).filter((status) => status === "MESSAGE_ILLEGAL").length).toBe(2)
    expect(all.store.log.files.files.length).toBeGreaterThan(3)
    const files = (disk: SimulatedDisk) =>
      [...disk.image()].map(([path, bytes]) => [path, Buffer.from(bytes).toString("hex")])
    expect(files(all.disk)).toEqual(files(one.disk))
    expect(all.disk.effects).toBeLessThan(one.disk.effects)
  })
})

describe("numbers of a queue", () => {
  it("are taken by plain and committed messages, not by half and rolled back ones", () => {
    const { store } = opened(small)
    const numbers = [0, 4, 0, 12, 8, 0].map((sysFlag) => put(store, { sysFlag }).appended!.queueOffset)
    expect(numbers).toEqual([0, 0, 1, 0, 2, 3])
    dispatch(store)
    expect(Queue.maxOffsetInQueue(Queues.find(store.queues, "T", 0)!)).toBe(4n)
  })

  it("of a delayed message are those of its level's queue, and its entry holds when it is due", () => {
    const { store, time } = opened(small)
    put(store, { queueId: 5, properties: Properties.format([["DELAY", "99"], ["TAGS", "x"]]) })
    dispatch(store)
    // Level 18 is the last: 2 hours (messageDelayLevel).
    const queue = Queues.find(store.queues, "SCHEDULE_TOPIC_XXXX", 17)!
    expect(Queue.entriesFrom(queue, 0n)![0]!.tagsCode).toBe(BigInt(time.now + 2 * hours))
    const stored = Codec.decode(store.log.files.files[0]!.file.read(0, 1024))
    expect(Object.fromEntries(Properties.parse(stored.properties))).toEqual({
      DELAY: "18",
      TAGS: "x",
      REAL_TOPIC: "T",
      REAL_QID: "5"
    })
  })
})

describe("acknowledgements", () => {
  const sync: StoreConfig = { ...small, flushDiskType: "SYNC_FLUSH" }

  effectIt.effect("wait for a flush that began after the write, one for all that wait", () =>
    Effect.gen(function*() {
      const { disk, store } = opened(sync)
      const fibers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(Append.put(store, message())))
      yield* Effect.yieldNow
      expect(store.requests.length).toBe(3)
      const before = disk.effects
      yield* Store.groupCommit(store)
      expect(disk.effects - before).toBe(1)
      const results = yield* Effect.forEach(fibers, Fiber.join)
      expect(results.map(({ status }) => status)).toEqual(["PUT_OK", "PUT_OK", "PUT_OK"])
    }))

  effectIt.effect(
    "say FLUSH_DISK_TIMEOUT after syncFlushTimeout, with the message stored",
    () =>
      Effect.gen(function*() {
        const { store } = opened(sync)
        const fiber = yield* Effect.forkChild(Append.put(store, message()))
        yield* Effect.yieldNow
        yield* TestClock.adjust(5000)
        const { appended, status } = yield* Fiber.join(fiber)
        expect([status, appended?.offsets]).toEqual(["FLUSH_DISK_TIMEOUT", [0]])
      })
  )

  it("do not wait where the message says WAIT=false, or where flushing is asynchronous", () => {
    expect(put(opened(sync).store, { properties: Properties.format([["WAIT", "false"]]) }).status).toBe("PUT_OK")
    expect(put(opened(small).store).status).toBe("PUT_OK")
  })

  /** The status of a put whose flush fails, and whether a power cut takes the message. */
  const afterFailedFlush = (config: StoreConfig) =>
    Effect.gen(function*() {
      const { disk, environment, store } = opened(config)
      yield* Store.groupCommit(store)
      const fault: DiskFault = { _tag: "CommitFails", path: "/store/commitlog/*", pages: "ext4-ordered", sequence: "X" }
      disk.inject(fault)
      const fiber = yield* Effect.forkChild(Append.put(store, message()))
      yield* Effect.yieldNow
      yield* Store.groupCommit(store)
      const { status } = yield* Fiber.join(fiber)
      disk.heal()
      disk.powerLoss(undefined, { _tag: "DropAll" })
      const again = yield* Store.open({ ...environment, disk: disk.operations() }, config)
      return [status, Number(Log.maxOffset(again.log))]
    })

  effectIt.effect(
    "are given by 4.9 although the flush failed, and the message is lost (MappedFile.flush)",
    () => Effect.map(afterFailedFlush({ ...sync, behaviour: v4_9 }), (result) => expect(result).toEqual(["PUT_OK", 0]))
  )

  effectIt.effect("are not given by 5.5 when the flush failed (DefaultMappedFile.flush)", () =>
    Effect.map(
      afterFailedFlush({ ...sync, behaviour: v5_5 }),
      (result) => expect(result).toEqual(["FLUSH_DISK_TIMEOUT", 0])
    ))
})

describe("with a transient store pool", () => {
  const pool: StoreConfig = { ...small, transientStorePoolEnable: true }

  it("a kill takes what was acknowledged and not yet committed to the page cache (R20)", () => {
    const { disk, environment, store } = opened(pool)
    put(store)
    Effect.runSync(Store.commitCommitLog(store, 0))
    const end = Number(Log.maxOffset(store.log))
    expect(put(store).status).toBe("PUT_OK")
    disk.kill()
    const again = Effect.runSync(Store.open({ ...environment, disk: disk.operations() }, pool))
    expect(Number(Log.maxOffset(again.log))).toBe(end)
  })

  it("a clean stop takes nothing", () => {
    const { disk, environment, store } = opened(pool)
    put(store)
    put(store)
    Effect.runSync(Store.close(store))
    disk.powerLoss(undefined, { _tag: "DropAll" })
    const again = Effect.runSync(Store.open({ ...environment, disk: disk.operations() }, pool))
    expect(again.recovered.messages).toBe(0)
  })
})

describe("getting messages", () => {
  it("answers with the statuses of GetMessageStatus and where to go on", () => {
    const { store } = opened(small)
    const get = (offset: number, maxMsgNums = 32) => {
      const { messages, nextBeginOffset, status } = getMessage(store, { topic: "T", queueId: 0, offset, maxMsgNums })
      return [status, nextBeginOffset, messages.length]
    }
    put(store)
    expect(get(0)).toEqual(["NO_MESSAGE_IN_QUEUE", 0, 0])
    for (let n = 1; n < 5; n++) put(store)
    dispatch(store)
    // A file of a queue has three entries, and an answer comes from one file.
    expect(get(0)).toEqual(["FOUND", 3, 3])
    expect(get(3)).toEqual(["FOUND", 5, 2])
    expect(get(0, 2)).toEqual(["FOUND", 2, 2])
    expect(get(5)).toEqual(["OFFSET_OVERFLOW_ONE", 5, 0])
    expect(get(9)).toEqual(["OFFSET_OVERFLOW_BADLY", 5, 0])
  })

  it("leaves out what has other tags, by their hash", () => {
    const { store } = opened(small)
    for (const tag of ["a", "b", "a"]) put(store, { properties: Properties.format([["TAGS", tag]]) })
    dispatch(store)
    const tagsCodes = new Set([BigInt(Properties.tagsCode("a"))])
    const found = getMessage(store, { topic: "T", queueId: 0, offset: 0, maxMsgNums: 32, tagsCodes })
    expect([found.status, found.messages.length, found.nextBeginOffset]).toEqual(["FOUND", 2, 3])
  })

  it("by key finds them through every index file, oldest first, within the times asked for", () => {
    const { store, time } = opened(small)
    for (let n = 0; n < 20; n++) {
      time.now += 1000
      put(store, {
        body: Uint8Array.of(n),
        properties: Properties.format([["KEYS", `k${n % 2} all`], ["UNIQ_KEY", `u${n}`]])
      })
      dispatch(store)
    }
    expect(store.index.files.length).toBeGreaterThan(3)
    const query = (key: string, begin = 0, end = Number.MAX_SAFE_INTEGER) =>
      queryMessage(store, { topic: "T", key, maxNum: 64, begin, end }).map(({ body }) => body[0])
    expect(query("all")).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(query("k0")).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    expect(query("u7")).toEqual([7])
    expect(query("nothing")).toEqual([])
    expect(query("all", 1_006_000, 1_008_000)).toEqual([5, 6, 7])
  })
})

describe("old files", () => {
  const filled = () => {
    const { disk, store, time } = opened(small)
    for (let n = 0; n < 16; n++) {
      time.now += hours
      put(store, { ...sized(300), properties: "" })
    }
    dispatch(store)
    return { disk, store, time }
  }

  it("go when the hour has come and their last message is older than fileReservedTime, never the last one", () => {
    const { store, time } = filled()
    expect(cleanCommitLog(store, { timeUp: false, usedPercent: 10 })).toBe(0)
    expect(cleanCommitLog(store, { timeUp: true, usedPercent: 10 })).toBe(0)
    // Three messages a file, and the fourth writes the blank that ends it: the first file is from hour 4, the next from 7.
    time.now = 1_000_000 + (4 + 72) * hours - 1
    expect(cleanCommitLog(store, { timeUp: true, usedPercent: 10 })).toBe(0)
    time.now++
    expect(cleanCommitLog(store, { timeUp: true, usedPercent: 10 })).toBe(1)
    expect(Number(Log.minOffset(store.log))).toBe(1024)
    time.now += 1000 * hours
    expect(cleanCommitLog(store, { timeUp: true, usedPercent: 10 })).toBe(4)
    expect(store.log.files.files.length).toBe(1)
  })

  it("go whatever their age on a disk fuller than 85 percent, and take queue and index files with them", () => {
    const { store } = filled()
    const queue = Queues.find(store.queues, "T", 0)!
    expect(queue.files.files.length).toBe(6)
    expect(cleanCommitLog(store, { timeUp: false, usedPercent: 86 })).toBe(5)
    expect(cleanConsumeQueues(store)).toBe(5)
    // Sixteen messages, three a file: what is left is the last, number 15.
    expect([Queue.minOffsetInQueue(queue), Queue.maxOffsetInQueue(queue)]).toEqual([15n, 16n])
    expect(getMessage(store, { topic: "T", queueId: 0, offset: 3, maxMsgNums: 1 })).toMatchObject({
      status: "OFFSET_TOO_SMALL",
      nextBeginOffset: 15
    })
  })
})

describe("where the panels differ", () => {
  it("one flipped bit in an older file costs every message behind it after a crash, and none is noticed in a topic", () => {
    const flipped = (position: number): number => {
      const { disk, environment, store } = opened({ ...small, behaviour: v4_9 })
      for (let n = 0; n < 9; n++) put(store, sized(300))
      Effect.runSync(Store.flushConsumeQueues(store, 0))
      disk.kill()
      const file = disk.operations().open("/store/commitlog/00000000000000000000", "existing")
      file.write(position, Uint8Array.of(file.read(position, 1)[0]! ^ 1))
      return Effect.runSync(Store.open({ ...environment, disk: disk.operations() }, small)).recovered.messages
    }
    expect(flipped(300 + 4)).toBe(1)
    expect(flipped(300 + 88)).toBe(1)
    // The last byte but two of an entry without properties is its topic.
    expect(flipped(300 + 300 - 3)).toBe(9)
  })

  it("n queues touch one file of the log and one file each, whatever n is", () => {
    const { disk, store } = opened({ ...small, mappedFileSizeCommitLog: 65536, messageIndexEnable: false })
    for (let queueId = 0; queueId < 50; queueId++) put(store, { queueId })
    const written = () =>
      [...disk.image()].filter(([path, bytes]) => path.includes("/0") && bytes.some((byte) => byte !== 0))
    expect(written().length).toBe(1)
    dispatch(store)
    expect(written().length).toBe(1 + 50)
  })
})

it.each([["4.9", v4_9], ["5.5", v5_5]] as const)(
  "%s gives whatever its log begins with for offset 0, once that has expired (CommitLog.getMessage)",
  (_name, behaviour) => {
    const { store } = opened({ ...small, behaviour })
    // The first file holds four messages of T and one of U, the second one of U.
    for (let count = 0; count < 4; count++) put(store, sized(200))
    for (let count = 0; count < 2; count++) put(store, { ...sized(200), topic: "U" })
    dispatch(store)
    expect(cleanCommitLog(store, { timeUp: true, usedPercent: 86 })).toBe(1)
    // findMappedFileByOffset(offset, offset == 0): the entry of the first message ever is not told from one of the file
    // that is first by now.
    const [entry] = Queue.entriesFrom(Queues.find(store.queues, "T", 0)!, 0n)!
    expect(entry!.offset).toBe(0n)
    const found = Log.messageAt(store.log, entry!.offset, entry!.size)
    expect(Codec.decode(found as Uint8Array).topic).toBe("U")
  }
)
