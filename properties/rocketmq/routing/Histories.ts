/** Random histories of routing: what is told to a cluster of NameServers, brokers and clients, and in which order. */
import * as fc from "fast-check"
import type { Command } from "../../../src/simulate/routing/RoutingCommands.ts"

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
      _tag: fc.constantFrom("CutLink" as const, "HealLink", "HealLink", "Reset"),
      pick,
      other
    })
  },
  // An administrator allows what another command of the same history forbade: seldom among many brokers and NameServers.
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constantFrom("Wipe" as const, "Allow"),
      pick: fc.constantFrom(0, 0x8000),
      other: fc.constantFrom(0, 0x8000)
    })
  },
  { weight: 12, arbitrary: fc.record({ _tag: fc.constant("Send" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("During" as const), pick }) }
)
export const commands = fc.array(command, { minLength: 10, maxLength: 60, size: "max" })
