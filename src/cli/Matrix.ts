/** `ackproof matrix`: the guarantee matrix; exit 1 when a cell is not as expected. */
import { Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as Matrix from "../guarantee/Matrix.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as MatrixThreads from "./MatrixThreads.ts"
import * as Output from "./Output.ts"
import { parts } from "./Parts.ts"

const tier = Flag.Literals("tier", ["quick", "deep"]).pipe(
  Flag.withDescription("How many histories a cell: quick for a minute, deep by hand"),
  Flag.withDefault("quick" as const)
)
const runs = Flag.Int("runs").pipe(
  Flag.withDescription("Random histories a cell, instead of the tier's"),
  Flag.optional
)
const seed = Flag.Int("seed").pipe(Flag.withDescription("Where the histories begin"), Flag.withDefault(1))

interface MatrixOptions {
  readonly tier: Matrix.Tier
  readonly runs: Option.Option<number>
  readonly seed: number
  readonly json: boolean
}

const runMatrix = Effect.fnUntraced(function*(options: MatrixOptions) {
  const asked = Option.getOrElse(options.runs, () => Matrix.runsOf[options.tier])
  if (asked < 1) return yield* new BadInput({ message: `--runs ${asked}: expected a number of at least 1` })
  const all = yield* parts
  const progress = Output.progress("histories")
  const budget = { runs: asked, seed: options.seed, progress: progress.update }
  const cells = yield* Effect.promise(() => MatrixThreads.run(all, budget))
  progress.end()
  if (options.json) {
    yield* Output.document({ tier: options.tier, runs: asked, seed: options.seed, cells: Matrix.documented(cells) })
  } else yield* Output.line(Matrix.show(cells))
  if (cells.some(({ asExpected }) => !asExpected)) return yield* new NotAsStated()
})

export const matrix = Command.make("matrix", { tier, runs, seed, json: Output.json }, runMatrix).pipe(
  Command.withDescription("The guarantee matrix: what holds, what breaks, with its numbers")
)
