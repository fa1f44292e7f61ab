/**
 * A step of the store as an effect: the errors of the disk are its failures, anything else is a defect.
 *
 * The one decision: what the real store would have thrown to its caller is not caught further in.
 */
import { Effect } from "effect"
import { DiskError } from "../../world/Disk.ts"

/** Runs a step, with the errors of the disk in the error channel; anything else is a defect. */
export const onDisk = <A>(step: () => A): Effect.Effect<A, DiskError> =>
  Effect.try({
    try: step,
    catch: (error) => {
      if (error instanceof DiskError) return error
      throw error
    }
  })
