/**
 * The explorer beside TLC and Rust's stateright, CPU seconds in one run: bench/replication/Replication.tla in TLC, its twin
 * test/explore/Replication.ts in the explorer, its twin bench/stateright in stateright, one worker each and the same four
 * invariants. All three must count the same states, steps and depth. `npm run bench -- explore [S1|M1|S2|S3]`.
 *
 * Asserted on S2, where starting up no longer counts: at least 15 times TLC and 0.7 of stateright in states a CPU second,
 * and at most 40 bytes a state. The median of three runs counts; TLC, which takes longer than all the others, runs once.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { resolveTlc } from "../packages/tla-tools-runner/src/index.ts"
import { configurations } from "../test/explore/Replication.ts"
import { type Measured, measured, median } from "./explore/Measured.ts"

const root = join(import.meta.dirname, "..")

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

const ours = (module: string, configuration: string): Row => {
  const { cpuSeconds, output } = repeated(
    3,
    () => measured([process.execPath, join(root, "bench", "explore", "Ours.ts"), module, configuration])
  )
  const [generated, distinct, depth, bytes] = output.split(" ").map(Number)
  return { tool: "ackproof", counts: [generated!, distinct!, depth!], cpuSeconds, bytesAState: bytes! / distinct! }
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

/** What does not hold of these rows, as sentences. */
const broken = (name: string, rows: Readonly<Record<"ours" | "tlc" | "stateright", Row>>): ReadonlyArray<string> => {
  const { ours, stateright, tlc } = rows
  const wrong = [tlc, stateright].filter(({ counts }) => counts.join() !== ours.counts.join())
    .map(({ counts, tool }) => `${name}: ${tool} counts ${counts.join(" ")}, ackproof ${ours.counts.join(" ")}`)
  const times = (other: Row) => other.cpuSeconds / ours.cpuSeconds
  console.log(`  ${times(tlc).toFixed(1)} times TLC, ${times(stateright).toFixed(2)} of stateright`)
  if (name !== "S2") return wrong
  return [
    ...wrong,
    ...(times(tlc) >= 15 ? [] : [`${name}: ${times(tlc).toFixed(1)} times TLC is below 15`]),
    ...(times(stateright) >= 0.7 ? [] : [`${name}: ${times(stateright).toFixed(2)} of stateright is below 0.7`]),
    ...(ours.bytesAState! <= 40 ? [] : [`${name}: ${ours.bytesAState!.toFixed(1)} bytes a state are above 40`])
  ]
}

const isKnown = (name: string): name is keyof typeof configurations => Object.hasOwn(configurations, name)

/** Runs the bench on a configuration of the replication model. */
export const run = async ([name = "S2"]: ReadonlyArray<string>): Promise<void> => {
  if (!isKnown(name)) throw new RangeError(`there is no ${name}; there are ${Object.keys(configurations).join(", ")}`)
  const { jar } = await resolveTlc({})
  console.log(`Replication ${name}: generated, distinct, depth`)
  const rows = {
    ours: ours("Replication", name),
    stateright: stateright(name),
    tlc: tlc(jar, join(root, "bench", "replication"), "Replication", name)
  }
  for (const row of Object.values(rows)) console.log(told(row))
  const wrong = broken(name, rows)
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exitCode = 1
}
