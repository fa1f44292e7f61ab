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
import { type Command, producerIds } from "./KafkaStorageCommand.ts"

/**
 * A class of faults by its row of the scoreboard. `F3 header` parts the header of a batch, `F3
 * marker` falls soon after a clean stop; `F10 late` is reported by the next fsync only; `F15 mid` hits a record
 * that has others behind it.
 */
export const faultClasses = [
  "F1",
  "F2",
  "F3",
  "F3 header",
  "F3 marker",
  "F4",
  "F5",
  "F6",
  "F7",
  "F8",
  "F9",
  "F10",
  "F10 late",
  "F11",
  "F12",
  "F13",
  "F14",
  "F15",
  "F15 mid",
  "F16",
  "F17",
  "F18",
  "F19",
  "F20",
  "F21",
  "F22"
] as const
export type FaultClass = typeof faultClasses[number]

const log = "/logs/p-0/*.log"
const anyFill = (choose: Choose) => choose(2) === 0 ? "zeros" as const : { junk: choose(1000) }
const places = ["head", "middle", "tail"] as const
const metadata = [
  "/logs/p-0/*.index",
  "/logs/p-0/*.index",
  "/logs/p-0/*.timeindex",
  "/logs/p-0/*.txnindex",
  "/logs/p-0/*.snapshot",
  "/logs/p-0/leader-epoch-checkpoint",
  "/logs/recovery-point-offset-checkpoint",
  "/logs/log-start-offset-checkpoint"
] as const
const checkpoints = metadata.slice(5)
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

/** A segment of its own, and a log start inside it before anything is flushed. */
const deleteInFresh = (choose: Choose): ReadonlyArray<Command> => [
  { _tag: "Roll" },
  append(choose),
  append(choose),
  { _tag: "DeleteRecords", at: 0xe000 },
  { _tag: "Flush" }
]

const strike = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  switch (faults) {
    case "F1":
      return [{ _tag: "Kill" }]
    case "F2":
      return choose(4) === 0 ? [...deleteInFresh(choose), dropAll(choose)] : [dropAll(choose)]
    case "F3": {
      const cut = powerLoss(choose, { _tag: "Subset", fill: "zeros" })
      return choose(2) === 0 ? [cut] : [inside(choose, cut), { ...append(choose), newEpoch: true }]
    }
    case "F3 header": {
      const cut = powerLoss(choose, { _tag: "Subset", fill: "zeros" })
      const plain = {
        ...append(choose),
        producerId: -1,
        sequence: "next",
        newEpoch: false,
        compression: "none"
      } as const
      const within: Command = { ...cut, _tag: "PowerLossIn", effects: 1 + choose(2) }
      return [{ ...plain, aligned: true }, within, plain, cut]
    }
    case "F3 marker": {
      const cut = powerLoss(choose, { _tag: "Subset", fill: "zeros" })
      const first = choose(2) === 0 ? cut : inside(choose, cut)
      return [{ _tag: "Restart" }, append(choose), first, append(choose), append(choose), cut]
    }
    case "F4":
      return [powerLoss(choose, { _tag: "TornAppend", path: log, tail: "prefix", bytes: choose(120) })]
    case "F5":
      return [powerLoss(choose, { _tag: "TornAppend", path: log, tail: anyFill(choose), bytes: choose(120) })]
    case "F6":
      return [powerLoss(choose, { _tag: "TornGroup", path: log, persist: [choose(4), choose(4)] })]
    case "F7": {
      const cut = powerLoss(choose, { _tag: "NamesLost" })
      return choose(4) === 0 ? [...deleteInFresh(choose), cut] : [cut]
    }
    case "F8": {
      const outcome = (["old", "new", "newEmpty"] as const)[choose(3)]!
      return [powerLoss(choose, { _tag: "Renamed", outcome })]
    }
    case "F9":
      return [powerLoss(choose, { _tag: "RemovalsFirst" })]
    case "F10": {
      const pages = (["ext4-ordered", "xfs", "btrfs"] as const)[choose(3)]!
      const fails = fault({ _tag: "CommitFails", path: "/logs/**", pages, sequence: ["x", "wx", "X"][choose(3)]! })
      // A broker that is started again after the failure finds in the page cache what is on no disk.
      return choose(3) === 0 ? [fails, append(choose), { _tag: "Kill" }, append(choose), dropAll(choose)] : [fails]
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
      return [fault({ _tag: "NoSpace", path: "/logs/**", after: choose(4) }), append(choose), append(choose)]
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
        fault({ _tag: "RolledBack", path: checkpoints[choose(checkpoints.length)]!, versions: 1 + choose(2) }),
        { _tag: "Kill" }
      ]
    case "F21":
      return [fault({ _tag: "CutAtRest", path: log, bytes: 1 + choose(80) }), { _tag: "Kill" }]
    case "F22":
      return Array.from({ length: 1 + choose(3) }, (): ReadonlyArray<Command> => [
        inside(choose, powerLoss(choose, { _tag: "Subset", fill: "zeros" })),
        { _tag: "Kill" }
      ]).flat()
    case "F17":
      return [
        fault({
          _tag: "BitRot",
          path: metadata[choose(metadata.length)]!,
          position: places[choose(3)]!,
          bit: choose(8)
        }),
        choose(3) === 0 ? { _tag: "Kill" } : { _tag: "Restart" }
      ]
  }
}

/** The stop that shows what a fault of a commit or a write did; space is back before it. */
const stopAfter = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  if (faults === "F10" || faults === "F10 late" || faults === "F11") return [dropAll(choose)]
  return faults === "F14" ? [{ _tag: "Heal" }, { _tag: "Kill" }] : [{ _tag: "Kill" }]
}

const append = (choose: Choose): Command & { readonly _tag: "Append" } => ({
  _tag: "Append",
  producerId: producerIds[choose(producerIds.length)]!,
  sequence: (["next", "next", "next", "repeated", "skipped"] as const)[choose(5)]!,
  records: 1 + choose(3),
  size: choose(30),
  newEpoch: choose(8) === 7,
  compression: codecs[choose(codecs.length)]!
})

/** Those that Node has, so that a history is the same everywhere. */
const codecs = ["none", "none", "none", "none", "none", "none", "none", "none", "none", "gzip", "zstd"] as const

const end = (choose: Choose): Command => ({
  _tag: "End",
  producerId: choose(2) === 0 ? 11 : 12,
  type: choose(2) === 0 ? "commit" : "abort"
})

export interface Shape {
  readonly faults: FaultClass
  /** Whether the log is a follower's, which cuts. */
  readonly cuts: boolean
}

/**
 * A clean stop leaves a marker whose removal is not durable at once; where any subset survives that is a class of its own,
 * so the others are killed instead.
 */
const other = (faults: FaultClass, cuts: boolean, choose: Choose): Command => {
  if (cuts) return { _tag: "Truncate", at: choose(0x10000) }
  return { _tag: faults === "F3" || faults === "F22" ? "Kill" : "Restart" }
}

/** A history of up to 24 commands and a last stop. */
export const historyOf = ({ cuts, faults }: Shape, choose: Choose): ReadonlyArray<Command> => {
  const commands: Array<Command> = []
  for (let left = 4 + choose(20); left > 0; left--) {
    const kind = choose(22)
    if (kind < 11) commands.push(append(choose))
    else if (kind >= 20) commands.push(end(choose))
    else if (kind === 11) commands.push({ _tag: "Flush" })
    else if (kind === 12) commands.push({ _tag: "Roll" })
    else if (kind === 13) commands.push({ _tag: "Background" })
    else if (kind === 14) commands.push({ _tag: "Checkpoint" })
    else if (kind === 15) commands.push({ _tag: "DeleteRecords", at: choose(0x10000) })
    else if (kind === 16) commands.push(other(faults, cuts, choose))
    else if (kind < 19) commands.push(...strike(faults, choose))
    else commands.push(append(choose))
  }
  return [...commands, ...strike(faults, choose), append(choose), ...stopAfter(faults, choose)]
}
