/**
 * `ackproof explore NAME`: every behaviour of a model within its bounds; exit 1 when memory ends, when a property breaks
 * that should hold, or when one holds that the real system is known to break.
 */
import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { extname } from "node:path"
import { performance } from "node:perf_hooks"
import { type Exploration, explore as search, type ExploreOptions, exploreWith } from "../explore/index.ts"
import { showLabels } from "../explore/Path.ts"
import type { Machine } from "../machine/Machine.ts"
import { isWithin, type Tier, tierFlag } from "./Configurations.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import { machineOf, type Model, modelNamed, models } from "./Models.ts"
import * as Output from "./Output.ts"
import { type SearchThreads, startThreads } from "./SearchThreads.ts"
import { specModules } from "./SpecFiles.ts"

const name = Argument.String("name").pipe(Argument.withDescription("A model, by name"))

const most = 64
const threads = Flag.Int("threads").pipe(
  Flag.withDescription("Threads that search together, over shared memory"),
  Flag.withDefault(1)
)

/** The module of the models, for threads that build their own machine. */
const module = new URL(`./Models${extname(import.meta.filename)}`, import.meta.url).href

const timed = async (
  machine: Machine<unknown>,
  argument: string,
  pool: SearchThreads | undefined
): Promise<{ readonly found: Exploration<unknown>; readonly seconds: number }> => {
  const begin = performance.now()
  const rate = (states: number) => Math.round(states * 1000 / (performance.now() - begin))
  const progress = Output.progress("states")
  const options: ExploreOptions = {
    progress: ({ queue, states }) => progress.update(states, states + queue, `queue ${queue}, ${rate(states)} states/s`)
  }
  const found = pool === undefined
    ? search(machine, options)
    : await exploreWith(machine, pool.crewFor({ module, argument }), options)
  progress.end()
  return { found, seconds: (performance.now() - begin) / 1000 }
}

const row = async (
  { expectedBroken, name: module }: Model,
  configuration: string,
  machine: Machine<unknown>,
  pool: SearchThreads | undefined
) => {
  const { found, seconds } = await timed(machine, `${module} ${configuration}`, pool)
  const expected = expectedBroken?.[configuration] ?? []
  const broken = new Set(found.violations.map(({ property }) => property))
  const { depth, end, notChecked, states, transitions, unreached, violations } = found
  return {
    module,
    configuration,
    end: end._tag,
    states,
    transitions,
    depth,
    seconds,
    statesPerSecond: Math.round(states / seconds),
    violations: violations.map(({ kind, path, property }) => ({
      kind,
      property,
      verdict: expected.includes(property) ? "expected broken" as const : "broken" as const,
      path: showLabels(path)
    })),
    /** Properties that the real system breaks, and this search did not. */
    heldUnexpectedly: expected.filter((property) => !broken.has(property)),
    unreached,
    notChecked
  }
}

/** The configurations of a tier; the deep one takes all, and needs no manifest, which an installed package has not. */
const namesIn = (model: Model, tier: Tier): ReadonlyArray<string> => {
  const names = Object.keys(model.configurations)
  if (tier === "deep") return names
  const tiers = new Map(specModules().flatMap(({ rows }) => rows).map((row) => [row.configuration, row.tier]))
  return names.filter((name) => isWithin(tiers.get(name) ?? "quick", tier))
}

/** The configurations of a model, one after the other. */
const rowsOf = async (model: Model, names: ReadonlyArray<string>, threads: number) => {
  const pool = threads === 1 ? undefined : startThreads(threads - 1)
  const rows = []
  for (const name of names) rows.push(await row(model, name, machineOf(`${model.name} ${name}`), pool))
  await pool?.close()
  return rows
}

/** Explores a model in each of its configurations. */
const runExplore = Effect.fnUntraced(
  function*(options: { readonly name: string; readonly threads: number; readonly tier: Tier; readonly json: boolean }) {
    const model = modelNamed(options.name)
    if (model === undefined) {
      const names = models.map((each) => each.name).join(", ")
      return yield* new BadInput({ message: `explore: no model is called ${options.name}; registered: ${names}` })
    }
    if (options.threads < 1 || options.threads > most) {
      return yield* new BadInput({
        message: `explore: ${options.threads} threads; from 1 to ${most} can search together`
      })
    }
    const rows = yield* Effect.promise(() => rowsOf(model, namesIn(model, options.tier), options.threads))
    if (options.json) yield* Output.document(rows)
    else {
      for (const each of rows) {
        yield* Output.line(
          `${each.module} ${each.configuration}: ${each.end}, ${each.states} states, ${each.transitions} transitions, ` +
            `depth ${each.depth}, ${each.statesPerSecond} states/s`
        )
        for (const { path, property, verdict } of each.violations) {
          yield* Output.line(`  ${property} ${verdict} by ${path}`)
        }
        for (const property of each.heldUnexpectedly) {
          yield* Output.line(`  ${property} holds, and the real system breaks it`)
        }
      }
    }
    const isAsStated = (each: typeof rows[number]) =>
      each.end === "Complete" && each.heldUnexpectedly.length === 0 &&
      each.violations.every(({ verdict }) => verdict === "expected broken")
    if (!rows.every(isAsStated)) return yield* new NotAsStated()
  }
)

export const explore = Command.make("explore", { name, threads, tier: tierFlag("deep"), json: Output.json }, runExplore)
  .pipe(
    Command.withDescription("States, transitions, depth and states a second of a model")
  )
