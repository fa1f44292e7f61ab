/**
 * How a command ends: 0 as expected, 1 something did not behave as stated, 2 bad usage or unreadable input.
 *
 * A command that has printed what it found fails with `NotAsStated`; one that could not read what it was given fails
 * with `BadInput`, whose message is the one line that the user sees: what, where, what would have worked.
 */
import { Schema } from "effect"

/** Exit status 1. What did not behave as stated is already on standard output. */
export class NotAsStated extends Schema.TaggedError<NotAsStated>()("NotAsStated", {}) {}

/** Exit status 2, with the one line that says why. */
export class BadInput extends Schema.TaggedError<BadInput>()("BadInput", { message: Schema.String }) {}
