/**
 * Random histories of a RocketMQ store for one class of faults (F1 to F22).
 *
 * Every choice goes through `Choose`. One command in about ten is a crash or a fault, of the given class only, so that a
 * cell of the matrix speaks of that class; a fault of the medium is followed by a stop that makes the store look.
 */
import type { Choose } from "../replay/Choose.ts"
import type { CrashProfile } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import { type Command, queues } from "./RocketmqStorageCommand.ts"

/**
 * A class of faults by its row of the scoreboard. `F10 late` is reported by the next fsync only; `F15 body` hits the body of
 * a message, `F15 head` what stands around it; `F17` hits a queue, `F17 index` the index, `F17 checkpoint` the checkpoint.
 */
export const faultClasses = [
  "F1",
  "F2",
  "F3",
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
  "F15 body",
  "F15 head",
  "F16",
  "F17",
  "F17 index",
  "F17 checkpoint",
  "F18",
  "F19",
  "F20",
  "F21",
  "F22"
] as const
export type FaultClass = typeof faultClasses[number]

const log = "/store/commitlog/*"
const anyFill = (choose: Choose) => choose(2) === 0 ? "zeros" as const : { junk: choose(1000) }
const powerLoss = (choose: Choose, profile: CrashProfile): Command & { readonly _tag: "PowerLoss" } => ({
  _tag: "PowerLoss",
  profile,
  choices: Array.from({ length: 40 }, () => choose(2))
})
const fault = (fault: DiskFault): Command => ({ _tag: "Fault", fault })
const flush: Command = { _tag: "Flush" }
const kill: Command = { _tag: "Kill" }

/** The same power cut, now or inside what comes next. */
const nowOrInside = (choose: Choose, cut: Command & { readonly _tag: "PowerLoss" }): Command =>
  choose(2) === 0 ? cut : { ...cut, _tag: "PowerLossIn", effects: 1 + choose(12) }

/** Sizes of bodies: a few that come again and again, so that one message can take another's place to the byte. */
const sizeOf = (choose: Choose): number => choose(2) === 0 ? [20, 90][choose(2)]! : choose(200)

/**
 * The first bytes of entries are 48 of fixed fields, hosts of 8 or 20 bytes, and the body begins at 88 or later: so a flip
 * before 84 is in the head of the first message of a file, one at 92 to 107 in a body of 20 bytes and more.
 */
const firstHead = 84
const firstBody = 92

/** Files of the log by their place: the first, the second, the third. */
const fileOf = (choose: Choose): string => `/store/commitlog/*${String(1536 * choose(3)).padStart(8, "0")}`

/** What a fault at rest needs under it: messages that are durable, of which the first has a body that it can hit. */
const rested = (choose: Choose): ReadonlyArray<Command> => [
  { _tag: "Put", queue: choose(queues.length), size: 90, kind: "plain" },
  put(choose),
  put(choose),
  flush,
  { _tag: "Dispatch" },
  { _tag: "FlushQueues" },
  { _tag: "FlushIndex" },
  flush
]

/** How the store is stopped so that it looks at its files again. */
const stop = (choose: Choose): Command => choose(3) === 0 ? { _tag: "Restart" } : kill

const strike = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  switch (faults) {
    case "F1":
      return choose(2) === 0 ? [kill] : [{ _tag: "KillIn", effects: 1 + choose(12) }, put(choose), flush]
    case "F2":
      return [nowOrInside(choose, powerLoss(choose, { _tag: "DropAll" })), put(choose), flush]
    case "F3":
      return choose(3) === 0
        ? overwritten(choose)
        : [nowOrInside(choose, powerLoss(choose, { _tag: "Subset", fill: "zeros" })), put(choose), flush]
    case "F4":
      return [
        put(choose),
        powerLoss(choose, { _tag: "TornAppend", path: log, tail: "prefix", bytes: choose(300), overwrites: true })
      ]
    case "F5":
      return [
        put(choose),
        powerLoss(choose, {
          _tag: "TornAppend",
          path: log,
          tail: anyFill(choose),
          bytes: choose(300),
          overwrites: true
        })
      ]
    case "F6":
      return [powerLoss(choose, { _tag: "TornGroup", path: log, persist: [choose(4), choose(4)] })]
    case "F7":
      return [powerLoss(choose, { _tag: "NamesLost" })]
    case "F8":
      return [powerLoss(choose, { _tag: "Renamed", outcome: (["old", "new", "newEmpty"] as const)[choose(3)]! })]
    case "F9":
      return [powerLoss(choose, { _tag: "RemovalsFirst" })]
    case "F10": {
      const pages = (["ext4-ordered", "xfs", "btrfs"] as const)[choose(3)]!
      return [
        fault({ _tag: "CommitFails", path: "/store/**", pages, sequence: ["x", "wx", "X"][choose(3)]! }),
        put(choose),
        flush
      ]
    }
    case "F10 late":
      return [
        fault({ _tag: "CommitFails", path: log, pages: "ext4-data", sequence: ["x", "wx"][choose(2)]! }),
        put(choose),
        flush
      ]
    case "F11":
      return [fault({ _tag: "CommitLies", path: "/store/**", times: 1 + choose(3) }), put(choose), flush]
    case "F12":
      return [...rested(choose), fault({ _tag: "ReadFails", path: fileOf(choose), block: choose(8), size: 64 }), kill]
    case "F13": {
      const path = [log, "/store/**"][choose(2)]!
      return [
        fault({ _tag: "OperationFails", path, operation: "write", code: "EIO", partial: choose(60) }),
        put(choose)
      ]
    }
    case "F14":
      return [fault({ _tag: "NoSpace", path: "/store/**", after: choose(3) }), put(choose), put(choose)]
    case "F15 body":
      return [
        ...rested(choose),
        fault({ _tag: "BitRot", path: fileOf(choose), position: firstBody + choose(16), bit: choose(8) }),
        stop(choose)
      ]
    case "F15 head":
      return [
        ...rested(choose),
        fault({ _tag: "BitRot", path: fileOf(choose), position: choose(firstHead), bit: choose(8) }),
        stop(choose)
      ]
    case "F16":
      return [
        ...rested(choose),
        fault({ _tag: "BlockLost", path: fileOf(choose), position: choose(600), size: 64, content: anyFill(choose) }),
        stop(choose)
      ]
    case "F17":
      return [
        ...rested(choose),
        fault({ _tag: "BitRot", path: "/store/consumequeue/**", position: choose(60), bit: choose(8) }),
        stop(choose)
      ]
    case "F17 index":
      return [
        ...rested(choose),
        fault({ _tag: "BitRot", path: "/store/index/*", position: choose(200), bit: choose(8) }),
        stop(choose)
      ]
    case "F17 checkpoint":
      return [
        ...rested(choose),
        fault({ _tag: "BitRot", path: "/store/checkpoint", position: choose(48), bit: choose(8) }),
        stop(choose)
      ]
    case "F18":
      return [
        fault({ _tag: "MisdirectedWrite", path: log, position: choose(600) }),
        put(choose),
        flush,
        powerLoss(choose, { _tag: "KeepAll" })
      ]
    case "F19":
      return [fault({ _tag: "LostWrite", path: log }), put(choose), flush, powerLoss(choose, { _tag: "KeepAll" })]
    case "F20":
      return [
        ...rested(choose),
        fault({ _tag: "RolledBack", path: "/store/checkpoint", versions: 1 + choose(2) }),
        kill
      ]
    case "F21":
      return [
        ...rested(choose),
        fault({ _tag: "CutAtRest", path: fileOf(choose), bytes: 1 + choose(1535) }),
        stop(choose)
      ]
    case "F22":
      return Array.from({ length: 1 + choose(3) }, (): ReadonlyArray<Command> => [
        { ...powerLoss(choose, { _tag: "Subset", fill: "zeros" }), _tag: "PowerLossIn", effects: 1 + choose(12) },
        kill
      ]).flat()
  }
}

/**
 * Messages of one size, a power cut among them, and one of the same size that takes the place of a lost one: then what was
 * behind it in the file is in its place again.
 */
const overwritten = (choose: Choose): ReadonlyArray<Command> => {
  const same: Command = { _tag: "Put", queue: 0, size: 20, kind: "plain" }
  return [
    same,
    flush,
    ...Array.from({ length: 3 }, () => same),
    powerLoss(choose, { _tag: "Subset", fill: "zeros" }),
    ...Array.from({ length: 1 + choose(3) }, () => same),
    kill
  ]
}

/** The stop that shows what a fault did; writes work and space is back before it. */
const stopAfter = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  if (faults === "F10" || faults === "F10 late" || faults === "F11") return [powerLoss(choose, { _tag: "DropAll" })]
  return faults === "F13" || faults === "F14" ? [{ _tag: "Heal" }, kill] : [kill]
}

const put = (choose: Choose): Command & { readonly _tag: "Put" } => ({
  _tag: "Put",
  queue: choose(queues.length),
  size: sizeOf(choose),
  kind: (["plain", "plain", "plain", "plain", "plain", "plain", "delayed", "half", "commit", "rollback"] as const)[
    choose(10)
  ]!
})

/** A history of up to 24 steps and a last stop. */
export const historyOf = (faults: FaultClass, choose: Choose): ReadonlyArray<Command> => {
  const commands: Array<Command> = []
  for (let left = 4 + choose(20); left > 0; left--) {
    const kind = choose(24)
    if (kind === 9) {
      commands.push({ _tag: "Batch", queue: choose(queues.length), count: 1 + choose(3), size: choose(60) })
    } else if (kind === 10) commands.push({ _tag: "Gather", count: 1 + choose(6), size: sizeOf(choose) })
    else if (kind === 11 || kind === 12) commands.push({ _tag: "Flush" })
    else if (kind === 13 || kind === 14) commands.push({ _tag: "Dispatch" })
    else if (kind === 15) commands.push({ _tag: "FlushQueues" })
    else if (kind === 16) commands.push({ _tag: "FlushIndex" })
    else if (kind === 17) commands.push({ _tag: "CommitPool" })
    else if (kind === 18 && choose(3) === 0) commands.push({ _tag: "Expire" })
    else if (kind === 19) commands.push({ _tag: "Restart" })
    else if (kind === 20 || kind === 21) commands.push(...strike(faults, choose))
    else commands.push(put(choose), ...choose(3) === 0 ? [flush] : [])
  }
  return [...commands, ...strike(faults, choose), put(choose), ...stopAfter(faults, choose)]
}
