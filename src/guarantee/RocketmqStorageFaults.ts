/**
 * RocketMQ's store on the scoreboard: each fault against SYNC_FLUSH of both versions and the hardened store, as a consumer of
 * its queues sees it, and as somebody sees it who also looks messages up by their keys.
 *
 * The one decision: the index has tables of its own. By default every crash costs keys of it, and in one table with the
 * queues each cell would be a loss that no consumer has.
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

const wordOf = ({ declared, findings, startsNoMore }: Outcome, looksUp: boolean): Word => {
  const kinds = new Set(findings.map(({ kind }) => kind))
  if (kinds.has("bytes") || kinds.has("answer") || (looksUp && kinds.has("query"))) return "silent corruption"
  const isLost = (["acknowledged", "flushed", "hole", "delivered"] as const).some((kind) => kinds.has(kind))
  if (isLost || (looksUp && kinds.has("keys"))) return "silent loss"
  if (startsNoMore) return "crash loop"
  return declared === undefined ? "correct" : "correct-but-unavailable"
}

/** A history's word with and without lookups by key. */
interface Words {
  readonly queues: Word
  readonly keys: Word
}

/** Histories that were run: those of a version are shown twice. */
const told = new Map<string, Words>()

const wordsOf = (version: Settings["version"], faults: FaultClass, seed: number): Words => {
  const name = JSON.stringify([version, faults, seed])
  const known = told.get(name)
  if (known !== undefined) return known
  const outcome = run({ version, flush: "SYNC_FLUSH", pool: false, off: [] }, historyOf(faults, seeded(seed)))
  const words = { queues: wordOf(outcome, false), keys: wordOf(outcome, true) }
  told.set(name, words)
  return words
}

const outcomeOf =
  (version: Settings["version"], seen: keyof Words) => (id: FaultId, at: number, seed: number): Word => {
    const classes = looked[id] ?? [id as FaultClass]
    return wordsOf(version, classes[at % classes.length]!, seed + at)[seen]
  }

/** Histories after which a guard's absence counts as not noticed. */
export const mostHistories = 4_000

export const board: Board = {
  title: "RocketMQ's store",
  text: [
    "A store with `flushDiskType=SYNC_FLUSH`. No version makes the names of its files durable, so a power cut may take all of",
    "it; real file systems often keep them."
  ],
  variants: [
    { name: "4.9.7", text: [], outcomeOf: outcomeOf("4.9.7", "queues") },
    { name: "5.5.0", text: [], outcomeOf: outcomeOf("5.5.0", "queues") },
    {
      name: "Hardened",
      text: [
        "5.5.0 with the switches that no version has: names are committed, what recovery cuts off is erased, queues and index are",
        "made anew, and a checksum covers the whole message."
      ],
      outcomeOf: outcomeOf("hardened", "queues")
    },
    {
      name: "4.9.7, by key",
      text: [
        "The same histories, whose messages are looked up by their keys too. A key that does not find its message is a loss, an",
        "answer that gives one twice, or one without the key, is corruption."
      ],
      outcomeOf: outcomeOf("4.9.7", "keys")
    },
    { name: "5.5.0, by key", text: [], outcomeOf: outcomeOf("5.5.0", "keys") },
    { name: "Hardened, by key", text: [], outcomeOf: outcomeOf("hardened", "keys") }
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
