/**
 * RocketMQ's store on the scoreboard: each fault against SYNC_FLUSH of both versions and the hardened store.
 *
 * The index is left out here: by default every crash costs keys of it (the matrix says which), and with them each cell would
 * be a loss that no consumer has.
 */
import { seeded } from "../replay/Choose.ts"
import * as Token from "../replay/Token.ts"
import { type Outcome, type Settings, type Switch, switches } from "./RocketmqStorageCommand.ts"
import { hunt } from "./RocketmqStorageGuards.ts"
import { type FaultClass, historyOf } from "./RocketmqStorageHistories.ts"
import { shrunk, tokenKind } from "./RocketmqStorageRow.ts"
import { run } from "./RocketmqStorageRun.ts"
import type { Board, FaultId, Word } from "./Scoreboard.ts"

/** Classes of histories that are looked at for a fault, where they are not the fault's own. */
const looked: { readonly [F in FaultId]?: ReadonlyArray<FaultClass> } = {
  F10: ["F10", "F10 late"],
  F15: ["F15 body", "F15 head"],
  F17: ["F17", "F17 index", "F17 checkpoint"]
}

const wordOf = ({ declared, findings, startsNoMore }: Outcome): Word => {
  const kinds = new Set(findings.map(({ kind }) => kind))
  if (kinds.has("bytes") || kinds.has("answer")) return "silent corruption"
  const isLost = (["acknowledged", "flushed", "hole", "delivered"] as const).some((kind) => kinds.has(kind))
  if (isLost) return "silent loss"
  if (startsNoMore) return "crash loop"
  return declared === undefined ? "correct" : "correct-but-unavailable"
}

const outcomeOf = (version: Settings["version"]) => (faults: FaultId, at: number, seed: number): Word => {
  const classes = looked[faults] ?? [faults as FaultClass]
  const commands = historyOf(classes[at % classes.length]!, seeded(seed + at))
  return wordOf(run({ version, flush: "SYNC_FLUSH", pool: false, off: [] }, commands))
}

/** Histories after which a guard's absence counts as not noticed. */
export const mostHistories = 4_000

export const board: Board = {
  title: "RocketMQ's store",
  text: [
    "A store with `flushDiskType=SYNC_FLUSH`. No version makes the names of its files durable, so a power cut may take all of",
    "it; real file systems often keep them. The index is not looked at here, the matrix says what it loses."
  ],
  variants: [
    { name: "4.9.7", text: [], outcomeOf: outcomeOf("4.9.7") },
    { name: "5.5.0", text: [], outcomeOf: outcomeOf("5.5.0") },
    {
      name: "Hardened",
      text: [
        "5.5.0 with the switches that no version has: names are committed, what recovery cuts off is erased, queues are made",
        "anew, and a checksum covers the whole message."
      ],
      outcomeOf: outcomeOf("hardened")
    }
  ],
  guards: switches,
  hunt: (guard, seed) => hunt(guard as Switch, mostHistories, seed),
  shortest: (guard, seed) => {
    const caught = hunt(guard as Switch, mostHistories, seed)
    if (caught === undefined) return undefined
    const { kind, settings } = caught
    const commands = shrunk(caught)
    const sentence = `A RocketMQ store without the guard "${guard}" breaks a promise in ${commands.length} steps`
    return { tokenKind, sentence, token: Token.print({ kind: tokenKind, body: { settings, kind, commands } }) }
  }
}
