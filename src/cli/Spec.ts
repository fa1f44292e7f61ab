/**
 * `ackproof spec [NAME]`: TLC over every configuration of every manifest, results, states and depth compared with what
 * is expected there; exit 1 where one is not as stated.
 */
import { Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { unexpected } from "../conform/Manifest.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { modulesNamed, type SpecModule, type SpecRow } from "./SpecFiles.ts"
import { type TlaTools, tlaTools } from "./TlaTools.ts"

const name = Argument.String("name").pipe(Argument.withDescription("A module, by name"), Argument.optional)
const tier = Flag.Literals("tier", ["quick", "deep"]).pipe(
  Flag.withDescription("quick: configurations of seconds; deep, the default: all of them"),
  Flag.withDefault("deep" as const)
)

export const checkRow = async (tools: TlaTools, module: SpecModule, row: SpecRow) => {
  // One worker: the search is then breadth first, and states and depth at a violation are the same on every run.
  const found = await tools.check(module.file, { config: row.configFile, workers: 1 }).result
  return {
    module: module.name,
    configuration: row.configuration,
    expected: row.expected,
    verdict: found.verdict,
    violated: found.violated ?? null,
    distinct: found.distinct,
    depth: found.depth ?? null,
    unexpected: unexpected(row, found)
  }
}

interface Options {
  readonly name: Option.Option<string>
  readonly tier: "quick" | "deep"
  readonly json: boolean
}

const runSpec = Effect.fnUntraced(function*(options: Options) {
  const modules = yield* modulesNamed("spec", Option.getOrUndefined(options.name))
  const tools = yield* tlaTools("spec")
  const jobs = modules.flatMap((module) =>
    module.rows.filter(({ tier }) => options.tier === "deep" || tier === "quick").map((row) => ({ module, row }))
  )
  const progress = Output.progress("configurations")
  const rows: Array<Awaited<ReturnType<typeof checkRow>>> = []
  for (const [index, { module, row }] of jobs.entries()) {
    progress.update(index, jobs.length, row.configuration)
    const found = yield* Effect.tryPromise({
      try: () => checkRow(tools, module, row),
      catch: (error) => new BadInput({ message: `spec: ${row.configuration}: ${String(error).replace(/\s+/g, " ")}` })
    })
    rows.push(found)
    if (options.json) continue
    const result = found.unexpected.length === 0 ? "as expected" : `NOT AS EXPECTED: ${found.unexpected.join("; ")}`
    yield* Output.line(
      `${found.module} ${found.configuration}: ${found.expected}, ${found.distinct} distinct states, ` +
        `depth ${found.depth ?? "none"}, ${result}`
    )
  }
  progress.end()
  if (options.json) yield* Output.document(rows)
  if (rows.some((row) => row.unexpected.length > 0)) return yield* new NotAsStated()
})

export const spec = Command.make("spec", { name, tier, json: Output.json }, runSpec).pipe(
  Command.withDescription("TLC over every manifest, expected results compared")
)
