/**
 * Threads for searches: workers that stay and assist in one search after the other.
 *
 * The decision: a machine is made of functions, which no thread can be sent, so each builds its own from a module's
 * `machineOf` and a text.
 */
import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { Crew } from "../explore/Crew.ts"
import type { SharedMemory } from "../explore/SharedTable.ts"
import type { Boarding, MachineSource } from "./Search.worker.ts"

export interface SearchThreads {
  /** The crew for searches of this machine, one search at a time. */
  readonly crewFor: (source: MachineSource) => Crew
  readonly close: () => Promise<void>
}

/** What Node calls a thread that has ended. */
const ended = -1

/** Resolves with the thread's next message; fails with its error, or when it ends. */
const answer = (thread: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    if (thread.threadId === ended) reject(new Error("a thread of the search has ended before it: start others"))
    const listeners = {
      message: () => settle(resolve),
      error: (error: unknown) => settle(() => reject(error)),
      exit: (code: number) => settle(() => reject(new Error(`a thread of the search ended with ${code}`)))
    }
    const settle = (then: () => void): void => {
      for (const [event, listener] of Object.entries(listeners)) thread.off(event, listener)
      then()
    }
    for (const [event, listener] of Object.entries(listeners)) thread.on(event, listener)
  })

/** Starts so many threads beside this one. */
export const startThreads = (assistants: number): SearchThreads => {
  const program = new URL(`./Search.worker${extname(import.meta.filename)}`, import.meta.url)
  const threads = Array.from({ length: assistants }, () => new Worker(program))
  const board = async (source: MachineSource, memory: SharedMemory): Promise<void> => {
    await Promise.all(threads.map((thread, index) => {
      thread.postMessage({ source, memory, thread: index + 1 } satisfies Boarding)
      return answer(thread)
    }))
  }
  return {
    crewFor: (source) => ({ assistants, board: (memory) => board(source, memory) }),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.terminate()))
    }
  }
}
