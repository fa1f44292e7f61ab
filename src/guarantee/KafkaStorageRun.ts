/** A whole history of a Kafka log directory, from an empty disk to its last command, and what came of it. */
import type { Command, Outcome, Settings } from "./KafkaStorageCommand.ts"
import { World } from "./KafkaStorageWorld.ts"
import type { Opening } from "./StorageRow.ts"

/** What a run tells while it goes on. */
export interface Hears {
  /** After each command. */
  readonly done?: (world: World, command: Command) => void
  readonly opening?: Opening
}

/** Runs a history. A log that is down at its end is started once more. */
export const run = (
  settings: Settings,
  commands: ReadonlyArray<Command>,
  { done = () => {}, opening }: Hears = {}
): Outcome => {
  const world = new World(settings, opening)
  let carriedOut = 0
  for (const command of commands) {
    if (world.isOver) break
    world.step(command)
    carriedOut++
    done(world, command)
  }
  if (world.isDown) {
    world.step({ _tag: "Heal" })
    world.step({ _tag: "Kill" })
  }
  const { declared, findings, hasStarted, place, tags } = world
  return { findings, declared, place, startsNoMore: !hasStarted, tags, commands: carriedOut }
}
