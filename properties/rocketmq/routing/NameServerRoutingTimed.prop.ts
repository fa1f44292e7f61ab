/** Runs that keep time refine the timed model: how long a route may be untrue holds on nodes, whatever fails. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { timedRun } from "../../../src/simulate/routing/TimedRuns.ts"
import { byTier } from "../../../test/Tier.ts"
import { commands } from "./TimedHistories.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }

/** Every action of the model. */
const everything = [
  "AnswerRoute",
  "Beat",
  "ChannelClosed",
  "Connect",
  "CutLink",
  "Dial",
  "DialFails",
  "Expire",
  "Freeze",
  "HealLink",
  "Kill",
  "Learn",
  "Notice",
  "PauseServer",
  "PollRoute",
  "Register",
  "Reset",
  "ResumeServer",
  "Start",
  "SwitchServer",
  "Thaw",
  "Tick",
  "Unregister"
]

describe("NameServers, brokers and a client that keep time", () => {
  it("do only what the timed model does, unit by unit, keep its bounds, and reach all of it", () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), commands, (seed, list) => {
        for (const { action } of timedRun(guarded, seed, list).timedLabels) reached.add(action)
      }),
      { numRuns: byTier({ quick: 60, ci: 500, deep: 10_000 }) }
    )
    expect([...reached].sort()).toEqual(everything)
  })
})
