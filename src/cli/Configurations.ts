/**
 * What `conform` and `spec` have in common: a row for every configuration of every module, in a tier, told one by one as
 * they come or as one document at the end, and exit 1 where one is not as stated.
 *
 * The decision: tiers are nested, so that a larger one never leaves out what a smaller one says.
 */
import { Effect, Option } from "effect"
import { Argument, Flag } from "effect/cli"
import { tiers } from "../conform/Manifest.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import { modulesNamed, type SpecModule, type SpecRow } from "./SpecFiles.ts"
import { type TlaTools, tlaTools } from "./TlaTools.ts"

export type Tier = typeof tiers[number]

/** The module or the configuration that a command is about; all of them without one. */
export const name = Argument.String("name").pipe(
  Argument.withDescription("A module, or one configuration in whatever tier"),
  Argument.optional
)

/** `--tier`. */
export const tierFlag = (standard: Tier) =>
  Flag.Literals("tier", tiers).pipe(
    Flag.withDescription(`quick: configurations of seconds; ci: some of a minute; deep: all of them (${standard})`),
    Flag.withDefault(standard)
  )

/** Whether a row of this tier belongs to another one. */
export const isWithin = (row: Tier, tier: Tier): boolean => tiers.indexOf(row) <= tiers.indexOf(tier)

export interface Options {
  readonly name: Option.Option<string>
  readonly tier: Tier
  readonly json: boolean
}

/** How a command looks at one configuration. */
export interface Work<Row> {
  readonly command: string
  /** The tier in which this command looks at a row. */
  readonly tierOf: (row: SpecRow) => Tier
  readonly look: (tools: TlaTools, module: SpecModule, row: SpecRow) => Promise<Row>
  readonly isAsStated: (row: Row) => boolean
  /** Lines for a person. */
  readonly text: (row: Row) => ReadonlyArray<string>
}

/** Looks at every configuration; fails with `BadInput` where one cannot be looked at, `NotAsStated` where one differs. */
export const overConfigurations = <Row>(work: Work<Row>) =>
  Effect.fnUntraced(function*(options: Options) {
    const { command, isAsStated, look, text, tierOf } = work
    const named = Option.getOrUndefined(options.name)
    const modules = yield* modulesNamed(command, named)
    const tools = yield* tlaTools(command)
    const jobs = modules.flatMap((module) =>
      module.rows
        .filter((row) =>
          named === undefined || named === module.name
            ? isWithin(tierOf(row), options.tier)
            : row.configuration === named
        )
        .map((row) => ({ module, row }))
    )
    const progress = Output.progress("configurations")
    const rows: Array<Row> = []
    for (const [index, { module, row }] of jobs.entries()) {
      progress.update(index, jobs.length, row.configuration)
      const found = yield* Effect.tryPromise({
        try: () => look(tools, module, row),
        catch: (error) =>
          new BadInput({ message: `${command}: ${row.configuration}: ${String(error).replace(/\s+/g, " ")}` })
      })
      rows.push(found)
      if (!options.json) { for (const line of text(found)) yield* Output.line(line) }
    }
    progress.end()
    if (options.json) yield* Output.document(rows)
    if (!rows.every(isAsStated)) return yield* new NotAsStated()
  })
