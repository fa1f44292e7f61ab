/**
 * What makes a queue of files durable, a round at a time: flushes of what is in the page cache, commits of the pool into it.
 *
 * The one decision: a round covers one file, the one that holds `flushedWhere` (`committedWhere`), and what was in it when
 * the round began (MappedFileQueue.flush, commit; MappedFile.flush, commit).
 */
import { Effect } from "effect"
import * as Files from "./MappedFileQueue.ts"

const page = 4096

const enough = (
  queue: Files.MappedFileQueue,
  file: Files.MappedFile,
  from: number,
  to: number,
  leastPages: number
): boolean =>
  Files.isFull(queue, file) ||
  (leastPages > 0 ? Math.floor(to / page) - Math.floor(from / page) >= leastPages : to > from)

/**
 * One round of a flush: commits the file that holds `flushedWhere`, where at least so many pages of it are dirty (0: any
 * byte), and moves `flushedWhere`. What is appended meanwhile is not covered.
 *
 * Never fails: the real one logs the error and goes on, 4.9 as if nothing had been (`advancesOnFailedFlush`).
 */
export const flush = (queue: Files.MappedFileQueue, leastPages: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const file = Files.find(queue, queue.flushedWhere, queue.flushedWhere === 0n)
    if (file === undefined) return Effect.void
    const { storeTimestamp } = file
    const covered = Files.readable(file)
    const answer = (flushed: number) =>
      Effect.sync(() => {
        file.flushed = flushed
        queue.flushedWhere = file.base + BigInt(flushed)
        if (leastPages === 0) queue.storeTimestamp = storeTimestamp
      })
    if (!enough(queue, file, file.flushed, covered, leastPages)) return answer(file.flushed)
    if (!queue.guards.AnswerFlushAfterCommit) return answer(covered)
    const names = queue.commitsNames && !file.named ? Files.upwards(queue.directory) : []
    return queue.disk.commit([file.file, ...names]).pipe(
      Effect.matchEffect({
        onSuccess: () => {
          file.named ||= names.length > 0
          return answer(covered)
        },
        onFailure: () => answer(queue.advancesOnFailedFlush ? covered : file.flushed)
      })
    )
  })

/** Flushes file after file, as long as that moves `flushedWhere`. */
export const flushAll = (queue: Files.MappedFileQueue): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let before = -1n; before < queue.flushedWhere;) {
      before = queue.flushedWhere
      yield* flush(queue, 0)
    }
  })

/** Moves what is in the buffer of the file that holds `committedWhere` into the page cache; true where nothing was. */
export const commit = (queue: Files.MappedFileQueue, leastPages: number): boolean => {
  const file = Files.find(queue, queue.committedWhere, queue.committedWhere === 0n)
  if (file === undefined) return true
  if (file.buffer !== undefined && enough(queue, file, file.committed, file.wrote, leastPages)) {
    if (file.wrote > file.committed) {
      file.file.write(file.committed, file.buffer.slice(file.committed, file.wrote))
      file.committed = file.wrote
    }
    if (file.committed === queue.fileSize) file.buffer = undefined
  }
  const where = file.base + BigInt(file.buffer === undefined ? file.wrote : file.committed)
  const result = where === queue.committedWhere
  queue.committedWhere = where
  return result
}
