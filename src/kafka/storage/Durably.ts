/**
 * A step of a storage engine that stops wherever bytes have to be durable before it goes on.
 *
 * An engine is plain synchronous code over the page cache; only making things durable takes time. So a step is a
 * generator that yields what must be committed (files, and directories by path) and is resumed when it is: in a live
 * broker by an fsync, in a simulation at a time the simulation chooses, where a crash may fall in between. Where the
 * commit fails the step is resumed with the error, as a failed fsync throws in the real log.
 */
import { Effect } from "effect"
import { DiskError, type File, type Operations } from "../../world/Disk.ts"
import { StorageError } from "./StorageError.ts"

/** What must be durable before the step goes on: files for contents and size, directories (by path) for names. */
export type Commit = ReadonlyArray<File | string>
export type Durably<A> = Generator<Commit, A, void>

/** Runs a step over a disk. `DiskError` and `StorageError` become the error channel; anything else is a defect. */
export const run = <A>(disk: Operations, step: () => Durably<A>): Effect.Effect<A, DiskError | StorageError> =>
  Effect.suspend(() => resume(disk, step()))

const resume = <A>(
  disk: Operations,
  steps: Durably<A>,
  failure?: DiskError
): Effect.Effect<A, DiskError | StorageError> => {
  try {
    const { done, value } = failure === undefined ? steps.next() : steps.throw(failure)
    if (done === true) return Effect.succeed(value)
    return Effect.matchEffect(disk.commit(value), {
      onFailure: (failed) => resume(disk, steps, failed),
      onSuccess: () => resume(disk, steps)
    })
  } catch (error) {
    if (error instanceof DiskError || error instanceof StorageError) return Effect.fail(error)
    throw error
  }
}

/**
 * Runs a step to its end at once, for a disk that is a copy in memory: nothing there outlives the process, so nothing
 * need be committed.
 */
export const runUncommitted = <A>(step: () => Durably<A>): A => {
  const steps = step()
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
