/**
 * Random runs of the small service: chaos for a while, then everything is healed and the client reads what is there.
 *
 * Which event is next and which fault strikes are choices of a seed; what happened is recorded as events, so a run is
 * repeated, shrunk and told from its events alone.
 */
import type { Operation } from "../../src/history/Operation.ts"
import { type Choose, oneIn, seeded } from "../../src/replay/Choose.ts"
import { isWakening, simulate, type Simulation } from "../../src/world/simulated/Simulation.ts"
import type { TraceLine } from "../../src/world/simulated/Trace.ts"
import { handlerOf } from "../../src/world/simulated/WorldEvent.ts"
import type { Crash, WorldEvent } from "../../src/world/simulated/WorldEvent.ts"
import * as Ledger from "./Ledger.ts"
import { type Guards, processes } from "./Service.ts"

export interface Plan {
  readonly guards: Guards
  readonly seed: number
  /** Events of the chaotic phase. */
  readonly events: number
  readonly writes: number
}

export const writes = 4
export const chaosEvents = 60
/** Events after healing within which the client must have read everything: progress is part of the promise. */
const eventsToRead = 2_000

export interface Run {
  /** What happened in the chaotic phase. */
  readonly events: ReadonlyArray<WorldEvent>
  /** Events in all, the healed phase included. */
  readonly fired: number
  readonly hash: number
  readonly operations: ReadonlyArray<Operation>
  /** What the chaotic phase did, line by line; empty unless it was kept. */
  readonly trace: ReadonlyArray<TraceLine>
  readonly faults: ReadonlySet<WorldEvent["_tag"]>
}

const servers = ["primary", "backup"] as const

const crashOf = (choose: Choose, process: string): Crash => {
  if (choose(2) === 0) return { _tag: "Kill", process }
  return { _tag: "PowerLoss", process, choices: Array.from({ length: choose(5) }, () => choose(4)) }
}

/** One fault, if one strikes now: never the client, whose ledger is the witness. */
const faultOf = (world: Simulation, choose: Choose): WorldEvent | undefined => {
  if (!oneIn(choose, 10)) return undefined
  const process = servers[choose(servers.length)]!
  const other = world.names[choose(world.names.length)]!
  switch (choose(8)) {
    case 0:
    case 1:
      return crashOf(choose, process)
    case 2: {
      const handlers = world.enabled().filter(isWakening).filter((event) => handlerOf(event) === process)
      const event = handlers[choose(Math.max(1, handlers.length))]
      return event && { _tag: "During", event, steps: 1, crash: crashOf(choose, process) }
    }
    case 3:
      return { _tag: world.isPaused(process) ? "Resume" : "Pause", process }
    case 4: {
      const connections = world.network.connections()
      const end = connections[choose(Math.max(1, connections.length))]
      if (end === undefined) return undefined
      const { toDialer, toListener } = world.network.inFlight(end)!
      return { _tag: "Reset", end, toDialer: choose(toDialer + 1), toListener: choose(toListener + 1) }
    }
    case 5:
      return { _tag: world.network.isCut(process, other) ? "Heal" : "Cut", from: process, to: other }
    case 6:
      return { _tag: world.network.isCut(other, process) ? "Heal" : "Cut", from: other, to: process }
    default:
      return { _tag: "Jump", process, millis: choose(10_000) - 5_000 }
  }
}

/** Mends all that is broken, lets the client read, and demands that it can. */
const heal = (world: Simulation, ledger: Ledger.Ledger): void => {
  for (const process of world.names) if (world.isPaused(process)) world.fire({ _tag: "Resume", process })
  for (const from of world.names) {
    for (const to of world.names) if (world.network.isCut(from, to)) world.fire({ _tag: "Heal", from, to })
  }
  ledger.healed = true
  world.refresh("client")
  world.runUntil(() => ledger.done, eventsToRead)
}

const play = (
  plan: Plan,
  keepTrace: boolean,
  chaos: (world: Simulation, fire: (event: WorldEvent) => void) => void
): Run => {
  let world: Simulation | undefined
  const ledger = Ledger.make(() => world?.nowMicros ?? 0)
  const options = { seed: plan.seed, processes: processes(plan.guards, ledger, plan.writes), keepTrace }
  return simulate(options, (made) => {
    world = made
    const events: Array<WorldEvent> = []
    const faults = new Set<WorldEvent["_tag"]>()
    chaos(made, (event) => {
      events.push(event)
      if (!isWakening(event) && event._tag !== "Start" && event._tag !== "SenderTimeout") faults.add(event._tag)
      made.fire(event)
    })
    const told = made.trace.lines.length
    heal(made, ledger)
    return {
      events,
      fired: made.fired,
      hash: made.trace.hash,
      operations: ledger.operations,
      trace: made.trace.lines.slice(0, told),
      faults
    }
  })
}

/** The run of a plan: of its seed, unless other choices are given. */
export const run = (plan: Plan, choose: Choose = seeded(plan.seed ^ 0x5eed)): Run =>
  play(plan, false, (world, fire) => {
    for (let count = 0; count < plan.events; count++) {
      const fault = faultOf(world, choose)
      if (fault !== undefined && world.canHappen(fault)) {
        fire(fault)
        continue
      }
      const possible = world.enabled()
      const next = possible[oneIn(choose, 4) ? choose(Math.max(1, possible.length)) : 0]
      if (next === undefined) break
      fire(next)
    }
  })

/** Fires the given events in order, and skips those that cannot happen. */
export const rerun = (plan: Plan, events: ReadonlyArray<WorldEvent>, keepTrace = false): Run =>
  play(plan, keepTrace, (world, fire) => {
    for (const event of events) if (world.canHappen(event)) fire(event)
  })
