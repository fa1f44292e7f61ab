/**
 * Bytes that are not what a format says they are.
 *
 * Decoders throw it, so that a scan of a log can stop at the first bad byte; whoever offers decoding to a user turns it
 * into the error channel. It always names the byte: a person has to find it in a hex dump.
 */
import { Schema } from "effect"

/** What is wrong, where (`position`, in bytes from the start of what was decoded), and what would have been right. */
export class Malformed extends Schema.TaggedError<Malformed>()("Malformed", {
  position: Schema.Number,
  found: Schema.String,
  expected: Schema.String
}) {
  override get message(): string {
    return `byte ${this.position}: found ${this.found}; expected ${this.expected}`
  }
}

/** Throws `Malformed`. */
export const malformed = (position: number, found: string, expected: string): never => {
  throw new Malformed({ position, found, expected })
}
