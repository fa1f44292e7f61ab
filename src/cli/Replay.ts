/** `ackproof replay TOKEN`: one run again, step by step; exit 1 when it no longer breaks what it broke. */
import { Effect, Result } from "effect"
import { Argument, Command } from "effect/cli"
import type { Story } from "../guarantee/Row.ts"
import * as Token from "../replay/Token.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { parts } from "./Parts.ts"

const token = Argument.String("token").pipe(Argument.withDescription("The word that a failing run printed"))

export const replay = Command.make(
  "replay",
  { token, json: Output.json },
  Effect.fnUntraced(function*({ json, token }) {
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
    if (!story.broken) return yield* new NotAsStated()
  })
).pipe(Command.withDescription("One failing run again, step by step"))
