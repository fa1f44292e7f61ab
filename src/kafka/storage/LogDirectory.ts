/**
 * One entry of `log.dirs`: it is online until the first I/O error, and then never again (LogDirFailureChannel,
 * LocalLog.maybeHandleIOException; KIP-112).
 *
 * A failed fsync is such an error as well, so it is not tried again: what the disk kept of the page is unknown from then
 * on, and only a restart reads it anew.
 */
import { DiskError } from "../../world/Disk.ts"
import type { Durably } from "./Durably.ts"
import { fail, StorageError } from "./StorageError.ts"

export interface LogDirectory {
  readonly path: string
  isOffline: boolean
  /** The guard `GoOffline`. */
  readonly goesOffline: boolean
}

export const online = (path: string, goesOffline = true): LogDirectory => ({ path, isOffline: false, goesOffline })

/** Fails with `KafkaStorage` where the log directory is offline: nothing in it is served any more. */
export const ensureOnline = (directory: LogDirectory): void => {
  if (directory.isOffline) {
    fail("KafkaStorage", `The log dir ${directory.path} is already offline due to a previous IO exception.`)
  }
}

/** Notes what an error means for the directory, and answers whether it is one of input or output. */
export const noteFailure = (directory: LogDirectory, error: unknown): boolean => {
  const isInputOutput = error instanceof DiskError || (error instanceof StorageError && error.cause === "IO")
  if (isInputOutput && directory.goesOffline) directory.isOffline = true
  return isInputOutput
}

/** Runs a step that touches the disk: not at all where the directory is offline, and never again after it failed. */
export function* guarded<A>(directory: LogDirectory, step: () => Durably<A>): Durably<A> {
  ensureOnline(directory)
  try {
    return yield* step()
  } catch (error) {
    noteFailure(directory, error)
    throw error
  }
}
