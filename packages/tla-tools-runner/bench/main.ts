/**
 * What running TLC through this package costs, in one run: the same small spec by plain Java and by `check`, turn about,
 * medians compared (at most 1.15 times); steps a second of the oracle (at least 5,000).
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { check, oracle, resolveTlc } from "../src/index.ts"

const rounds = 9
const spec = join(dirname(fileURLToPath(import.meta.url)), "..", "test", "specs", "Dials.tla")
const constants = { Count: 4, Top: 6 }
const { jar } = await resolveTlc()
const folder = mkdtempSync(join(tmpdir(), "ttr-bench-"))
const config = join(folder, "Dials.cfg")
writeFileSync(config, "SPECIFICATION Spec\nCONSTANTS Count = 4\n Top = 6\nINVARIANT InRange\n")

const median = (times: ReadonlyArray<number>): number => times.toSorted((a, b) => a - b)[times.length >> 1]!

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await run()
  return performance.now() - from
}

const plain = async (round: number): Promise<void> => {
  const args = [
    "-XX:+UseParallelGC",
    "-cp",
    jar,
    "tlc2.TLC",
    "-deadlock",
    "-config",
    config,
    "-metadir",
    join(folder, `m${round}`),
    "Dials"
  ]
  const { stdout } = spawnSync("java", args, { cwd: dirname(spec), encoding: "utf8" })
  if (!stdout.includes("2401 distinct states found")) throw new Error(stdout)
}

const ours = async (): Promise<void> => {
  const { distinct } = await check(spec, { config, deadlock: false }).result
  if (distinct !== 2401) throw new Error(`${distinct} states`)
}

const times: { readonly plain: Array<number>; readonly ours: Array<number> } = { plain: [], ours: [] }
for (let round = 0; round < rounds; round++) {
  times.plain.push(await timed(() => plain(round)))
  times.ours.push(await timed(ours))
}
rmSync(folder, { recursive: true, force: true })
const ratio = median(times.ours) / median(times.plain)

const running = await oracle(spec, { constants, invariants: ["InRange"] })
const walk = [1, 2, 3, 4].flatMap((d) =>
  Array.from({ length: 6 }, (_, i) => ({
    action: "Turn",
    parameters: [d],
    state: { dial: [1, 2, 3, 4].map((e) => e < d ? 6 : e > d ? 0 : i + 1) }
  }))
)
const traces = 2000
const elapsed = await timed(async () => {
  for (let i = 0; i < traces; i++) {
    const { accepted } = await running.trace({ dial: [0, 0, 0, 0] }, walk)
    if (accepted !== walk.length) throw new Error(`${accepted} steps accepted`)
  }
})
await running.close()
const rate = traces * walk.length / elapsed * 1000

console.log(
  `check: ${median(times.ours).toFixed(0)} ms, plain Java: ${median(times.plain).toFixed(0)} ms, ratio ${
    ratio.toFixed(3)
  } (at most 1.15)`
)
console.log(`oracle: ${Math.round(rate)} steps a second (at least 5000)`)
if (ratio > 1.15 || rate < 5000) process.exitCode = 1
