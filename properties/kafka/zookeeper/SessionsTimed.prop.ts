/** Sessions on the nodes end when the timed model ends them, whatever happens to their clients. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { byTier } from "../../../test/Tier.ts"
import { playTimed, type TimedCommand } from "./SessionsTimedRun.ts"

const pick = fc.nat(0xffff)
const command: fc.Arbitrary<TimedCommand> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ _tag: fc.constant("Due" as const), count: fc.integer({ min: 1, max: 24 }) }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constantFrom("Slow" as const, "Quick"), pick }) },
  // Longer than a session may be silent, and back before it ends: the model's bounds are met to a unit.
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constant("Doze" as const), pick, units: fc.integer({ min: 1, max: 16 }) })
  },
  {
    weight: 1,
    arbitrary: fc.record({ _tag: fc.constantFrom("Freeze" as const, "Freeze", "Thaw", "Thaw", "Thaw", "Kill"), pick })
  }
)
const commands = fc.array(command, { minLength: 5, maxLength: 40, size: "max" })

const everything = [
  "Beat",
  "ComesBackInTime",
  "ComesBackTooLate",
  "Expire",
  "Freeze",
  "Kill",
  "Thaw",
  "Tick",
  "Touch",
  "late"
]

describe("a ZooKeeper server and clients that say now and then that they are there", () => {
  it("are a path of the timed model, unit by unit of time, and keep its properties", () => {
    const reached = new Set<string>()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        playTimed(seed, list).reached.forEach((tag) => reached.add(tag))
      }),
      { numRuns: byTier({ quick: 600, deep: 20_000 }) }
    )
    expect([...reached].sort()).toEqual(everything)
  })
})
