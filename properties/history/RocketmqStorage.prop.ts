/**
 * The storage engine of RocketMQ, as one master alone, under a producer and a consumer that record what they saw: queues are
 * the keys, queue offsets the offsets, put statuses the answers. The checker accuses nobody where the store keeps what it
 * acknowledged, and names the loss wherever the log ends without a message that was acknowledged or delivered.
 */
import { Cause, Effect, Exit, Fiber } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { small } from "../../src/guarantee/RocketmqStorageCommand.ts"
import { check } from "../../src/history/Check.ts"
import { completionOf } from "../../src/history/Completion.ts"
import type { DataOperation, Operation, Pair } from "../../src/history/Operation.ts"
import { recorded } from "../../src/replay/Choose.ts"
import * as Append from "../../src/rocketmq/storage/LogAppend.ts"
import { hardened, type StoreConfig } from "../../src/rocketmq/storage/LogConfig.ts"
import * as Reads from "../../src/rocketmq/storage/LogRead.ts"
import * as Codec from "../../src/rocketmq/storage/MessageCodec.ts"
import * as Store from "../../src/rocketmq/storage/MessageStore.ts"
import type { PutMessageStatus } from "../../src/rocketmq/storage/PutMessageStatus.ts"
import { LoadRefused } from "../../src/rocketmq/storage/StorageError.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"

const queues = [0, 1] as const

type Command =
  | { readonly _tag: "Send"; readonly queue: number }
  | { readonly _tag: "Poll"; readonly queue: number }
  | { readonly _tag: "Bounds" }
  | { readonly _tag: "FlushInTheBackground" }
  | { readonly _tag: "SendWhileFlushesFail"; readonly queue: number }
  | { readonly _tag: "Crash"; readonly choices: ReadonlyArray<number> }

const queue = fc.nat(queues.length - 1)
const commands = (failing: boolean): fc.Arbitrary<ReadonlyArray<Command>> =>
  fc.array(
    fc.oneof(
      { arbitrary: fc.record({ _tag: fc.constant("Send" as const), queue }), weight: 8 },
      { arbitrary: fc.record({ _tag: fc.constant("Poll" as const), queue }), weight: 4 },
      { arbitrary: fc.constantFrom({ _tag: "Bounds" as const }, { _tag: "FlushInTheBackground" as const }), weight: 2 },
      ...(failing
        ? [{ arbitrary: fc.record({ _tag: fc.constant("SendWhileFlushesFail" as const), queue }), weight: 1 }]
        : []),
      {
        arbitrary: fc.record({ _tag: fc.constant("Crash" as const), choices: fc.array(fc.nat(1), { maxLength: 30 }) }),
        weight: 2
      }
    ),
    { minLength: 4, maxLength: 24, size: "+1" }
  )

const run = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

const host = { address: Uint8Array.of(127, 0, 0, 1), port: 10911 }
const messageOf = (queueId: number, value: number): Codec.Message => ({
  topic: "T",
  queueId,
  body: new TextEncoder().encode(String(value).padEnd(60)),
  properties: "",
  flag: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  bornHost: host,
  storeHost: host,
  reconsumeTimes: 0,
  preparedTransactionOffset: 0
})

/** The answer that a client is given for each status of a put (SendMessageProcessor.handlePutMessageResult). */
const answerOf = (status: PutMessageStatus): string => {
  switch (status) {
    case "PUT_OK":
      return "SEND_OK"
    case "CREATE_MAPEDFILE_FAILED":
      return "SYSTEM_ERROR"
    case "PROPERTIES_SIZE_EXCEEDED":
      return "MESSAGE_ILLEGAL"
    case "FLUSH_DISK_TIMEOUT":
    case "SERVICE_NOT_AVAILABLE":
    case "MESSAGE_ILLEGAL":
      return status
  }
}

/** Plays commands, then sends past every place that a queue has ever reached, and reads all of it again. */
const record = async (config: StoreConfig, script: ReadonlyArray<Command>, crash: "kill" | "power loss") => {
  const disk = SimulatedDisk.fromImage(new Map([["/store/", new Uint8Array(0)]]), { pieceSize: 64 })
  const operations: Array<Operation> = []
  const tags = new Set<string>()
  let time = 1
  const stamp = () => ({ index: operations.length, time: operations.length })
  const note = (operation: object) => operations.push({ ...stamp(), ...operation } as Operation)
  const open = () =>
    run(Store.open({ disk: disk.operations(), root: "/store", now: () => time++, processId: 1 }, config))
  let store = open()
  let nextValue = 0
  let producer = 100
  /** Where the messages stand that a client was promised or shown: by an acknowledgement, or by a poll. */
  const owed = new Map<number, { readonly queue: number; readonly offset: number }>()
  const positions = queues.map(() => 0)
  const longest = queues.map(() => 0)

  const send = async (queue: number) => {
    const value = nextValue++
    const invoked = { process: producer, type: "invoke", f: "send", value: [["send", queue, value]] }
    note(invoked)
    const fiber = Effect.runFork(Append.put(store, messageOf(queue, value)))
    if (config.flushDiskType === "SYNC_FLUSH") run(Store.groupCommit(store))
    const { appended, status } = await Effect.runPromise(Fiber.join(fiber))
    const offset = appended === undefined ? undefined : { offset: appended.queueOffset }
    const answer = { answer: answerOf(status), ...offset }
    const completion = completionOf("rocketmq", invoked as unknown as DataOperation, [[answer]], stamp())
    operations.push(completion)
    tags.add(answer.answer)
    if (completion.type === "info") producer++
    if (appended === undefined) return
    longest[queue] = Math.max(longest[queue]!, appended.queueOffset + 1)
    if (completion.type === "ok") owed.set(value, { queue, offset: appended.queueOffset })
  }

  /** What one queue answers from an offset on, and where to ask next. */
  const get = (queue: number, offset: number) => {
    while (!run(Store.commitCommitLog(store, 0)));
    run(Store.dispatch(store))
    const { messages, nextBeginOffset, status } = Reads.getMessage(store, {
      topic: "T",
      queueId: queue,
      offset,
      maxMsgNums: 3
    })
    const pairs = messages.map((bytes): Pair => {
      const { body, queueOffset } = Codec.decode(bytes)
      return [queueOffset, Number(new TextDecoder().decode(body))]
    })
    return { pairs, nextBeginOffset, status }
  }
  const poll = (process: number, queue: number, offset: number) => {
    const { nextBeginOffset, pairs, status } = get(queue, offset)
    tags.add(status)
    for (const [at, value] of pairs) owed.set(Number(value), { queue, offset: at! })
    note({ process, type: "invoke", f: "poll", value: [["poll"]] })
    note({ process, type: "ok", f: "poll", value: [["poll", pairs.length === 0 ? {} : { [queue]: pairs }]] })
    return nextBeginOffset
  }
  const readAll = (each: (offset: number) => number) => {
    for (let offset = 0, next; (next = each(offset)) !== offset; offset = next);
  }

  /** Opens the store again; false where it refuses, and then nobody is ever answered again. */
  const reopen = (): boolean => {
    try {
      store = open()
      return true
    } catch (error) {
      if (error instanceof LoadRefused) return false
      throw error
    }
  }
  /** How many of those are not in their places. */
  const countLost = (): number => {
    const left = new Map<number, string>()
    for (const queue of queues) {
      readAll((offset) => {
        const { nextBeginOffset, pairs } = get(queue, offset)
        for (const [at, value] of pairs) left.set(Number(value), `${queue} ${at}`)
        return nextBeginOffset
      })
    }
    return [...owed].filter(([value, { offset, queue }]) => left.get(value) !== `${queue} ${offset}`).length
  }

  const step = async (command: Command): Promise<boolean> => {
    switch (command._tag) {
      case "Send":
        await send(command.queue)
        return true
      case "SendWhileFlushesFail": {
        disk.inject({
          _tag: "OperationFails",
          operation: "commit",
          code: "EIO",
          path: "/store/commitlog/*",
          times: "untilHealed"
        })
        await send(command.queue)
        disk.heal()
        return true
      }
      case "Poll":
        positions[command.queue] = poll(0, command.queue, positions[command.queue]!)
        return true
      case "Bounds": {
        const bounds = queues.map((queue) => {
          get(queue, 0)
          const { maxOffset, minOffset } = Reads.getMessage(store, {
            topic: "T",
            queueId: queue,
            offset: 0,
            maxMsgNums: 1
          })
          return [queue, [minOffset, maxOffset]] as const
        })
        note({ process: 1, type: "invoke", f: "list-offsets", value: queues })
        note({ process: 1, type: "ok", f: "list-offsets", value: Object.fromEntries(bounds) })
        return true
      }
      case "FlushInTheBackground":
        run(Store.commitCommitLog(store, 0))
        run(Store.flushCommitLog(store, 0))
        run(Store.flushConsumeQueues(store, 0))
        return true
      case "Crash":
        note({ process: "nemesis", type: "info", f: crash, value: null })
        if (crash === "kill") disk.kill()
        else disk.powerLoss(recorded(command.choices))
        tags.add("crashed")
        return reopen()
    }
  }
  for (const command of script) {
    if (!(await step(command))) return { operations, lost: 0, tags, refused: true }
  }
  for (const queue of queues) {
    const target = longest[queue]! + 1
    while (longest[queue]! < target) await send(queue)
    note({ process: 2 + queue, type: "invoke", f: "assign", value: [queue], seekToBeginning: true })
    note({ process: 2 + queue, type: "ok", f: "assign", value: [queue], seekToBeginning: true })
    readAll((offset) => poll(2 + queue, queue, offset))
  }
  return { operations, lost: countLost(), tags, refused: false }
}

interface Reached {
  /** What the runs reached: answers, statuses of polls, crashes. */
  readonly tags: ReadonlySet<string>
  readonly anomalies: ReadonlySet<string>
  readonly losses: number
  readonly refusals: number
}

/** Judges many runs: each must be invalid where the log ends without a message that a client was promised or shown. */
const judgeRuns = async (
  config: StoreConfig,
  crash: "kill" | "power loss",
  scripts: fc.Arbitrary<ReadonlyArray<Command>>,
  numRuns = 60
): Promise<Reached> => {
  const reached = { tags: new Set<string>(), anomalies: new Set<string>(), losses: 0, refusals: 0 }
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const { lost, operations, refused, tags } = await record(config, script, crash)
      for (const tag of tags) reached.tags.add(tag)
      if (refused) {
        reached.refusals++
        return
      }
      const { anomalies, verdict } = check(operations)
      const names = Object.keys(anomalies)
      if (lost > 0) expect(verdict).toBe("invalid")
      else expect([verdict, ...names]).toEqual(["valid"])
      if (lost > 0) reached.losses++
      for (const name of names) reached.anomalies.add(name)
    }),
    { numRuns }
  )
  return reached
}

const synchronous = hardened(small)
const asynchronous: StoreConfig = { ...synchronous, flushDiskType: "ASYNC_FLUSH" }
const pooled: StoreConfig = { ...asynchronous, transientStorePoolEnable: true }

/** Every one of these must have occurred, or nothing was tried. */
const reachedAll = ({ tags }: Reached, ...expected: ReadonlyArray<string>) => {
  for (const tag of ["crashed", "SEND_OK", "FOUND", "OFFSET_OVERFLOW_ONE", ...expected]) expect(tags).toContain(tag)
}

it("a hardened store that flushes before it acknowledges loses nothing to a power cut", async () => {
  const reached = await judgeRuns(synchronous, "power loss", commands(false))
  reachedAll(reached)
  expect(reached).toMatchObject({ losses: 0, refusals: 0 })
})

it.each([
  ["4.9 with its defaults", small, "SEND_OK"],
  ["a hardened store, with flushes that now and then fail,", synchronous, "FLUSH_DISK_TIMEOUT"]
])("%s loses nothing to a kill: the page cache outlives the process", async (_, config, answer) => {
  const reached = await judgeRuns(config, "kill", commands(true))
  reachedAll(reached, answer)
  expect(reached).toMatchObject({ losses: 0, refusals: 0 })
})

it("what was acknowledged before it was flushed is lost to a power cut, and every kind of loss is named", async () => {
  const reached = await judgeRuns(asynchronous, "power loss", commands(false), 400)
  reachedAll(reached, "OFFSET_OVERFLOW_BADLY")
  expect(reached.losses).toBeGreaterThan(3)
  for (const name of ["lost-write", "unseen", "inconsistent-offsets", "delivered-then-gone", "end-offset-went-back"]) {
    expect(reached.anomalies).toContain(name)
  }
})

it("what is in the transient pool alone is lost to a mere kill (apache/rocketmq, transientStorePoolEnable)", async () => {
  const reached = await judgeRuns(pooled, "kill", commands(false))
  reachedAll(reached)
  expect(reached.losses).toBeGreaterThan(3)
  for (const name of ["lost-write", "unseen"]) expect(reached.anomalies).toContain(name)
})

it("4.9 that flushes before it acknowledges still loses to a power cut, which takes the names of its files", async () => {
  const reached = await judgeRuns({ ...small, flushDiskType: "SYNC_FLUSH" }, "power loss", commands(false))
  reachedAll(reached)
  expect(reached.losses).toBeGreaterThan(3)
  expect(reached.anomalies).toContain("lost-write")
})

/**
 * The kernel marks the pages of a failed fsync clean (Rebello et al., ATC'20), so the flush that is tried again succeeds
 * without them: whoever is acknowledged by it stands behind a hole.
 */
it("a flush that failed and is tried again acknowledges what a power cut takes, hardened or not", async () => {
  const reached = await judgeRuns(synchronous, "power loss", commands(true))
  reachedAll(reached, "FLUSH_DISK_TIMEOUT")
  expect(reached.losses).toBeGreaterThan(0)
  expect(reached.anomalies).toContain("lost-write")
})
