/**
 * A real process: a thread that waits at a point goes on as soon as what it waits for is true, after the step that made
 * it true. The steps that nodes report go to whoever listens, or nowhere.
 */
import { Effect, Layer } from "effect"
import { Process, type ProcessShape } from "../Process.ts"

export interface LiveProcessOptions {
  readonly name: string
  readonly incarnation: number
  readonly observe?: (action: string, args: ReadonlyArray<number>) => void
}

interface Wait {
  readonly ready: () => boolean
  readonly resume: () => void
}

export const make = ({ incarnation, name, observe }: LiveProcessOptions): ProcessShape => {
  const waits = new Map<string, Wait>()
  let scheduled = false

  /** Asks in a turn of its own, so that a thread never goes on in the middle of another one's step. */
  const ask = (): void => {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      for (const [point, wait] of waits) {
        if (!wait.ready()) continue
        waits.delete(point)
        wait.resume()
      }
      if (waits.size > 0) again()
    })
  }
  /** What becomes ready without a step of this process (a disk's commit, a peer's word) is asked for now and then. */
  const again = (): void => {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      ask()
    }, 1)
  }
  let timer: NodeJS.Timeout | undefined

  return {
    name,
    incarnation,
    until: (point, ready) =>
      Effect.callback<void>((resume) => {
        if (waits.has(point)) throw new Error(`two fibers of ${name} wait at ${point}`)
        waits.set(point, { ready, resume: () => resume(Effect.void) })
        ask()
        return Effect.sync(() => {
          waits.delete(point)
        })
      }),
    did: (action, ...args) => {
      observe?.(action, args)
      ask()
    }
  }
}

export const layer = (options: LiveProcessOptions): Layer.Layer<Process> => Layer.sync(Process, () => make(options))
