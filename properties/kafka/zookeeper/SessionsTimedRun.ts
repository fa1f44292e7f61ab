/**
 * Runs of a ZooKeeper server and clients that only say that they are there, each followed by the model
 * ZooKeeperSessionsTimed: a unit of time is 200 ms, in which messages take no time, or one unit where a link is slow.
 *
 *     world's clock     0   200   400   600   800         a ping every 800 ms, a tick of the server every 600 ms
 *     model               Tick  Tick  Tick  Tick
 *
 * The decision: time goes on in the model by so many units as between two events of the world, so everything that is due
 * has to have happened by then. A run ends where a client leaves its connection, or is to live on without its session:
 * what it does then is the module ZooKeeper's.
 *
 * Authority: SessionTrackerImpl, ExpiryQueue, ClientCnxn.SendThread.run of ZooKeeper 3.8; design.md, Grain 4.
 */
import { shadowOf } from "../../../src/conform/Shadow.ts"
import {
  type SessionConstants,
  type SessionState,
  zooKeeperSessionsTimed
} from "../../../src/kafka/models/ZooKeeperSessionsTimed.ts"
import { zooKeeper, zooKeeperCell } from "../../../src/kafka/nodes/ZooKeeper.ts"
import { isPing, zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { type SessionCell, sessionCell, zooKeeperSession } from "../../../src/kafka/nodes/ZooKeeperSession.ts"
import { at, upTo } from "../../../src/kafka/rules/Cluster.ts"
import { initialTree } from "../../../src/kafka/rules/ZooKeeperRequests.ts"
import type { SessionTimes } from "../../../src/kafka/rules/ZooKeeperSessions.ts"
import { label } from "../../../src/machine/Machine.ts"
import { simulate, type Simulation } from "../../../src/world/simulated/Simulation.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"
import { endOf, guarded, nameOf } from "./ZooKeeperRun.ts"

/** Numbers pick among the clients, scaled from `[0, 2^16)`. */
export type TimedCommand =
  | { readonly _tag: "Due"; readonly count: number }
  /** A client's host freezes for so many units. */
  | { readonly _tag: "Doze"; readonly pick: number; readonly units: number }
  | { readonly _tag: "Kill" | "Freeze" | "Thaw" | "Slow" | "Quick"; readonly pick: number }

type Strike = Exclude<TimedCommand, { readonly _tag: "Due" | "Doze" }>

const unitMillis = 200
const constants: SessionConstants = {
  RoundsUp: true,
  MessageExtends: true,
  Clients: 2,
  TickTime: 3,
  Timeout: 12,
  Ping: 4,
  Delay: 1,
  MaxFaults: Infinity,
  FaultKinds: ["Kill", "Freeze"]
}
const times: SessionTimes = {
  tickMillis: constants.TickTime * unitMillis,
  timeoutMillis: constants.Timeout * unitMillis
}
const clients = upTo(constants.Clients)
const none = constants.Delay + 1
const clientIn = (process: string): number => Number(process.slice(process.lastIndexOf("-") + 1))

export interface TimedRun {
  readonly reached: ReadonlySet<string>
  readonly events: number
}

/** What the run remembers of a client, in units since the beginning. */
interface Remembered {
  sent: number
  heard: number
  /** When its message in flight was sent. */
  flying: number | undefined
  /** When it was killed, or its session ended, as far as that stops a clock. */
  killed: number | undefined
  ended: { readonly silent: number; readonly left: number } | undefined
}

const processes = (server: ReturnType<typeof zooKeeperCell<number>>, cells: ReadonlyArray<SessionCell<never>>) => [
  {
    name: zooKeeperName,
    boot: () => zooKeeper({ cell: server, guards: guarded, times, clientOf: clientIn })
  },
  ...clients.map((number) => ({
    name: nameOf(number),
    boot: () =>
      zooKeeperSession<never, number>({
        number,
        cell: at(cells, number),
        guards: guarded,
        times,
        wanted: () => undefined,
        sent: () => {},
        requestOf: () => ({ _tag: "Close" }),
        kindOf: () => 0,
        heard: () => {}
      })
  }))
]

/** Plays commands; throws what a node, the world or the shadow throws. */
export const playTimed = (seed: number, commands: ReadonlyArray<TimedCommand>): TimedRun => {
  const machine = zooKeeperSessionsTimed(constants)
  const shadow = shadowOf(machine, [...Object.keys(machine.always), ...Object.keys(machine.alwaysStep)])
  const server = zooKeeperCell(initialTree, constants.Clients)
  const cells = clients.map(() => sessionCell<never>())
  const reached = new Set<string>()
  const memory = clients.map((): Remembered => ({
    sent: 0,
    heard: 0,
    flying: undefined,
    killed: undefined,
    ended: undefined
  }))
  let units = 0
  let faults = 0
  let isOver = false
  let expired: Array<number> = []
  const observe = (_: string, action: string, [client = 0]: ReadonlyArray<number>): void => {
    if (action === "Expire") expired.push(client)
    if (action === "GiveUp" || action === "LoseServer") isOver = true
  }
  const did = (action: string, ...args: ReadonlyArray<number>): void => {
    reached.add(action)
    shadow.did(label(action, ...args))
    for (const [name, holds] of Object.entries(machine.sometimes)) if (holds(shadow.state)) reached.add(name)
  }
  const delays = { message: [0, 0], wake: [0, 0], commit: [0, 0] } as const
  const options = { seed, observe, delays, processes: processes(server, cells) }
  return simulate(options, (world) => {
    const pings = (client: number): number =>
      (world.network.inspect(endOf(client))?.toListener ?? []).filter(isPing).length
    const leftOf = (client: number): number => server.buckets.get(`${client} 1`)! / unitMillis - units
    const statusOf = (client: number) =>
      !world.isUp(nameOf(client)) ? "down" : world.isPaused(nameOf(client)) ? "frozen" : "up"
    const projected = (): SessionState => ({
      phase: units % constants.TickTime,
      left: memory.map(({ ended }, i) => ended?.left ?? leftOf(i + 1)),
      live: server.server.clients.map(({ sessions }) => sessions.includes(1)),
      quiet: memory.map(({ killed, sent }) => Math.min((killed ?? units) - sent, constants.Ping)),
      flight: memory.map(({ flying }) => flying === undefined ? none : units - flying),
      status: clients.map(statusOf),
      silent: memory.map(({ ended, heard }) => ended?.silent ?? units - heard),
      faults
    })
    /** Time goes on to when an event is due. */
    const pass = (micros: number): void => {
      const to = micros / 1000 / unitMillis
      if (!Number.isInteger(to)) throw new RangeError(`an event at ${micros} us is between two units`)
      for (; units < to; units++) did("Tick")
    }
    const fire = (event: WorldEvent): void => {
      const before = clients.map(pings)
      const isHeard = event._tag === "Deliver" && event.end.at === zooKeeperName &&
        before[clientIn(event.end.dialer) - 1]! > 0
      expired = []
      world.fire(event)
      if (isHeard) {
        const client = clientIn(event.end.dialer)
        const own = at(memory, client)
        if (units > own.flying!) reached.add("late")
        own.flying = undefined
        if (own.ended === undefined) own.heard = units
        did("Touch", client)
      }
      clients.forEach((client, i) => {
        if (pings(client) <= before[i]!) return
        const own = at(memory, client)
        own.sent = units
        own.flying = units
        did("Beat", client)
      })
      for (const client of expired) {
        const own = at(memory, client)
        own.ended = { silent: units - own.heard, left: 0 }
        did("Expire", client)
      }
      if (!isOver) shadow.check(projected())
    }
    const due = (): void => {
      const next = world.enabledWithTimes().find(({ event }) => event._tag !== "Start")
      if (next === undefined) return
      pass(Math.max(next.at, world.nowMicros))
      fire(next.event)
    }
    const strikes = (fault: Strike): void => {
      isOver ||= strike(world, fault, fire, did, memory, () => faults++, () => units)
    }
    while (cells.some(({ own }) => !own.ready)) world.fire(world.enabled()[0]!)
    shadow.check(projected())
    for (const command of commands) {
      if (isOver) break
      switch (command._tag) {
        case "Due":
          for (let i = 0; i < command.count && !isOver; i++) due()
          break
        case "Doze": {
          const until = units + command.units
          strikes({ _tag: "Freeze", pick: command.pick })
          while (units < until && !isOver) due()
          if (!isOver) strikes({ _tag: "Thaw", pick: command.pick })
          break
        }
        case "Kill":
        case "Freeze":
        case "Thaw":
        case "Slow":
        case "Quick":
          strikes(command)
      }
    }
    return { reached, events: world.fired }
  })
}

/** Strikes a client, where that can be; says whether the run is over. */
const strike = (
  world: Simulation,
  { _tag, pick }: Strike,
  fire: (event: WorldEvent) => void,
  did: (action: string, client: number) => void,
  memory: ReadonlyArray<Remembered>,
  struck: () => void,
  units: () => number
): boolean => {
  const client = 1 + Math.floor(pick / 0x1_0000 * constants.Clients)
  const process = nameOf(client)
  const own = at(memory, client)
  const happens = (event: WorldEvent, action: string, isFault: boolean): void => {
    if (!world.canHappen(event)) return
    if (isFault) struck()
    did(action, client)
    if (_tag === "Kill") own.killed = units()
    fire(event)
  }
  switch (_tag) {
    case "Kill":
      happens({ _tag: "Kill", process }, "Kill", true)
      return false
    case "Freeze":
      happens({ _tag: "Pause", process }, "Freeze", true)
      return false
    case "Thaw":
      happens({ _tag: "Resume", process }, "Thaw", false)
      return own.ended !== undefined
    case "Slow":
    case "Quick":
      fire({ _tag: "Slow", from: process, to: zooKeeperName, millis: _tag === "Slow" ? unitMillis : 0 })
      return false
  }
}
