/**
 * A RocketMQ store on a simulated disk, beside what was put into it: how it starts, how it stops, what it is held to.
 *
 * The one decision: what a store says by itself, a status other than PUT_OK, an error, a start that it refuses, is no silent
 * loss; but that it does not start again is a finding of its own. What a promise has broken is not judged again, and where
 * the log itself is wrong the history is over.
 */
import { Cause, type Deferred, Effect, Exit } from "effect"
import { Malformed } from "../message/Malformed.ts"
import { recorded } from "../replay/Choose.ts"
import type { StoreConfig } from "../rocketmq/storage/LogConfig.ts"
import * as Store from "../rocketmq/storage/MessageStore.ts"
import type { PutMessageStatus } from "../rocketmq/storage/PutMessageStatus.ts"
import { LoadRefused, OutOfMemory, StartHangs } from "../rocketmq/storage/StorageError.ts"
import { DiskError } from "../world/Disk.ts"
import { type CrashSearch, crashStates } from "../world/simulated/CrashStates.ts"
import type { Injected } from "../world/simulated/DiskInjection.ts"
import type { Survival } from "../world/simulated/Pieces.ts"
import { SimulatedDisk } from "../world/simulated/SimulatedDisk.ts"
import type { Command, Finding, Kind } from "./RocketmqStorageCommand.ts"
import { judge, type Known } from "./RocketmqStorageJudge.ts"
import { root } from "./RocketmqStoreUnderTest.ts"
import type { Opening } from "./StorageRow.ts"

export type Tagged<T extends Command["_tag"]> = Command & { readonly _tag: T }

interface Waiting {
  readonly answer: Deferred.Deferred<PutMessageStatus>
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
  /** Everything that was ever stored, by its offset in the log. */
  ever: Map<number, ReadonlyArray<Known>>
  /** What was handed over and has no answer, by its body: it may be in the log, and nobody knows where. */
  attempted: Map<string, Known>
  readonly faults: Array<Injected>
  readonly opening: Opening
  waiting: ReadonlyArray<Waiting>
  planned: Tagged<"PowerLossIn" | "KillIn"> | undefined
  time: number
  serial: number
}

/** Runs to the end on a disk that never waits; throws what the effect fails with. */
export const now = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/** An empty store that runs, at a time in milliseconds since 1970. */
export const start = (config: StoreConfig, opening: Opening = () => {}, time = 1_700_000_000_000): World => {
  const world: World = {
    config,
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

export const isDamaged = (world: World): boolean => world.faults.length > 0

export const broken = (world: World): ReadonlySet<Kind> => new Set(world.findings.map(({ kind }) => kind))

/** Whether nothing can be said of what comes after: the log itself is wrong. */
export const isOver = (world: World): boolean =>
  world.findings.some(({ kind }) => kind === "flushed" || kind === "hole" || kind === "bytes")

/** The crash that was planned for what ran. */
export const crash = (world: World, planned: Tagged<"PowerLossIn" | "KillIn">): void => {
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
export const refused = (world: World, error: unknown, what: string): void => {
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

/** Opens what a crash left, and judges it. */
export const recover = (world: World, what: string): void => {
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

/** Notes that a message was once at its offset. */
export const remember = ({ ever }: World, known: Known): void => {
  ever.set(known.offset, [...ever.get(known.offset) ?? [], known])
}

/** What a store says from when a queue's file cannot be made: it takes no message until its next start. */
export const noteQueues = (world: World): void => {
  if (world.store?.writesQueues !== false) return
  world.declared ??= "a queue's file cannot be made, and every put is answered with SERVICE_NOT_AVAILABLE"
  world.tags.add("queues cannot be written")
}

/** Holds what is left after a stop to what was promised, and goes on from it. */
const afterStop = (world: World, what: string): void => {
  const store = world.store!
  // What the real store's dispatch thread does at once.
  now(Store.dispatch(store))
  noteQueues(world)
  const { attempted, ever, model } = world
  const { findings, left } = judge(store, {
    what: `after ${what}`,
    model,
    ever,
    attempted,
    isWhole: true,
    looksUp: true,
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
export const compare = (world: World, command: Command): void => {
  const { attempted, ever, model, store } = world
  const isStop = command._tag === "Kill" || command._tag === "PowerLoss" || command._tag === "Restart"
  if (store === undefined || isOver(world) || isStop) return
  const look = {
    what: `after ${command._tag}`,
    model,
    ever,
    attempted,
    isWhole: isSeenInQueues(command),
    // While the store runs its index is what it has just put there: it is looked at when a file of it was made durable.
    looksUp: command._tag === "FlushIndex",
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
  const { attempted, ever, model } = world
  const snapshot = world.disk.snapshot()
  let states = 0
  for (const survival of crashStates(world.disk.unsynced(), search)) {
    world.disk.restore(snapshot)
    world.disk.survive(survival)
    Object.assign(world, { model, ever: new Map(ever), attempted: new Map(attempted) })
    world.declared = undefined
    world.findings.length = 0
    recover(world, "a power cut")
    states++
    hear(survival, world.findings)
  }
  return states
}
