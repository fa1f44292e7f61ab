/**
 * The matchers for Vitest: importing this module adds them to `expect`.
 */
import { expect } from "vitest"
import { toCover, toHold, toReach, toViolate } from "./Matchers.ts"

export type { Claimed, Subject } from "./Matchers.ts"

declare module "vitest" {
  // The parameters have to be those of Vitest's own declaration.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Everything that was asked for holds. */
    toHold(): Promise<void>
    /** This property is violated, `"deadlock"` for a deadlock; with `depth` by a behaviour of just so many states. */
    toViolate(property: string, options?: { readonly depth?: number | undefined }): Promise<void>
    /** A state is reached that satisfies this predicate, a name or a TLA+ expression. */
    toReach(predicate: string): Promise<void>
    /** All actions are taken, or these. */
    toCover(options: { readonly actions: "all" | ReadonlyArray<string> }): Promise<void>
  }
}

expect.extend({ toHold, toViolate, toReach, toCover })
