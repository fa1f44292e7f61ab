/** A thread that judges mutants: a mutant that never ends is ended with its thread. */
import { parentPort, workerData } from "node:worker_threads"
import { twins } from "../../../src/cli/Twins.ts"
import { graphJudge, judged, type KeptConfiguration, type Kill } from "./Judge.ts"
import { mutated } from "./Mutated.ts"
import type { Mutant } from "./Mutation.ts"

/** What the thread is started with. */
export interface Bench {
  readonly root: string
  readonly reloaded: ReadonlyArray<string>
  readonly own: string | undefined
  readonly wanted: ReadonlyArray<string>
  readonly configurations: ReadonlyArray<KeptConfiguration>
}

/** What it is asked, and what it answers. */
export interface Asked {
  readonly mutant: Mutant
  readonly number: number
}
export interface Answered {
  readonly number: number
  readonly kill: Kill | undefined
}

const bench = workerData as Bench
const load = mutated(bench.root, bench.reloaded)
const identity = graphJudge(bench.configurations, twins)

parentPort!.on("message", async ({ mutant, number }: Asked) => {
  const kill = await judged(load(mutant, number), bench.configurations, identity, bench.wanted, bench.own)
  parentPort!.postMessage({ number, kill } satisfies Answered)
})
