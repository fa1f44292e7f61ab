/** `ackproof faults`: what each fault of a disk does to the stores; exit 1 when a guard's absence goes unnoticed. */
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import * as Kafka from "../guarantee/KafkaStorageFaults.ts"
import * as Rocketmq from "../guarantee/RocketmqStorageFaults.ts"
import * as Scoreboard from "../guarantee/Scoreboard.ts"
import { BadInput, NotAsStated } from "./Exit.ts"
import * as Output from "./Output.ts"
import * as Seeds from "./Seeds.ts"

const runs = Flag.Int("runs").pipe(Flag.withDescription("Histories a fault and variant"), Flag.withDefault(100))
const seed = Flag.Int("seed").pipe(Flag.withDescription("Where the histories begin"), Flag.withDefault(1))
const keep = Flag.Boolean("keep").pipe(
  Flag.withDescription("Keep in test/seeds, for each guard that is taken away, the shortest history that notices it"),
  Flag.withDefault(false)
)

const kebab = (name: string): string => name.replace(/(?<=[a-z])(?=[A-Z])/g, "-").replaceAll(" ", "-").toLowerCase()

const keepGuards = Effect.fnUntraced(function*(board: Scoreboard.Board, seed: number) {
  for (const guard of board.guards) {
    const noticed = board.shortest(guard, seed)
    if (noticed === undefined) continue
    const { sentence, token, tokenKind } = noticed
    yield* Seeds.keep({ sentence, token, broken: true }, `${tokenKind}-${kebab(guard)}`)
  }
})

export const faults = Command.make(
  "faults",
  { runs, seed, keep, json: Output.json },
  Effect.fnUntraced(function*({ json, keep, runs, seed }) {
    if (runs < 1) return yield* new BadInput({ message: `--runs ${runs}: expected a number of at least 1` })
    const scored = [Kafka.board, Rocketmq.board].map((board) => {
      const progress = Output.progress(`faults and guards of ${board.title}`)
      const score = Scoreboard.scoreOf(board, { runs, seed, progress: progress.update })
      progress.end()
      return [board, score] as const
    })
    const stores = scored.map(([, score]) => score)
    if (json) yield* Output.document({ stores })
    else yield* Output.line(Scoreboard.page(scored).trimEnd())
    if (keep) { for (const [board] of scored) yield* keepGuards(board, seed) }
    if (stores.some(({ guards }) => guards.some(({ runs }) => runs === undefined))) return yield* new NotAsStated()
  })
).pipe(Command.withDescription("The scoreboard F1 to F22: what each fault of a disk does"))
