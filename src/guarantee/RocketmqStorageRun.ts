/**
 * One history of a RocketMQ store: commands as data, run on a simulated disk beside what was put.
 *
 *     command ─▶ store on the disk ──┐
 *             └▶ what was put ───────┴─ judge: all of it while the store runs; after a stop what was promised
 *
 * The one decision: every thread of the real store is a command here, so a history says what ran between two puts.
 */
import { recorded } from "../replay/Choose.ts"
import * as Queues from "../rocketmq/storage/ConsumeQueueStore.ts"
import type { StoreConfig } from "../rocketmq/storage/LogConfig.ts"
import * as Expiry from "../rocketmq/storage/LogRetention.ts"
import * as Store from "../rocketmq/storage/MessageStore.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import { type Command, configOf, type Outcome, type Settings } from "./RocketmqStorageCommand.ts"
import { answerAll, flush, gather, markFlushed, put, putBatch } from "./RocketmqStoragePuts.ts"
import {
  compare,
  crash,
  isDamaged,
  isOver,
  noteQueues,
  now,
  recover,
  refused,
  start,
  type World
} from "./RocketmqStorageWorld.ts"
import { boundsOf } from "./RocketmqStoreUnderTest.ts"
import type { Opening } from "./StorageRow.ts"

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

/** Carries out one command; throws what the store fails with. */
export const carryOut = (world: World, command: Command): void => {
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
      return noteQueues(world)
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
  noteQueues(world)
  if (Number(store.reputFromOffset) < boundsOf(store)[1]) return
  // All but the last file go; a crash among them may leave any.
  const last = Number(store.log.files.files.at(-1)?.base ?? 0n)
  for (const known of world.model) known.expired = known.offset < last
  const count = Expiry.cleanCommitLog(store, { timeUp: true, usedPercent: 86 })
  Expiry.cleanConsumeQueues(store)
  if (count > 0) world.tags.add("a file went")
  world.model = world.model.filter(({ expired }) => !expired)
}

/** What a run tells while it goes on. */
export interface Hears {
  /** After each command. */
  readonly done?: (world: World, command: Command) => void
  readonly opening?: Opening
  /** Another configuration than that of the settings. */
  readonly config?: StoreConfig
  /** When it begins, in milliseconds since 1970. */
  readonly time?: number
}

/** What rolled by the end of a history. */
const tagRolled = ({ store, tags }: World): void => {
  if (store === undefined) return
  if (store.log.files.files.length > 2) tags.add("rolled the log")
  if (store.index.files.length > 1) tags.add("rolled the index")
  if (Queues.all(store.queues).some(({ files }) => files.files.length > 1)) tags.add("rolled a queue")
}

/** Runs a history; answers the world that it ends in too. A store that is down at its end is started once more. */
export const play = (
  settings: Settings,
  commands: ReadonlyArray<Command>,
  { config = configOf(settings), done = () => {}, opening, time }: Hears = {}
): Outcome & { readonly world: World } => {
  const world = start(config, opening, time)
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
  tagRolled(world)
  const { declared, findings, tags } = world
  return { world, findings, declared, startsNoMore: world.store === undefined, tags, commands: carriedOut }
}

/** Runs a history. */
export const run = (settings: Settings, commands: ReadonlyArray<Command>, hears?: Hears): Outcome =>
  play(settings, commands, hears)
