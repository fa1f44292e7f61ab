/**
 * The scoreboard: each fault F1 to F22 against a Kafka log that flushes every append, as specified and hardened.
 *
 *     correct                     nothing that was acknowledged is missing, and nothing was said
 *     correct-but-unavailable     the log said so, an error or its directory offline, and lost nothing
 *     reduced redundancy          of a cluster only: a single log has no other copy
 *     silent loss                 a flushed record is gone, or a hole is left, and nothing said so
 *     silent corruption           bytes, or an epoch, a sequence, a time, a transaction, that are not what was appended
 *     stuck                       a reader finds an end, or an error, where there are records, and no fault was told
 *     crash loop                  the start fails, and fails again
 *
 * The words are those of CORDS (FAST'17). The worst word of a history counts.
 */
import { guardNames } from "../kafka/storage/Guards.ts"
import { seeded } from "../replay/Choose.ts"
import { type Outcome, real } from "./KafkaStorageCommand.ts"
import { hunt } from "./KafkaStorageGuards.ts"
import { type FaultClass, historyOf } from "./KafkaStorageHistories.ts"
import { run } from "./KafkaStorageRun.ts"

const words = [
  "correct",
  "correct-but-unavailable",
  "reduced redundancy",
  "silent loss",
  "silent corruption",
  "stuck",
  "crash loop"
] as const
type Word = typeof words[number]
type Outcomes = { readonly [W in Word]: number }

interface FaultRow {
  readonly id: string
  readonly fault: string
  /** Histories run, of each variant. */
  readonly cells: number
  readonly seeds: readonly [first: number, last: number]
  /** As specified. */
  readonly outcomes: Outcomes
  /** With the switch that no real log has: recovery that tells damage from a torn tail where it can. */
  readonly hardened: Outcomes
}

export interface Scoreboard {
  readonly rows: ReadonlyArray<FaultRow>
  readonly guards: ReadonlyArray<{ readonly guard: string; readonly runs: number | undefined; readonly fault?: string }>
}

const faults: ReadonlyArray<readonly [id: string, fault: string, looked: ReadonlyArray<FaultClass>]> = [
  ["F1", "process kill, page cache kept", ["F1"]],
  ["F2", "power cut: drop all unsynced data", ["F2"]],
  ["F3", "power cut: keep arbitrary subset of unsynced writes (reordering)", ["F3", "F3 header", "F3 marker"]],
  ["F4", "torn append: prefix kept", ["F4"]],
  ["F5", "torn append: size grown, content zeros / garbage", ["F5"]],
  ["F6", "torn group: nth group between fsyncs, keep subset", ["F6"]],
  ["F7", "file created, name not durable", ["F7"]],
  ["F8", "rename without (dir) fsync", ["F8"]],
  ["F9", "unlink/truncate reordered before the write they depend on", ["F9"]],
  ["F10", "fsync fails, page marked clean", ["F10", "F10 late"]],
  ["F11", "lying fsync (returns ok, nothing durable)", ["F11"]],
  ["F12", "EIO on read", ["F12"]],
  ["F13", "EIO on write", ["F13"]],
  ["F14", "ENOSPC", ["F14"]],
  ["F15", "bit rot in a synced record", ["F15", "F15 mid"]],
  ["F16", "zeroed / junk block", ["F16"]],
  ["F17", "bit rot in index, checkpoint, metadata file", ["F17"]],
  ["F18", "misdirected write", ["F18"]],
  ["F19", "lost write (old content kept after sync)", ["F19"]],
  ["F20", "stale whole-file rollback", ["F20"]],
  ["F21", "truncation by n bytes at rest", ["F21"]],
  ["F22", "crash during recovery, repeated", ["F22"]]
]

const wordOf = ({ declared, findings, startsNoMore }: Outcome): Word => {
  const kinds = new Set(findings.map(({ kind }) => kind))
  if (kinds.has("bytes") || kinds.has("isolation") || kinds.has("answer")) return "silent corruption"
  if (kinds.has("acknowledged") || kinds.has("flushed") || kinds.has("hole")) return "silent loss"
  if (startsNoMore) return "crash loop"
  if (kinds.has("stuck")) return "stuck"
  return declared === undefined ? "correct" : "correct-but-unavailable"
}

export interface Search {
  /** Histories a fault and variant. */
  readonly runs: number
  readonly seed: number
  readonly progress: (done: number, total: number) => void
}

/** Histories after which a guard's absence counts as not noticed. */
export const mostHistories = 4_000

const outcomesOf = (looked: ReadonlyArray<FaultClass>, hardened: boolean, { runs, seed }: Search): Outcomes => {
  const outcomes = Object.fromEntries(words.map((word) => [word, 0])) as { [W in Word]: number }
  for (let at = 0; at < runs; at++) {
    const commands = historyOf({ faults: looked[at % looked.length]!, cuts: false }, seeded(seed + at))
    outcomes[wordOf(run({ ...real, isFlushed: true, hardened }, commands))]++
  }
  return outcomes
}

/** Runs every fault and every guard's absence. */
export const scoreboard = (search: Search): Scoreboard => {
  const { runs, seed } = search
  const total = faults.length + guardNames.length
  const rows = faults.map(([id, fault, looked], index): FaultRow => {
    search.progress(index, total)
    const [outcomes, hardened] = [outcomesOf(looked, false, search), outcomesOf(looked, true, search)]
    return { id, fault, cells: runs, seeds: [seed, seed + runs - 1], outcomes, hardened }
  })
  const guards = guardNames.map((guard, index) => {
    search.progress(faults.length + index, total)
    const caught = hunt(guard, mostHistories, search.seed)
    return { guard, runs: caught?.runs, ...caught === undefined ? {} : { fault: caught.faults } }
  })
  search.progress(total, total)
  return { rows, guards }
}

const table = (rows: ReadonlyArray<FaultRow>, of: (row: FaultRow) => Outcomes): ReadonlyArray<string> => [
  `| id | fault | cells | seeds | ${words.join(" | ")} |`,
  `| --- | --- | --- | --- | ${words.map(() => "---").join(" | ")} |`,
  ...rows.map((row) => {
    const counts = words.map((word) => String(of(row)[word]))
    return `| ${row.id} | ${row.fault} | ${row.cells} | ${row.seeds.join(" to ")} | ${counts.join(" | ")} |`
  })
]

/** The scoreboard as a page. */
export const page = ({ guards, rows }: Scoreboard): string =>
  [
    "# Faults",
    "",
    "What each fault does to a Kafka log with `flush.messages=1`. Generated by `npx ackproof faults`; a test compares. One",
    "cell is one random history with several faults of that class, in the worst word of CORDS (FAST'17) that fits. A single",
    "log has no other copy, so none is called *reduced redundancy*. *Unavailable* ends with a start that serves again, a",
    "*crash loop* does not end.",
    "",
    "## As specified",
    "",
    ...table(rows, ({ outcomes }) => outcomes),
    "",
    "## Hardened",
    "",
    "The same histories with the engine's switch `hardened`, which no real log has: recovery refuses to cut where a valid",
    "batch lies behind a damaged one.",
    "",
    ...table(rows, ({ hardened }) => hardened),
    "",
    "## Guards",
    "",
    "Guards of the engine, each taken away: histories until the suite noticed.",
    "",
    "| guard | histories | fault |",
    "| --- | --- | --- |",
    ...guards.map(({ fault = "", guard, runs }) => `| ${guard} | ${runs ?? "not noticed"} | ${fault} |`),
    ""
  ].join("\n")
