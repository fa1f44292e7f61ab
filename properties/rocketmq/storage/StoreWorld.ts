/**
 * A store on a simulated disk and the reference model beside it, driven by commands that are plain data.
 *
 * The one decision: after every command the log must be the model's list, byte for byte, and every queue a prefix of the
 * model's queue; after dispatch it is the whole. What a crash may take is said once, in `crashed`.
 */
import { Cause, Effect, Exit, Fiber } from "effect"
import * as fc from "fast-check"
import { recorded, seeded } from "../../../src/replay/Choose.ts"
import * as Log from "../../../src/rocketmq/storage/CommitLog.ts"
import * as Queue from "../../../src/rocketmq/storage/ConsumeQueue.ts"
import * as Queues from "../../../src/rocketmq/storage/ConsumeQueueStore.ts"
import * as Batch from "../../../src/rocketmq/storage/MessageBatch.ts"
import * as Codec from "../../../src/rocketmq/storage/MessageCodec.ts"
import * as Store from "../../../src/rocketmq/storage/MessageStore.ts"
import * as Properties from "../../../src/rocketmq/storage/Properties.ts"
import * as Reference from "../../../src/rocketmq/storage/ReferenceLog.ts"
import { defaults, type StoreConfig } from "../../../src/rocketmq/storage/StoreConfig.ts"
import { type CrashProfile, crashStates } from "../../../src/world/simulated/CrashStates.ts"
import { DiskCrashed } from "../../../src/world/simulated/DiskState.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"

/** Files of a few messages each, so that every kind of file rolls within ten commands. */
export const small: StoreConfig = {
  ...defaults,
  mappedFileSizeCommitLog: 1536,
  mappedFileSizeConsumeQueue: 60,
  maxHashSlotNum: 5,
  maxIndexNum: 7
}

export type Command =
  | {
    readonly _tag: "Put"
    readonly queue: number
    readonly size: number
    readonly kind: Kind
    readonly flush: boolean
  }
  | { readonly _tag: "Batch"; readonly queue: number; readonly count: number; readonly size: number }
  | { readonly _tag: "Flush" }
  | { readonly _tag: "CommitPool" }
  | { readonly _tag: "Dispatch" }
  | { readonly _tag: "FlushQueues" }
  | { readonly _tag: "FlushIndex" }
  | { readonly _tag: "Close" }
  | { readonly _tag: "Kill" }
  | {
    readonly _tag: "PowerLoss"
    readonly choices: ReadonlyArray<number>
    readonly profile: "Subset" | "DropAll" | "Torn"
    /** How much of a torn write is kept. */
    readonly bytes: number
  }

type Kind = "plain" | "delayed" | "half" | "commit" | "rollback"

/** Sizes of bodies: a few that come again and again, so that one message can take another's place to the byte. */
const size = fc.oneof(fc.constantFrom(20, 90), fc.nat(200))

const put = fc.record({
  _tag: fc.constant("Put" as const),
  queue: fc.nat(2),
  size,
  kind: fc.oneof(
    { arbitrary: fc.constant("plain" as const), weight: 6 },
    {
      arbitrary: fc.constantFrom("delayed" as const, "half" as const, "commit" as const, "rollback" as const),
      weight: 2
    }
  ),
  flush: fc.boolean()
})
const batch = fc.record({
  _tag: fc.constant("Batch" as const),
  queue: fc.nat(2),
  count: fc.integer({ min: 1, max: 3 }),
  size: fc.nat(60)
})
const simple = (...tags: ReadonlyArray<Exclude<Command["_tag"], "Put" | "Batch" | "PowerLoss">>) =>
  fc.constantFrom(...tags).map((_tag): Command => ({ _tag }))

const powerLoss: fc.Arbitrary<Command> = fc.record({
  _tag: fc.constant("PowerLoss" as const),
  choices: fc.array(fc.nat(1), { minLength: 4, maxLength: 40 }),
  profile: fc.constantFrom("Subset" as const, "DropAll" as const, "Torn" as const),
  bytes: fc.nat(300)
})

/** Commands for a store that may lose its process, and with `power` its power too. */
export const commands = (power: boolean): fc.Arbitrary<ReadonlyArray<Command>> =>
  fc.array(
    fc.oneof(
      { arbitrary: put, weight: 9 },
      { arbitrary: batch, weight: 2 },
      { arbitrary: simple("Flush", "Dispatch"), weight: 4 },
      { arbitrary: simple("FlushQueues", "FlushIndex", "CommitPool"), weight: 2 },
      { arbitrary: simple("Close", "Kill"), weight: 1 },
      ...(power ? [{ arbitrary: powerLoss, weight: 1 }] : [])
    ),
    { maxLength: 24, size: "+1" }
  )

/**
 * Messages of one size, a power loss in the middle of them, and one of the same size that takes the place of a lost one:
 * then what was behind it in the file is in its place again.
 */
export const overwritten: fc.Arbitrary<ReadonlyArray<Command>> = fc.tuple(powerLoss, fc.integer({ min: 1, max: 3 }))
  .map(([loss, count]) => {
    const same = { _tag: "Put", queue: 0, size: 20, kind: "plain" } as const
    return [
      { ...same, flush: true },
      ...Array.from({ length: 3 }, () => ({ ...same, flush: false })),
      { ...loss, profile: "Subset" } as Command,
      ...Array.from({ length: count }, () => ({ ...same, flush: false })),
      { _tag: "Kill" }
    ]
  })

const sysFlags: Readonly<Record<Kind, number>> = { plain: 0, delayed: 0, half: 4, commit: 8, rollback: 12 }
const hosts: ReadonlyArray<Codec.Host> = [
  { address: Uint8Array.of(127, 0, 0, 1), port: 10911 },
  { address: Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7), port: 40000 }
]

interface Pending {
  readonly fiber: Fiber.Fiber<Store.PutResult, unknown>
  /** Messages of the model when it is answered well. */
  readonly upTo: number
}

export interface World {
  readonly config: StoreConfig
  readonly disk: SimulatedDisk
  store: Store.MessageStore
  model: Reference.ReferenceLog
  pending: ReadonlyArray<Pending>
  /** What the run reached. */
  readonly tags: Set<string>
  time: number
  serial: number
}

/** A run that broke a property: what was expected, and after which command. */
class Broken extends Error {}

const run = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

const open = (disk: SimulatedDisk, config: StoreConfig, now: () => number): Store.MessageStore =>
  run(Store.open({ disk: disk.operations(), root: "/store", now, processId: 1 }, config))

/** An empty store, with the clock where it is asked for (milliseconds since 1970). */
const start = (config: StoreConfig, time: number): World => {
  // Pieces that are smaller than a message, so that a power loss can tear one anywhere.
  const disk = SimulatedDisk.fromImage(new Map([["/store/", new Uint8Array(0)]]), { pieceSize: 64 })
  const world: Omit<World, "store"> = {
    config,
    disk,
    model: Reference.empty,
    pending: [],
    tags: new Set(),
    time,
    serial: 0
  }
  return Object.assign(world, { store: open(disk, config, () => world.time) })
}

const messageOf = (world: World, queue: number, size: number, kind: Kind): Codec.Message => {
  const serial = world.serial++
  const properties: Array<readonly [string, string]> = [["KEYS", `k${serial % 5}`], ["UNIQ_KEY", `u${serial}`]]
  if (kind === "delayed") properties.push(["DELAY", "3"])
  return {
    // The third topic needs version 2 where that can be written.
    topic: queue === 2 && world.config.behaviour.writesVersion2 ? `T${queue}`.padEnd(130, "-long") : `T${queue}`,
    queueId: queue,
    body: new TextEncoder().encode(`${serial}:`.padEnd(size, String(serial % 10))),
    properties: Properties.format(properties),
    flag: 0,
    sysFlag: sysFlags[kind],
    bornTimestamp: world.time,
    bornHost: hosts[queue & 1]!,
    storeHost: hosts[queue >> 1]!,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0
  }
}

const bodyText = (body: Uint8Array): string => new TextDecoder().decode(body)

/** Notes what was stored, where the engine said it was. */
const remember = (world: World, messages: ReadonlyArray<Codec.Message>, appended: Log.Appended, kind: Kind): void => {
  for (const [index, message] of messages.entries()) {
    const [topic, queueId] = kind === "delayed" ? ["SCHEDULE_TOPIC_XXXX", 2] as const : [message.topic, message.queueId]
    const counts = kind !== "half" && kind !== "rollback"
    const expected = counts ? Reference.nextOffset(world.model, topic, queueId) : undefined
    if (counts && appended.queueOffset + index !== expected) {
      throw new Broken(`number ${appended.queueOffset + index} in ${topic}-${queueId}, where ${expected} was next`)
    }
    world.model = Reference.put(world.model, {
      topic,
      queueId,
      queueOffset: expected,
      physicalOffset: appended.offsets[index]!,
      body: bodyText(message.body)
    })
  }
}

/** Puts; an acknowledgement that waits for a flush is kept until one has run. */
const putting = async (
  world: World,
  effect: Effect.Effect<Store.PutResult, unknown>,
  messages: ReadonlyArray<Codec.Message>,
  kind: Kind
): Promise<void> => {
  const before = Log.maxOffset(world.store.log)
  const unread = world.store.log.files.files.at(-1)?.wrote
  const fiber = Effect.runFork(effect)
  const waits = world.store.requests.length > world.pending.length
  if (waits) {
    const offsets = entriesBehind(world, before)
    remember(world, messages, {
      offsets,
      queueOffset: queueOffsetAt(world, offsets[0]!, kind),
      nextOffset: 0,
      storeTimestamp: 0
    }, kind)
    world.pending = [...world.pending, { fiber, upTo: world.model.messages.length }]
    return
  }
  const result = await Effect.runPromise(Fiber.join(fiber))
  if (result.status !== "PUT_OK" || result.appended === undefined) {
    throw new Broken(`${result.status} for a message that fits (${unread} bytes written)`)
  }
  remember(world, messages, result.appended, kind)
}

const entriesBehind = (world: World, before: bigint): ReadonlyArray<number> =>
  logOf(world.store).filter(({ physicalOffset }) => BigInt(physicalOffset) >= before).map(({ physicalOffset }) =>
    physicalOffset
  )

const queueOffsetAt = (world: World, offset: number, _kind: Kind): number =>
  logOf(world.store).find(({ physicalOffset }) => physicalOffset === offset)!.queueOffset

/** Every message of the log as bytes say it, strictly decoded, up to where the log ends. */
const logOf = (store: Store.MessageStore): ReadonlyArray<Codec.StoredMessage> => {
  const messages: Array<Codec.StoredMessage> = []
  for (const file of store.log.files.files) {
    const end = file.buffer === undefined ? file.wrote : file.committed
    const bytes = file.file.read(0, end)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at + 8 <= end && view.getInt32(at + 4) !== Codec.Magic.blank;) {
      const message = Codec.decode(bytes, at)
      messages.push(message)
      at += message.size
    }
  }
  return messages
}

/** Answers every acknowledgement that waits: what it says is durable. */
const answered = async (world: World): Promise<void> => {
  for (const { fiber, upTo } of world.pending) {
    const { status } = await Effect.runPromise(Fiber.join(fiber))
    if (status === "PUT_OK") world.model = durableUpTo(world.model, upTo)
  }
  world.pending = []
}

const durableUpTo = (model: Reference.ReferenceLog, count: number): Reference.ReferenceLog => ({
  ...model,
  durable: Math.max(model.durable, count)
})

const profileOf = (command: Command & { readonly _tag: "PowerLoss" }): CrashProfile => {
  switch (command.profile) {
    case "Subset":
      return { _tag: "Subset", fill: "zeros" }
    case "DropAll":
      return { _tag: "DropAll" }
    case "Torn":
      return { _tag: "TornAppend", path: "/store/commitlog/*", tail: "zeros", bytes: command.bytes }
  }
}

/** Opens again after a crash, and holds what is left against the model: a prefix, with everything that is durable. */
const crashed = (world: World, what: string): void => {
  for (const { fiber } of world.pending) Effect.runFork(Fiber.interrupt(fiber))
  world.pending = []
  world.store = open(world.disk, world.config, () => world.time)
  const left = logOf(world.store)
  const { durable, messages } = world.model
  if (left.length < durable) throw new Broken(`${what}: ${left.length} messages left of ${durable} that were durable`)
  if (left.length > messages.length) {
    throw new Broken(`${what}: ${left.length} messages, where only ${messages.length} are known`)
  }
  if (left.length < messages.length) world.tags.add(`${what} lost something`)
  world.model = Reference.cut(world.model, left.length)
}

/** The engine against the model. */
const compare = (world: World): void => {
  const { model, store } = world
  const reads = store.log.files.files.some((file) => file.buffer !== undefined)
  const left = logOf(store)
  if (!reads && left.length !== model.messages.length) {
    throw new Broken(`${left.length} messages in the log, where the model has ${model.messages.length}`)
  }
  for (const [index, message] of left.entries()) {
    const expected = model.messages[index]
    const found = { ...message, body: bodyText(message.body) }
    const same = expected !== undefined && found.body === expected.body && found.topic === expected.topic &&
      found.queueId === expected.queueId && found.physicalOffset === expected.physicalOffset &&
      found.queueOffset === (expected.queueOffset ?? 0)
    if (!same) throw new Broken(`message ${index} is ${found.topic} ${found.queueOffset} "${found.body.slice(0, 8)}"`)
  }
  const dispatched = Number(store.reputFromOffset)
  for (const queue of Queues.all(store.queues)) compareQueue(world, queue, dispatched)
}

const compareQueue = (world: World, queue: Queue.ConsumeQueue, dispatched: number): void => {
  const name = `${queue.topic}-${queue.queueId}`
  const expected = Reference.queueOf(world.model, queue.topic, queue.queueId)
    .filter(({ physicalOffset }) => physicalOffset < dispatched)
  const count = Number(Queue.maxOffsetInQueue(queue))
  if (count !== expected.length) {
    throw new Broken(`${count} entries in ${name}, where ${expected.length} were dispatched`)
  }
  for (const [number, { body, physicalOffset }] of expected.entries()) {
    const entry = Queue.entriesFrom(queue, BigInt(number))?.[0]
    if (entry === undefined || Number(entry.offset) !== physicalOffset) {
      throw new Broken(
        `entry ${number} of ${name} leads to ${entry?.offset}, where its message is at ${physicalOffset}`
      )
    }
    const bytes = Log.messageAt(world.store.log, entry.offset, entry.size)
    const own = bytes !== undefined && bytes !== "illegal size" && bodyText(Codec.decode(bytes).body) === body
    if (!own) throw new Broken(`entry ${number} of ${name} does not lead to its own message`)
  }
}

const step = async (world: World, command: Command): Promise<void> => {
  const { store } = world
  world.time += 1000
  switch (command._tag) {
    case "Put": {
      const message = messageOf(world, command.queue, command.size, command.kind)
      await putting(world, Store.put(store, message), [message], command.kind)
      if (command.flush) await step(world, { _tag: "Flush" })
      world.tags.add(`put ${command.kind}`)
      return
    }
    case "Batch": {
      const messages = Array.from(
        { length: command.count },
        () => messageOf(world, command.queue, command.size, "plain")
      )
      const body = Batch.encode(messages)
      await putting(world, Store.putBatch(store, { ...messages[0]!, body, properties: "" }), messages, "plain")
      return
    }
    case "Flush": {
      const sync = world.config.flushDiskType === "SYNC_FLUSH"
      run(sync ? Store.groupCommit(store) : Store.flushCommitLog(store, 0))
      await answered(world)
      world.model = Reference.flushed(world.model, Number(store.log.files.flushedWhere))
      return
    }
    case "CommitPool":
      run(Store.commitCommitLog(store, 0))
      return
    case "Dispatch":
      if (run(Store.dispatch(store)) > 0) world.tags.add("dispatched")
      return
    case "FlushQueues":
      run(Store.flushConsumeQueues(store, 0))
      return
    case "FlushIndex":
      run(Store.flushIndex(store))
      return
    case "Close":
      run(Store.close(store))
      await answered(world)
      world.model = durableUpTo(world.model, world.model.messages.length)
      crashed(world, "a clean stop")
      return
    case "Kill":
      world.disk.kill()
      crashed(world, "a kill")
      return
    case "PowerLoss":
      world.disk.powerLoss(recorded(command.choices), profileOf(command))
      crashed(world, "a power loss")
      return
  }
}

/** Runs commands, comparing after each; answers what the run reached. Throws `Broken` where engine and model part. */
export const play = async (
  config: StoreConfig,
  script: ReadonlyArray<Command>,
  time = 1_700_000_000_000
): Promise<World> => {
  const world = start(config, time)
  for (const command of script) {
    await step(world, command)
    world.tags.add(command._tag)
    compare(world)
  }
  if (world.store.log.files.files.length > 2) world.tags.add("rolled the log")
  if (world.store.index.files.length > 1) world.tags.add("rolled the index")
  if (Queues.all(world.store.queues).some(({ files }) => files.files.length > 1)) world.tags.add("rolled a queue")
  for (const { fiber } of world.pending) Effect.runFork(Fiber.interrupt(fiber))
  return world
}

const isCrash = (error: unknown): boolean => error instanceof DiskCrashed

/** Plays a script whose last command dies after so many effects; `undefined` where it has fewer. */
const dying = async (
  config: StoreConfig,
  script: ReadonlyArray<Command>,
  effects: number
): Promise<World | undefined> => {
  const world = start(config, 1_700_000_000_000)
  for (const command of script.slice(0, -1)) await step(world, command)
  world.disk.crashAfter(effects)
  try {
    await step(world, script.at(-1)!)
    return undefined
  } catch (error) {
    if (isCrash(error)) return world
    throw error
  }
}

/**
 * Crashes a script after every effect of every command, with every legal set of survivors of up to ten pieces and samples
 * beyond, and holds what is left against the model; answers how many states that were.
 */
export const crashEverywhere = async (
  config: StoreConfig,
  script: ReadonlyArray<Command>,
  samples: number
): Promise<number> => {
  let states = 0
  for (let length = 1; length <= script.length; length++) {
    const commands = script.slice(0, length)
    for (let effects = 1;; effects++) {
      const world = await dying(config, commands, effects)
      if (world === undefined) break
      const snapshot = world.disk.snapshot()
      for (const survival of crashStates(world.disk.unsynced(), { choose: seeded(effects), samples })) {
        const disk = SimulatedDisk.fromSnapshot(snapshot)
        disk.survive(survival)
        holds(world, logOf(open(disk, config, () => world.time)), commands.at(-1)!)
        states++
      }
    }
  }
  return states
}

/** What is left is a prefix of what was put, with all that is durable; the command that died may have stored its own. */
const holds = (world: World, left: ReadonlyArray<Codec.StoredMessage>, died: Command): void => {
  const { durable, messages } = world.model
  const own = died._tag === "Put" ? 1 : died._tag === "Batch" ? died.count : 0
  const wrong = left.findIndex(({ body }, index) => index < messages.length && bodyText(body) !== messages[index]!.body)
  if (left.length < durable || left.length > messages.length + own || wrong >= 0) {
    throw new Broken(
      `${left.length} messages left of ${messages.length}, ${durable} of them durable, message ${wrong} wrong`
    )
  }
}
