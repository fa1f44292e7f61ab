/**
 * How a simulated connection comes about: who listens where, who dials whom, and what becomes of an attempt.
 *
 *     connect: waits ──(the listener is reachable, and the last connection is over)──▶ made
 *     tryConnect: the same, or refused where nothing listens, or timed out where nothing answers
 *
 * The one decision: a machine with power that can be reached refuses at once; one that is off, frozen or cut off says
 * nothing, and only time tells.
 */
import { Effect, type Scope } from "effect"
import { type Connection, ConnectionFailed, type Listener } from "../Network.ts"
import { keyOf } from "./ConnectionEnd.ts"
import type { Entry } from "./EventHeap.ts"
import type { Links } from "./Links.ts"
import type { NetworkHost } from "./NetworkHost.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import type { End, WorldEvent } from "./WorldEvent.ts"

interface Dial {
  readonly key: string
  readonly process: SimulatedProcess
  readonly end: End
  readonly once: boolean
  readonly since: number
  readonly resume: (answer: Effect.Effect<Connection, ConnectionFailed>) => void
  entry: Entry | undefined
  reason: "refused" | "timed out"
}

export interface Listening {
  readonly process: SimulatedProcess
  accepting: ((connection: Effect.Effect<Connection>) => void) | undefined
}

/** What dialing needs of the connections that there are. */
export interface Switchboard {
  /** The last connection of this key is over at both ends. */
  readonly isIdle: (key: string) => boolean
  /** Makes a connection and answers the dialer's end. */
  readonly make: (end: End, process: SimulatedProcess) => Connection
  /** A listener has gone: connections that it never accepted are over. */
  readonly deserted: (process: string, port: string) => void
  /** Something about listeners changed. */
  readonly changed: () => void
}

export class Dialing {
  private readonly host: NetworkHost
  private readonly links: Links
  private readonly board: Switchboard
  private readonly dials = new Map<string, Dial>()
  private readonly listeners = new Map<string, Listening>()

  constructor(host: NetworkHost, links: Links, board: Switchboard) {
    this.host = host
    this.links = links
    this.board = board
  }

  listening(process: string, port: string): Listening | undefined {
    return this.listeners.get(`${process}/${port}`)
  }

  dial(
    process: SimulatedProcess,
    to: string,
    port: string,
    once: boolean
  ): Effect.Effect<Connection, ConnectionFailed> {
    return Effect.callback<Connection, ConnectionFailed>((resume) => {
      if (!process.alive) return
      const end: End = { dialer: process.name, listener: to, port, at: process.name }
      const key = keyOf(end)
      if (this.dials.has(key)) throw new Error(`two fibers of ${process.name} connect to ${to} at ${port}`)
      const since = this.host.now()
      const dial: Dial = { key, process, end, once, since, resume, entry: undefined, reason: "refused" }
      this.dials.set(key, dial)
      this.arm(dial)
      return Effect.sync(() => {
        if (this.dials.get(key) === dial) this.drop(dial)
      })
    })
  }

  listen(process: SimulatedProcess, port: string): Effect.Effect<Listener, never, Scope.Scope> {
    const key = `${process.name}/${port}`
    const begin = Effect.sync(() => {
      const listening: Listening = { process, accepting: undefined }
      if (!process.alive) return listening
      if (this.listeners.has(key)) throw new Error(`${process.name} listens at ${port} already`)
      this.listeners.set(key, listening)
      this.board.changed()
      return listening
    })
    const end = (listening: Listening) =>
      Effect.sync(() => {
        if (!process.alive || this.listeners.get(key) !== listening) return
        this.listeners.delete(key)
        this.board.deserted(process.name, port)
        this.board.changed()
      })
    return Effect.map(Effect.acquireRelease(begin, end), (listening) => ({ accept: this.accept(listening, port) }))
  }

  /** The process is gone, and what it dialed and where it listened. */
  stopped(process: SimulatedProcess): void {
    for (const dial of this.dials.values()) if (dial.process === process) this.drop(dial)
    for (const [key, listening] of this.listeners) if (listening.process === process) this.listeners.delete(key)
  }

  armAll(): void {
    for (const dial of this.dials.values()) this.arm(dial)
  }

  private accept(listening: Listening, port: string): Effect.Effect<Connection> {
    const { process } = listening
    return Effect.callback<Connection>((resume) => {
      if (!process.alive) return
      if (listening.accepting !== undefined) throw new Error(`two fibers of ${process.name} accept at ${port}`)
      listening.accepting = resume
      this.board.changed()
      return Effect.sync(() => {
        listening.accepting = undefined
        if (process.alive) this.board.changed()
      })
    })
  }

  private drop(dial: Dial): void {
    if (dial.entry !== undefined) dial.entry.cancelled = true
    this.dials.delete(dial.key)
  }

  private arm(dial: Dial): void {
    const { end } = dial
    const event = this.eventOf(dial)
    const reason = this.refuses(end) ? "refused" : "timed out"
    if (dial.entry?.event._tag === event?._tag && dial.reason === reason) return
    dial.reason = reason
    if (dial.entry !== undefined) dial.entry.cancelled = true
    dial.entry = undefined
    if (event === undefined) return
    const { add, connectTimeout, latency, now } = this.host
    if (event._tag === "Connect") {
      const slowness = this.links.slowness(end.dialer, end.listener) + this.links.slowness(end.listener, end.dialer)
      dial.entry = add(now() + latency() + latency() + slowness, event, () => {
        this.dials.delete(dial.key)
        dial.resume(Effect.succeed(this.board.make(end, dial.process)))
      })
      return
    }
    const at = reason === "refused" ? now() + latency() : dial.since + connectTimeout
    dial.entry = add(Math.max(at, now()), event, () => {
      this.dials.delete(dial.key)
      dial.resume(Effect.fail(new ConnectionFailed({ peer: end.listener, port: end.port, reason })))
    })
  }

  private eventOf({ end, key, once, process }: Dial): WorldEvent | undefined {
    if (process.paused) return undefined
    const listening = this.listening(end.listener, end.port)
    const reachable = listening !== undefined && !listening.process.paused &&
      this.links.isWhole(end.dialer, end.listener)
    if (reachable && this.board.isIdle(key)) return { _tag: "Connect", end }
    return once ? { _tag: "ConnectFailed", end } : undefined
  }

  /** The listener's machine says no at once: it has power, is not frozen, can be reached, and nothing listens. */
  private refuses(end: End): boolean {
    return this.host.powered(end.listener) && !this.host.isPaused(end.listener) &&
      this.links.isWhole(end.dialer, end.listener) && this.listening(end.listener, end.port) === undefined
  }
}
