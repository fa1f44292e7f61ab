/**
 * What happens to a RocketMQ store in a history, as data, and what a history may break.
 *
 * The one decision: commands are total. What is not possible now does nothing, so any list of commands is a history, and
 * a failing one shrinks by leaving some out.
 */
import { allGuards, type Guard } from "../rocketmq/storage/Guards.ts"
import { defaults, hardened, type StoreConfig, v4_9, v5_5 } from "../rocketmq/storage/LogConfig.ts"
import type { CrashProfile } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"

/** The queue a message is sent to, of topics T0 to T2. */
export const queues = [0, 1, 2] as const
export type MessageKind = "plain" | "delayed" | "half" | "commit" | "rollback"

export type Command =
  | {
    readonly _tag: "Put"
    readonly queue: number
    /** Bytes of the body. */
    readonly size: number
    readonly kind: MessageKind
  }
  /** A batch request: several messages of one queue, answered together. */
  | { readonly _tag: "Batch"; readonly queue: number; readonly count: number; readonly size: number }
  /** Puts of several producers that are outstanding at the same time, to one queue after the other. */
  | { readonly _tag: "Gather"; readonly count: number; readonly size: number }
  /** One round of a thread of the real store: flush, commit of the pool, dispatch, flushes of queues and index. */
  | { readonly _tag: "Flush" | "CommitPool" | "Dispatch" | "FlushQueues" | "FlushIndex" }
  /** The disk is so full that old files go whatever their age. */
  | { readonly _tag: "Expire" }
  | { readonly _tag: "Restart" | "Kill" }
  /** The process is killed inside what comes next, after so many effects of it on the disk. */
  | { readonly _tag: "KillIn"; readonly effects: number }
  | { readonly _tag: "PowerLoss"; readonly profile: CrashProfile; readonly choices: ReadonlyArray<number> }
  /** The power goes inside what comes next, after so many effects of it on the disk. */
  | {
    readonly _tag: "PowerLossIn"
    readonly effects: number
    readonly profile: CrashProfile
    readonly choices: ReadonlyArray<number>
  }
  | { readonly _tag: "Fault"; readonly fault: DiskFault }
  /** What meets operations is over: writes work, and there is space again. Damage at rest stays. */
  | { readonly _tag: "Heal" }

/** Habits of the hardened store that can be taken away one by one, by their switches (LogConfig.ts, Behaviour). */
const hardenedSwitches = [
  "commitsNames",
  "erasesDirtyTail",
  "fillsShortFiles",
  "flushesRecovered",
  "indexesOnce",
  "rebuildsQueues"
] as const
/** What can be taken away beside them: a failed flush is no flush; a checksum over the whole message and not its body. */
const others = ["RefuseFailedFlush", "ChecksumWholeMessages"] as const
export type Switch = Guard | typeof hardenedSwitches[number] | typeof others[number]

export const switches: ReadonlyArray<Switch> = [
  ...Object.keys(allGuards) as ReadonlyArray<Guard>,
  ...hardenedSwitches,
  ...others
]

export interface Settings {
  readonly version: "4.9.7" | "5.5.0" | "hardened"
  readonly flush: "ASYNC_FLUSH" | "SYNC_FLUSH"
  /** transientStorePoolEnable. */
  readonly pool: boolean
  /** What is taken away. */
  readonly off: ReadonlyArray<Switch>
}

/** Files of a few messages each, so that every kind of file rolls within ten commands. */
export const small: StoreConfig = {
  ...defaults,
  mappedFileSizeCommitLog: 1536,
  mappedFileSizeConsumeQueue: 60,
  maxHashSlotNum: 5,
  maxIndexNum: 7
}

/** Settings of the store. */
export const configOf = ({ flush, off, pool, version }: Settings): StoreConfig => {
  const versioned = version === "hardened"
    ? hardened(small)
    : { ...small, behaviour: version === "4.9.7" ? v4_9 : v5_5 }
  const behaviour = { ...versioned.behaviour }
  for (const name of hardenedSwitches) if (off.includes(name)) behaviour[name] = false
  if (off.includes("RefuseFailedFlush")) behaviour.advancesOnFailedFlush = true
  const checksWhole = versioned.enabledAppendPropCRC && !off.includes("ChecksumWholeMessages")
  return {
    ...versioned,
    behaviour,
    guards: { ...allGuards, ...Object.fromEntries(off.map((name) => [name, false])) },
    enabledAppendPropCRC: checksWhole,
    forceVerifyPropCRC: checksWhole,
    flushDiskType: flush,
    transientStorePoolEnable: pool
  }
}

/**
 * What may be broken: a message that was acknowledged is lost, or one that was acknowledged as flushed; what is lost is no
 * suffix of the log; what is read was never put; a message of the log is not in its queue; a queue gives something else
 * under a number; a key does not find its message; a query by a key gives more than it should; the store does not start
 * again.
 */
export const kinds = [
  "acknowledged",
  "flushed",
  "hole",
  "bytes",
  "delivered",
  "answer",
  "keys",
  "query",
  "starts"
] as const
export type Kind = typeof kinds[number]

export interface Finding {
  readonly kind: Kind
  readonly sentence: string
}

export interface Outcome {
  readonly findings: ReadonlyArray<Finding>
  /** What the store first said when it could not go on. */
  readonly declared: string | undefined
  /** Whether the last two starts failed. */
  readonly startsNoMore: boolean
  /** What the history reached. */
  readonly tags: ReadonlySet<string>
  /** Commands that were carried out. */
  readonly commands: number
}
