/**
 * What a node knows of the process that it runs in: its name, which start of it this is, a way to wait at a named point,
 * and a way to say what it just did.
 *
 * Each thread of the real software is a fiber that waits at a named point until it has work *and* its turn has come, so
 * the delay of a thread is the world's choice. A crash inside a handler falls right after a reported step and nowhere
 * else: `did` is called last in a turn, with no yield since the turn's effects.
 */
import { Context, type Effect } from "effect"

export interface ProcessShape {
  readonly name: string
  /** 1 for the first start, one more for each later one. */
  readonly incarnation: number
  /**
   * Waits until `ready` answers true and the world continues the thread that waits at `point`.
   *
   * `ready` is asked again after each step of this process; it reads the process's own state, in memory or on its disk,
   * and changes nothing. Two waits at one point at a time are a defect.
   */
  readonly until: (point: string, ready: () => boolean) => Effect.Effect<void>
  /** Reports a step of the protocol, by the name and parameters of the model's action. */
  readonly did: (action: string, ...args: ReadonlyArray<number>) => void
}

export class Process extends Context.Service<Process, ProcessShape>()("ackproof/world/Process") {}
