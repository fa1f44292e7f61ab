/**
 * The three explorers on one model, each in processes of its own and measured in the same way: what each counted, as TLC
 * counts, and what it cost.
 *
 * The decision: a model is named once for all of them, by its module and the constants of one configuration.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import type { Constant } from "../../src/machine/Machine.ts"
import { measured, median } from "./Measured.ts"

const root = join(import.meta.dirname, "..", "..")

/** One configuration of a module. */
export interface Subject {
  readonly module: string
  /** As `Machines.ts` reads it. */
  readonly machine: string
  /** What the twin in Rust is told. */
  readonly constants: Readonly<Record<string, Constant>>
  readonly specFile: string
  readonly configFile: string
}

/** What a tool counted, and what it cost. */
export interface Row {
  readonly tool: string
  readonly counts: readonly [generated: number, distinct: number, depth: number]
  readonly cpuSeconds: number
  readonly bytesAState?: number
}

/** A search of ours. */
export interface SearchRow extends Row {
  /** By the clock, from the start of its threads on. */
  readonly seconds: number
  readonly bytesAState: number
  /** Properties of the model that fell. */
  readonly broken: ReadonlyArray<string>
}

const ours = ({ machine }: Subject, threads: number): ReadonlyArray<string> => [
  process.execPath,
  join(root, "bench", "explore", "Ours.ts"),
  machine,
  String(threads)
]

const search = (subject: Subject, threads: number): SearchRow => {
  const { cpuSeconds, output } = measured(ours(subject, threads))
  const [numbers = "", broken = ""] = output.split("\n")
  const [generated, distinct, depth, bytes, seconds] = numbers.split(" ").map(Number)
  return {
    tool: threads === 1 ? "ackproof" : `${threads} threads`,
    counts: [generated!, distinct!, depth!],
    cpuSeconds,
    bytesAState: bytes! / distinct!,
    seconds: seconds!,
    broken: broken.split(" ").filter((name) => name !== "")
  }
}

/** One thread and two in turns: the median of the CPU seconds, the best of the seconds by the clock. */
export const oneAndTwo = (subject: Subject, times: number): { readonly one: SearchRow; readonly two: SearchRow } => {
  const pairs = Array.from({ length: times }, () => [1, 2].map((threads) => search(subject, threads)))
  const [one, two] = [0, 1].map((index) => {
    const runs = pairs.map((pair) => pair[index]!)
    const cpuSeconds = median(runs.map((run) => run.cpuSeconds))
    return { ...runs[0]!, cpuSeconds, seconds: Math.min(...runs.map(({ seconds }) => seconds)) }
  })
  return { one: one!, two: two! }
}

/** How many times the work of one a pair of independent searches does here: what two threads can reach at most. */
export const offered = (subject: Subject, oneSeconds: number): number => {
  const { output } = measured(["sh", "-c", "\"$@\" & \"$@\" & wait", "sh", ...ours(subject, 1)])
  const seconds = output.split("\n").map((line) => line.split(" ")).filter(({ length }) => length === 5)
  return 2 * oneSeconds / Math.max(...seconds.map((words) => Number(words[4])))
}

/** One worker of TLC; counts that are no numbers where it did not search the whole graph. */
export const tlc = (jar: string, { configFile, specFile }: Subject): Row => {
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
      configFile,
      specFile
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
export const buildTwins = (): string => {
  const target = join(root, ".cache", "stateright")
  const path = `${process.env["PATH"]}:${join(homedir(), ".cargo", "bin")}`
  const manifest = join(root, "bench", "stateright", "Cargo.toml")
  measured(["env", `PATH=${path}`, "cargo", "build", "--quiet", "--release", "--locked", "--target-dir", target]
    .concat("--manifest-path", manifest))
  return join(target, "release", "twins")
}

const word = (value: Constant): string =>
  typeof value === "boolean" ? String(value).toUpperCase() : [value].flat().map(String).join()

/** The twin in stateright, the median of three runs. */
export const stateright = (program: string, { constants, module }: Subject): Row => {
  const words = Object.entries(constants).map(([name, value]) => `${name}=${word(value)}`)
  const runs = Array.from({ length: 3 }, () => measured([program, module, ...words]))
  const [generated, distinct, depth] = runs[0]!.output.split(" ").map(Number)
  return {
    tool: "stateright",
    counts: [generated!, distinct!, depth!],
    cpuSeconds: median(runs.map(({ cpuSeconds }) => cpuSeconds))
  }
}
