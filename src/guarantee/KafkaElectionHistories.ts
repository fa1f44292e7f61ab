/**
 * Histories of a cluster of brokers and its ZooKeeper, drawn: anything that can happen, or a schedule of a scenario.
 *
 * The decision: a history is whatever a way of drawing it did to the nodes, and is kept as its steps
 * (`simulate/coordination/ElectionRecording.ts`), so nothing that judges or shrinks it knows how it was drawn.
 */
import { type Choose, oneIn } from "../replay/Choose.ts"
import type { Driven } from "../simulate/coordination/ElectionCluster.ts"
import { carryOutAll, type Command, mend } from "../simulate/coordination/ElectionCommands.ts"
import { all, readAll } from "../simulate/coordination/ElectionSchedules.ts"

const pick = (choose: Choose) => choose(0x1_0000)
const oneOf = <A>(choose: Choose, all: ReadonlyArray<A>): A => all[choose(all.length)]!

/** Mostly time; in one command of eight something fails or is mended, power cuts left out. */
const anything = (run: Driven, choose: Choose): void => {
  const commands = Array.from({ length: 15 + choose(25) }, (): Command => {
    const kind = choose(16)
    if (kind < 7) return { _tag: "Due", count: 1 + choose(80) }
    if (kind < 10) return { _tag: "Any", pick: pick(choose) }
    if (kind < 13) return { _tag: oneOf(choose, ["Produce", "Produce", "Prefer", "ShutDown"]), pick: pick(choose) }
    if (kind === 13) return { _tag: "DeleteController" }
    return {
      _tag: oneOf(choose, ["Kill", "Freeze", "Thaw", "Cut", "Heal", "Heal", "During", "Reset"]),
      pick: pick(choose)
    }
  })
  carryOutAll(run, commands)
}

/** Ways to draw a history, by name. */
const ways = { ...all, anything }
export type Way = keyof typeof ways

/** Draws a history in one of these ways. */
export const historyOf = (among: ReadonlyArray<Way>, choose: Choose) => (run: Driven): void => {
  if (oneIn(choose, 2)) run.produce(1 + choose(2))
  ways[oneOf(choose, among)](run, choose)
}

/** Mends all, and lets clients read everything. */
export const mendAndRead = (run: Driven): void => {
  mend(run)
  readAll(run)
}
