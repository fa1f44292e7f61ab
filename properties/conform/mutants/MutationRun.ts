/**
 * Every mutant of a family, judged: TLC's graphs are computed once and kept, threads judge, the rest is counting.
 *
 * The decision: the mutants of a family are judged on the family's quick configurations, so whoever is named as having
 * noticed can be run by hand in seconds.
 */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { deserialize, serialize } from "node:v8"
import { Worker } from "node:worker_threads"
import { graph } from "../../../packages/tla-tools-runner/src/index.ts"
import { checkedProperties, type SpecModule, specModules, type SpecRow } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import type { VisitSpec } from "../../../src/conform/CompareGraphs.ts"
import { keep, type KeptGraph } from "../../../src/conform/KeptGraph.ts"
import { kindOfProperty } from "../../../src/conform/SpecText.ts"
import { labelsOf } from "../../../src/machine/Machine.ts"
import type { Family } from "./Family.ts"
import type { KeptConfiguration, Kill } from "./Judge.ts"
import { mixedAnswers } from "./MixedAnswers.ts"
import { mix } from "./MixedStates.ts"
import type { Answered, Asked, Bench } from "./Mutants.worker.ts"
import { byHand, type Mutant, mutantsOf, showMutant } from "./Mutation.ts"

const root = join(import.meta.dirname, "..", "..", "..")

/** Judges may take so long for a mutant, seconds: several times what any takes that ends. */
const patienceSeconds = 100

/** What the heap of a mutant may grow to: one that fills it without end is ended as well. */
const resourceLimits = { maxOldGenerationSizeMb: 3_000 }

/** A mutant with its name, which tells it from every other, and who noticed. */
export interface Judged {
  readonly mutant: Mutant
  readonly name: string
  readonly kill: Kill | undefined
}

/** Every mutant of a family; where two have one name they are counted. */
export const mutantsIn = (family: Family): ReadonlyArray<{ readonly mutant: Mutant; readonly name: string }> => {
  const counts = new Map<string, number>()
  const all = family.files.flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8")
    const edits = family.byHand.filter((edit) => edit.file === file).map((edit) => byHand(edit, source))
    return [...mutantsOf(file, source, family), ...edits]
  })
  return all.map((mutant) => {
    const shown = showMutant(mutant)
    const count = (counts.get(shown) ?? 0) + 1
    counts.set(shown, count)
    return { mutant, name: count === 1 ? shown : `${shown} (${count})` }
  })
}

/** Whether the whole graph of a configuration takes seconds. */
const isSmall = (row: SpecRow): boolean => (row.graphTier ?? row.tier) === "quick"

/** What TLC said of a configuration, from the last time where neither the specifications nor what reads them has changed. */
const keptOnce = async <Kept>(
  what: "graph" | "mixed",
  module: SpecModule,
  row: SpecRow,
  known: ReadonlySet<string>,
  ask: () => Promise<Kept>
): Promise<Kept> => {
  const folder = dirname(module.file)
  const sources = readdirSync(folder).filter((name) => name.endsWith(".tla")).map((name) => join(folder, name))
  const schema = twins[module.name]!(row.config.constants)
  const hash = createHash("sha256").update(JSON.stringify([schema.variables, labelsOf(schema), [...known]]))
  for (const file of [...sources, row.configFile]) hash.update(readFileSync(file))
  const file = join(root, ".cache", "graphs", `${row.configuration}-${hash.digest("hex").slice(0, 16)}.${what}`)
  if (existsSync(file)) return deserialize(readFileSync(file)) as Kept
  const kept = await ask()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, serialize(kept))
  return kept
}

const keptGraph = (module: SpecModule, row: SpecRow, known: ReadonlySet<string>): Promise<KeptGraph> => {
  const visit: VisitSpec = (ask, visitor) => graph(module.file, { config: row.configFile, ...ask }).visit(visitor)
  return keptOnce("graph", module, row, known, () => keep(twins[module.name]!(row.config.constants), visit, known))
}

/** TLC's graphs of a family's small configurations, or of those that are named; the smaller the earlier. */
export const keptOf = async (
  family: Family,
  isWanted: (configuration: string) => boolean = () => true
): Promise<ReadonlyArray<KeptConfiguration>> => {
  const kept: Array<KeptConfiguration> = []
  for (const module of specModules().filter(({ name }) => family.modules.includes(name))) {
    const known = new Set(checkedProperties(module).filter((each) => kindOfProperty(module.text, each) !== "none"))
    const rows = module.rows.filter((each) => isSmall(each) && each.distinct <= family.mostStates)
    for (const row of rows.filter(({ configuration }) => isWanted(configuration))) {
      const { constants, invariants, properties } = row.config
      const found = await keptGraph(module, row, known)
      const machine = twins[module.name]!(constants)
      const ask = () => mixedAnswers(module, row, machine, mix(machine, found, known))
      kept.push({
        module: module.name,
        configuration: row.configuration,
        constants,
        holding: row.expected === "holds" ? [...invariants, ...properties] : [],
        graph: found,
        ...(family.mixed?.includes(row.configuration) === true &&
          { mixed: await keptOnce("mixed", module, row, known, ask) })
      })
    }
  }
  return kept.toSorted((a, b) => a.graph.states - b.graph.states)
}

const answer = (thread: Worker, asked: Asked): Promise<Kill | undefined> =>
  new Promise((resolve) => {
    const patience = setTimeout(() => {
      void thread.terminate()
    }, patienceSeconds * 1000)
    const crash = (what: string): Kill => ({ by: "its own crash", at: "", what })
    const heard = {
      message: ({ kill }: Answered) => settle(kill),
      error: (error: unknown) => settle(crash(String(error))),
      exit: () => settle(crash(`it does not end within ${patienceSeconds} s`))
    }
    const settle = (kill: Kill | undefined): void => {
      clearTimeout(patience)
      for (const [event, listener] of Object.entries(heard)) thread.off(event, listener)
      resolve(kill)
    }
    for (const [event, listener] of Object.entries(heard)) thread.on(event, listener)
    thread.postMessage(asked)
  })

export interface RunOptions {
  /** Names of the judges that are asked, in their order. */
  readonly wanted: ReadonlyArray<string>
  readonly threads: number
  /** Hears of each mutant that was judged. */
  readonly told?: (judged: Judged) => void
}

/** Judges mutants of a family, in the order that they are given in. */
export const judgeAll = async (
  family: Family,
  configurations: ReadonlyArray<KeptConfiguration>,
  mutants: ReadonlyArray<{ readonly mutant: Mutant; readonly name: string }>,
  { threads, told, wanted }: RunOptions
): Promise<ReadonlyArray<Judged>> => {
  const bench: Bench = { root, reloaded: family.reloaded, own: family.judges, wanted, configurations }
  const start = () => new Worker(new URL("./Mutants.worker.ts", import.meta.url), { workerData: bench, resourceLimits })
  const found: Array<Judged> = []
  let next = 0
  const work = async (): Promise<void> => {
    let thread = start()
    for (let number = next++; number < mutants.length; number = next++) {
      const { mutant, name } = mutants[number]!
      const kill = await answer(thread, { mutant, number })
      const judged = { mutant, name, kill }
      found[number] = judged
      told?.(judged)
      if (kill?.by !== "its own crash") continue
      await thread.terminate()
      thread = start()
    }
    await thread.terminate()
  }
  await Promise.all(Array.from({ length: threads }, work))
  return found
}

/** The program as it is, which no judge may notice. */
const unchanged = (family: Family): Mutant => ({
  file: family.files[0]!,
  within: "",
  line: 1,
  operator: "by hand",
  from: "",
  to: "",
  start: 0
})

/** What judges say of the program as it is; nothing where they can be believed about mutants of it. */
export const believed = async (
  family: Family,
  configurations: ReadonlyArray<KeptConfiguration>,
  wanted: ReadonlyArray<string>
): Promise<Kill | undefined> => {
  const [one] = await judgeAll(family, configurations, [{ mutant: unchanged(family), name: "the program as it is" }], {
    wanted,
    threads: 1
  })
  return one!.kill
}
