/**
 * How many histories it takes to notice that a guard of the RocketMQ store is gone: a suite that notices nothing is none.
 *
 * A history counts only where the store with all its guards keeps every promise that its flush policy makes, so a weakness
 * of the real store is never taken for a guard that is missing. Most are looked for in the hardened store, whose only weak points are those faults
 * that are none of these.
 */
import { seeded } from "../replay/Choose.ts"
import type { Command, Finding, Kind, Settings, Switch } from "./RocketmqStorageCommand.ts"
import { type FaultClass, historyOf } from "./RocketmqStorageHistories.ts"
import { run } from "./RocketmqStorageRun.ts"

interface Hunt {
  readonly settings: Settings
  readonly faults: FaultClass
}

const hardened: Settings = { version: "hardened", flush: "SYNC_FLUSH", pool: false, off: [] }
/** Dispatch is ahead of the flush, so queues may be ahead of the log. */
const ahead: Settings = { ...hardened, flush: "ASYNC_FLUSH", off: ["rebuildsQueues"] }
const real: Settings = { version: "5.5.0", flush: "ASYNC_FLUSH", pool: false, off: [] }

const hunts: ReadonlyArray<Hunt> = [
  { settings: hardened, faults: "F1" },
  { settings: hardened, faults: "F2" },
  { settings: hardened, faults: "F3" },
  { settings: hardened, faults: "F5" },
  { settings: hardened, faults: "F10" },
  { settings: hardened, faults: "F22" },
  { settings: ahead, faults: "F2" },
  { settings: real, faults: "F1" },
  { settings: real, faults: "F4" }
]

export interface Caught {
  readonly guard: Switch
  /** Histories until it was noticed. */
  readonly runs: number
  readonly faults: FaultClass
  readonly settings: Settings
  readonly kind: Kind
  readonly commands: ReadonlyArray<Command>
}

/** What is broken of what was promised: with ASYNC_FLUSH an acknowledgement promises nothing to a power cut. */
const brokenBy = (settings: Settings, commands: ReadonlyArray<Command>): Finding | undefined =>
  run(settings, commands).findings.find(({ kind }) => kind !== "acknowledged" || settings.flush === "SYNC_FLUSH")

/** The first history that misses the guard, within so many. */
export const hunt = (guard: Switch, most: number, seed = 1): Caught | undefined => {
  for (let runs = 1; runs <= most; runs++) {
    const { faults, settings } = hunts[(runs - 1) % hunts.length]!
    const without = { ...settings, off: [...settings.off, guard] }
    const commands = historyOf(faults, seeded(seed + Math.floor((runs - 1) / hunts.length)))
    const finding = brokenBy(without, commands)
    if (finding === undefined || brokenBy(settings, commands) !== undefined) continue
    return { guard, runs, faults, settings: without, kind: finding.kind, commands }
  }
  return undefined
}
