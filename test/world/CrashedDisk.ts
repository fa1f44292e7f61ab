/** A small disk to crash, and everything a crash may leave of it. */
import { inOrder } from "../../src/replay/Choose.ts"
import { crashStates } from "../../src/world/simulated/CrashStates.ts"
import { type Options, SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"
import { bytes, shown } from "./DiskText.ts"

/** A disk whose file /a holds "old", all of it durable. */
export const withOld = (options?: Options): SimulatedDisk =>
  SimulatedDisk.fromImage(new Map([["/a", bytes("old")]]), options)

/** Every different durable state that a power loss may leave, as text, sorted. */
export const outcomes = (disk: SimulatedDisk): ReadonlyArray<string> => {
  const snapshot = disk.snapshot()
  const found = new Set<string>()
  for (const survival of crashStates(disk.unsynced(), { choose: inOrder })) {
    const crashed = SimulatedDisk.fromSnapshot(snapshot)
    crashed.survive(survival)
    found.add(shown(crashed.image("durable")))
  }
  return [...found].sort()
}
