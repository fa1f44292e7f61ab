/**
 * Every power cut of a fixed corpus: after each of the first twelve disk effects of a short history, with every set of up
 * to ten unsynced pieces and samples of larger ones.
 *
 * The disk is put back to a snapshot for each state and the history is not run again. What is judged is all of it: the log,
 * every queue that a consumer asks, and the keys.
 */
import { seeded } from "../replay/Choose.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import type { Survival } from "../world/simulated/Pieces.ts"
import { type Command, configOf, type Finding, type Settings } from "./RocketmqStorageCommand.ts"
import { carryOut, step } from "./RocketmqStorageRun.ts"
import { everyPowerLoss, start, type World } from "./RocketmqStorageWorld.ts"

/** Effects of a history after which a crash is looked at. */
const mostEffects = 12

const put = (size: number, kind: (Command & { readonly _tag: "Put" })["kind"] = "plain"): Command => ({
  _tag: "Put",
  queue: 0,
  size,
  kind
})
const flush: Command = { _tag: "Flush" }
const dispatch: Command = { _tag: "Dispatch" }
const flushQueues: Command = { _tag: "FlushQueues" }
const flushIndex: Command = { _tag: "FlushIndex" }
const restart: Command = { _tag: "Restart" }
const kill: Command = { _tag: "Kill" }
const gather: Command = { _tag: "Gather", count: 4, size: 40 }
const batch: Command = { _tag: "Batch", queue: 1, count: 3, size: 60 }
const stored = [put(20), flush, dispatch]

/** Commands that come before, whose crashes are not looked at, and those whose crashes are. */
export const corpus: ReadonlyArray<readonly [before: ReadonlyArray<Command>, then: ReadonlyArray<Command>]> = [
  [[], [put(20), flush]],
  [[put(20), flush], [put(90), put(20), flush]],
  [[put(20), flush], [gather, flush]],
  [[put(200), flush, put(200), flush], [batch, batch, flush]],
  [[gather, gather], [put(200), flush, flush]],
  [stored, [put(20), flush, dispatch, flushQueues]],
  [[...stored, ...stored, put(20), flush], [dispatch, flushQueues, flushIndex]],
  [[...stored, ...stored, ...stored, ...stored], [put(20), flush, dispatch, flushIndex]],
  [[put(20, "half"), flush], [put(20, "commit"), flush, dispatch, flushQueues]],
  [[put(20, "delayed"), flush], [dispatch, flushQueues, put(20, "rollback"), flush]],
  [[put(20), flush], [restart, put(20), flush]],
  [[put(20), flush, restart, put(20), flush], [restart]],
  [[put(20), flush, put(90)], [kill, put(20), flush]],
  [[...stored, gather, flush, dispatch, flushQueues], [kill, gather, flush]],
  [[gather, flush, gather, flush, dispatch, flushQueues], [{ _tag: "Expire" }, put(20), flush]]
]

interface Search {
  readonly settings: Settings
  /** Sets of pieces tried where there are more than ten. */
  readonly samples: number
  readonly seed: number
}

export interface Broken {
  readonly history: number
  readonly effects: number
  readonly survival: Survival
  readonly finding: Finding
}

/** Runs until the process dies after `effects` effects; `undefined` where the history has fewer. */
const crashed = (settings: Settings, history: number, effects: number): World | undefined => {
  const [before, then] = corpus[history]!
  const world = start(configOf(settings))
  for (const command of before) step(world, command)
  let left = effects
  for (const command of then) {
    const began = world.disk.effects
    world.time += 1000
    // A stop forgets a crash that was planned, so each command plans its own; inside a start it falls there.
    world.planned = { _tag: "KillIn", effects: left }
    world.disk.crashAfter(left)
    try {
      carryOut(world, command)
    } catch (error) {
      if (!(error instanceof DiskCrashed)) throw error
      world.planned = undefined
      return world
    }
    left -= world.disk.effects - began
  }
  return undefined
}

/** Every state; `hear` is told each that breaks a promise. Answers how many there were. */
export const explore = ({ samples, seed, settings }: Search, hear: (broken: Broken) => void): number => {
  let states = 0
  for (const history of corpus.keys()) {
    for (let effects = 1; effects <= mostEffects; effects++) {
      const world = crashed(settings, history, effects)
      if (world === undefined) break
      states += everyPowerLoss(world, { choose: seeded(seed + effects), samples }, (survival, findings) => {
        for (const finding of findings) hear({ history, effects, survival, finding })
      })
    }
  }
  return states
}
