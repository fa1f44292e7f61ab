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
import { Effect } from "effect"
import { type Connection, ConnectionClosed, type Connections, type Message } from "../Network.ts"
import { endOf, type EndState, endState, type InFlight, keyOf, type Pair } from "./ConnectionEnd.ts"
import { Dialing } from "./Dialing.ts"
import { Links } from "./Links.ts"
import type { NetworkHost } from "./NetworkHost.ts"
import type { SimulatedProcess } from "./SimulatedProcess.ts"
import type { End, WorldEvent } from "./WorldEvent.ts"

/** Whether a connection is cut, and what is still in flight to each side. */
export interface Inspected {
  readonly cut: boolean
  readonly toDialer: ReadonlyArray<Message>
  readonly toListener: ReadonlyArray<Message>
}

export class SimulatedNetwork {
  private readonly host: NetworkHost
  private readonly links = new Links()
  private readonly pairs = new Map<string, Pair>()
  private readonly dialing: Dialing

  constructor(host: NetworkHost) {
    this.host = host
    this.dialing = new Dialing(host, this.links, {
      isIdle: (key) => this.isIdle(key),
      make: (end, process) => this.make(end, process),
      deserted: (process, port) => this.deserted(process, port),
      changed: () => this.armAll()
    })
  }

  /** The network as one start of a process sees it; silent once the process is gone. */
  of(process: SimulatedProcess): Connections {
    return {
      connect: (to, port) => this.dialing.dial(process, to, port, false) as Effect.Effect<Connection>,
      tryConnect: (to, port) => this.dialing.dial(process, to, port, true),
      listen: (port) => this.dialing.listen(process, port)
    }
  }

  /** Messages in flight to each end of a connection; `undefined` where there is none that could be reset. */
  inFlight(end: End): { readonly toDialer: number; readonly toListener: number } | undefined {
    const pair = this.pairs.get(keyOf(end))
    if (pair === undefined || pair.cut) return undefined
    return { toDialer: pair.dialer.inbox.length, toListener: pair.listener.inbox.length }
  }

  /** A connection as it is, cut or not: for those who compare the world with a model. */
  inspect(end: Omit<End, "at">): Inspected | undefined {
    const pair = this.pairs.get(keyOf(end))
    return pair && {
      cut: pair.cut,
      toDialer: pair.dialer.inbox.map(({ message }) => message),
      toListener: pair.listener.inbox.map(({ message }) => message)
    }
  }

  /** Connections that are not cut. */
  connections(): ReadonlyArray<End> {
    return [...this.pairs.values()].filter(({ cut }) => !cut).map((pair) => endOf(pair, "dialer"))
  }

  isCut(from: string, to: string): boolean {
    return this.links.isCut(from, to)
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
    this.links.cut(from, to, true)
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) {
        if (end.name === from && end.peer === to && this.other(pair, end).inbox.length > 0) end.sentWhileCut = true
      }
    }
    this.armAll()
  }

  healLink(from: string, to: string): void {
    this.links.cut(from, to, false)
    for (const pair of this.pairs.values()) {
      for (const end of [pair.dialer, pair.listener]) {
        if (end.awaits === "link" && end.peer === from && end.name === to) this.word(end)
        if (this.links.isWhole(end.name, end.peer)) end.sentWhileCut = false
      }
    }
    this.armAll()
  }

  slowLink(from: string, to: string, millis: number): void {
    this.links.slow(from, to, millis)
  }

  /** The process is gone; with power its host closes what it had, without power nobody hears of it. */
  stopped(process: SimulatedProcess, powered: boolean): void {
    this.dialing.stopped(process)
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
    this.dialing.armAll()
  }

  private isIdle(key: string): boolean {
    const pair = this.pairs.get(key)
    return pair === undefined ||
      [pair.dialer, pair.listener].every(({ inbox, open }) => !open && inbox.length === 0) && pair.cut
  }

  private make(end: End, process: SimulatedProcess): Connection {
    const { dialer, listener, port } = end
    const pair: Pair = {
      port,
      cut: false,
      dialer: endState("dialer", dialer, listener, end),
      listener: endState("listener", listener, dialer, { ...end, at: listener })
    }
    pair.dialer.owner = process
    pair.dialer.open = true
    this.pairs.set(keyOf(end), pair)
    return this.connection(pair, pair.dialer, process)
  }

  private deserted(process: string, port: string): void {
    for (const pair of this.pairs.values()) {
      if (pair.listener.name !== process || pair.port !== port || pair.listener.owner !== undefined) continue
      this.shut(pair.listener)
      pair.cut = true
      this.word(pair.dialer)
    }
  }

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
        if (!this.links.isWhole(end.name, end.peer)) end.sentWhileCut = true
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
    const listening = this.dialing.listening(end.name, pair.port)
    return listening?.accepting !== undefined && !listening.process.paused
  }

  private deliver(pair: Pair, end: EndState): void {
    if (end.owner !== undefined) {
      const { message } = end.inbox.shift()!
      const receiver = end.receiver!
      end.receiver = undefined
      receiver(Effect.succeed(message))
    } else {
      const listening = this.dialing.listening(end.name, pair.port)!
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
    return this.host.latency() + this.links.slowness(from, to)
  }
}
