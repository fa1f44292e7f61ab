/** Random histories of one process on a disk, and the crashes that may follow them. */
import { Effect } from "effect"
import * as fc from "fast-check"
import { DiskError, type File, type Operations } from "../../src/world/Disk.ts"
import type { CrashProfile } from "../../src/world/simulated/CrashStates.ts"
import type { Image } from "../../src/world/simulated/DiskImages.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { type Command, command, opening, play, player, renaming, tidy } from "./DiskCommands.ts"

/** Ordinary commands, with enough files and renames that some are still unsynced at the end. */
export const commands: fc.Arbitrary<ReadonlyArray<Command>> = fc.array(
  fc.oneof({ weight: 6, arbitrary: command }, { weight: 1, arbitrary: opening }, { weight: 1, arbitrary: renaming }),
  { maxLength: 30, size: "max" }
)
export const seed = fc.integer()

export interface Run {
  readonly disk: SimulatedDisk
  /** The page cache after each command, the first from before them. */
  readonly images: ReadonlyArray<Image>
  /** What the open files hold after each command, with a name or without. */
  readonly opened: ReadonlyArray<Image>
}

/** Runs commands on a disk. */
export const run = (steps: ReadonlyArray<Command>, disk = new SimulatedDisk()): Run => {
  const operations = disk.operations()
  const who = player(operations, tidy, (targets) => void Effect.runSync(Effect.result(operations.commit(targets))))
  const images = [disk.image()]
  const opened: Array<Image> = []
  for (const step of steps) {
    play(who, step)
    images.push(disk.image())
    opened.push(new Map(who.handles.map((file, handle) => [`handle ${handle}`, contentsOf(file)])))
  }
  return { disk, images, opened }
}

const contentsOf = (file: File): Uint8Array => {
  try {
    return file.read(0, file.size())
  } catch (error) {
    if (error instanceof DiskError && error.code === "EBADF") return new Uint8Array(0)
    throw error
  }
}

/** Commits every file and every directory there is. */
export const commitAll = (disk: SimulatedDisk): void => {
  const operations = disk.operations()
  const directories = ["/"]
  for (const directory of directories) {
    for (const name of operations.list(directory)) {
      const path = directory === "/" ? `/${name}` : `${directory}/${name}`
      if (operations.stat(path)!.kind === "directory") directories.push(path)
      else commit(operations, path)
    }
  }
  Effect.runSync(operations.commit(directories))
}

const commit = (operations: Operations, path: string): void =>
  Effect.runSync(operations.commit([operations.open(path, "existing")]))

const renamed = fc.record({
  _tag: fc.constant("Renamed" as const),
  outcome: fc.constantFrom("old" as const, "new" as const, "neither" as const, "both" as const, "newEmpty" as const)
})

/** Every profile but `Exactly`, which names pieces; half of them about renames, which have five outcomes. */
export const profiles: fc.Arbitrary<CrashProfile> = fc.oneof(
  { weight: 7, arbitrary: renamed },
  fc.constant<CrashProfile>({ _tag: "DropAll" }),
  fc.constant<CrashProfile>({ _tag: "KeepAll" }),
  fc.record({
    _tag: fc.constant("Subset" as const),
    fill: fc.oneof(fc.constant("zeros" as const), fc.record({ junk: fc.nat(9) }))
  }),
  fc.record({
    _tag: fc.constant("TornAppend" as const),
    tail: fc.oneof(fc.constantFrom("prefix" as const, "zeros" as const), fc.record({ junk: fc.nat(9) }))
  }),
  fc.record({
    _tag: fc.constant("TornGroup" as const),
    path: fc.constantFrom("/a", "**"),
    persist: fc.array(fc.nat(4), { maxLength: 4 })
  }),
  fc.constant<CrashProfile>({ _tag: "NamesLost" }),
  fc.constant<CrashProfile>({ _tag: "RemovalsFirst" })
)
