/**
 * One history of a RocketMQ store: commands as data, run on a simulated disk beside what was put.
 *
 *     command ─▶ store on the disk ──┐
 *             └▶ what was put ───────┴─ judge: all of it while the store runs; after a stop what was promised
 *
 * The one decision: what a store says by itself, a status other than PUT_OK, an error, a start that it refuses, is no silent
 * loss; but that it does not start again is a finding of its own. What a promise has broken is not judged again, and where
 * the log itself is wrong the history is over.
 */
import { Cause, Deferred, Effect, Exit } from "effect"
import { Malformed } from "../message/Malformed.ts"
import { recorded } from "../replay/Choose.ts"
import { OutOfMemory } from "../rocketmq/storage/CheckMessage.ts"
import * as Batch from "../rocketmq/storage/MessageBatch.ts"
import type * as Codec from "../rocketmq/storage/MessageCodec.ts"
import * as Store from "../rocketmq/storage/MessageStore.ts"
import type { StoreConfig } from "../rocketmq/storage/StoreConfig.ts"
import * as Expiry from "../rocketmq/storage/StoreExpiry.ts"
import { LoadRefused, StartHangs } from "../rocketmq/storage/StoreLifecycle.ts"
import { DiskError } from "../world/Disk.ts"
import { type CrashSearch, crashStates } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import type { Injected } from "../world/simulated/DiskInjection.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import type { Survival } from "../world/simulated/Pieces.ts"
import { SimulatedDisk } from "../world/simulated/SimulatedDisk.ts"
import {
  type Command,
  configOf,
  type Finding,
  type Kind,
  type MessageKind,
  type Outcome,
  queues,
  type Settings
} from "./RocketmqStorageCommand.ts"
import { judge, type Known } from "./RocketmqStorageJudge.ts"
import { boundsOf, keyOf, messageOf, placeOf, root } from "./RocketmqStoreUnderTest.ts"

type Tagged<T extends Command["_tag"]> = Command & { readonly _tag: T }

/** Hears of a disk that a start is about to find. */
export type Opening = (disk: SimulatedDisk, damage: ReadonlyArray<Injected>) => void

interface Waiting {
  readonly answer: Deferred.Deferred<Store.PutMessageStatus>
  readonly puts: ReadonlyArray<Known>
}

export interface World {
  readonly config: StoreConfig
  readonly disk: SimulatedDisk
  readonly findings: Array<Finding>
  readonly tags: Set<string>
  /** What was put and may be in the log, in the order of the log. */
  model: ReadonlyArray<Known>
  /** `undefined` while the store is down: nothing is asked of it until the next stop. */
  store: Store.MessageStore | undefined
  /** What the store first said when it could not go on. */
  declared: string | undefined
  readonly ever: Map<number, Array<Known>>
  /** What was handed over and has no answer, by its body: it may be in the log, and nobody knows where. */
  readonly attempted: Map<string, Known>
  readonly faults: Array<Injected>
  readonly opening: Opening
  waiting: ReadonlyArray<Waiting>
  planned: Tagged<"PowerLossIn" | "KillIn"> | undefined
  time: number
  serial: number
}

/** Runs to the end on a disk that never waits; throws what the effect fails with. */
const now = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/** An empty store that runs, at a time in milliseconds since 1970. */
export const start = (settings: Settings, opening: Opening = () => {}, time = 1_700_000_000_000): World => {
  const world: World = {
    config: configOf(settings),
    // Pieces that are smaller than a message, so that a power cut can tear one anywhere.
    disk: SimulatedDisk.fromImage(new Map([[`${root}/`, new Uint8Array(0)]]), {
      pieceSize: 64,
      renames: "atomic",
      versions: 2
    }),
    findings: [],
    tags: new Set(),
    model: [],
    store: undefined,
    declared: undefined,
    ever: new Map(),
    attempted: new Map(),
    faults: [],
    opening,
    waiting: [],
    planned: undefined,
    time,
    serial: 0
  }
  open(world)
  return world
}

const open = (world: World): void => {
  // A crash planned for what comes next falls inside the start, where a stop comes next: the stop forgot it.
  if (world.planned !== undefined) world.disk.crashAfter(world.planned.effects)
  world.store = undefined
  world.waiting = []
  world.opening(world.disk, world.faults)
  // A clock that moves whenever it is looked at: two index files that are made in one millisecond are one.
  const environment = { disk: world.disk.operations(), root, now: () => world.time++, processId: 1 }
  world.store = now(Store.open(environment, world.config))
}

const isDamaged = (world: World): boolean => world.faults.length > 0

const broken = (world: World): ReadonlySet<Kind> => new Set(world.findings.map(({ kind }) => kind))

/** Whether nothing can be said of what comes after: the log itself is wrong. */
export const isOver = (world: World): boolean =>
  world.findings.some(({ kind }) => kind === "flushed" || kind === "hole" || kind === "bytes")

/** Carries out one command, and judges. */
export const step = (world: World, command: Command): void => {
  if (isOver(world)) return
  const isForAll = command._tag === "Kill" || command._tag === "PowerLoss" || command._tag === "Restart" ||
    command._tag === "Heal" || command._tag === "PowerLossIn" || command._tag === "KillIn" || command._tag === "Fault"
  if (world.store === undefined && !isForAll) return
  world.time += 1000
  world.tags.add(command._tag)
  try {
    carryOut(world, command)
    if (command._tag !== "Fault" && command._tag !== "Heal") compare(world, command)
  } catch (error) {
    if (error instanceof DiskCrashed && world.planned !== undefined) crash(world, world.planned)
    else refused(world, error, command._tag)
  }
}

const crash = (world: World, planned: Tagged<"PowerLossIn" | "KillIn">): void => {
  world.planned = undefined
  if (planned._tag === "KillIn") {
    world.disk.kill()
    world.tags.add("a kill inside a step")
    return recover(world, "a kill")
  }
  world.disk.powerLoss(recorded(planned.choices), planned.profile)
  world.tags.add("a power cut inside a step").add(planned.profile._tag)
  recover(world, "a power cut")
}

/** What an error means: the store said so, or it is our own mistake. */
const refused = (world: World, error: unknown, what: string): void => {
  const isStart = error instanceof LoadRefused || error instanceof StartHangs || error instanceof OutOfMemory
  const isKnown = isStart || error instanceof DiskError || error instanceof Malformed
  if (!isKnown) throw error
  world.declared ??= `${what}: ${error.message}`
  world.tags.add("said so")
  if (world.store !== undefined) {
    // A thread of the real store logs what went wrong and goes on; where memory ran out there is none left.
    if (error instanceof OutOfMemory) world.store = undefined
    return
  }
  if (broken(world).has("starts")) return
  world.findings.push({ kind: "starts", sentence: `after ${what} the store does not start: ${error.message}` })
}

const recover = (world: World, what: string): void => {
  try {
    reopen(world, what)
  } catch (error) {
    refused(world, error, what)
  }
}

const reopen = (world: World, what: string): void => {
  open(world)
  afterStop(world, what)
}

const carryOut = (world: World, command: Command): void => {
  const { store } = world
  switch (command._tag) {
    case "Put":
      return put(world, command)
    case "Batch":
      return putBatch(world, command)
    case "Gather":
      return gather(world, command)
    case "Flush":
      return flush(world)
    case "CommitPool":
      now(Store.commitCommitLog(store!, 0))
      return
    case "Dispatch":
      if (now(Store.dispatch(store!)) > 0) world.tags.add("dispatched")
      return
    case "FlushQueues":
      return now(Store.flushConsumeQueues(store!, 0))
    case "FlushIndex":
      return now(Store.flushIndex(store!))
    case "Expire":
      return expire(world, store!)
    case "Restart":
      if (store !== undefined) close(world, store)
      world.disk.kill()
      return recover(world, "a clean stop")
    case "Kill":
      world.disk.kill()
      return recover(world, "a kill")
    case "PowerLoss":
      world.disk.powerLoss(recorded(command.choices), command.profile)
      world.tags.add(command.profile._tag)
      return recover(world, "a power cut")
    case "KillIn":
    case "PowerLossIn":
      world.planned = command
      world.disk.crashAfter(command.effects)
      return
    case "Fault":
      return inject(world, command.fault)
    case "Heal":
      for (const { fault, heal } of world.faults) if (meetsOperations(fault)) heal()
  }
}

/** Whether a fault meets what a process does, rather than lying on the medium. */
const meetsOperations = ({ _tag }: DiskFault): boolean =>
  _tag === "NoSpace" || _tag === "OperationFails" || _tag === "CommitFails"

const inject = (world: World, fault: DiskFault): void => {
  const injected = world.disk.inject(fault)
  if (injected.refused !== undefined) return
  world.faults.push(injected)
  injected.onStrike(() => world.tags.add("a fault struck"))
  if (injected.observed() > 0) world.tags.add("a fault struck")
  world.tags.add(fault._tag)
}

const messageFor = (world: World, queue: number, size: number, kind: MessageKind): Codec.Message => {
  const serial = world.serial++
  const message = messageOf({ queue, size, serial, time: world.time }, kind, world.config)
  const [topic, queueId] = placeOf(message, kind)
  const body = new TextDecoder().decode(message.body)
  world.attempted.set(body, {
    offset: -1,
    topic,
    queueId,
    queueOffset: -1,
    body,
    key: keyOf(serial),
    number: isNumbered(kind) ? -1 : undefined,
    isIndexed: kind !== "rollback",
    acknowledged: false,
    flushed: false,
    expired: false
  })
  return message
}

/** Half and rolled back messages have no number in their queue. */
const isNumbered = (kind: MessageKind): boolean => kind !== "half" && kind !== "rollback"

const put = (world: World, { kind, queue, size }: Tagged<"Put">): void => {
  const message = messageFor(world, queue, size, kind)
  const submitted = now(Store.submit(world.store!, message))
  world.tags.add(`put ${kind}`)
  note(world, [[message, kind]], submitted, submitted.results[0]?.appended?.offsets ?? [])
}

const putBatch = (world: World, { count, queue, size }: Tagged<"Batch">): void => {
  const messages = Array.from({ length: count }, () => messageFor(world, queue, size, "plain"))
  const body = Batch.encode(messages)
  const submitted = now(Store.submitBatch(world.store!, { ...messages[0]!, body, properties: "" }))
  note(world, messages.map((message) => [message, "plain"]), submitted, submitted.results[0]?.appended?.offsets ?? [])
}

const gather = (world: World, { count, size }: Tagged<"Gather">): void => {
  const messages = Array.from({ length: count }, (_, n) => messageFor(world, n % queues.length, size, "plain"))
  const submitted = now(Store.submitGathered(world.store!, messages))
  const offsets = submitted.results.flatMap(({ appended }) => appended?.offsets ?? [])
  note(world, messages.map((message) => [message, "plain"]), submitted, offsets)
}

/** The number that comes after the last of a queue, where the model has one. */
const nextNumber = ({ model }: World, topic: string, queueId: number): number | undefined => {
  const last = model.findLast((known) =>
    known.number !== undefined && known.topic === topic && known.queueId === queueId
  )
  return last === undefined ? undefined : last.number! + 1
}

/** Notes what was stored, where the store says that it is, under the numbers that come next. */
const note = (
  world: World,
  messages: ReadonlyArray<readonly [Codec.Message, MessageKind]>,
  { answer, results }: Store.Submitted,
  offsets: ReadonlyArray<number>
): void => {
  const [failed] = results.filter(({ appended }) => appended === undefined)
  if (failed !== undefined) {
    world.declared ??= `a put is answered with ${failed.status}`
    return
  }
  const firsts = results.map(({ appended }) => appended!.queueOffset)
  const puts = messages.map(([message, kind], index): Known => {
    const attempt = world.attempted.get(new TextDecoder().decode(message.body))!
    const { queueId, topic } = attempt
    world.attempted.delete(attempt.body)
    const first = firsts.length === messages.length ? firsts[index]! : firsts[0]! + index
    const number = isNumbered(kind) ? first : undefined
    if (number !== undefined) judgeNumber(world, topic, queueId, number)
    const known: Known = {
      ...attempt,
      offset: offsets[index]!,
      queueOffset: first,
      number,
      acknowledged: answer === undefined
    }
    world.model = [...world.model, known]
    remember(world, known)
    return known
  })
  if (answer !== undefined) world.waiting = [...world.waiting, { answer, puts }]
}

const remember = ({ ever }: World, known: Known): void => {
  const others = ever.get(known.offset)
  if (others === undefined) ever.set(known.offset, [known])
  else others.push(known)
}

const judgeNumber = (world: World, topic: string, queueId: number, number: number): void => {
  const next = nextNumber(world, topic, queueId)
  const known = broken(world)
  if (next === undefined || next === number || known.has("delivered") || known.has("answer")) return
  const sentence = `a message of ${topic}-${queueId} got number ${number}, where ${next} was next`
  world.findings.push({ kind: "answer", sentence })
}

/** Gives every put that waited its answer, which is there once the group commit has run. */
const answerAll = (world: World): void => {
  for (const { answer, puts } of world.waiting) {
    const status = now(Deferred.await(answer))
    if (status === "PUT_OK") { for (const known of puts) known.acknowledged = true }
    else {
      world.declared ??= `a put is answered with ${status}`
      world.tags.add(status)
    }
  }
  world.waiting = []
}

/** Whatever lies below the store's own flushed position was promised to be durable. */
const markFlushed = (world: World, below: number): void => {
  for (const known of world.model) if (known.offset < below) known.flushed = true
}

const flush = (world: World): void => {
  const store = world.store!
  now(world.config.flushDiskType === "SYNC_FLUSH" ? Store.groupCommit(store) : Store.flushCommitLog(store, 0))
  answerAll(world)
  markFlushed(world, Number(store.log.files.flushedWhere))
}

const close = (world: World, store: Store.MessageStore): void => {
  now(Store.close(store))
  if (world.config.guards.FlushOnClose) answerAll(world)
  const waits = new Set(world.waiting.flatMap(({ puts }) => puts))
  if (isDamaged(world)) return markFlushed(world, Number(store.log.files.flushedWhere))
  for (const known of world.model) known.flushed = !waits.has(known)
}

const expire = (world: World, store: Store.MessageStore): void => {
  // Files are old or many when they go; what is not dispatched by then is the last of them.
  now(Store.dispatch(store))
  if (Number(store.reputFromOffset) < boundsOf(store)[1]) return
  const count = Expiry.cleanCommitLog(store, { timeUp: true, usedPercent: 86 })
  Expiry.cleanConsumeQueues(store)
  if (count > 0) world.tags.add("a file went")
  const [from] = boundsOf(store)
  for (const known of world.model) known.expired ||= known.offset < from
  world.model = world.model.filter(({ expired }) => !expired)
}

/** Holds what is left after a stop to what was promised, and goes on from it. */
const afterStop = (world: World, what: string): void => {
  const store = world.store!
  // What the real store's dispatch thread does at once.
  now(Store.dispatch(store))
  const { attempted, ever, model } = world
  const { findings, left } = judge(store, {
    what: `after ${what}`,
    model,
    ever,
    attempted,
    isWhole: true,
    isRunning: false,
    broken: broken(world)
  })
  world.findings.push(...findings)
  if (left.length < model.length) world.tags.add(`${what} took something`)
  else if (model.length > 0) world.tags.add(`all is there after ${what}`)
  for (const known of left) {
    if (world.attempted.delete(known.body)) remember(world, known)
  }
  world.model = left
}

/** What changes queues and index, or what they lead to. */
const isSeenInQueues = ({ _tag }: Command): boolean => _tag === "Dispatch" || _tag === "Expire" || _tag === "FlushIndex"

/** While it runs the store is the model; what a stop left has been looked at already. */
const compare = (world: World, command: Command): void => {
  const { attempted, ever, model, store } = world
  const isStop = command._tag === "Kill" || command._tag === "PowerLoss" || command._tag === "Restart"
  if (store === undefined || isOver(world) || isStop) return
  const look = {
    what: `after ${command._tag}`,
    model,
    ever,
    attempted,
    isWhole: isSeenInQueues(command),
    isRunning: !isDamaged(world),
    broken: broken(world)
  }
  world.findings.push(...judge(store, look).findings)
}

/**
 * Judges every state that a power cut may leave at this moment, all sets of up to ten unsynced pieces and samples
 * beyond; `hear` is told the findings of each. Answers the number of states.
 */
export const everyPowerLoss = (
  world: World,
  search: CrashSearch,
  hear: (survival: Survival, findings: ReadonlyArray<Finding>) => void
): number => {
  const { model } = world
  const snapshot = world.disk.snapshot()
  let states = 0
  for (const survival of crashStates(world.disk.unsynced(), search)) {
    world.disk.restore(snapshot)
    world.disk.survive(survival)
    world.model = model
    world.declared = undefined
    world.findings.length = 0
    recover(world, "a power cut")
    states++
    hear(survival, world.findings)
  }
  return states
}

/** What a run tells while it goes on. */
export interface Hears {
  /** After each command. */
  readonly done?: (world: World, command: Command) => void
  readonly opening?: Opening
}

/** Runs a history; answers the world that it ends in too. A store that is down at its end is started once more. */
export const play = (
  settings: Settings,
  commands: ReadonlyArray<Command>,
  { done = () => {}, opening }: Hears = {}
): Outcome & { readonly world: World } => {
  const world = start(settings, opening)
  let carriedOut = 0
  for (const command of commands) {
    if (isOver(world)) break
    step(world, command)
    carriedOut++
    done(world, command)
  }
  if (world.store === undefined) {
    step(world, { _tag: "Heal" })
    step(world, { _tag: "Kill" })
  }
  const { declared, findings, tags } = world
  return { world, findings, declared, startsNoMore: world.store === undefined, tags, commands: carriedOut }
}

/** Runs a history. */
export const run = (settings: Settings, commands: ReadonlyArray<Command>, hears?: Hears): Outcome =>
  play(settings, commands, hears)
