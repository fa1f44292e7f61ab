/**
 * One start of one simulated process: its dispatcher, its clock, the points where its fibers wait.
 *
 * The one decision: fibers run first come first served until nothing is runnable, and only when the world fires an event
 * of this process. A kill drops tasks, sleeps and waits; no fiber is interrupted, since interruption runs finalizers and
 * would turn a kill into a clean shutdown. Only a crash inside a handler meets a running fiber: it is thrown out of `did`,
 * and whatever unwinds finds dead handles.
 */
import { type Clock, Duration, Effect, type Random, type Scheduler } from "effect"
import { type Choose, fraction } from "../../replay/Choose.ts"

/** Unwinds the handler in which its process crashed; nobody catches it, and nobody is left to hear of it. */
export class Crashed extends Error {
  override readonly name = "Crashed"
}

/** More tasks in one event than a handler can mean: it spins. */
export class Livelock extends Error {
  override readonly name = "Livelock"
}

interface Sleep {
  readonly at: number
  readonly sequence: number
  readonly resume: () => void
}

export interface Wait {
  readonly point: string
  readonly ready: () => boolean
  readonly resume: () => void
}

export class SimulatedProcess {
  alive = true
  paused = false
  readonly name: string
  readonly incarnation: number
  readonly waits = new Map<string, Wait>()
  /** Sleeps, the earliest first. */
  readonly sleeps: Array<Sleep> = []
  /** Wall clock minus virtual time, milliseconds. */
  skewMillis: number
  readonly scheduler: Scheduler.Scheduler
  private readonly tasks: Array<() => void> = []
  private readonly nowMicros: () => number
  private readonly changed: () => void
  private sequence = 0

  /** `changed` is called when something became possible or impossible: a sleep or a wait began or ended. */
  constructor(name: string, incarnation: number, skewMillis: number, nowMicros: () => number, changed: () => void) {
    this.name = name
    this.incarnation = incarnation
    this.skewMillis = skewMillis
    this.nowMicros = nowMicros
    this.changed = changed
    this.scheduler = {
      executionMode: "sync",
      shouldYield: () => false,
      makeDispatcher: () => ({
        scheduleTask: (task) => {
          if (this.alive) this.tasks.push(task)
        },
        flush: () => {}
      })
    }
  }

  readonly until = (point: string, ready: () => boolean): Effect.Effect<void> =>
    Effect.callback<void>((resume) => {
      if (!this.alive) return
      if (this.waits.has(point)) throw new Error(`two fibers of ${this.name} wait at ${point}`)
      this.waits.set(point, { point, ready, resume: () => resume(Effect.void) })
      this.changed()
      return Effect.sync(() => {
        if (this.alive && this.waits.delete(point)) this.changed()
      })
    })

  readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.wallMillis(),
    currentTimeMillis: Effect.sync(() => this.wallMillis()),
    currentTimeNanosUnsafe: () => this.wallNanos(),
    currentTimeNanos: Effect.sync(() => this.wallNanos()),
    monotonicTimeNanosUnsafe: () => BigInt(this.nowMicros()) * 1000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(this.nowMicros()) * 1000n),
    sleep: (duration) => this.sleep(Math.max(0, Math.round(Duration.toMillis(duration) * 1000)))
  }

  /** Ends the earliest sleep. */
  endSleep(): void {
    const sleep = this.sleeps.shift()
    if (sleep !== undefined) sleep.resume()
  }

  /** Runs fibers until nothing of this process is runnable; throws `Livelock` after `limit` tasks. */
  drain(limit: number): void {
    const { tasks } = this
    for (let done = 0; done < tasks.length; done++) {
      if (done >= limit) throw new Livelock(`${this.name} ran ${limit} tasks in one event and is not done`)
      tasks[done]!()
    }
    tasks.length = 0
  }

  /** The end of the process: nothing of it runs or is heard of again. */
  drop(): void {
    this.alive = false
    this.tasks.length = 0
    this.sleeps.length = 0
    this.waits.clear()
  }

  private wallMillis(): number {
    return Math.floor(this.nowMicros() / 1000) + this.skewMillis
  }

  private wallNanos(): bigint {
    return (BigInt(this.nowMicros()) + BigInt(this.skewMillis) * 1000n) * 1000n
  }

  private sleep(micros: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (!this.alive) return
      const sleep: Sleep = {
        at: this.nowMicros() + micros,
        sequence: this.sequence++,
        resume: () => resume(Effect.void)
      }
      const later = this.sleeps.findIndex((other) => other.at > sleep.at)
      this.sleeps.splice(later === -1 ? this.sleeps.length : later, 0, sleep)
      this.changed()
      return Effect.sync(() => {
        const index = this.sleeps.indexOf(sleep)
        if (index >= 0) {
          this.sleeps.splice(index, 1)
          this.changed()
        }
      })
    })
  }
}

/** Effect's `Random` on a source of choices. */
export const randomOf = (choose: Choose): Random.Random => ({
  nextIntUnsafe: () => {
    const magnitude = choose(0x20_0000) * 0x1_0000_0000 + choose(0x1_0000_0000)
    return choose(2) === 0 ? magnitude : -magnitude
  },
  nextDoubleUnsafe: () => fraction(choose)
})
