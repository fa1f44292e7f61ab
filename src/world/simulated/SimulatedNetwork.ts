/**
 * Connections between simulated processes: which of them are made, cut, noticed, and when the next message may arrive.
 *
 *     connect ─▶ open ─ send, deliver ─▶ cut by: close · kill · power loss · Reset · sender's timeout
 *                                         │ what is in flight still arrives, or its suffix is lost
 *                                         ▼
 *                              each end sees it alone, after its last message; both closed: the next may connect
 *
 * The decisions: a kill lets the host close the connection, so the peer sees it; a host without power says nothing, so
 * the peer sees it when that host is back, or when what it sends is not acknowledged in time; a cut link delays, then the
 * sender's timeout resets. An event is in the heap exactly while it is possible: `arm` puts it there or takes it out.
 */
import { Effect, type Scope } from "effect"
import type { Connection, Connections, Listener, Message } from "../Network.ts"
import { ConnectionClosed, ConnectionFailed } from "../Network.ts"
import type { Entry } from "./EventHeap.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import type { End, WorldEvent } from "./WorldEvent.ts"

/** What the network needs of the world around it; all times in microseconds. */
export interface NetworkHost {
  readonly now: () => number
  /** Draws how long one message takes. */
  readonly latency: () => number
  readonly add: (at: number, event: WorldEvent, fire: () => void) => Entry
  readonly isPaused: (name: string) => boolean
  /** Whether the machine of a process has power. */
  readonly powered: (name: string) => boolean
  readonly senderTimeout: number
  readonly connectTimeout: number
}

interface InFlight {
  readonly message: Message
  readonly at: number
}

type Side = "dialer" | "listener"

interface EndState {
  readonly side: Side
  readonly name: string
  readonly peer: string
  readonly deliver: WorldEvent
  readonly seeClosed: WorldEvent
  readonly senderTimesOut: WorldEvent
  owner: SimulatedProcess | undefined
  open: boolean
  readonly inbox: Array<InFlight>
  /** When the end of the connection can be noticed: `undefined` not yet, else from then on. */
  noticeAt: number | undefined
  /** The peer's word that the connection ended is still to come: over a healed link, or from a host that is back. */
  awaits: "nothing" | "link" | "host"
  sentWhileCut: boolean
  receiver: ((answer: Effect.Effect<Message, ConnectionClosed>) => void) | undefined
  entry: Entry | undefined
  timeout: Entry | undefined
}

interface Pair {
  readonly port: string
  readonly dialer: EndState
  readonly listener: EndState
  cut: boolean
}

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

interface Listening {
  readonly process: SimulatedProcess
  accepting: ((connection: Effect.Effect<Connection>) => void) | undefined
}

interface Link {
  cut: boolean
  slow: number
}

export class SimulatedNetwork {
  private readonly host: NetworkHost
  private readonly links = new Map<string, Link>()
  private readonly pairs = new Map<string, Pair>()
  private readonly dials = new Map<string, Dial>()
  private readonly listeners = new Map<string, Listening>()

  constructor(host: NetworkHost) {
    this.host = host
  }

  /** The network as one start of a process sees it; silent once the process is gone. */
  of(process: SimulatedProcess): Connections {
    return {
      connect: (to, port) => this.dial(process, to, port, false) as Effect.Effect<Connection>,
      tryConnect: (to, port) => this.dial(process, to, port, true),
      listen: (port) => this.listen(process, port)
    }
  }

  /** Messages in flight to each end of a connection; `undefined` where there is none that could be reset. */
  inFlight(end: End): { readonly toDialer: number; readonly toListener: number } | undefined {
    const pair = this.pairs.get(keyOf(end))
    if (pair === undefined || pair.cut) return undefined
    return { toDialer: pair.dialer.inbox.length, toListener: pair.listener.inbox.length }
  }

  /** Connections that are not cut. */
  connections(): ReadonlyArray<End> {
    return [...this.pairs.values()].filter(({ cut }) => !cut).map((pair) => endOf(pair, "dialer"))
  }

  isCut(from: string, to: string): boolean {
    return this.links.get(`${from}>${to}`)?.cut === true
  }

  /** Cuts a connection; the first messages in flight to each side still arrive, the rest is lost. */
  reset(end: End, toDialer: number, toListener: number): void {
    const pair = this.pairs.get(keyOf(end))
    if (pair === undefined || pair.cut) throw new Error(`there is no connection ${keyOf(end)} to reset`)
    pair.dialer.inbox.length = Math.min(toDialer, pair.dialer.inbox.length)
    pair.listener.inbox.length = Math.min(toListener, pair.listener.inbox.length)
    pair.cut = true
    this.word(pair.dialer)
    this.word(pair.listener)
    this.armPair(pair)
  }

  cutLink(from: string, to: string): void {
    this.link(from, to).cut = true
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) {
        if (end.name === from && end.peer === to && this.other(pair, end).inbox.length > 0) end.sentWhileCut = true
      }
    }
    this.armAll()
  }

  healLink(from: string, to: string): void {
    this.link(from, to).cut = false
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) {
        if (end.awaits === "link" && end.peer === from && end.name === to) this.word(end)
        if (!this.isCut(end.name, end.peer) && !this.isCut(end.peer, end.name)) end.sentWhileCut = false
      }
    }
    this.armAll()
  }

  slowLink(from: string, to: string, millis: number): void {
    this.link(from, to).slow = millis * 1000
  }

  /** The process is gone; with power its host closes what it had, without power nobody hears of it. */
  stopped(process: SimulatedProcess, powered: boolean): void {
    for (const [key, dial] of this.dials) {
      if (dial.process !== process) continue
      if (dial.entry !== undefined) dial.entry.cancelled = true
      this.dials.delete(key)
    }
    for (const [key, listening] of this.listeners) if (listening.process === process) this.listeners.delete(key)
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) {
        if (end.name !== process.name) continue
        const wasPart = end.owner === process || !pair.cut
        this.shut(end)
        if (!wasPart) continue
        pair.cut = true
        const peer = this.other(pair, end)
        if (peer.noticeAt !== undefined) continue
        if (powered) this.word(peer)
        else peer.awaits = "host"
      }
    }
    this.armAll()
  }

  /** The machine of a process has power again: it answers for connections that it does not know. */
  started(name: string): void {
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) if (end.awaits === "host" && end.peer === name) this.word(end)
    }
    this.armAll()
  }

  /** Puts what is possible into the heap, and takes out what is not. */
  armAll(): void {
    for (const pair of this.pairs.values()) this.armPair(pair)
    for (const dial of this.dials.values()) this.armDial(dial)
  }

  // Dialing and listening

  private dial(process: SimulatedProcess, to: string, port: string, once: boolean) {
    return Effect.callback<Connection, ConnectionFailed>((resume) => {
      if (!process.alive) return
      const end: End = { dialer: process.name, listener: to, port, at: process.name }
      const key = keyOf(end)
      if (this.dials.has(key)) throw new Error(`two fibers of ${process.name} connect to ${to} at ${port}`)
      const dial: Dial = {
        key,
        process,
        end,
        once,
        since: this.host.now(),
        resume,
        entry: undefined,
        reason: "refused"
      }
      this.dials.set(key, dial)
      this.armDial(dial)
      return Effect.sync(() => {
        if (dial.entry !== undefined) dial.entry.cancelled = true
        if (this.dials.get(key) === dial) this.dials.delete(key)
      })
    })
  }

  private listen(process: SimulatedProcess, port: string): Effect.Effect<Listener, never, Scope.Scope> {
    const key = `${process.name}/${port}`
    const begin = Effect.sync(() => {
      const listening: Listening = { process, accepting: undefined }
      if (!process.alive) return listening
      if (this.listeners.has(key)) throw new Error(`${process.name} listens at ${port} already`)
      this.listeners.set(key, listening)
      this.armAll()
      return listening
    })
    const end = (listening: Listening) =>
      Effect.sync(() => {
        if (!process.alive || this.listeners.get(key) !== listening) return
        this.listeners.delete(key)
        for (const pair of this.pairs.values()) {
          if (pair.listener.name !== process.name || pair.port !== port || pair.listener.owner !== undefined) continue
          this.shut(pair.listener)
          pair.cut = true
          this.word(pair.dialer)
        }
        this.armAll()
      })
    return Effect.acquireRelease(begin, end).pipe(Effect.map((listening) => ({
      accept: Effect.callback<Connection>((resume) => {
        if (!process.alive) return
        if (listening.accepting !== undefined) throw new Error(`two fibers of ${process.name} accept at ${port}`)
        listening.accepting = resume
        this.armAll()
        return Effect.sync(() => {
          listening.accepting = undefined
          if (process.alive) this.armAll()
        })
      })
    })))
  }

  private armDial(dial: Dial): void {
    const { end } = dial
    const event = this.dialEvent(dial)
    const reason = this.refuses(end) ? "refused" : "timed out"
    if (dial.entry?.event._tag === event?._tag && dial.reason === reason) return
    dial.reason = reason
    if (dial.entry !== undefined) dial.entry.cancelled = true
    dial.entry = undefined
    if (event === undefined) return
    if (event._tag === "Connect") {
      const at = this.host.now() + this.latencyOf(end.dialer, end.listener) + this.latencyOf(end.listener, end.dialer)
      dial.entry = this.host.add(at, event, () => this.connected(dial))
      return
    }
    const at = reason === "refused" ? this.host.now() + this.host.latency() : dial.since + this.host.connectTimeout
    dial.entry = this.host.add(Math.max(at, this.host.now()), event, () => {
      this.dials.delete(dial.key)
      dial.resume(Effect.fail(new ConnectionFailed({ peer: end.listener, port: end.port, reason })))
    })
  }

  private dialEvent({ end, key, once, process }: Dial): WorldEvent | undefined {
    if (process.paused) return undefined
    const listening = this.listeners.get(`${end.listener}/${end.port}`)
    if (listening !== undefined && !listening.process.paused && this.linked(end) && this.isIdle(key)) {
      return { _tag: "Connect", end }
    }
    return once ? { _tag: "ConnectFailed", end } : undefined
  }

  /** The listener's machine says no at once: it has power, is not frozen, can be reached, and nothing listens. */
  private refuses(end: End): boolean {
    return this.host.powered(end.listener) && this.linked(end) && !this.listeners.has(`${end.listener}/${end.port}`) &&
      !this.host.isPaused(end.listener)
  }

  private linked({ dialer, listener }: End): boolean {
    return !this.isCut(dialer, listener) && !this.isCut(listener, dialer)
  }

  private isIdle(key: string): boolean {
    const pair = this.pairs.get(key)
    return pair === undefined ||
      [pair.dialer, pair.listener].every(({ inbox, open }) => !open && inbox.length === 0) && pair.cut
  }

  private connected(dial: Dial): void {
    const { dialer, listener, port } = dial.end
    const pair: Pair = {
      port,
      cut: false,
      dialer: endState("dialer", dialer, listener, dial.end),
      listener: endState("listener", listener, dialer, { ...dial.end, at: listener })
    }
    pair.dialer.owner = dial.process
    pair.dialer.open = true
    this.pairs.set(dial.key, pair)
    this.dials.delete(dial.key)
    dial.resume(Effect.succeed(this.connection(pair, pair.dialer, dial.process)))
  }

  // One end

  private connection(pair: Pair, end: EndState, process: SimulatedProcess): Connection {
    const peer = this.other(pair, end)
    const closed = () => new ConnectionClosed({ peer: end.peer, port: pair.port })
    return {
      peer: end.peer,
      send: (message) => {
        if (!process.alive || !end.open) return
        if (pair.cut) {
          if (end.noticeAt === undefined) end.noticeAt = this.host.now() + this.host.senderTimeout
          return this.arm(pair, end)
        }
        const last = peer.inbox.at(-1)?.at ?? 0
        peer.inbox.push({ message, at: Math.max(last, this.host.now() + this.latencyOf(end.name, end.peer)) })
        if (this.isCut(end.name, end.peer) || this.isCut(end.peer, end.name)) end.sentWhileCut = true
        this.armPair(pair)
      },
      receive: Effect.callback<Message, ConnectionClosed>((resume) => {
        if (!process.alive) return
        if (!end.open) return resume(Effect.fail(closed()))
        if (end.receiver !== undefined) throw new Error(`two fibers of ${end.name} receive from ${end.peer}`)
        end.receiver = resume
        this.arm(pair, end)
        return Effect.sync(() => {
          end.receiver = undefined
          if (process.alive) this.arm(pair, end)
        })
      }),
      close: () => {
        if (!process.alive || !end.open) return
        const { receiver } = end
        this.shut(end)
        if (!pair.cut) {
          pair.cut = true
          this.word(peer)
        }
        this.armAll()
        receiver?.(Effect.fail(closed()))
      }
    }
  }

  private armPair(pair: Pair): void {
    this.arm(pair, pair.dialer)
    this.arm(pair, pair.listener)
  }

  private arm(pair: Pair, end: EndState): void {
    const event = this.endEvent(pair, end)
    if (end.entry !== undefined && (end.entry.cancelled || end.entry.event !== event)) {
      end.entry.cancelled = true
      end.entry = undefined
    }
    if (event !== undefined && end.entry === undefined) {
      const due = event === end.deliver ? end.inbox[0]!.at : end.noticeAt!
      end.entry = this.host.add(Math.max(due, this.host.now()), event, () => {
        end.entry = undefined
        if (event === end.deliver) this.deliver(pair, end)
        else this.see(end, () => new ConnectionClosed({ peer: end.peer, port: pair.port }))
      })
    }
    const waits = end.open && !pair.cut && end.sentWhileCut && end.owner?.paused !== true
    if (waits && end.timeout === undefined) {
      const at = this.host.now() + this.host.senderTimeout
      end.timeout = this.host.add(at, end.senderTimesOut, () => this.timeOut(pair, end))
    } else if (!waits && end.timeout !== undefined) {
      end.timeout.cancelled = true
      end.timeout = undefined
    }
  }

  private endEvent(pair: Pair, end: EndState): WorldEvent | undefined {
    if (end.inbox.length > 0) {
      if (this.isCut(end.peer, end.name)) return undefined
      return this.takes(pair, end) ? end.deliver : undefined
    }
    if (!end.open || !pair.cut || end.noticeAt === undefined) return undefined
    return end.receiver !== undefined && end.owner?.paused === false ? end.seeClosed : undefined
  }

  /** Somebody waits for a message of this end: a receiver, or an acceptor of the first one. */
  private takes(pair: Pair, end: EndState): boolean {
    if (end.owner !== undefined) return end.open && end.receiver !== undefined && !end.owner.paused
    const listening = this.listeners.get(`${end.name}/${pair.port}`)
    return listening?.accepting !== undefined && !listening.process.paused
  }

  private deliver(pair: Pair, end: EndState): void {
    if (end.owner !== undefined) {
      const { message } = end.inbox.shift()!
      const receiver = end.receiver!
      end.receiver = undefined
      receiver(Effect.succeed(message))
    } else {
      const listening = this.listeners.get(`${end.name}/${pair.port}`)!
      const accepting = listening.accepting!
      listening.accepting = undefined
      end.owner = listening.process
      end.open = true
      accepting(Effect.succeed(this.first(pair, end, listening.process)))
      return this.armAll()
    }
    this.armPair(pair)
    if (pair.cut) this.armAll()
  }

  /** The accepted end: its first `receive` answers, in the same event, the message that made it known. */
  private first(pair: Pair, end: EndState, process: SimulatedProcess): Connection {
    const connection = this.connection(pair, end, process)
    let first: InFlight | undefined = end.inbox.shift()
    const receive = Effect.suspend(() => {
      if (first === undefined) return connection.receive
      const { message } = first
      first = undefined
      return Effect.succeed(message)
    })
    return { ...connection, receive }
  }

  private see(end: EndState, closed: () => ConnectionClosed): void {
    const receiver = end.receiver
    this.shut(end)
    this.armAll()
    receiver?.(Effect.fail(closed()))
  }

  private timeOut(pair: Pair, end: EndState): void {
    end.timeout = undefined
    const peer = this.other(pair, end)
    if (this.isCut(end.name, end.peer)) peer.inbox.length = 0
    pair.cut = true
    end.noticeAt = this.host.now()
    this.word(peer)
    this.armAll()
  }

  /** Tells an end that the connection is over: it takes the way of a message, and waits where a message would. */
  private word(end: EndState): void {
    if (this.isCut(end.peer, end.name)) {
      end.awaits = "link"
      return
    }
    end.awaits = "nothing"
    const last = end.inbox.at(-1)?.at ?? 0
    if (end.noticeAt === undefined) end.noticeAt = Math.max(last, this.host.now() + this.latencyOf(end.peer, end.name))
  }

  private shut(end: EndState): void {
    end.open = false
    end.inbox.length = 0
    end.receiver = undefined
    end.sentWhileCut = false
    if (end.entry !== undefined) end.entry.cancelled = true
    if (end.timeout !== undefined) end.timeout.cancelled = true
    end.entry = end.timeout = undefined
  }

  private other(pair: Pair, end: EndState): EndState {
    return end === pair.dialer ? pair.listener : pair.dialer
  }

  private latencyOf(from: string, to: string): number {
    return this.host.latency() + (this.links.get(`${from}>${to}`)?.slow ?? 0)
  }

  private link(from: string, to: string): Link {
    const key = `${from}>${to}`
    const link = this.links.get(key) ?? { cut: false, slow: 0 }
    this.links.set(key, link)
    return link
  }
}

const keyOf = ({ dialer, listener, port }: End): string => `${dialer}>${listener}/${port}`

const endOf = (pair: Pair, side: Side): End => ({
  dialer: pair.dialer.name,
  listener: pair.listener.name,
  port: pair.port,
  at: pair[side].name
})

const endState = (side: Side, name: string, peer: string, end: End): EndState => ({
  side,
  name,
  peer,
  deliver: { _tag: "Deliver", end },
  seeClosed: { _tag: "SeeClosed", end },
  senderTimesOut: { _tag: "SenderTimeout", end },
  owner: undefined,
  open: false,
  inbox: [],
  noticeAt: undefined,
  awaits: "nothing",
  sentWhileCut: false,
  receiver: undefined,
  entry: undefined,
  timeout: undefined
})
