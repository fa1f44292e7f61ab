/**
 * The faults a disk carries at present, and which of them meet an operation.
 *
 *     inject ─▶ waits ──(`after` matching operations)──▶ strikes ──(`times` strikes)──▶ spent
 *                 └────────────────── heal ─────────────────┴──▶ gone
 *
 * The one decision: counting is per fault and happens when the operation is called, so the same calls meet the same
 * faults whatever else goes on. Every strike is counted and told to whoever listens, so a test can assert that its
 * fault was met at all.
 */
import type { DiskFault, OperationName } from "./DiskFaults.ts"
import { matches } from "./DiskFaults.ts"

/** One injected fault. */
export interface ActiveFault {
  readonly id: number
  readonly fault: DiskFault
  /** Matching operations so far. */
  met: number
  /** Operations it struck so far. */
  struck: number
  /** Told at every strike. */
  readonly listeners: Array<() => void>
  /** Told when it is healed or released, by what it holds. */
  readonly released: Array<() => void>
}

export class DiskFaultPlan {
  nextId = 1
  private active: Array<ActiveFault> = []

  get armed(): boolean {
    return this.active.length > 0
  }

  get faults(): ReadonlyArray<ActiveFault> {
    return this.active
  }

  add(fault: DiskFault): ActiveFault {
    const entry: ActiveFault = { id: this.nextId++, fault, met: 0, struck: 0, listeners: [], released: [] }
    this.active.push(entry)
    return entry
  }

  remove(id: number): void {
    this.active = this.active.filter((entry) => entry.id !== id)
  }

  /** The faults that strike this operation, oldest first; each counts it as met. */
  strikes(operation: OperationName, path: string, growing = false): ReadonlyArray<ActiveFault> {
    return this.active.filter((entry) => {
      if (!concerns(entry.fault, operation, growing) || !matches(entry.fault.path, path)) return false
      const strikes = due(entry)
      entry.met++
      if (strikes) strike(entry)
      return strikes
    })
  }
}

/** Lets go of what a fault holds. */
export const release = (entry: ActiveFault): void => {
  for (const listener of entry.released.splice(0)) listener()
}

/** Counts a strike and tells the listeners. */
export const strike = (entry: ActiveFault): void => {
  entry.struck++
  for (const listener of entry.listeners) listener()
}

const concerns = (fault: DiskFault, operation: OperationName, growing: boolean): boolean => {
  switch (fault._tag) {
    case "CommitFails":
    case "CommitLies":
    case "CommitHeld":
      return operation === "commit"
    case "OperationFails":
    case "CrashAt":
      return operation === fault.operation
    case "NoSpace":
      return operation === "create" || operation === "makeDirectory" || growing
    case "MisdirectedWrite":
    case "LostWrite":
      return operation === "write"
    case "ReadFails":
    case "BitRot":
    case "BlockLost":
    case "RolledBack":
    case "CutAtRest":
      return false
  }
}

/** Whether the fault strikes the operation met now. */
const due = ({ fault, met, struck }: ActiveFault): boolean => {
  switch (fault._tag) {
    case "CommitFails": {
      const letter = fault.sequence[met] ?? (fault.sequence.endsWith("X") ? "X" : "w")
      return letter !== "w"
    }
    case "NoSpace":
      return met >= (fault.after ?? 0)
    case "CommitLies":
    case "CommitHeld":
    case "OperationFails":
    case "CrashAt":
    case "MisdirectedWrite":
    case "LostWrite":
      return met >= (fault.after ?? 0) && (fault.times === "untilHealed" || struck < (fault.times ?? 1))
    case "ReadFails":
    case "BitRot":
    case "BlockLost":
    case "RolledBack":
    case "CutAtRest":
      return false
  }
}
