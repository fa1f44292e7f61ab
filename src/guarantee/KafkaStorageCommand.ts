/**
 * What happens to a Kafka log directory in a history, as data, and what a history may break.
 *
 * The one decision: commands are total. What is not possible now does nothing, so any list of commands is a history, and
 * a failing one shrinks by leaving some out.
 */
import type { Compression } from "../kafka/storage/Compression.ts"
import { allGuards, type Guards } from "../kafka/storage/Guards.ts"
import type { CrashProfile } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"

/** -1 sends without an identity, 7 and 8 are idempotent, 11 and 12 send in transactions. */
export const producerIds = [-1, 7, 8, 11, 12] as const
export const isTransactional = (producerId: number): boolean => producerId > 10

export type Command =
  | {
    readonly _tag: "Append"
    readonly producerId: number
    readonly sequence: "next" | "repeated" | "skipped"
    readonly records: number
    /** Bytes of each value. */
    readonly size: number
    readonly newEpoch: boolean
    /** None if absent. */
    readonly compression?: Compression
    /** The size of its one value is such that the disk parts the next batch between its base offset and its checksum. */
    readonly aligned?: true
  }
  /** The coordinator ends the producer's open transaction. */
  | { readonly _tag: "End"; readonly producerId: number; readonly type: "commit" | "abort" }
  | { readonly _tag: "Flush" | "Roll" | "Background" | "Checkpoint" | "Restart" | "Kill" }
  /** `at` in 65,536ths of what there is. */
  | { readonly _tag: "Truncate" | "DeleteRecords"; readonly at: number }
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

export type Tagged<T extends Command["_tag"]> = Command & { readonly _tag: T }

export interface Settings {
  /** `flush.messages=1`: an append is acknowledged when it is flushed. Otherwise when it is in the page cache. */
  readonly isFlushed: boolean
  readonly guards: Guards
  readonly hardened: boolean
}

/** A log that stands for the real one, with its default flush policy. */
export const real: Settings = { isFlushed: false, guards: allGuards, hardened: false }

/**
 * What may be broken: a record that was acknowledged is lost, or one that was acknowledged as flushed; what is lost is no
 * suffix; bytes are read that nobody appended; a reader of committed data sees records of an aborted transaction, or not
 * all of a committed one; a reader finds an end where there is none; an epoch, a sequence, a time or an offset that the
 * log answers is wrong.
 */
export type Kind = "acknowledged" | "flushed" | "hole" | "bytes" | "isolation" | "stuck" | "answer"

export interface Finding {
  readonly kind: Kind
  readonly sentence: string
}

export type Place = "last batch" | "batches behind"

export interface Outcome {
  readonly findings: ReadonlyArray<Finding>
  /** What the log first said when it could not go on. */
  readonly declared: string | undefined
  /** Where the last damage to a log fell: into its last batch, or with others behind it. */
  readonly place: Place | undefined
  /** Whether the last two starts failed. */
  readonly startsNoMore: boolean
  /** What the history reached. */
  readonly tags: ReadonlySet<string>
  /** Commands that were carried out. */
  readonly commands: number
}
