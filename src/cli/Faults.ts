/** `ackproof faults`: what each fault of a disk does to a Kafka log; exit 1 when a guard's absence goes unnoticed. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Faults from "../guarantee/KafkaStorageFaults.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"

const runs = Flag.Int("runs").pipe(Flag.withDescription("Histories a fault"), Flag.withDefault(200))
const seed = Flag.Int("seed").pipe(Flag.withDescription("Where the histories begin"), Flag.withDefault(1))
export const faults = Command.make(
  "faults",
  { runs, seed, json: Output.json },
  Effect.fnUntraced(function*({ json, runs, seed }) {
    if (runs < 1) return yield* new BadInput({ message: `--runs ${runs}: expected a number of at least 1` })
    const progress = Output.progress("faults and guards")
    const board = Faults.scoreboard({ runs, seed, progress: progress.update })
    progress.end()
    if (json) yield* Output.document(board)
    else yield* Output.line(Faults.page(board).trimEnd())
    if (board.guards.some(({ runs }) => runs === undefined)) return yield* new NotAsStated()
  })
).pipe(Command.withDescription("The scoreboard F1 to F22: what each fault of a disk does"))
