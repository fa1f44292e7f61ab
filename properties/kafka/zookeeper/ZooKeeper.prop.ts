/** A ZooKeeper server and its clients refine the model, whatever fails, and come back when nothing does any more. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { stampsOf, treeOf } from "../../../src/kafka/models/ZooKeeperState.ts"
import { byTier } from "../../../test/Tier.ts"
import { type Command, guarded, kinds, play } from "./ZooKeeperRun.ts"

const pick = fc.nat(0xffff)
const other = pick
/** Faults are one command in about ten. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Due" as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Any" as const), pick }) },
  {
    weight: 40,
    arbitrary: fc.record({ _tag: fc.constant("Want" as const), pick, kind: fc.constantFrom(...kinds) })
  },
  {
    weight: 9,
    arbitrary: fc.record({
      _tag: fc.constantFrom("Kill" as const, "Freeze", "Thaw", "Thaw", "Cut", "Heal", "Heal", "During"),
      pick
    })
  },
  { weight: 3, arbitrary: fc.record({ _tag: fc.constant("Reset" as const), pick, other }) }
)
const commands = fc.array(command, { minLength: 10, maxLength: 80, size: "max" })

/** Every action of the model that a guarded node does, every code and kind of event that this tree has. */
const everything = [
  "Ask",
  "BadVersion",
  "Connect",
  "Expire",
  "GiveUp",
  "Hear",
  "Kill",
  "LoseClient",
  "LoseServer",
  "NoNode",
  "NodeChildrenChanged",
  "NodeCreated",
  "NodeDataChanged",
  "NodeDeleted",
  "NodeExists",
  "NotEmpty",
  "Reset",
  "Restart",
  "Serve",
  "expired",
  "told late"
]

describe("a ZooKeeper server and its clients on the simulated world", () => {
  it("do only what the model does, in every order and under every fault, and are settled soon after the last one", () => {
    const reached = new Set<string>()
    let events = 0
    let telling = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        const run = play(guarded, seed, list)
        run.reached.forEach((tag) => reached.add(tag))
        events += run.events
        telling += run.telling
        // Mended for a while: everyone is in a session, knows what became of its question, and heard of every change.
        const { own, status, tree } = run.state
        expect(status.every((is) => is === "up")).toBe(true)
        expect(own.every(({ asks, ready }) => ready && asks.length === 0)).toBe(true)
        const now = stampsOf(treeOf(tree))
        own.forEach(({ registered }) =>
          registered.forEach((left, watch) => expect(left.every((stamp) => stamp[0] === now[watch]![0])).toBe(true))
        )
      }),
      { numRuns: byTier({ quick: 200, deep: 5_000 }) }
    )
    expect([...reached].sort()).toEqual(everything)
    expect(telling / events).toBeGreaterThan(0.1)
  })
})
