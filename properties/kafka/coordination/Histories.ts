/** Histories of a cluster of brokers that are drawn, and what has to be reached by some of them. */
import * as fc from "fast-check"
import type { Command } from "../../../src/simulate/coordination/ElectionCommands.ts"

const pick = fc.nat(0xffff)
/** Faults are one command in about ten. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ _tag: fc.constant("Due" as const), count: fc.integer({ min: 1, max: 120 }) }) },
  { weight: 20, arbitrary: fc.record({ _tag: fc.constant("Any" as const), pick }) },
  {
    weight: 20,
    arbitrary: fc.record({ _tag: fc.constantFrom("Produce" as const, "Produce", "Prefer", "ShutDown"), pick })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("DeleteController" as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      _tag: fc.constantFrom(
        "Kill" as const,
        "PowerLoss",
        "Freeze",
        "Thaw",
        "Thaw",
        "Cut",
        "Heal",
        "Heal",
        "During",
        "Stop"
      ),
      pick
    })
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Reset" as const), pick, other: pick }) }
)
/** Lists of commands; faults are few. */
export const commands = fc.array(command, { minLength: 10, maxLength: 60, size: "max" })

/** Actions of the model that nodes take, and what a cluster has to go through. */
export const everything: ReadonlyArray<string> = [
  "Answered",
  "CreatePartition",
  "DeleteController",
  "Dial",
  "Disconnect",
  "Expire",
  "Fetched",
  "Hear",
  "Judge",
  "Kill",
  "LoseFetch",
  "LoseOrder",
  "Obey",
  "PowerLoss",
  "PreferLeader",
  "Produce",
  "Propose",
  "Reconnect",
  "Restart",
  "SendFetch",
  "Serve",
  "ServeFetch",
  "Settled",
  "ShutDown",
  "Terminate",
  "acknowledged",
  "bounce",
  "controller deleted",
  "expand",
  "failover",
  "fenced zombie",
  "leader moved",
  "shrink"
]

/** What only many histories come to. */
export const rare: ReadonlyArray<string> = ["Forgotten", "LoseAlter", "LoseChannel"]
