/**
 * Subcommands that are listed and not built: each answers so and exits with 2. A command leaves this file when it is
 * built; `test/cli/NotBuilt.test.ts` counts them down.
 */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { BadInput } from "./Exit.ts"
import { json } from "./Output.ts"

const notBuilt = (name: string) => () => Effect.fail(new BadInput({ message: `${name}: not built yet` }))
const paths = (what: string) => Argument.String(what).pipe(Argument.variadic())

export const audit = Command.make("audit", { files: paths("file"), json }, notBuilt("audit")).pipe(
  Command.withDescription("A real configuration: what holds, what breaks it")
)
