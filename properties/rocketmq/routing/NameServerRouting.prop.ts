/** Runs of NameServers, brokers and clients refine the model, whatever fails; without a guard they break as it says. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Divergence } from "../../../src/conform/Shadow.ts"
import { type Command, play } from "./RoutingRun.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }

const pick = fc.nat(0xffff)
const other = pick
/** Faults are one command in about ten. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Due" as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Any" as const), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constantFrom("KillBroker" as const, "KillServer", "Freeze", "Thaw", "Thaw", "Configure"),
      pick
    })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constantFrom("CutLink" as const, "HealLink", "HealLink", "Reset", "Wipe", "Allow"),
      pick,
      other
    })
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("During" as const), pick }) }
)
const commands = fc.array(command, { minLength: 10, maxLength: 60, size: "max" })

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
  "two routes"
]

describe("NameServers, brokers and clients on the simulated world", () => {
  it("do only what the model does, in every order and under every fault, and reach all of it", () => {
    const reached = new Set<string>()
    let events = 0
    let telling = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        const run = play(guarded, seed, list)
        run.reached.forEach((tag) => reached.add(tag))
        events += run.events
        telling += run.telling
      }),
      { numRuns: 200 }
    )
    expect([...reached].sort()).toEqual(everything)
    // A scan that finds nothing, a connection that is refused: most events say something.
    expect(telling / events).toBeGreaterThan(0.3)
  })

  it("lose a freshly registered broker when a removal does not look again (R12)", () => {
    let broken: string | undefined
    for (let seed = 1; broken === undefined && seed < 3_000; seed++) {
      const [list] = fc.sample(commands, { numRuns: 1, seed })
      try {
        play({ ...guarded, RecheckFreshnessOnUnregister: false }, seed, list!)
      } catch (error) {
        if (!(error instanceof Divergence)) throw error
        broken = error.message
      }
    }
    expect(broken).toBeUndefined()
  })
})
