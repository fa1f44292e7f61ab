/**
 * What both logs do for whoever appends and reads: a broker's store of a few queues, on one disk.
 *
 * The one decision: the words are those of neither panel. A queue is a partition of Kafka and a queue of RocketMQ, a
 * message is a record and a message, and offsets are numbers in a queue. What the two do differently is not hidden here
 * but written down in test/panels/Differences.test.ts.
 */
import { Cause, Effect, Exit } from "effect"
import type { Operations } from "../../src/world/Disk.ts"
import type { Image } from "../../src/world/simulated/DiskImages.ts"

export type Read = ReadonlyArray<readonly [offset: number, value: string]>

/** A store that runs. Every function throws what the engine fails with. */
export interface Engine {
  /** Appends messages together; answers the offset of the first. */
  readonly append: (queue: number, values: ReadonlyArray<string>) => number
  /** Makes what was appended durable, in every queue or in the given one where the store can tell them apart. */
  readonly flush: (queue?: number) => void
  /** What the broker's own threads have flushed, by its default settings, when ten seconds have gone by. */
  readonly flushByDefault: () => void
  /** Everything else that is left to threads: dispatch, scheduled work, checkpoints. */
  readonly background: () => void
  /** Offset and value of every message of a queue, as a consumer that checks checksums reads it. */
  readonly read: (queue: number) => Read
  /** Stops cleanly; the engine is not used afterwards. */
  readonly stop: () => void
}

export interface Panel {
  readonly name: string
  /** What the disk holds before the first start: the queues exist already. */
  readonly image: Image
  /** Opens and recovers, at a time in milliseconds since 1970. */
  readonly open: (disk: Operations, now: () => number) => Engine
  /** Pattern of the files that messages are appended to. */
  readonly appended: string
  /** Whether a file, by its path, is part of a log or of a queue, and no checkpoint, marker or snapshot. */
  readonly isLog: (path: string) => boolean
}

/** Runs to the end on a disk that never waits; throws what the effect fails with. */
export const runNow = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

/** Most queues that a store of either panel is asked for. */
export const mostQueues = 12
