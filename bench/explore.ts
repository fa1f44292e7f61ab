/**
 * The explorer beside TLC and Rust's stateright, CPU seconds in one run: bench/replication/Replication.tla in TLC, its twin
 * test/explore/Replication.ts in the explorer, its twin bench/stateright in stateright, one worker each and the same four
 * invariants. All three must count the same states, steps and depth. `npm run bench -- explore [S1|M1|S2|S3]`.
 * Then the explorer beside TLC on the models of the project, whose graphs are so small that starting up is most of it.
 *
 * Asserted on S2, where starting up no longer counts: at least 15 times TLC and 0.7 of stateright in states a CPU second,
 * and at most 40 bytes a state. The median of the runs counts; TLC, which takes longer than all the others, runs once.
 * Two threads search at least 1.4 times as fast as one by the clock, the best of five runs of each, taken in turns: the
 * best one is the least disturbed, and where the machine has no second core to give none is.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { resolveTlc } from "../packages/tla-tools-runner/src/index.ts"
import { models } from "../src/cli/Models.ts"
import { configurations } from "../test/explore/Replication.ts"
import { type Measured, measured, median } from "./explore/Measured.ts"

const root = join(import.meta.dirname, "..")

const specificationOf = (module: string): string => {
  const found = readdirSync(join(root, "spec"), { recursive: true, encoding: "utf8" })
    .find((file) => basename(file) === `${module}.tla`)
  if (found === undefined) throw new Error(`spec has no ${module}.tla`)
  return join(root, "spec", found)
}

/** What a tool counted, as TLC counts, and what it cost. */
interface Row {
  readonly tool: string
  readonly counts: readonly [generated: number, distinct: number, depth: number]
  readonly cpuSeconds: number
  readonly bytesAState?: number
}

const repeated = (times: number, run: () => Measured): Measured => {
  const runs = Array.from({ length: times }, run)
  return { cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds)), output: runs[0]!.output }
}

/** One search by so many threads, and the seconds by the clock from the start of its threads on. */
const search = (
  module: string,
  configuration: string,
  threads: number
): Row & { readonly seconds: number; readonly broken: number } => {
  const program = join(root, "bench", "explore", "Ours.ts")
  const { cpuSeconds, output } = measured([process.execPath, program, module, configuration, String(threads)])
  const [generated, distinct, depth, bytes, seconds, broken] = output.split(" ").map(Number)
  const tool = threads === 1 ? "ackproof" : `${threads} threads`
  return {
    tool,
    counts: [generated!, distinct!, depth!],
    cpuSeconds,
    bytesAState: bytes! / distinct!,
    seconds: seconds!,
    broken: broken!
  }
}

/** One thread and two in turns: the median of the CPU seconds, the best of the seconds by the clock. */
const oneAndTwo = (module: string, configuration: string, times: number) => {
  const pairs = Array.from({ length: times }, () => [1, 2].map((threads) => search(module, configuration, threads)))
  const [one, two] = [0, 1].map((index) => {
    const runs = pairs.map((pair) => pair[index]!)
    const cpuSeconds = median(runs.map((run) => run.cpuSeconds))
    return { ...runs[0]!, cpuSeconds, seconds: Math.min(...runs.map(({ seconds }) => seconds)) }
  })
  return { one: one!, two: two! }
}

/** How many times the work of one a pair of independent searches does here: what two threads can reach at most. */
const offered = (module: string, configuration: string, oneSeconds: number): number => {
  const program = [process.execPath, join(root, "bench", "explore", "Ours.ts"), module, configuration, "1"]
  const { output } = measured(["sh", "-c", "\"$@\" & \"$@\" & wait", "sh", ...program])
  const seconds = output.split("\n").map((line) => Number(line.split(" ")[4]))
  return 2 * oneSeconds / Math.max(...seconds)
}

const tlc = (jar: string, folder: string, module: string, configuration: string): Row => {
  const temporary = mkdtempSync(join(tmpdir(), "ackproof-bench-tlc-"))
  try {
    const { cpuSeconds, output } = measured([
      "java",
      "-XX:+UseParallelGC",
      `-Djava.io.tmpdir=${temporary}`,
      "-cp",
      jar,
      "tlc2.TLC",
      "-workers",
      "1",
      "-metadir",
      join(temporary, "states"),
      "-config",
      join(folder, `${configuration}.cfg`),
      join(folder, `${module}.tla`)
    ])
    const [, generated, distinct] = /(\d+) states generated, (\d+) distinct states found, 0 states left/.exec(output) ??
      []
    const [, depth] = /complete state graph search is (\d+)/.exec(output) ?? []
    return { tool: "TLC", counts: [Number(generated), Number(distinct), Number(depth)], cpuSeconds }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Builds the crate where nothing of it is committed; Cargo is the one on the path, or where rustup puts it. */
const stateright = (name: keyof typeof configurations): Row => {
  const target = join(root, ".cache", "stateright")
  const path = `${process.env["PATH"]}:${join(homedir(), ".cargo", "bin")}`
  const manifest = join(root, "bench", "stateright", "Cargo.toml")
  measured(["env", `PATH=${path}`, "cargo", "build", "--quiet", "--release", "--locked", "--target-dir", target]
    .concat("--manifest-path", manifest))
  const { MaxCrash, MaxEpoch, MaxExpire, MaxRecords } = configurations[name]
  const bounds = [MaxRecords, MaxEpoch, MaxCrash, MaxExpire].map(String)
  const { cpuSeconds, output } = repeated(3, () => measured([join(target, "release", "replication"), ...bounds]))
  const [generated, distinct, depth] = output.split(" ").map(Number)
  return { tool: "stateright", counts: [generated!, distinct!, depth!], cpuSeconds }
}

const told = ({ bytesAState, counts, cpuSeconds, tool }: Row): string =>
  `  ${tool.padEnd(12)}${cpuSeconds.toFixed(2).padStart(8)} CPU s  ${
    String(Math.round(counts[1] / cpuSeconds)).padStart(8)
  } states a CPU s  ${counts.join(" ")}${bytesAState === undefined ? "" : `  ${bytesAState.toFixed(1)} bytes a state`}`

/** TLC also counts a step twice that two disjuncts of an action allow: of a model only states and depth are compared. */
const sameCounts = (name: string, one: Row, others: ReadonlyArray<Row>, from = 0): ReadonlyArray<string> =>
  others.filter(({ counts }) => counts.slice(from).join() !== one.counts.slice(from).join())
    .map(({ counts, tool }) => `${name}: ${tool} counts ${counts.join(" ")}, ${one.tool} ${one.counts.join(" ")}`)

/** What does not hold, as sentences. */
type Broken = ReadonlyArray<string>

const replicationRows = (jar: string, name: keyof typeof configurations): Broken => {
  console.log(`Replication ${name}: generated, distinct, depth`)
  const { one, two } = oneAndTwo("Replication", name, 5)
  const rust = stateright(name)
  const java = tlc(jar, join(root, "bench", "replication"), "Replication", name)
  for (const row of [one, two, rust, java]) console.log(told(row))
  const [overTlc, ofStateright] = [java.cpuSeconds / one.cpuSeconds, rust.cpuSeconds / one.cpuSeconds]
  const overOne = one.seconds / two.seconds
  const most = offered("Replication", name, one.seconds)
  console.log(
    `  ${overTlc.toFixed(1)} times TLC, ${ofStateright.toFixed(2)} of stateright; two threads ${
      overOne.toFixed(2)
    } times one (${two.seconds.toFixed(2)} s, ${one.seconds.toFixed(2)} s), where two searches side by side do ${
      most.toFixed(2)
    } times the work of one`
  )
  const wrong = [
    ...sameCounts(name, one, [two, rust, java]),
    ...[one, two].filter(({ broken }) => broken > 0).map(({ broken }) => `${name}: ${broken} properties are broken`)
  ]
  return name !== "S2" ? wrong : [
    ...wrong,
    ...(overTlc >= 15 ? [] : [`${name}: ${overTlc.toFixed(1)} times TLC is below 15`]),
    ...(ofStateright >= 0.7 ? [] : [`${name}: ${ofStateright.toFixed(2)} of stateright is below 0.7`]),
    ...(one.bytesAState! <= 40 ? [] : [`${name}: ${one.bytesAState!.toFixed(1)} bytes a state are above 40`]),
    ...(two.bytesAState! <= 40 ? [] : [`${name}: ${two.bytesAState!.toFixed(1)} bytes a state of two are above 40`]),
    ...(overOne >= 1.4
      ? []
      : [
        `${name}: two threads are ${overOne.toFixed(2)} times one, below 1.4 (this machine offered ${most.toFixed(2)})`
      ])
  ]
}

/** The models of the project have their specifications in spec, and no twin in Rust. */
const modelRows = (jar: string): Broken =>
  models.flatMap(({ configurations, name: module }) =>
    Object.keys(configurations).flatMap((configuration) => {
      const { one, two } = oneAndTwo(module, configuration, 1)
      const java = tlc(jar, dirname(specificationOf(module)), module, configuration)
      console.log(`${module} ${configuration}: generated, distinct, depth`)
      for (const row of [one, two, java]) console.log(told(row))
      console.log(`  ${(java.cpuSeconds / one.cpuSeconds).toFixed(1)} times TLC`)
      return sameCounts(configuration, one, [two, java], 1)
    })
  )

const isKnown = (name: string): name is keyof typeof configurations => Object.hasOwn(configurations, name)

/** Runs the bench on a configuration of the replication model, then on every model of the project. */
export const run = async ([name = "S2"]: ReadonlyArray<string>): Promise<void> => {
  if (!isKnown(name)) throw new RangeError(`there is no ${name}; there are ${Object.keys(configurations).join(", ")}`)
  const { jar } = await resolveTlc({})
  const wrong = [...replicationRows(jar, name), ...modelRows(jar)]
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exitCode = 1
}
