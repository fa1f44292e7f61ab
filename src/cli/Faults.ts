/** `ackproof faults`: what each fault of a disk does to a Kafka log; exit 1 when a guard's absence goes unnoticed. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Faults from "../guarantee/KafkaStorageFaults.ts"
import { hunt } from "../guarantee/KafkaStorageGuards.ts"
import { kind as tokenKind, shrunk } from "../guarantee/KafkaStorageRow.ts"
import { guardNames } from "../kafka/storage/Guards.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import * as Seeds from "./Seeds.ts"

const runs = Flag.Int("runs").pipe(Flag.withDescription("Histories a fault and variant"), Flag.withDefault(100))
const seed = Flag.Int("seed").pipe(Flag.withDescription("Where the histories begin"), Flag.withDefault(1))
const keep = Flag.Boolean("keep").pipe(
  Flag.withDescription("Keep in test/seeds, for each guard that is taken away, the history that notices it")
)

const kebab = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()

const keepGuards = Effect.fnUntraced(function*(seed: number) {
  for (const guard of guardNames) {
    const caught = hunt(guard, Faults.mostHistories, seed)
    if (caught === undefined) continue
    const { steps, token } = shrunk(caught)
    const sentence = `A Kafka log without the guard ${guard} breaks a promise in ${steps} steps`
    yield* Seeds.keep({ sentence, token, broken: true }, `${tokenKind}-${kebab(guard)}`)
  }
})

export const faults = Command.make(
  "faults",
  { runs, seed, keep, json: Output.json },
  Effect.fnUntraced(function*({ json, keep, runs, seed }) {
    if (runs < 1) return yield* new BadInput({ message: `--runs ${runs}: expected a number of at least 1` })
    const progress = Output.progress("faults and guards")
    const board = Faults.scoreboard({ runs, seed, progress: progress.update })
    progress.end()
    if (json) yield* Output.document(board)
    else yield* Output.line(Faults.page(board).trimEnd())
    if (keep) yield* keepGuards(seed)
    if (board.guards.some(({ runs }) => runs === undefined)) return yield* new NotAsStated()
  })
).pipe(Command.withDescription("The scoreboard F1 to F22: what each fault of a disk does"))
