/**
 * Every power cut of a fixed corpus: after each of the first twelve disk effects of a short history, with every set of up
 * to ten unsynced pieces and samples of larger ones.
 *
 * The disk is put back to a snapshot for each state and the history is not run again. The log that recovers is compared
 * with the model as one that runs: records, committed data, epochs. What is judged is the policy that
 * promises something, `flush.messages=1`.
 */
import { seeded } from "../replay/Choose.ts"
import { type CrashSearch, crashStates } from "../world/simulated/CrashStates.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import type { Survival } from "../world/simulated/Pieces.ts"
import { isParted } from "./KafkaStorageClients.ts"
import type { Command, Finding, Settings, Tagged } from "./KafkaStorageCommand.ts"
import { World } from "./KafkaStorageWorld.ts"

/** Effects of a history after which a crash is looked at. */
const mostEffects = 12

const append = (records: number, size: number, more: Partial<Tagged<"Append">> = {}): Command => ({
  _tag: "Append",
  producerId: -1,
  sequence: "next",
  records,
  size,
  newEpoch: false,
  ...more
})
const plain = append(2, 20)
const part = append(2, 30, { producerId: 11 })
const squeezed = append(3, 60, { compression: "gzip" })
const end = (producerId: number, type: "commit" | "abort"): Command => ({ _tag: "End", producerId, type })
const filled = [plain, plain, append(2, 40, { producerId: 7 })]
const roll: Command = { _tag: "Roll" }
const background: Command = { _tag: "Background" }
const checkpoint: Command = { _tag: "Checkpoint" }
const restart: Command = { _tag: "Restart" }
const flush: Command = { _tag: "Flush" }
const remove: Command = { _tag: "DeleteRecords", at: 40_000 }

/**
 * Commands that come before, whose crashes are not looked at, and those whose crashes are. None truncates: a truncation is
 * not made durable, and a power cut may bring back what was cut, over what was flushed since (kafka/storage/README.md).
 */
export const corpus: ReadonlyArray<readonly [before: ReadonlyArray<Command>, then: ReadonlyArray<Command>]> = [
  [[], [plain, plain]],
  [[plain], [append(3, 60), append(3, 60)]],
  [filled, [plain, plain]],
  [filled, [roll, plain, background]],
  [[...filled, roll], [plain, background, plain]],
  [filled, [roll, roll, plain, plain]],
  [filled, [append(1, 100, { producerId: 8 }), append(1, 100, { producerId: 8 })]],
  [filled, [append(1, 10, { newEpoch: true }), plain]],
  [filled, [append(1, 10, { newEpoch: true }), append(1, 10, { newEpoch: true })]],
  [[...filled, ...filled, roll, background], [remove, plain, checkpoint]],
  [[...filled, ...filled, background], [checkpoint, plain, checkpoint]],
  [[...filled, background, checkpoint], [restart, plain]],
  [[...filled, restart], [plain, roll, flush]],
  [[...filled, ...filled], [restart]],
  [[part], [part, end(11, "abort"), plain]],
  [[part, end(11, "commit"), plain], [append(2, 30, { producerId: 12 }), plain, end(12, "abort")]],
  [[part, squeezed], [end(11, "commit"), squeezed, roll, part, end(11, "abort")]],
  [[...filled, ...filled], [roll, append(1, 10, { newEpoch: true }), roll, squeezed, background]],
  [[squeezed, part], [roll, append(1, 10, { newEpoch: true }), end(11, "commit"), roll, plain]],
  [[part, plain, roll], [squeezed, end(11, "commit"), roll, background]],
  [[part, roll], [part, roll, end(11, "abort"), roll]],
  [[...filled, roll, ...filled, roll], [background, remove, checkpoint, roll]],
  [[squeezed, roll, squeezed], [roll, append(1, 60, { newEpoch: true }), roll, squeezed, roll]]
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
  /** The batch whose append crashed has its base offset and its checksum in two pieces. */
  readonly isParted: boolean
}

/** Runs until the process dies after `effects` effects; `undefined` where the history has fewer. */
const crashed = (settings: Settings, history: number, effects: number): World | undefined => {
  const [before, then] = corpus[history]!
  const world = new World(settings)
  for (const command of before) world.step(command)
  world.disk.crashAfter(effects)
  try {
    for (const command of then) world.step(command)
    return undefined
  } catch (error) {
    if (error instanceof DiskCrashed) return world
    throw error
  }
}

/**
 * Judges every state that a power cut may leave of a world at this moment, all sets of up to ten unsynced pieces and
 * samples beyond; `hear` is told the findings of each. Answers the number of states.
 */
const everyPowerLoss = (
  world: World,
  search: CrashSearch,
  hear: (survival: Survival, findings: ReadonlyArray<Finding>) => void
): number => {
  const { disk, flushed, model } = world
  const snapshot = disk.snapshot()
  let states = 0
  for (const survival of crashStates(disk.unsynced(), search)) {
    disk.restore(snapshot)
    disk.survive(survival)
    Object.assign(world, { model, flushed, declared: undefined, isDown: false })
    world.findings.length = 0
    world.recover("a power cut")
    states++
    hear(survival, world.findings)
  }
  return states
}

/** Every state; `hear` is told each that breaks a promise. Answers how many there were. */
export const explore = ({ samples, seed, settings }: Search, hear: (broken: Broken) => void): number => {
  let states = 0
  for (const history of corpus.keys()) {
    for (let effects = 1; effects <= mostEffects; effects++) {
      const world = crashed(settings, history, effects)
      if (world === undefined) break
      states += everyPowerLoss(world, { choose: seeded(seed + effects), samples }, (survival, findings) => {
        for (const finding of findings) {
          if (finding.kind !== "acknowledged") {
            hear({ history, effects, survival, finding, isParted: isParted(world.begins) })
          }
        }
      })
    }
  }
  return states
}
