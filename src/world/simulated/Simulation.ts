/**
 * A simulated world: processes with a disk each, one network, virtual time, and a list of what can happen next.
 *
 *   event (one message, one timer, one wake-up, one fault) ─▶ its process runs until nothing is runnable ─▶ next event
 *
 * The one decision: nothing runs by itself. By default the event that is due first is next; whoever drives the world may
 * fire any other possible event instead, which only means that the rest took longer. So a list of events is a schedule,
 * every schedule is legal, and the same seed with the same events is the same run to the last byte.
 */
import { Cause, Clock, Context, Effect, Exit, Random, type Scope } from "effect"
import { type Choose, recorded, seeded } from "../../replay/Choose.ts"
import { Disk } from "../Disk.ts"
import { seal } from "../live/Seal.ts"
import { Network } from "../Network.ts"
import { Process } from "../Process.ts"
import { type Entry, EventHeap } from "./EventHeap.ts"
import { type Options as DiskOptions, SimulatedDisk } from "./SimulatedDisk.ts"
import { SimulatedNetwork } from "./SimulatedNetwork.ts"
import { Crashed, Livelock, randomOf, SimulatedProcess } from "./SimulatedProcess.ts"
import { Trace } from "./Trace.ts"
import { type Crash, type Fault, handlerOf, show, type Wakening, type WorldEvent } from "./WorldEvent.ts"

export type NodeServices = Disk | Network | Process | Scope.Scope

/** A process of the deployment: its name, and what it runs at each start. */
export interface ProcessSpec {
  readonly name: string
  readonly boot: (incarnation: number) => Effect.Effect<unknown, unknown, NodeServices>
}

/** How long things take, in microseconds: `[least, most]`, drawn evenly. */
export interface Delays {
  readonly message: readonly [number, number]
  readonly commit: readonly [number, number]
  readonly wake: readonly [number, number]
  readonly restart: readonly [number, number]
  readonly senderTimeout: number
  readonly connectTimeout: number
}

/** A data centre: 0.1 to 2 ms a message, 0.2 to 7 ms an fsync, sender's timeout 30 s. */
export const delays: Delays = {
  message: [100, 2_000],
  commit: [200, 7_000],
  wake: [1, 500],
  restart: [500_000, 3_000_000],
  senderTimeout: 30_000_000,
  connectTimeout: 10_000_000
}

export interface SimulationOptions {
  readonly seed: number
  readonly processes: ReadonlyArray<ProcessSpec>
  readonly delays?: Partial<Delays>
  /** How each process's disk is built: size of a piece, kept versions. */
  readonly disk?: Omit<DiskOptions, "observe">
  /** Keeps every line of the trace; without it only the hash is kept. */
  readonly keepTrace?: boolean
  /** Events at one instant of virtual time, and tasks in one event, after which the run is a livelock. */
  readonly livelockLimit?: number
  /** Hears each step at the moment at which it is reported. */
  readonly observe?: (process: string, action: string, args: ReadonlyArray<number>) => void
}

/** Nothing can happen any more, and what was waited for has not come. */
export class Deadlock extends Error {
  override readonly name = "Deadlock"
}

/** Events that a process waits for at this moment are entries in the heap. */
interface Host {
  readonly spec: ProcessSpec
  readonly disk: SimulatedDisk
  readonly wakes: Map<string, Entry>
  readonly commits: Array<Entry>
  process: SimulatedProcess | undefined
  incarnation: number
  powered: boolean
  skewMillis: number
  timer: Entry | undefined
  start: Entry | undefined
  dirty: boolean
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
  private readonly delays: Delays
  private readonly limit: number

  constructor(options: SimulationOptions) {
    this.options = options
    this.delays = { ...delays, ...options.delays }
    this.limit = options.livelockLimit ?? 10_000
    this.choose = seeded(options.seed)
    this.trace = new Trace(options.keepTrace ?? false)
    this.network = new SimulatedNetwork({
      now: () => this.now,
      latency: () => this.draw(this.delays.message),
      add: (at, event, fire) => this.heap.add(at, event, fire),
      running: (name) => this.hostOf(name).process,
      powered: (name) => this.hostOf(name).powered,
      senderTimeout: this.delays.senderTimeout,
      connectTimeout: this.delays.connectTimeout
    })
    for (const spec of options.processes) this.hosts.set(spec.name, this.hostFor(spec))
    for (const host of this.hosts.values()) {
      this.start(host)
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
      case "Jump": return this.isUp(event.process)
      case "PowerLoss": return this.hostOf(event.process).powered
      case "Pause": return this.isUp(event.process) && !this.isPaused(event.process)
      case "Resume": return this.isPaused(event.process)
      case "Reset": {
        const inFlight = this.network.inFlight(event.end)
        return inFlight !== undefined && event.toDialer <= inFlight.toDialer &&
          event.toListener <= inFlight.toListener
      }
      case "Cut": return !this.network.isCut(event.from, event.to)
      case "Heal": return this.network.isCut(event.from, event.to)
      case "Slow": return true
      case "DiskFault":
      case "DiskHeal": return true
      case "During": return this.canHappen(event.event) && this.canHappen(event.crash)
      case "Timer":
      case "Wake":
      case "Synced":
      case "Connect":
      case "ConnectFailed":
      case "Deliver":
      case "SeeClosed":
      case "SenderTimeout":
      case "Start": return this.find(event) !== undefined
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
      case "During": return this.during(event)
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
      case "Start": return this.happen(this.found(event))
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

  // Events

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
    if (host.process !== undefined) this.stop(host, crash)
    this.settle(host)
  }

  private fault(fault: Fault): void {
    switch (fault._tag) {
      case "Kill":
      case "PowerLoss": return this.stop(this.hostOf(fault.process), fault)
      case "Pause":
      case "Resume": {
        const process = this.hostOf(fault.process).process
        if (process === undefined) throw new Error(`${fault.process} is down`)
        process.paused = fault._tag === "Pause"
        this.hostOf(fault.process).dirty = true
        return this.network.armAll()
      }
      case "Jump": {
        const host = this.hostOf(fault.process)
        host.skewMillis += fault.millis
        if (host.process !== undefined) host.process.skewMillis = host.skewMillis
        return
      }
      case "Reset": return this.network.reset(fault.end, fault.toDialer, fault.toListener)
      case "Cut": return this.network.cutLink(fault.from, fault.to)
      case "Heal": return this.network.healLink(fault.from, fault.to)
      case "Slow": return this.network.slowLink(fault.from, fault.to, fault.millis)
      case "DiskFault": return void this.hostOf(fault.process).disk.inject(fault.fault)
      case "DiskHeal": return this.hostOf(fault.process).disk.heal()
    }
  }

  // Processes

  private hostFor(spec: ProcessSpec): Host {
    if (this.hosts.has(spec.name)) throw new Error(`two processes are named ${spec.name}`)
    return {
      spec,
      disk: new SimulatedDisk({ ...this.options.disk, observe: (hash) => this.trace.mix(hash) }),
      wakes: new Map(),
      commits: [],
      process: undefined,
      incarnation: 0,
      powered: true,
      skewMillis: 0,
      timer: undefined,
      start: undefined,
      dirty: true
    }
  }

  private start(host: Host): void {
    const { name } = host.spec
    host.start = undefined
    host.powered = true
    host.incarnation++
    host.dirty = true
    const process = new SimulatedProcess(name, host.incarnation, host.skewMillis, () => this.now, () => {
      host.dirty = true
    })
    host.process = process
    this.network.started(name)
    const program = Effect.scoped(host.spec.boot(host.incarnation)).pipe(
      Effect.provideContext(this.services(host, process))
    )
    const fiber = Effect.runFork(program as Effect.Effect<unknown, unknown>, { scheduler: process.scheduler })
    fiber.addObserver((exit) => {
      if (!process.alive) return
      this.exits.set(name, exit)
      if (Exit.isFailure(exit)) this.failure ??= Cause.squash(exit.cause)
      this.end(host, process)
    })
  }

  /** A program that ended is a process that exited: its host closes what it had open, commits in flight go on. */
  private end(host: Host, process: SimulatedProcess): void {
    this.leave(host, process, true)
    host.process = undefined
  }

  private leave(host: Host, process: SimulatedProcess, powered: boolean): void {
    process.drop()
    this.network.stopped(process, powered)
    for (const entry of [host.timer, ...host.wakes.values()]) if (entry !== undefined) entry.cancelled = true
    host.timer = undefined
    host.wakes.clear()
  }

  private services(host: Host, process: SimulatedProcess): Context.Context<Disk | Network | Process> {
    const random = seeded(this.options.seed * 31 + [...this.hosts.keys()].indexOf(process.name) * 7919 + process.incarnation)
    return Context.make(
      Disk,
      host.disk.operations(() => process.alive, (finish) => this.committing(host, process, finish))
    ).pipe(
      Context.add(Network, this.network.of(process)),
      Context.add(Process, {
        name: process.name,
        incarnation: process.incarnation,
        until: process.until,
        did: (action, ...args) => this.did(host, process, action, args)
      }),
      Context.add(Clock.Clock, process.clock),
      Context.add(Random.Random, randomOf(random))
    )
  }

  private did(host: Host, process: SimulatedProcess, action: string, args: ReadonlyArray<number>): void {
    if (!process.alive) return
    this.trace.step(process.name, action, args)
    this.options.observe?.(process.name, action, args)
    if (this.crashAfter === undefined || this.crashAfter.crash.process !== process.name) return
    if (--this.crashAfter.steps > 0) return
    this.stop(host, this.crashAfter.crash)
    throw new Crashed()
  }

  private stop(host: Host, crash: Crash): void {
    const { process } = host
    const powered = crash._tag === "Kill"
    if (process !== undefined) this.leave(host, process, powered)
    host.process = undefined
    for (const entry of host.commits) entry.cancelled = true
    host.commits.length = 0
    if (crash._tag === "Kill") host.disk.kill(recorded(crash.choices ?? []))
    else host.disk.powerLoss(recorded(crash.choices), crash.profile)
    if (!powered) host.powered = false
    if (host.start !== undefined) return
    const event: WorldEvent = { _tag: "Start", process: host.spec.name }
    host.start = this.heap.add(this.now + this.draw(this.delays.restart), event, () => this.start(host))
  }

  /** A commit ends when its event is fired; how, the disk knows. */
  private committing(host: Host, process: SimulatedProcess, finish: () => void): Effect.Effect<void> {
    if (!process.alive) return Effect.never
    const latency = this.draw(this.delays.commit)
    const event: WorldEvent = { _tag: "Synced", process: process.name, index: host.commits.length }
    let resume: (() => void) | undefined
    let ended = false
    const entry = this.heap.add(this.now + latency, event, () => {
      host.commits.splice(host.commits.indexOf(entry), 1)
      this.renumber(host)
      finish()
      ended = true
      resume?.()
    })
    host.commits.push(entry)
    return Effect.callback<void>((answer) => {
      if (ended) return answer(Effect.void)
      resume = () => answer(Effect.void)
    })
  }

  private renumber(host: Host): void {
    host.commits.forEach((entry, index) => {
      const { event } = entry
      if (event._tag === "Synced" && event.index !== index) entry.event = { ...event, index }
    })
  }

  /** Runs a process until nothing is runnable, then puts into the heap what became possible. */
  private settle(host: Host): void {
    if (host.process?.paused === false) host.process.drain(this.limit * 10)
    if (this.failure !== undefined) throw this.failure
    this.arm(host)
  }

  private arm(host: Host): void {
    const { process } = host
    if (process === undefined) return
    for (const [point, entry] of host.wakes) {
      const wait = process.waits.get(point)
      if (!process.paused && wait !== undefined && wait.ready()) continue
      entry.cancelled = true
      host.wakes.delete(point)
    }
    if (!process.paused) {
      for (const wait of process.waits.values()) {
        if (host.wakes.has(wait.point) || !wait.ready()) continue
        const event: WorldEvent = { _tag: "Wake", process: process.name, point: wait.point }
        const entry = this.heap.add(this.now + this.draw(this.delays.wake), event, () => {
          host.wakes.delete(wait.point)
          process.waits.delete(wait.point)
          wait.resume()
        })
        host.wakes.set(wait.point, entry)
      }
    }
    if (!host.dirty) return
    host.dirty = false
    if (host.timer !== undefined) host.timer.cancelled = true
    host.timer = undefined
    const sleep = process.sleeps[0]
    if (sleep === undefined || process.paused) return
    host.timer = this.heap.add(Math.max(this.now, sleep.at), { _tag: "Timer", process: process.name }, () => {
      host.timer = undefined
      host.dirty = true
      process.endSleep()
    })
  }

  // Small things

  private draw([least, most]: readonly [number, number]): number {
    return least + this.choose(most - least + 1)
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

/** The process that an event is about. */
const processOf = (event: WorldEvent): string => {
  switch (event._tag) {
    case "Connect":
    case "ConnectFailed":
    case "Deliver":
    case "SeeClosed":
    case "SenderTimeout":
    case "Reset": return event.end.at
    case "Cut":
    case "Heal":
    case "Slow": return event.from
    case "During": return handlerOf(event.event)
    case "Kill":
    case "PowerLoss":
    case "Pause":
    case "Resume":
    case "Jump":
    case "DiskFault":
    case "DiskHeal":
    case "Start":
    case "Timer":
    case "Wake":
    case "Synced": return event.process
  }
}

/** What can continue a process, for a plan that crashes it inside a handler. */
export const isWakening = (event: WorldEvent): event is Wakening =>
  event._tag === "Timer" || event._tag === "Wake" || event._tag === "Synced" || event._tag === "Connect" ||
  event._tag === "ConnectFailed" || event._tag === "Deliver" || event._tag === "SeeClosed"

/** Makes a world and drives it, with the real world shut: `Date`, `Math.random`, timers and sockets throw. */
export const simulate = <A>(options: SimulationOptions, drive: (simulation: Simulation) => A): A =>
  seal(() => drive(new Simulation(options)))
