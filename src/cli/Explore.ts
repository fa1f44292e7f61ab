/** `ackproof explore NAME`: every behaviour of a model within its bounds; exit 1 when a property breaks or memory ends. */
import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { performance } from "node:perf_hooks"
import { type Exploration, explore as search } from "../explore/index.ts"
import { showLabels } from "../explore/Path.ts"
import type { Machine } from "../machine/Machine.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import { type Model, models } from "./Models.ts"
import * as Output from "./Output.ts"

const name = Argument.String("name").pipe(Argument.withDescription("A model, by name"))

const timed = (machine: Machine<unknown>): { readonly found: Exploration<unknown>; readonly seconds: number } => {
  const begin = performance.now()
  const rate = (states: number) => Math.round(states * 1000 / (performance.now() - begin))
  const progress = Output.progress("states")
  const found = search(machine, {
    progress: ({ queue, states }) => progress.update(states, states + queue, `queue ${queue}, ${rate(states)} states/s`)
  })
  progress.end()
  return { found, seconds: (performance.now() - begin) / 1000 }
}

const row = (module: string, configuration: string, machine: Machine<unknown>) => {
  const { found, seconds } = timed(machine)
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
    violations: violations.map(({ kind, path, property }) => ({ kind, property, path: showLabels(path) })),
    unreached,
    notChecked
  }
}

/** Explores a model of this list in each of its configurations. */
const runExplore = (known: ReadonlyArray<Model>) =>
  Effect.fnUntraced(function*(options: { readonly name: string; readonly json: boolean }) {
    const model = known.find((each) => each.name === options.name)
    if (model === undefined) {
      const names = known.map((each) => each.name).join(", ") || "none yet"
      return yield* new BadInput({ message: `explore: no model is called ${options.name}; registered: ${names}` })
    }
    const rows = Object.entries(model.configurations).map(([name, machine]) => row(model.name, name, machine()))
    if (options.json) yield* Output.document(rows)
    else {
      for (const each of rows) {
        yield* Output.line(
          `${each.module} ${each.configuration}: ${each.end}, ${each.states} states, ${each.transitions} transitions, ` +
            `depth ${each.depth}, ${each.statesPerSecond} states/s`
        )
        for (const { path, property } of each.violations) yield* Output.line(`  ${property} broken by ${path}`)
      }
    }
    if (rows.some((each) => each.end !== "Complete" || each.violations.length > 0)) return yield* new NotAsStated()
  })

export const explore = Command.make("explore", { name, json: Output.json }, runExplore(models)).pipe(
  Command.withDescription("States, transitions, depth and states a second of a model")
)
