/** `ackproof replay TOKEN`: one run again, step by step; exit 1 when it no longer breaks what it broke. */
import { Effect, Option, Result } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Story } from "../guarantee/Row.ts"
import * as Token from "../replay/Token.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { parts } from "./Parts.ts"
import * as Seeds from "./Seeds.ts"

const token = Argument.String("token").pipe(Argument.withDescription("The word that a failing run printed"))

const keep = Flag.String("keep").pipe(
  Flag.withDescription("Keep the run in test/seeds under this sentence, so that every `npm test` replays it"),
  Flag.optional
)

export const replay = Command.make(
  "replay",
  { token, keep, json: Output.json },
  Effect.fnUntraced(function*({ json, keep, token }) {
    const parsed = Token.parse(token)
    if (Result.isFailure(parsed)) return yield* new BadInput({ message: `replay: ${parsed.failure.message}` })
    const { body, kind } = parsed.success
    const tellers = (yield* parts).flatMap((part) => part.tellers)
    const teller = tellers.find((teller) => teller.kind === kind)
    if (teller === undefined) {
      const known = tellers.map((teller) => teller.kind).join(", ") || "none outside a checkout"
      return yield* new BadInput({ message: `replay: nobody here tells tokens of kind ${kind}; known: ${known}` })
    }
    const story: Story = yield* Effect.try({
      try: () => teller.tell(body),
      catch: (error) => new BadInput({ message: `replay: ${error instanceof Error ? error.message : String(error)}` })
    })
    if (json) yield* Output.document(story)
    else yield* Output.line([story.title, ...story.lines].join("\n"))
    if (Option.isSome(keep)) {
      yield* Seeds.keep({ sentence: keep.value, token, broken: story.broken }, Seeds.nameOf(kind, keep.value))
    }
    if (!story.broken) return yield* new NotAsStated()
  })
).pipe(Command.withDescription("One failing run again, step by step"))
