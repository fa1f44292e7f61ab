/**
 * `history check FILE...`: judges histories of what clients saw, EDN or JSON, and tells each anomaly as a short story.
 *
 * A line that is broken ends the command with its number and what was expected there; with `--lenient` it is named on
 * standard error and the rest is judged. Several files are one JSON array, in their order. Exit 1 where a history is not
 * valid.
 */
import { Console, Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { readFileSync } from "node:fs"
import { check, type Options, type Report } from "../history/Check.ts"
import { type BrokenLine, readLeniently } from "../history/ReadHistory.ts"
import { reportText } from "../history/Story.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import { document, json, line } from "./Output.ts"

interface Flags {
  readonly all: boolean
  readonly asUpstream: boolean
  readonly budget: number
  readonly files: ReadonlyArray<string>
  readonly json: boolean
  readonly lenient: boolean
  readonly smallest: number
  readonly subscribe: boolean
  readonly wwDeps: boolean
}

interface Judgement {
  readonly file: string
  readonly report: Report
  readonly broken: ReadonlyArray<BrokenLine>
}

const textOf = (file: string) =>
  Effect.try({
    try: () => readFileSync(file, "utf8"),
    catch: (error) => new BadInput({ message: `${file}: ${(error as Error).message}; give a history as EDN or JSON` })
  })

const where = (file: string, { line, message }: BrokenLine): string => `${file}:${line}: ${message}`

const judge = Effect.fnUntraced(function*(file: string, lenient: boolean, options: Options) {
  const { broken, operations } = readLeniently(yield* textOf(file))
  const first = broken[0]
  if (first !== undefined && !lenient) {
    return yield* new BadInput({ message: `${where(file, first)} (--lenient judges the other lines)` })
  }
  for (const one of broken) yield* Console.error(`ackproof: ${where(file, one)}; left out`)
  return { file, broken, report: check(operations, options) } satisfies Judgement
})

const told = ({ broken, file, report: { anomalies, stats, verdict } }: Judgement) => ({
  file,
  verdict,
  anomalies,
  stats: broken.length === 0
    ? stats
    : { ...stats, broken: broken.map(({ line, message }) => ({ line, message })) }
})

const run = Effect.fnUntraced(
  function*({ all, asUpstream, budget, files, json, lenient, smallest, subscribe, wwDeps }: Flags) {
    if (files.length === 0) {
      return yield* new BadInput({ message: "history check: give at least one file of a history" })
    }
    if (budget < 1) return yield* new BadInput({ message: `history check: --budget ${budget}; give 1 or more` })
    if (smallest < 0) return yield* new BadInput({ message: `history check: --smallest ${smallest}; give 0 or more` })
    const options = { asUpstream, budget, smallest, subscribe, wwDeps }
    const judged: Array<Judgement> = []
    for (const file of files) judged.push(yield* judge(file, lenient, options))
    if (json) yield* document(judged.length === 1 ? told(judged[0]!) : judged.map(told))
    else for (const { file, report } of judged) yield* line(`${reportText(file, report, all ? Infinity : 3)}\n`)
    if (judged.some(({ report }) => report.verdict !== "valid")) return yield* new NotAsStated()
  }
)

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDescription(description), Flag.withDefault(false))

export const historyCheck = Command.make(
  "check",
  {
    files: Argument.String("file").pipe(Argument.variadic(), Argument.withDescription("Histories, EDN or JSON")),
    json,
    wwDeps: flag("ww-deps", "Draw an edge from each writer to the next of its key; then G1c is allowed"),
    subscribe: flag("subscribe", "Clients subscribe: poll-skip and nonmonotonic-poll are allowed"),
    asUpstream: flag("as-upstream", "Give the reading of jepsen.tests.kafka, its weak points included"),
    all: flag("all", "Tell every anomaly, not the first three of each name"),
    lenient: flag("lenient", "Leave broken lines out, and judge the rest"),
    budget: Flag.Int("budget").pipe(
      Flag.withDescription("Edges of the dependency graph to look at for each class of cycle"),
      Flag.withDefault(50_000_000)
    ),
    smallest: Flag.Int("smallest").pipe(
      Flag.withDescription(
        "For how many anomalies of a name to look for the smallest sub-history; all, where it is left out"
      ),
      Flag.withDefault(Number.MAX_SAFE_INTEGER)
    )
  },
  run
).pipe(Command.withDescription("Judge a Jepsen-style history, EDN or JSON"))
