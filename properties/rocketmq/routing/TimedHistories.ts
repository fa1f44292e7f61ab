/** Random histories of a cluster that keeps time: what fails, for how long, and what comes back. */
import * as fc from "fast-check"
import type { TimedCommand } from "../../../src/simulate/routing/TimedRuns.ts"

const pick = fc.nat(0xffff)
/** Who fails stays so for a while: half of the commands let time pass, up to longer than an entry lives. */
const command: fc.Arbitrary<TimedCommand> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ _tag: fc.constant("Pass" as const), seconds: fc.integer({ min: 0, max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ _tag: fc.constant("Pass" as const), seconds: fc.integer({ min: 0, max: 200 }) })
  },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constantFrom(
        "Freeze" as const,
        "Thaw",
        "Thaw",
        "Kill",
        "Return",
        "Return",
        "PauseServer",
        "ResumeServer"
      ),
      pick
    })
  },
  {
    weight: 3,
    arbitrary: fc.record({ _tag: fc.constantFrom("CutLink" as const, "HealLink"), pick, other: pick })
  }
)
/** Any list of them is a run. */
export const commands = fc.array(command, { minLength: 5, maxLength: 40, size: "max" })
