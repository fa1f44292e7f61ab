/** What the simulated network needs of the world around it. */
import type { Entry } from "./EventHeap.ts"
import type { WorldEvent } from "./WorldEvent.ts"

/** All times in microseconds. */
export interface NetworkHost {
  readonly now: () => number
  /** Draws how long one message takes. */
  readonly latency: () => number
  readonly add: (at: number, event: WorldEvent, fire: () => void) => Entry
  readonly isPaused: (name: string) => boolean
  /** Whether the machine of a process has power. */
  readonly powered: (name: string) => boolean
  readonly senderTimeout: number
  readonly connectTimeout: number
}
