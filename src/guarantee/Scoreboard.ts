/**
 * The scoreboard: each fault F1 to F22 against a store, as specified and hardened, and each guard taken away.
 *
 *     correct                     nothing that was acknowledged is missing, and nothing was said
 *     correct-but-unavailable     the store said so, an error or a start that it refuses, and lost nothing
 *     reduced redundancy          of a cluster only: a single store has no other copy
 *     silent loss                 something acknowledged is gone or not delivered, or a hole is left, and nothing said so
 *     silent corruption           what is read or answered is not what was put
 *     stuck                       a reader finds an end, or an error, where there is more, and no fault was told
 *     crash loop                  the start fails, and fails again
 *
 * The words are those of CORDS (FAST'17), the ids those of the faults a disk has. The worst word of a history counts.
 */

const words = [
  "correct",
  "correct-but-unavailable",
  "reduced redundancy",
  "silent loss",
  "silent corruption",
  "stuck",
  "crash loop"
] as const
export type Word = typeof words[number]
type Outcomes = { readonly [W in Word]: number }

const faults = [
  ["F1", "process kill, page cache kept"],
  ["F2", "power cut: drop all unsynced data"],
  ["F3", "power cut: keep arbitrary subset of unsynced writes (reordering)"],
  ["F4", "torn append: prefix kept"],
  ["F5", "torn append: size grown, content zeros / garbage"],
  ["F6", "torn group: nth group between fsyncs, keep subset"],
  ["F7", "file created, name not durable"],
  ["F8", "rename without (dir) fsync"],
  ["F9", "unlink/truncate reordered before the write they depend on"],
  ["F10", "fsync fails, page marked clean"],
  ["F11", "lying fsync (returns ok, nothing durable)"],
  ["F12", "EIO on read"],
  ["F13", "EIO on write"],
  ["F14", "ENOSPC"],
  ["F15", "bit rot in a synced record"],
  ["F16", "zeroed / junk block"],
  ["F17", "bit rot in index, checkpoint, metadata file"],
  ["F18", "misdirected write"],
  ["F19", "lost write (old content kept after sync)"],
  ["F20", "stale whole-file rollback"],
  ["F21", "truncation by n bytes at rest"],
  ["F22", "crash during recovery, repeated"]
] as const
export type FaultId = typeof faults[number][0]

/** One way to run a store. */
interface Variant {
  readonly name: string
  /** Lines of the page that say what it is. */
  readonly text: ReadonlyArray<string>
  /** The word for the history of this number, counted from 0, that the seed begins. */
  readonly outcomeOf: (fault: FaultId, at: number, seed: number) => Word
}

/** The shortest history that notices a guard's absence, as it is kept. */
interface Noticed {
  readonly tokenKind: string
  readonly sentence: string
  readonly token: string
}

/** A store, to be run against every fault. */
export interface Board {
  readonly title: string
  readonly text: ReadonlyArray<string>
  readonly variants: ReadonlyArray<Variant>
  readonly guards: ReadonlyArray<string>
  /** How many histories it took to notice that a guard is gone, if it was noticed. */
  readonly hunt: (guard: string, seed: number) => { readonly runs: number; readonly faults: string } | undefined
  readonly shortest: (guard: string, seed: number) => Noticed | undefined
}

interface FaultRow {
  readonly id: FaultId
  readonly fault: string
  /** Histories run, of each variant. */
  readonly cells: number
  readonly seeds: readonly [first: number, last: number]
  /** By the name of the variant. */
  readonly outcomes: { readonly [variant: string]: Outcomes }
}

interface GuardRow {
  readonly guard: string
  /** Histories until it was noticed that it is gone; absent where it was not. */
  readonly runs?: number
  readonly fault?: string
}

interface Score {
  readonly store: string
  readonly rows: ReadonlyArray<FaultRow>
  readonly guards: ReadonlyArray<GuardRow>
}

export interface Search {
  /** Histories a fault and variant. */
  readonly runs: number
  readonly seed: number
  readonly progress: (done: number, total: number) => void
}

/** Runs every fault and every guard's absence. */
export const scoreOf = (board: Board, { progress, runs, seed }: Search): Score => {
  const total = faults.length + board.guards.length
  const rows = faults.map(([id, fault], index): FaultRow => {
    progress(index, total)
    const outcomes = board.variants.map(({ name, outcomeOf }) => {
      const counts = Object.fromEntries(words.map((word) => [word, 0])) as { [W in Word]: number }
      for (let at = 0; at < runs; at++) counts[outcomeOf(id, at, seed)]++
      return [name, counts] as const
    })
    return { id, fault, cells: runs, seeds: [seed, seed + runs - 1], outcomes: Object.fromEntries(outcomes) }
  })
  const guards = board.guards.map((guard, index): GuardRow => {
    progress(faults.length + index, total)
    const caught = board.hunt(guard, seed)
    return caught === undefined ? { guard } : { guard, runs: caught.runs, fault: caught.faults }
  })
  progress(total, total)
  return { store: board.title, rows, guards }
}

const table = (rows: ReadonlyArray<FaultRow>, variant: string): ReadonlyArray<string> => [
  `| id | fault | cells | seeds | ${words.join(" | ")} |`,
  `| --- | --- | --- | --- | ${words.map(() => "---").join(" | ")} |`,
  ...rows.map(({ cells, fault, id, outcomes, seeds }) => {
    const counts = words.map((word) => String(outcomes[variant]![word]))
    return `| ${id} | ${fault} | ${cells} | ${seeds.join(" to ")} | ${counts.join(" | ")} |`
  })
]

const section = ({ text, title, variants }: Board, { guards, rows }: Score): ReadonlyArray<string> => [
  `## ${title}`,
  "",
  ...text,
  "",
  ...variants.flatMap(({ name, text }) => [
    `### ${name}`,
    "",
    ...text.length === 0 ? [] : [...text, ""],
    ...table(rows, name),
    ""
  ]),
  "### Guards",
  "",
  "Guards of the engine, each taken away: histories until the suite noticed.",
  "",
  "| guard | histories | fault |",
  "| --- | --- | --- |",
  ...guards.map(({ fault = "", guard, runs }) => `| ${guard} | ${runs ?? "not noticed"} | ${fault} |`),
  ""
]

/** The scoreboards as a page. */
export const page = (scored: ReadonlyArray<readonly [Board, Score]>): string =>
  [
    "# Faults",
    "",
    "What each fault of a disk does to the stores. Generated by `npx ackproof faults`; a test compares. One cell is one random",
    "history with several faults of that class, in the worst word of CORDS (FAST'17) that fits. *Unavailable* ends with a",
    "start that serves again, a *crash loop* does not end.",
    "",
    ...scored.flatMap(([board, score]) => section(board, score))
  ].join("\n")
