/**
 * How many histories it takes to notice that a guard of the Kafka log is gone: a suite that notices nothing is none.
 *
 * A history counts only where the log with all its guards keeps what the one without this guard breaks, so a weakness of
 * the real log is never taken for a guard that is missing.
 */
import { allGuards, type Guard, without } from "../kafka/storage/Guards.ts"
import { seeded } from "../replay/Choose.ts"
import type { Command, Finding, Kind, Settings } from "./KafkaStorageCommand.ts"
import { historyOf, type Shape } from "./KafkaStorageHistories.ts"
import { run } from "./KafkaStorageRun.ts"

interface Hunt extends Shape {
  readonly isFlushed: boolean
}

const shapes: ReadonlyArray<Hunt> = [
  { faults: "F1", cuts: true, isFlushed: true },
  { faults: "F1", cuts: false, isFlushed: false },
  { faults: "F2", cuts: true, isFlushed: true },
  { faults: "F2", cuts: false, isFlushed: false },
  { faults: "F3", cuts: false, isFlushed: true },
  { faults: "F3", cuts: false, isFlushed: false },
  { faults: "F3 marker", cuts: false, isFlushed: false },
  { faults: "F5", cuts: false, isFlushed: true },
  { faults: "F7", cuts: false, isFlushed: true },
  { faults: "F10", cuts: false, isFlushed: true }
]

export interface Caught {
  readonly guard: Guard
  /** Histories until it was noticed. */
  readonly runs: number
  readonly faults: Shape["faults"]
  readonly settings: Settings
  readonly kind: Kind
  readonly commands: ReadonlyArray<Command>
}

const brokenBy = (settings: Settings, commands: ReadonlyArray<Command>): Finding | undefined =>
  run(settings, commands).findings.find(({ kind }) => kind !== "acknowledged")

/** The first history that misses the guard, within so many. */
export const hunt = (guard: Guard, most: number, seed = 1): Caught | undefined => {
  for (let runs = 1; runs <= most; runs++) {
    const { isFlushed, ...shape } = shapes[(runs - 1) % shapes.length]!
    const settings = { isFlushed, guards: without(guard), hardened: false }
    const commands = historyOf(shape, seeded(seed + Math.floor((runs - 1) / shapes.length)))
    const finding = brokenBy(settings, commands)
    if (finding === undefined || brokenBy({ ...settings, guards: allGuards }, commands) !== undefined) continue
    return { guard, runs, faults: shape.faults, settings, kind: finding.kind, commands }
  }
  return undefined
}
