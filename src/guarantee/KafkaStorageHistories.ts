/**
 * Random histories of a Kafka log directory for one deployment: a flush policy and a class of faults (F1 to F22).
 *
 * Every choice goes through `Choose`. One command in about ten is a crash or a fault, of the deployment's class only, so
 * that a cell of the matrix speaks of that class; a fault of the medium is followed by a stop that makes the log look.
 */
import * as RecordBatch from "../kafka/storage/RecordBatch.ts"
import type { Choose } from "../replay/Choose.ts"
import type { CrashProfile } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import type { Command } from "./KafkaStorageRun.ts"

export type FaultClass =
  | "F1"
  | "F2"
  | "F3"
  | "F4"
  | "F5"
  | "F6"
  | "F7"
  | "F8"
  | "F9"
  | "F10"
  /** Reported late, by the next fsync only. */
  | "F10 late"
  | "F11"
  | "F12"
  | "F13"
  | "F14"
  | "F15"
  /** In a record that has others behind it. */
  | "F15 mid"
  | "F16"
  | "F17"
  | "F18"
  | "F19"
  | "F20"
  | "F21"
  | "F22"

const log = "/logs/p-0/*.log"
const anyFill = (choose: Choose) => choose(2) === 0 ? "zeros" as const : { junk: choose(1000) }
const places = ["head", "middle", "tail"] as const
const metadata = [
  "/logs/p-0/*.index",
  "/logs/p-0/*.timeindex",
  "/logs/p-0/*.snapshot",
  "/logs/p-0/leader-epoch-checkpoint",
  "/logs/recovery-point-offset-checkpoint"
] as const
const powerLoss = (choose: Choose, profile: CrashProfile): Command & { readonly _tag: "PowerLoss" } => ({
  _tag: "PowerLoss",
  profile,
  choices: Array.from({ length: 40 }, () => choose(2))
})
const fault = (fault: DiskFault): Command => ({ _tag: "Fault", fault })
const dropAll = (choose: Choose): Command => powerLoss(choose, { _tag: "DropAll" })

/** The same power cut inside what comes next. */
const inside = (choose: Choose, cut: Command & { readonly _tag: "PowerLoss" }): Command => ({
  ...cut,
  _tag: "PowerLossIn",
  effects: 1 + choose(12)
})

const strike = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  switch (faults) {
    case "F1":
      return [{ _tag: "Kill" }]
    case "F2":
      return [dropAll(choose)]
    case "F3": {
      const cut = powerLoss(choose, { _tag: "Subset", fill: anyFill(choose) })
      return choose(2) === 0 ? [cut] : [inside(choose, cut), { ...append(choose), newEpoch: true }]
    }
    case "F4":
      return [powerLoss(choose, { _tag: "TornAppend", path: log, tail: "prefix", bytes: choose(120) })]
    case "F5":
      return [powerLoss(choose, { _tag: "TornAppend", path: log, tail: anyFill(choose), bytes: choose(120) })]
    case "F6":
      return [powerLoss(choose, { _tag: "TornGroup", path: log, persist: [choose(4), choose(4)] })]
    case "F7":
      return [powerLoss(choose, { _tag: "NamesLost" })]
    case "F8": {
      const outcome = (["old", "new", "newEmpty"] as const)[choose(3)]!
      return [powerLoss(choose, { _tag: "Renamed", outcome })]
    }
    case "F9":
      return [powerLoss(choose, { _tag: "RemovalsFirst" })]
    case "F10": {
      const pages = (["ext4-ordered", "xfs", "btrfs"] as const)[choose(3)]!
      return [fault({ _tag: "CommitFails", path: "/logs/**", pages, sequence: ["x", "wx", "X"][choose(3)]! })]
    }
    case "F10 late":
      return [fault({ _tag: "CommitFails", path: log, pages: "ext4-data", sequence: "x" }), append(choose)]
    case "F11":
      return [fault({ _tag: "CommitLies", path: log, times: 1 + choose(3) })]
    case "F12":
      return [fault({ _tag: "ReadFails", path: log, block: choose(6), size: 64 }), { _tag: "Kill" }]
    case "F13":
      return [fault({ _tag: "OperationFails", path: "/logs/**", operation: "write", code: "EIO", partial: choose(80) })]
    case "F14":
      return [fault({ _tag: "NoSpace", path: "/logs/**", after: choose(4) })]
    case "F15":
      return [fault({ _tag: "BitRot", path: log, position: places[choose(3)]!, bit: choose(8) }), { _tag: "Kill" }]
    case "F15 mid": {
      const plain = { ...append(choose), producerId: -1, sequence: "next" } as const
      const flip = fault({
        _tag: "BitRot",
        path: log,
        position: RecordBatch.headerSize + 1 + choose(6),
        bit: choose(8)
      })
      return [plain, plain, flip, { _tag: "Kill" }]
    }
    case "F16":
      return [
        fault({ _tag: "BlockLost", path: log, position: places[choose(3)]!, size: 64, content: anyFill(choose) }),
        { _tag: "Kill" }
      ]
    case "F18":
      return [fault({ _tag: "MisdirectedWrite", path: log, position: choose(400) }), append(choose), { _tag: "Kill" }]
    case "F19":
      return [fault({ _tag: "LostWrite", path: log }), append(choose), dropAll(choose)]
    case "F20":
      return [
        { _tag: "Checkpoint" },
        fault({ _tag: "RolledBack", path: metadata[3 + choose(2)]!, versions: 1 + choose(2) }),
        { _tag: "Kill" }
      ]
    case "F21":
      return [fault({ _tag: "CutAtRest", path: log, bytes: 1 + choose(80) }), { _tag: "Kill" }]
    case "F22":
      return [inside(choose, powerLoss(choose, { _tag: "Subset", fill: anyFill(choose) })), { _tag: "Kill" }]
    case "F17":
      return [
        fault({ _tag: "BitRot", path: metadata[choose(5)]!, position: places[choose(3)]!, bit: choose(8) }),
        choose(2) === 0 ? { _tag: "Kill" } : { _tag: "Restart" }
      ]
  }
}

/** The stop that shows what a fault of a commit or a write did. */
const stopAfter = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> =>
  faults === "F10" || faults === "F10 late" || faults === "F11" ? [dropAll(choose)] : [{ _tag: "Kill" }]

const append = (choose: Choose): Command & { readonly _tag: "Append" } => ({
  _tag: "Append",
  producerId: [-1, 7, 8][choose(3)]!,
  sequence: (["next", "next", "next", "repeated", "skipped"] as const)[choose(5)]!,
  records: 1 + choose(3),
  size: choose(30),
  newEpoch: choose(8) === 7
})

export interface Shape {
  readonly faults: FaultClass
  /** Whether the log is a follower's, which cuts. */
  readonly cuts: boolean
}

/** A history of up to 24 commands and a last stop. */
export const historyOf = ({ cuts, faults }: Shape, choose: Choose): ReadonlyArray<Command> => {
  const commands: Array<Command> = []
  for (let left = 4 + choose(20); left > 0; left--) {
    const kind = choose(20)
    if (kind < 11) commands.push(append(choose))
    else if (kind === 11) commands.push({ _tag: "Flush" })
    else if (kind === 12) commands.push({ _tag: "Roll" })
    else if (kind === 13) commands.push({ _tag: "Background" })
    else if (kind === 14) commands.push({ _tag: "Checkpoint" })
    else if (kind === 15) commands.push({ _tag: "DeleteRecords", at: choose(0x10000) })
    else if (kind === 16) commands.push(cuts ? { _tag: "Truncate", at: choose(0x10000) } : { _tag: "Restart" })
    else if (kind < 19) commands.push(...strike(faults, choose))
    else commands.push(append(choose))
  }
  return [...commands, ...strike(faults, choose), append(choose), ...stopAfter(faults, choose)]
}
