/**
 * The one error of this package: what went wrong as data, and a sentence that says what to install, set or rewrite.
 *
 * A property that does not hold is no failure but a verdict (Check.ts); this is for what keeps TLC from giving one, or
 * keeps its answer from being used.
 */

/**
 * Why TLC could not be used: `no-java`, `old-java`, `no-compiler` (a JRE where a JDK is needed), `no-tlc` (no jar to be
 * had), `wrong-hash`, `not-tlc`, `bad-options`, `bad-spec` (graph and oracle need a spec that parses and evaluates; the
 * message carries the place), `unnamed-action`, `unknown-predicate`, `bad-value`, `crashed`, `aborted`, `timeout`.
 */
export type FailureReason =
  | "no-java"
  | "old-java"
  | "no-compiler"
  | "no-tlc"
  | "wrong-hash"
  | "not-tlc"
  | "bad-options"
  | "bad-spec"
  | "unnamed-action"
  | "unknown-predicate"
  | "bad-value"
  | "crashed"
  | "aborted"
  | "timeout"

/** An expected failure: `reason` is for programs, `message` is one line for people. */
export class TlaToolsError extends Error {
  readonly _tag = "TlaToolsError"
  readonly reason: FailureReason

  constructor(reason: FailureReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = "TlaToolsError"
    this.reason = reason
  }
}
