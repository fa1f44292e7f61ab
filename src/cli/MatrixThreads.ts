/**
 * The matrix on two threads: each takes one part after the other, the part with most rows first.
 *
 * The decision: a part is looked at by one thread, because its rows share histories. So the cells are those of one thread.
 */
import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { Cell } from "../guarantee/Cell.ts"
import type { Budget, Part } from "../guarantee/Row.ts"
import type { Assignment, Report } from "./Matrix.worker.ts"

const mostThreads = 2
const program = new URL(`./Matrix.worker${extname(import.meta.filename)}`, import.meta.url)

/** The cells of every part, in the order of the parts; fails with what a thread fails with. */
export const run = async (
  parts: ReadonlyArray<Part>,
  { progress, runs, seed }: Budget
): Promise<ReadonlyArray<Cell>> => {
  const sizes = parts.map(({ rows }) => rows.length * runs)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const done = parts.map(() => 0)
  const cells: Array<ReadonlyArray<Cell>> = parts.map(() => [])
  const waiting = [...parts.keys()].toSorted((a, b) => sizes[b]! - sizes[a]!)
  const worked = async (thread: Worker): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      thread.postMessage({ part, runs, seed } satisfies Assignment)
      cells[part] = await answer(thread, (count) => {
        done[part!] = count
        progress(done.reduce((sum, one) => sum + one, 0), total)
      })
      done[part] = sizes[part]!
    }
  }
  const threads = Array.from({ length: Math.min(mostThreads, parts.length) }, () => new Worker(program))
  try {
    await Promise.all(threads.map(worked))
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
  progress(total, total)
  return cells.flat()
}

/** Resolves with the cells of the part that a thread is at; fails with its error, or when it ends. */
const answer = (thread: Worker, hears: (done: number) => void): Promise<ReadonlyArray<Cell>> =>
  new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      thread.off("message", listen).off("error", fail).off("exit", end)
      then()
    }
    const listen = (report: Report): void =>
      report._tag === "Progress" ? hears(report.done) : settle(() => resolve(report.cells))
    const fail = (error: unknown): void => settle(() => reject(error))
    const end = (code: number): void => settle(() => reject(new Error(`a thread of the matrix ended with ${code}`)))
    thread.on("message", listen).on("error", fail).on("exit", end)
  })
