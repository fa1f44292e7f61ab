/**
 * What can go wrong with a store beside its disk, and how a step of it becomes an effect.
 *
 * The one decision: an error is what the real one ends with: `load()` answers false, `start()` never returns, the process
 * dies. What the disk refuses is `DiskError`; anything else that is thrown is a defect.
 */
import { Effect, Schema } from "effect"
import { DiskError } from "../../world/Disk.ts"

/** The store will not load: what is wrong, and what would have been right. */
export class LoadRefused extends Schema.TaggedError<LoadRefused>()("LoadRefused", { message: Schema.String }) {}

/** `start()` never returns: dispatch waits at an offset where there is no file (4.9). */
export class StartHangs extends Schema.TaggedError<StartHangs>()("StartHangs", {
  /** Where dispatch waits, and where the log ends. */
  reputFromOffset: Schema.Number,
  maxOffset: Schema.Number
}) {
  override get message(): string {
    return `dispatch waits at ${this.reputFromOffset}, where no file is, before the end at ${this.maxOffset}; ` +
      `put the missing file of the CommitLog back`
  }
}

/** The virtual machine died of an allocation that a damaged length asked for (4.9). */
export class OutOfMemory extends Schema.TaggedError<OutOfMemory>()("OutOfMemory", {
  /** What the length said, in bytes. */
  bytes: Schema.Number,
  /** As the virtual machine puts it. */
  message: Schema.String
}) {}

/** Runs a step, with the errors of the disk in the error channel; anything else is a defect. */
export const onDisk = <A>(step: () => A): Effect.Effect<A, DiskError> =>
  Effect.try({
    try: step,
    catch: (error) => {
      if (error instanceof DiskError) return error
      throw error
    }
  })
