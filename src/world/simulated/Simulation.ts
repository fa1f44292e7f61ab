/**
 * A simulated world: processes with a disk each, one network, virtual time, and a list of what can happen next.
 *
 *   event (one message, one timer, one wake-up, one fault) ─▶ its process runs until nothing is runnable ─▶ next event
 *
 * The one decision: nothing runs by itself. By default the event that is due first is next; whoever drives the world may
 * fire any other possible event instead, which only means that the rest took longer. So a list of events is a schedule,
 * every schedule is legal, and the same seed with the same events is the same run to the last byte.
 */
import { Cause, Exit } from "effect"
import { type Choose, seeded } from "../../replay/Choose.ts"
import { seal } from "../live/Seal.ts"
import { type Entry, EventHeap } from "./EventHeap.ts"
import { Host, type HostWorld } from "./Host.ts"
import type { SimulatedDisk } from "./SimulatedDisk.ts"
import { SimulatedNetwork } from "./SimulatedNetwork.ts"
import { Livelock } from "./SimulatedProcess.ts"
import { delays, type SimulationOptions } from "./SimulationOptions.ts"
import { Trace } from "./Trace.ts"
import { type Crash, type Fault, handlerOf, processOf, show, type WorldEvent } from "./WorldEvent.ts"

export type { Delays, NodeServices, ProcessSpec, SimulationOptions } from "./SimulationOptions.ts"
export { isWakening } from "./WorldEvent.ts"

/** Nothing can happen any more, and what was waited for has not come. */
export class Deadlock extends Error {
  override readonly name = "Deadlock"
}

export class Simulation {
  readonly trace: Trace
  readonly network: SimulatedNetwork
  /** How each program ended, by process; a process that runs for ever is not in it. */
  readonly exits = new Map<string, Exit.Exit<unknown, unknown>>()
  /** Events fired so far. */
  fired = 0
  private now = 0
  private instant = 0
  private failure: unknown
  private crashAfter: { steps: number; readonly crash: Crash } | undefined
  private readonly heap = new EventHeap()
  private readonly hosts = new Map<string, Host>()
  private readonly choose: Choose
  private readonly options: SimulationOptions
  private readonly limit: number

  constructor(options: SimulationOptions) {
    const times = { ...delays, ...options.delays }
    this.options = options
    this.limit = options.livelockLimit ?? 10_000
    this.choose = seeded(options.seed)
    this.trace = new Trace(options.keepTrace ?? false)
    const draw = ([least, most]: readonly [number, number]) => least + this.choose(most - least + 1)
    const now = () => this.now
    this.network = new SimulatedNetwork({
      now,
      latency: () => draw(times.message),
      add: (at, event, fire) => this.heap.add(at, event, fire),
      isPaused: (name) => this.isPaused(name),
      powered: (name) => this.hostOf(name).powered,
      senderTimeout: times.senderTimeout,
      connectTimeout: times.connectTimeout
    })
    const world: HostWorld = {
      seed: options.seed,
      disk: { ...options.disk, observe: (hash) => this.trace.mix(hash) },
      delays: times,
      heap: this.heap,
      network: this.network,
      now,
      draw,
      did: (process, action, args) => this.did(process, action, args),
      exited: (process, exit) => {
        this.exits.set(process, exit)
        if (Exit.isFailure(exit)) this.failure ??= Cause.squash(exit.cause)
      }
    }
    options.processes.forEach((spec, place) => {
      if (this.hosts.has(spec.name)) throw new Error(`two processes are named ${spec.name}`)
      this.hosts.set(spec.name, new Host(world, spec, place))
    })
    for (const host of this.hosts.values()) {
      host.start()
      this.settle(host)
    }
  }

  /** Virtual time since the world began, in microseconds. */
  get nowMicros(): number {
    return this.now
  }

  get names(): ReadonlyArray<string> {
    return [...this.hosts.keys()]
  }

  isUp(process: string): boolean {
    return this.hostOf(process).process !== undefined
  }

  isPaused(process: string): boolean {
    return this.hostOf(process).process?.paused === true
  }

  /** The disk of a process: it outlives every start of it. */
  disk(process: string): SimulatedDisk {
    return this.hostOf(process).disk
  }

  /** What can happen next, but for faults: those are the fault plan's to choose. In the order in which it is due. */
  enabled(): ReadonlyArray<WorldEvent> {
    return this.heap.entries().map(({ event }) => event)
  }

  /** The same with due times, in microseconds. */
  enabledWithTimes(): ReadonlyArray<{ readonly at: number; readonly event: WorldEvent }> {
    return this.heap.entries()
  }

  /** Whether an event or a fault can happen now. */
  canHappen(event: WorldEvent): boolean {
    switch (event._tag) {
      case "Kill":
      case "Jump":
        return this.isUp(event.process)
      case "PowerLoss":
        return this.hostOf(event.process).powered
      case "Pause":
        return this.isUp(event.process) && !this.isPaused(event.process)
      case "Resume":
        return this.isPaused(event.process)
      case "Reset": {
        const inFlight = this.network.inFlight(event.end)
        return inFlight !== undefined && event.toDialer <= inFlight.toDialer &&
          event.toListener <= inFlight.toListener
      }
      case "Cut":
        return !this.network.isCut(event.from, event.to)
      case "Heal":
        return this.network.isCut(event.from, event.to)
      case "Slow":
      case "DiskFault":
      case "DiskHeal":
        return true
      case "During":
        return this.canHappen(event.event) && this.canHappen(event.crash)
      case "Timer":
      case "Wake":
      case "Synced":
      case "Connect":
      case "ConnectFailed":
      case "Deliver":
      case "SeeClosed":
      case "SenderTimeout":
      case "Start":
        return this.find(event) !== undefined
    }
  }

  /** Fires the event that is due first; answers it, or `undefined` when nothing can happen. */
  step(): WorldEvent | undefined {
    const entry = this.heap.take()
    if (entry === undefined) return undefined
    const { event } = entry
    this.happen(entry)
    return event
  }

  /** Fires one event that can happen, whenever it would have been due. */
  fire(event: WorldEvent): void {
    switch (event._tag) {
      case "During":
        return this.during(event)
      case "Kill":
      case "PowerLoss":
      case "Pause":
      case "Resume":
      case "Jump":
      case "Reset":
      case "Cut":
      case "Heal":
      case "Slow":
      case "DiskFault":
      case "DiskHeal": {
        this.trace.event(this.now, event)
        this.fired++
        this.fault(event)
        return this.settle(this.hostOf(processOf(event)))
      }
      case "Timer":
      case "Wake":
      case "Synced":
      case "Connect":
      case "ConnectFailed":
      case "Deliver":
      case "SeeClosed":
      case "SenderTimeout":
      case "Start":
        return this.happen(this.found(event))
    }
  }

  /** Fires what is due, in order, until `done`; throws `Deadlock` when nothing can happen before that. */
  runUntil(done: () => boolean, maximumEvents = 1_000_000): void {
    for (let events = 0; !done(); events++) {
      if (events >= maximumEvents) throw new Livelock(`not done after ${events} events: ${this.waiting()}`)
      if (this.step() === undefined) throw new Deadlock(`nothing can happen any more: ${this.waiting()}`)
    }
  }

  /** Asks the waiting threads of a process again, after something outside the world changed what they wait for. */
  refresh(process: string): void {
    this.settle(this.hostOf(process))
  }

  private happen(entry: Entry): void {
    entry.cancelled = true
    const at = Math.max(this.now, entry.at)
    this.instant = at === this.now ? this.instant + 1 : 0
    if (this.instant > this.limit) {
      throw new Livelock(`more than ${this.limit} events at ${this.now} us; the last is ${show(entry.event)}`)
    }
    this.now = at
    this.fired++
    this.trace.event(at, entry.event)
    entry.fire()
    this.settle(this.hostOf(processOf(entry.event)))
  }

  private during({ crash, event, steps }: Extract<WorldEvent, { readonly _tag: "During" }>): void {
    const entry = this.found(event)
    if (handlerOf(event) !== crash.process) throw new Error(`${show(event)} runs no handler of ${crash.process}`)
    this.crashAfter = { steps, crash }
    try {
      this.happen(entry)
    } finally {
      this.crashAfter = undefined
    }
    const host = this.hostOf(crash.process)
    this.trace.event(this.now, crash)
    if (host.process !== undefined) host.stop(crash)
    this.settle(host)
  }

  private did(process: string, action: string, args: ReadonlyArray<number>): Crash | undefined {
    this.trace.step(process, action, args)
    this.options.observe?.(process, action, args)
    if (this.crashAfter?.crash.process !== process) return undefined
    return --this.crashAfter.steps > 0 ? undefined : this.crashAfter.crash
  }

  private fault(fault: Fault): void {
    switch (fault._tag) {
      case "Kill":
      case "PowerLoss":
        return this.hostOf(fault.process).stop(fault)
      case "Pause":
      case "Resume": {
        this.hostOf(fault.process).pause(fault._tag === "Pause")
        return this.network.armAll()
      }
      case "Jump":
        return this.hostOf(fault.process).jump(fault.millis)
      case "Reset":
        return this.network.reset(fault.end, fault.toDialer, fault.toListener)
      case "Cut":
        return this.network.cutLink(fault.from, fault.to)
      case "Heal":
        return this.network.healLink(fault.from, fault.to)
      case "Slow":
        return this.network.slowLink(fault.from, fault.to, fault.millis)
      case "DiskFault":
        return void this.hostOf(fault.process).disk.inject(fault.fault)
      case "DiskHeal":
        return this.hostOf(fault.process).disk.heal()
    }
  }

  /** Runs a process until nothing is runnable, then puts into the heap what became possible. */
  private settle(host: Host): void {
    if (host.process?.paused === false) host.process.drain(this.limit * 10)
    if (this.failure !== undefined) throw this.failure
    host.arm()
  }

  private hostOf(name: string): Host {
    const host = this.hosts.get(name)
    if (host === undefined) throw new Error(`no process is named ${name}; there are ${this.names.join(", ")}`)
    return host
  }

  private find(event: WorldEvent): Entry | undefined {
    const text = show(event)
    return this.heap.entries().find((entry) => entry.event === event || show(entry.event) === text)
  }

  private found(event: WorldEvent): Entry {
    const entry = this.find(event)
    if (entry === undefined) throw new Error(`${show(event)} cannot happen now`)
    return entry
  }

  private waiting(): string {
    return [...this.hosts.values()].map(({ process, spec: { name } }) => {
      if (this.exits.has(name)) return `${name} has ended`
      if (process === undefined) return `${name} is down`
      return `${name} waits at ${[...process.waits.keys()].join(", ") || "no point"}`
    }).join("; ")
  }
}

/** Makes a world and drives it, with the real world shut: `Date`, `Math.random`, timers and sockets throw. */
export const simulate = <A>(options: SimulationOptions, drive: (simulation: Simulation) => A): A =>
  seal(() => drive(new Simulation(options)))
