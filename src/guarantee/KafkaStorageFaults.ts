/**
 * Kafka's log on the scoreboard: each fault against `flush.messages=1`, as specified and hardened. What the words mean is in
 * Scoreboard.ts; an epoch, a sequence, a time or a transaction that is not what was appended is corruption too.
 */
import { type Guard, guardNames } from "../kafka/storage/Guards.ts"
import { seeded } from "../replay/Choose.ts"
import { type Outcome, real } from "./KafkaStorageCommand.ts"
import { hunt } from "./KafkaStorageGuards.ts"
import { type FaultClass, historyOf } from "./KafkaStorageHistories.ts"
import { kind as tokenKind, shrunk } from "./KafkaStorageRow.ts"
import { run } from "./KafkaStorageRun.ts"
import type { Board, FaultId, Word } from "./Scoreboard.ts"

/** Classes of histories that are looked at for a fault, where they are not the fault's own. */
const looked: { readonly [F in FaultId]?: ReadonlyArray<FaultClass> } = {
  F3: ["F3", "F3 header", "F3 marker"],
  F10: ["F10", "F10 late"],
  F15: ["F15", "F15 mid"]
}

const wordOf = ({ declared, findings, startsNoMore }: Outcome): Word => {
  const kinds = new Set(findings.map(({ kind }) => kind))
  if (kinds.has("bytes") || kinds.has("isolation") || kinds.has("answer")) return "silent corruption"
  if (kinds.has("acknowledged") || kinds.has("flushed") || kinds.has("hole")) return "silent loss"
  if (startsNoMore) return "crash loop"
  if (kinds.has("stuck")) return "stuck"
  return declared === undefined ? "correct" : "correct-but-unavailable"
}

/** Histories after which a guard's absence counts as not noticed. */
const mostHistories = 4_000

const outcomeOf = (hardened: boolean) => (faults: FaultId, at: number, seed: number): Word => {
  const classes = looked[faults] ?? [faults as FaultClass]
  const commands = historyOf({ faults: classes[at % classes.length]!, cuts: false }, seeded(seed + at))
  return wordOf(run({ ...real, isFlushed: true, hardened }, commands))
}

/** What each fault does, and how soon each guard's absence is noticed. */
export const board: Board = {
  title: "Kafka's log",
  text: [
    "A log with `flush.messages=1`. A single log has no other copy, so none is called *reduced redundancy*."
  ],
  variants: [
    { name: "As specified", text: [], outcomeOf: outcomeOf(false) },
    {
      name: "Hardened",
      text: [
        "The same histories with the engine's switch `hardened`, which no real log has: recovery refuses to cut where a valid",
        "batch lies behind a damaged one."
      ],
      outcomeOf: outcomeOf(true)
    }
  ],
  guards: guardNames,
  hunt: (guard, seed) => hunt(guard as Guard, mostHistories, seed),
  shortest: (guard, seed) => {
    const caught = hunt(guard as Guard, mostHistories, seed)
    if (caught === undefined) return undefined
    const { commands, kind, settings } = caught
    const { steps, token } = shrunk({ settings, kind, commands })
    const sentence = `A Kafka log without the guard ${guard} breaks a promise in ${steps} steps`
    return { tokenKind, sentence, token }
  }
}
