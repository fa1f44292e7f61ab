/**
 * The program of a thread that looks at parts of the matrix: told the place of a part among `parts`, it runs the rows and
 * sends the cells back, and on the way how much is done.
 */
import { Effect } from "effect"
import { parentPort } from "node:worker_threads"
import type { Cell } from "../guarantee/Cell.ts"
import * as Matrix from "../guarantee/Matrix.ts"
import { parts } from "./Parts.ts"

/** What a thread is told. */
export interface Assignment {
  readonly part: number
  readonly runs: number
  readonly seed: number
}

/** What it says: histories done of a part, in steps that a person can see, then the part's cells. */
export type Report =
  | { readonly _tag: "Progress"; readonly done: number }
  | { readonly _tag: "Cells"; readonly cells: ReadonlyArray<Cell> }

const tell = (report: Report): void => parentPort!.postMessage(report)

parentPort!.on("message", async ({ part, runs, seed }: Assignment) => {
  const { rows } = (await Effect.runPromise(parts))[part]!
  let shown = 0
  const progress = (done: number, total: number): void => {
    if (done - shown < total / 100) return
    shown = done
    tell({ _tag: "Progress", done })
  }
  tell({ _tag: "Cells", cells: Matrix.run(rows, { runs, seed, progress }) })
})
