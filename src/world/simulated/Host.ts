/**
 * The machine of one simulated process: its disk, which outlives every start, and what the process waits for.
 *
 *     start ─▶ runs until nothing is runnable ─▶ waits at points, sleeps, commits: each an entry in the heap
 *       ▲                                          │
 *       └────── restart ◀── kill, power loss ──────┴── the program ends: exited, and stays so
 *
 * The one decision: an entry is in the heap exactly while its event is possible. So after each event of a process `arm`
 * asks every waiting thread again whether it has work, and nothing else ever does.
 */
import { Cause, Clock, Context, Effect, Exit, Random } from "effect"
import { recorded, seeded } from "../../replay/Choose.ts"
import { Disk } from "../Disk.ts"
import { Network } from "../Network.ts"
import { Process } from "../Process.ts"
import { DiskCrashed } from "./DiskState.ts"
import type { Entry, EventHeap } from "./EventHeap.ts"
import { type Options as DiskOptions, SimulatedDisk } from "./SimulatedDisk.ts"
import type { SimulatedNetwork } from "./SimulatedNetwork.ts"
import { Crashed, randomOf, SimulatedProcess } from "./SimulatedProcess.ts"
import type { Delays, ProcessSpec } from "./SimulationOptions.ts"
import type { Crash, WorldEvent } from "./WorldEvent.ts"

/** What a machine needs of the world around it. */
export interface HostWorld {
  readonly seed: number
  readonly disk: DiskOptions
  readonly delays: Delays
  readonly heap: EventHeap
  readonly network: SimulatedNetwork
  /** Virtual time in microseconds. */
  readonly now: () => number
  /** Draws a delay in microseconds. */
  readonly draw: (range: readonly [number, number]) => number
  /** Hears each step; true when the process crashes right after it. */
  readonly did: (process: string, action: string, args: ReadonlyArray<number>) => Crash | undefined
  /** Hears how a program ended. */
  readonly exited: (process: string, exit: Exit.Exit<unknown, unknown>) => void
}

export class Host {
  readonly spec: ProcessSpec
  readonly disk: SimulatedDisk
  process: SimulatedProcess | undefined
  powered = true
  private readonly world: HostWorld
  /** Its place in the deployment: part of the seed of its own chance. */
  private readonly place: number
  private incarnation = 0
  private skewMillis = 0
  /** A sleep began or ended since the timer was armed. */
  private dirty = true
  private timer: Entry | undefined
  private restart: Entry | undefined
  private readonly wakes = new Map<string, Entry>()
  private readonly commits: Array<Entry> = []

  constructor(world: HostWorld, spec: ProcessSpec, place: number) {
    this.world = world
    this.spec = spec
    this.place = place
    this.disk = new SimulatedDisk(world.disk)
  }

  start(): void {
    const { name } = this.spec
    const { network } = this.world
    this.restart = undefined
    this.powered = true
    this.incarnation++
    this.dirty = true
    const process = new SimulatedProcess(name, this.incarnation, this.skewMillis, this.world.now, () => {
      this.dirty = true
    })
    this.process = process
    network.started(name)
    const program = Effect.scoped(this.spec.boot(this.incarnation)).pipe(Effect.provideContext(this.services(process)))
    const fiber = Effect.runFork(program as Effect.Effect<unknown, unknown>, { scheduler: process.scheduler })
    fiber.addObserver((exit) => {
      if (!process.alive) return
      if (Exit.isFailure(exit) && Cause.squash(exit.cause) instanceof DiskCrashed) {
        return this.stop({ _tag: "Kill", process: name })
      }
      this.leave(process, true)
      this.world.exited(name, exit)
    })
  }

  /** The process is gone, with or without the power of its machine; it starts again after a while. */
  stop(crash: Crash): void {
    const powered = crash._tag === "Kill"
    if (this.process !== undefined) this.leave(this.process, powered)
    for (const entry of this.commits) entry.cancelled = true
    this.commits.length = 0
    if (crash._tag === "Kill") this.disk.kill(recorded(crash.choices ?? []))
    else this.disk.powerLoss(recorded(crash.choices), crash.profile)
    if (!powered) this.powered = false
    if (this.restart !== undefined) return
    const { delays, draw, heap, now } = this.world
    const event: WorldEvent = { _tag: "Start", process: this.spec.name }
    this.restart = heap.add(now() + draw(delays.restart), event, () => this.start())
  }

  /** Freezes the process, or lets it go on. */
  pause(paused: boolean): void {
    if (this.process === undefined) throw new Error(`${this.spec.name} is down`)
    this.process.paused = paused
    this.dirty = true
  }

  /** Moves the wall clock; sleeps go by another clock. */
  jump(millis: number): void {
    this.skewMillis += millis
    if (this.process !== undefined) this.process.skewMillis = this.skewMillis
  }

  /** Puts into the heap what the process can do next, and takes out what it no longer can. */
  arm(): void {
    const { process } = this
    if (process === undefined) return
    this.disarmWakes(process)
    if (!process.paused) this.armWakes(process)
    if (this.dirty) this.armTimer(process)
  }

  private disarmWakes(process: SimulatedProcess): void {
    for (const [point, entry] of this.wakes) {
      const wait = process.waits.get(point)
      if (!process.paused && wait !== undefined && wait.ready()) continue
      entry.cancelled = true
      this.wakes.delete(point)
    }
  }

  private armWakes(process: SimulatedProcess): void {
    const { delays, draw, heap, now } = this.world
    for (const wait of process.waits.values()) {
      if (this.wakes.has(wait.point) || !wait.ready()) continue
      const event: WorldEvent = { _tag: "Wake", process: process.name, point: wait.point }
      const entry = heap.add(now() + draw(delays.wake), event, () => {
        this.wakes.delete(wait.point)
        process.waits.delete(wait.point)
        wait.resume()
      })
      this.wakes.set(wait.point, entry)
    }
  }

  private armTimer(process: SimulatedProcess): void {
    this.dirty = false
    if (this.timer !== undefined) this.timer.cancelled = true
    this.timer = undefined
    const sleep = process.sleeps[0]
    if (sleep === undefined || process.paused) return
    const { heap, now } = this.world
    this.timer = heap.add(Math.max(now(), sleep.at), { _tag: "Timer", process: process.name }, () => {
      this.timer = undefined
      this.dirty = true
      process.endSleep()
    })
  }

  /** A process that ended or was ended: its host closes what it had open; commits in flight go on unless it crashed. */
  private leave(process: SimulatedProcess, powered: boolean): void {
    process.drop()
    this.process = undefined
    this.world.network.stopped(process, powered)
    for (const entry of [this.timer, ...this.wakes.values()]) if (entry !== undefined) entry.cancelled = true
    this.timer = undefined
    this.wakes.clear()
  }

  private services(process: SimulatedProcess): Context.Context<Disk | Network | Process> {
    const chance = seeded(this.world.seed * 31 + this.place * 7919 + process.incarnation)
    return Context.make(
      Disk,
      this.disk.operations(() => process.alive, (finish) => this.committing(process, finish))
    ).pipe(
      Context.add(Network, this.world.network.of(process)),
      Context.add(Process, {
        name: process.name,
        incarnation: process.incarnation,
        until: process.until,
        did: (action, ...args) => this.did(process, action, args)
      }),
      Context.add(Clock.Clock, process.clock),
      Context.add(Random.Random, randomOf(chance))
    )
  }

  private did(process: SimulatedProcess, action: string, args: ReadonlyArray<number>): void {
    if (!process.alive) return
    const crash = this.world.did(process.name, action, args)
    if (crash === undefined) return
    this.stop(crash)
    throw new Crashed()
  }

  /** A commit ends when its event is fired; how, the disk knows. */
  private committing(process: SimulatedProcess, finish: () => void): Effect.Effect<void> {
    if (!process.alive) return Effect.never
    const { delays, draw, heap, now } = this.world
    const event: WorldEvent = { _tag: "Synced", process: process.name, index: this.commits.length }
    let resume: (() => void) | undefined
    let ended = false
    const entry = heap.add(now() + draw(delays.commit), event, () => {
      this.commits.splice(this.commits.indexOf(entry), 1)
      this.renumber()
      finish()
      ended = true
      resume?.()
    })
    this.commits.push(entry)
    return Effect.callback<void>((answer) => {
      if (ended) return answer(Effect.void)
      resume = () => answer(Effect.void)
    })
  }

  private renumber(): void {
    this.commits.forEach((entry, index) => {
      const { event } = entry
      if (event._tag === "Synced" && event.index !== index) entry.event = { ...event, index }
    })
  }
}
