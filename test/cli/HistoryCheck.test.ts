/** `history check` as a user runs it: exit status, one document for a program, one line for a broken input. */
import { expect, it } from "vitest"
import { ackproof } from "./CommandLine.ts"

const sample = (name: string) => `test/history/samples/${name}`
const check = (...args: ReadonlyArray<string>) => ackproof("history", "check", ...args)

it("tells a person each anomaly as a story, and exits 1 where a history is invalid", () => {
  const { status, stderr, stdout } = check(sample("lost-write.edn"))
  expect(stderr).toBe("")
  expect(stdout).toContain("lost-write: Value 1 of key 8 is lost")
  expect(stdout).toContain("        1  └ ok 8:1@0")
  expect(status).toBe(1)
  expect(check(sample("lost-write.edn"), "--all").stdout).toBe(stdout)
})

it("gives a program one array for several files, in their order", () => {
  const { status, stdout } = check(sample("valid.json"), sample("lost-write.edn"), "--json")
  const reports = JSON.parse(stdout) as ReadonlyArray<
    { file: string; verdict: string; anomalies: object; stats: object }
  >
  expect(reports.map(({ file, verdict }) => [file, verdict])).toEqual([
    [sample("valid.json"), "valid"],
    [sample("lost-write.edn"), "invalid"]
  ])
  expect(Object.keys(reports[0]!)).toEqual(["file", "verdict", "anomalies", "stats"])
  expect(Object.keys(reports[1]!.anomalies)).toEqual(["lost-write", "unseen"])
  expect(status).toBe(1)
})

it("judges RocketMQ's queues: what was acknowledged is lost, what a soft status did not vouch for is not", () => {
  const { status, stdout } = check(sample("rocketmq.jsonl"), "--json")
  const { anomalies, stats } = JSON.parse(stdout) as {
    anomalies: { readonly "lost-write": ReadonlyArray<{ readonly key: string; readonly value: number }> }
    stats: {
      readonly recovery: { readonly faults: ReadonlyArray<{ readonly unavailable: { readonly duration: number } }> }
    }
  }
  expect(anomalies["lost-write"]).toMatchObject([{ key: "broker-a-0", value: 4 }])
  expect(stats.recovery.faults.map(({ unavailable }) => unavailable.duration)).toEqual([9_000_000])
  expect(status).toBe(1)
})

it("looks for no more smallest sub-histories than are wanted", () => {
  const smallest = (...flags: ReadonlyArray<string>) =>
    (JSON.parse(check(sample("lost-write.edn"), "--json", ...flags).stdout) as {
      anomalies: {
        readonly "lost-write": ReadonlyArray<{ readonly smallest?: ReadonlyArray<{ readonly index: number }> }>
      }
    }).anomalies["lost-write"].map((one) => one.smallest?.map(({ index }) => index))
  expect(smallest()).toEqual([[0, 1, 8, 9]])
  expect(smallest("--smallest", "0")).toEqual([undefined])
})

it("lists allowed anomalies and passes", () => {
  const { status, stdout } = check(sample("interleaved.jsonl"), "--ww-deps", "--json")
  const report = JSON.parse(stdout) as { verdict: string; stats: { allowed: ReadonlyArray<string> } }
  expect(report.verdict).toBe("valid")
  expect(report.stats.allowed).toEqual(["G0", "PL-1-cycle-exists"])
  expect(status).toBe(0)
})

it("names a broken line, and judges the rest with --lenient", () => {
  const strict = check(sample("broken.edn"))
  expect(strict.status).toBe(2)
  expect(strict.stdout).toBe("")
  expect(strict.stderr).toBe(
    `ackproof: ${sample("broken.edn")}:3: expected type to be invoke, ok, fail or info, found "okay" ` +
      "(--lenient judges the other lines)\n"
  )
  const lenient = check(sample("broken.edn"), "--lenient", "--json")
  expect(lenient.status).toBe(0)
  expect((JSON.parse(lenient.stdout) as { stats: { broken: ReadonlyArray<{ line: number }> } }).stats.broken
    .map(({ line }) => line)).toEqual([3, 4])
  expect(lenient.stderr.trim().split("\n")).toHaveLength(2)
})

it("says what works where there is no file, or a number makes no sense", () => {
  expect(check().status).toBe(2)
  expect(check("--budget", "0", sample("valid.json")).stderr).toBe(
    "ackproof: history check: --budget 0; give 1 or more\n"
  )
  expect(check("no-such-file.edn").stderr).toMatch(
    /^ackproof: no-such-file.edn: .*ENOENT.*; give a history as EDN or JSON\n$/
  )
})
