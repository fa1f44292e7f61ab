/** Runs of NameServers, brokers and clients refine the model, whatever fails. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { check } from "../../../src/history/Check.ts"
import { type Command, play } from "../../../src/simulate/routing/RoutingCommands.ts"
import { byTier } from "../../../test/Tier.ts"
import { commands } from "./Histories.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }

/** Every action of the model, and what a run must have been about. */
const everything = [
  "AddWritePerm",
  "AnswerRoute",
  "ChannelClosed",
  "Configure",
  "Connect",
  "CutLink",
  "Expire",
  "HealLink",
  "Heartbeat",
  "KillBroker",
  "KillServer",
  "Learn",
  "Notice",
  "Poll",
  "Register",
  "Reset",
  "StartBroker",
  "StartServer",
  "SwitchServer",
  "Unregister",
  "WipeWritePerm",
  "route",
  "try failed",
  "try stored",
  "try unknown",
  "two routes"
]

/**
 * Histories in which a run ends while a send is under way that has moved to another master: told as one operation, it
 * named the first master only, and who read the value from the second one read what nobody was known to have sent there.
 */
const onceBroken: Array<[seed: number, commands: Array<Command>]> = [
  [1, [
    { _tag: "Due", count: 15 },
    { _tag: "Due", count: 25 },
    { _tag: "Any", pick: 18_725 },
    { _tag: "Due", count: 33 },
    { _tag: "Any", pick: 36_409 },
    { _tag: "During", pick: 45_876 },
    { _tag: "Any", pick: 0 },
    { _tag: "Send", pick: 0 },
    { _tag: "Due", count: 20 },
    { _tag: "During", pick: 0 }
  ]],
  [28_995, [
    { _tag: "Freeze", pick: 52_429 },
    { _tag: "Due", count: 36 },
    { _tag: "Any", pick: 0 },
    { _tag: "Due", count: 18 },
    { _tag: "CutLink", pick: 0, other: 0 },
    { _tag: "CutLink", pick: 0, other: 32_768 },
    { _tag: "Due", count: 1 },
    { _tag: "During", pick: 46_812 },
    { _tag: "Send", pick: 0 },
    { _tag: "Due", count: 20 }
  ]]
]

/** A try that is refused by the only master of the route, and the next one that it stores: one operation, that was two. */
const onceMisread: [seed: number, commands: Array<Command>] = [1, [
  { _tag: "Due", count: 1 },
  { _tag: "Due", count: 27 },
  { _tag: "KillServer", pick: 32_768 },
  { _tag: "KillBroker", pick: 0 },
  { _tag: "Send", pick: 32_768 },
  { _tag: "Due", count: 7 },
  { _tag: "Any", pick: 38_230 },
  { _tag: "Due", count: 1 },
  { _tag: "CutLink", pick: 0, other: 0 },
  { _tag: "Due", count: 1 },
  { _tag: "Any", pick: 0 },
  { _tag: "Send", pick: 0 },
  { _tag: "Send", pick: 0 },
  { _tag: "Due", count: 1 },
  { _tag: "Any", pick: 0 },
  { _tag: "Due", count: 13 }
]]

/** An administrator forbids writes to a master on one NameServer, and allows them again. */
const administered: [seed: number, commands: Array<Command>] = [1, [
  { _tag: "Due", count: 40 },
  { _tag: "Wipe", pick: 0, other: 0 },
  { _tag: "Due", count: 40 },
  { _tag: "Allow", pick: 0, other: 0 },
  { _tag: "Due", count: 40 }
]]

describe("NameServers, brokers and clients on the simulated world", () => {
  it("do only what the model does, in every order and under every fault, and reach all of it", () => {
    const reached = new Set<string>()
    let events = 0
    let telling = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        const run = play(guarded, seed, list)
        run.reached.forEach((tag) => reached.add(tag))
        // Sends are at least once: a value may be there twice, and what was acknowledged is there.
        const { anomalies } = check(run.operations)
        const found = Object.keys(anomalies)
        expect(found.filter((name) => name !== "duplicate")).toEqual([])
        events += run.events
        telling += run.telling
      }),
      { numRuns: byTier({ quick: 250, ci: 2_000, deep: 20_000 }), examples: [...onceBroken, onceMisread, administered] }
    )
    expect(everything.filter((tag) => !reached.has(tag))).toEqual([])
    // A scan that finds nothing, a connection that is refused: most events say something.
    expect(telling / events).toBeGreaterThan(0.3)
  })
})
