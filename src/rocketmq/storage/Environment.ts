/** What a store needs from outside: a disk and its directory on it, the time, and who runs it. */
import type * as Disk from "../../world/Disk.ts"

/** What a store stands on. */
export interface Environment {
  readonly disk: Disk.Operations
  /** The store's directory, absolute. */
  readonly root: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What 5.x writes into its abort file. */
  readonly processId: number
}
