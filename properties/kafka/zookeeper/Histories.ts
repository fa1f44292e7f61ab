/** What may happen to a ZooKeeper server and its clients: commands, of which about one in ten is a fault. */
import * as fc from "fast-check"
import { type Command, kinds } from "./ZooKeeperRun.ts"

const pick = fc.nat(0xffff)
const other = pick
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

/** Any list of them is a run. */
export const commands = fc.array(command, { minLength: 10, maxLength: 80, size: "max" })
