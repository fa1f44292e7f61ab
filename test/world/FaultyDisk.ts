/** A disk to inject faults into, and what a process sees of it. */
import { Effect, Result } from "effect"
import { inOrder } from "../../src/replay/Choose.ts"
import type { File, Operations } from "../../src/world/Disk.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { bytes, textOf } from "./DiskText.ts"

export const withFiles = (files: Record<string, string>, versions = 0): SimulatedDisk =>
  SimulatedDisk.fromImage(new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])), { versions })

export const commit = (disk: Operations, ...targets: ReadonlyArray<File | string>): string => {
  const result = Effect.runSync(Effect.result(disk.commit(targets)))
  return Result.isFailure(result) ? result.failure.code : "ok"
}

/** What a process reads of a file, or the code of the error. */
export const read = (disk: SimulatedDisk, path: string, position = 0, length = 100_000): string => {
  try {
    return textOf(disk.operations().open(path, "existing").read(position, length))
  } catch (error) {
    return String(error)
  }
}

export const dropAll = (disk: SimulatedDisk): void => void disk.powerLoss(inOrder, { _tag: "DropAll" })
