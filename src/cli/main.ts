/**
 * The command line: one file a subcommand, assembled here. Bad usage gets one clear line on standard error and exit
 * status 2; help is printed only when it is asked for.
 */
import { NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { CliConfig, CliError, CliOutput, Command, GlobalFlag } from "effect/cli"
import { createRequire } from "node:module"
import { conform } from "./Conform.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import { explore } from "./Explore.ts"
import { faults } from "./Faults.ts"
import { historyCheck } from "./HistoryCheck.ts"
import { logImages } from "./LogImages.ts"
import { logInspect } from "./LogInspect.ts"
import { matrix } from "./Matrix.ts"
import * as NotBuilt from "./NotBuilt.ts"
import { replay } from "./Replay.ts"
import { scenarios } from "./Scenarios.ts"
import { spec } from "./Spec.ts"

const { version } = createRequire(import.meta.url)("ackproof/package.json") as { readonly version: string }

const log = Command.make("log").pipe(
  Command.withDescription("Real stores: inspect DIR..., images DIR..."),
  Command.withSubcommands([logInspect, logImages])
)

const history = Command.make("history").pipe(
  Command.withDescription("Histories of what clients saw: check FILE..."),
  Command.withSubcommands([historyCheck])
)

/** Every subcommand, in the order in which help lists them. */
export const root = Command.make("ackproof").pipe(
  Command.withDescription(
    "Does an acknowledged message survive, in order, under this configuration and these faults?"
  ),
  Command.withSubcommands([
    matrix,
    replay,
    faults,
    scenarios,
    log,
    explore,
    conform,
    spec,
    history,
    NotBuilt.audit
  ])
)

const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(`ackproof: ${event.errors[0]!.message}; ${event.commandPath.join(" ")} --help lists what works`)
      : CliOutput.defaultPresenter.present(event)
}

const services = Layer.mergeAll(
  NodeServices.layer,
  CliOutput.layerPresenter(presenter),
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] })
)

/** Runs the command line and answers its exit status. */
export const run = (args: ReadonlyArray<string>): Promise<number> =>
  Command.runWith(root, { version })(args).pipe(
    Effect.as(0),
    Effect.catch((error) => {
      if (error instanceof NotAsStated) return Effect.succeed(1)
      if (error instanceof BadInput) return Effect.as(Console.error(`ackproof: ${error.message}`), 2)
      if (CliError.isCliError(error)) {
        return Effect.succeed(error._tag === "ShowHelp" && error.errors.length === 0 ? 0 : 2)
      }
      return Effect.die(error)
    }),
    Effect.provide(services),
    Effect.runPromise
  )
