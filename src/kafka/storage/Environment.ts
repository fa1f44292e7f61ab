/**
 * What a partition's log needs from outside: a disk and its directory on it, the time, the version it follows, and somewhere to leave work that
 * the real broker gives to its scheduler.
 */
import type { Operations } from "../../world/Disk.ts"
import type { Durably } from "./Durably.ts"
import type { Behaviour } from "./LogConfig.ts"
import type { LogDirectory } from "./LogDirectory.ts"

/** Work that a broker's background threads do later: at once (delay 0) or after a delay. */
export interface Task {
  readonly name:
    | "flush-log"
    | "leader-epoch-cache-flush"
    | "flush-metadata-file"
    | "delete-file"
    | "delete-producer-snapshot"
  /** Milliseconds from when it was scheduled. */
  readonly delayMillis: number
  readonly run: () => Durably<void>
}

export interface Environment {
  readonly logDirectory: LogDirectory
  readonly disk: Operations
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly behaviour: Behaviour
  readonly schedule: (task: Task) => void
}
