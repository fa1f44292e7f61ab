/**
 * Runs of a ZooKeeper server and its clients on the simulated world, each followed by a shadow of the model: commands are
 * plain data and total, so any list of them is a run, and a failing one shrinks by dropping commands.
 */
import { shadowOf } from "../../../src/conform/Shadow.ts"
import { type Constants, type State, unbounded, zooKeeper as model } from "../../../src/kafka/models/ZooKeeper.ts"
import { zooKeeperGuards } from "../../../src/kafka/models/ZooKeeperConfigurations.ts"
import { type Stamp, stampsOf } from "../../../src/kafka/models/ZooKeeperState.ts"
import { zooKeeper, zooKeeperCell } from "../../../src/kafka/nodes/ZooKeeper.ts"
import { isPing, zooKeeperName, zooKeeperPort } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { type SessionCell, sessionCell, zooKeeperSession } from "../../../src/kafka/nodes/ZooKeeperSession.ts"
import { type Projected, projectZooKeeper } from "../../../src/kafka/projections/ZooKeeper.ts"
import { upTo } from "../../../src/kafka/rules/Cluster.ts"
import {
  type Asked,
  initialTree,
  type Kind,
  knownAfter,
  requestOf,
  wonBy
} from "../../../src/kafka/rules/ZooKeeperRequests.ts"
import type { SessionTimes } from "../../../src/kafka/rules/ZooKeeperSessions.ts"
import { type Label, label } from "../../../src/machine/Machine.ts"
import { simulate, type Simulation } from "../../../src/world/simulated/Simulation.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type Command =
  /** Fires so many events in the order in which they are due. */
  | { readonly _tag: "Due"; readonly count: number }
  /** Fires any event that is possible. */
  | { readonly _tag: "Any"; readonly pick: number }
  /** A client asks something. */
  | { readonly _tag: "Want"; readonly pick: number; readonly kind: Kind }
  | { readonly _tag: "Kill" | "Freeze" | "Thaw" | "Cut" | "Heal" | "During"; readonly pick: number }
  | { readonly _tag: "Reset"; readonly pick: number; readonly other: number }

export const kinds = unbounded.Kinds
export { zooKeeperGuards as guarded }
export type Guards = typeof zooKeeperGuards

/** tickTime and session timeout of the recorded runs (test/real/failover-traces, kafka-zk-*-2s). */
export const times: SessionTimes = { tickMillis: 500, timeoutMillis: 2_000 }

/**
 * A bound for what is broken no longer: a start takes up to 3 s, and a client whose connection is silent waits two thirds
 * of its timeout and may find that its session is over.
 */
const settlesMillis = 3_000 + 3 * times.timeoutMillis

const promised = [
  "EphemeralsHaveSessions",
  "OneWriteSucceeds",
  "WatchBeforeData",
  "WatchFiresAtMostOnce",
  "FailedDoesNothing",
  "ZxidsAreOrdered"
]

/** Enough for two that compete and one that watches. */
const wholeCast = 3
export const nameOf = (client: number): string => `client-${client}`
const clientIn = (process: string): number => Number(process.slice(process.lastIndexOf("-") + 1))
const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A | undefined => all[Math.floor(pick / 0x1_0000 * all.length)]

/** A connection's end, at the client. */
export const endOf = (client: number) => ({
  dialer: nameOf(client),
  listener: zooKeeperName,
  port: zooKeeperPort,
  at: nameOf(client)
})

/** A moment at which a session began to be silent, and when the server ended it, milliseconds of the world's clock. */
interface Expiry {
  readonly lastHeard: number
  readonly ended: number
}

export interface Run {
  readonly labels: ReadonlyArray<Label>
  readonly events: number
  readonly telling: number
  readonly reached: ReadonlySet<string>
  readonly expiries: ReadonlyArray<Expiry>
  /** Some time after everything was mended. */
  readonly state: State
}

/** Faults of a connection that the world does by itself are resets to the model; pings are not counted. */
const resetOf = (world: Simulation, event: WorldEvent): Label | undefined => {
  if (event._tag !== "SenderTimeout" && event._tag !== "Reset") return undefined
  const { dialer, listener } = event.end
  const { toDialer, toListener } = world.network.inspect(event.end)!
  const kept = event._tag === "Reset"
    ? { there: event.toListener, back: event.toDialer }
    : event.end.at === dialer
    ? { there: world.network.isCut(dialer, listener) ? 0 : toListener.length, back: toDialer.length }
    : { there: toListener.length, back: world.network.isCut(listener, dialer) ? 0 : toDialer.length }
  const counted = (queue: ReadonlyArray<unknown>, count: number) =>
    queue.slice(0, count).filter((message) => !isPing(message)).length
  return label("Reset", clientIn(dialer), counted(toListener, kept.there), counted(toDialer, kept.back))
}

/** Labels of the environment that an event is, before any process hears of it. */
const before = (world: Simulation, event: WorldEvent): Label | undefined => {
  switch (event._tag) {
    case "Start":
      return label("Restart", clientIn(event.process))
    case "Kill":
      return label("Kill", clientIn(event.process))
    default:
      return resetOf(world, event)
  }
}

/** A run under way, to whoever decides what happens next. */
export interface Deployed {
  readonly world: Simulation
  /** Fires an event, tells the shadow what it was, and compares. */
  readonly fire: (event: WorldEvent) => void
  /** Lets a client ask. */
  readonly want: (client: number, kind: Kind) => void
  readonly labels: ReadonlyArray<Label>
  /** The state of the model that walks along, which the nodes are equal to after each event. */
  readonly state: () => State
  readonly nowMillis: () => number
  /** When the session of a client expires, milliseconds of the server's clock. */
  readonly bucketMillis: (client: number, session: number) => number | undefined
}

/** Plays commands against the nodes, then mends everything; throws what a node, the world or the shadow throws. */
export const play = (guards: Guards, seed: number, commands: ReadonlyArray<Command>): Run =>
  drive({ clients: wholeCast, guards, seed, judge: promised }, ({ fire, nowMillis, want, world }) => {
    for (const command of commands) carryOut(world, fire, command, want)
    for (const event of healing(world)) fire(event)
    const healedAt = nowMillis()
    while (nowMillis() < healedAt + settlesMillis) fire(world.enabled()[0]!)
  })

export interface DriveOptions {
  readonly clients: number
  readonly guards: Guards
  readonly seed: number
  readonly judge: ReadonlyArray<string>
  /** The timeout that a client asks for, milliseconds; without it, all ask for that of `times`. */
  readonly timeoutOf?: (client: number) => number
}

/** A run in which `act` decides what happens; throws what a node, the world or the shadow throws. */
export const drive = (options: DriveOptions, act: (deployed: Deployed) => void): Run => {
  const { clients: clientCount, guards, judge, seed, timeoutOf = () => times.timeoutMillis } = options
  const clients = upTo(clientCount)
  const constants: Constants = { ...guards, ...unbounded, Clients: clientCount }
  const shadow = shadowOf(model(constants), judge)
  const server = zooKeeperCell(initialTree, clientCount)
  const cells = new Map<number, SessionCell<Asked>>()
  const known = new Map<number, number>()
  const won = new Map<number, Array<number>>()
  const wanted = new Map<number, ReadonlyArray<Kind>>()
  const history: Array<ReadonlyArray<Stamp>> = []
  const reached = new Set<string>()
  const heardAt = new Map<string, number>()
  const expiries: Array<Expiry> = []
  let asked = 0
  let faults = 0
  let failure: unknown
  let nowMillis = () => 0

  const strikes = ({ action, args }: Label): boolean => {
    if (action === "Reset" || action === "Kill" || action === "GiveUp") return true
    if (action !== "Expire") return false
    const own = shadow.state.own[args[0] as number - 1]!
    return shadow.state.status[args[0] as number - 1] === "up" && own.session[0] === args[1]
  }
  // A handler's fiber that dies says so to nobody: what the shadow threw is kept, and thrown after the event.
  const did = (made: Label): void => {
    if (strikes(made)) faults++
    reached.add(made.action)
    try {
      shadow.did(made)
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  const reported = (action: string, args: ReadonlyArray<number>): void => {
    if (action === "Expire") {
      expiries.push({ lastHeard: heardAt.get(args.join(" ")) ?? NaN, ended: nowMillis() })
    }
    did(action === "Ask" ? label("Ask", args[0]!, kinds[args[1]!]!) : { action, args })
  }
  return simulate({
    seed,
    observe: (_, action, args) => reported(action, args),
    processes: [
      {
        name: zooKeeperName,
        boot: () =>
          zooKeeper({
            cell: server,
            guards,
            times,
            timeoutOf,
            clientOf: clientIn,
            observe: ({ tree, zxid }) => {
              if (zxid > history.length) history.push(stampsOf(tree))
            }
          })
      },
      ...clients.map((number) => ({
        name: nameOf(number),
        boot: () => {
          const cell = sessionCell<Asked>()
          cells.set(number, cell)
          known.set(number, 0)
          return zooKeeperSession<Asked, number>({
            number,
            cell,
            guards,
            times: { ...times, timeoutMillis: timeoutOf(number) },
            wanted: () => {
              const [kind] = wanted.get(number) ?? []
              return kind && { kind, version: known.get(number)! }
            },
            sent: () => {
              wanted.set(number, wanted.get(number)!.slice(1))
              asked++
            },
            requestOf: (question) => requestOf(number, question),
            kindOf: ({ kind }) => kinds.indexOf(kind),
            heard: (message, { asks }) => {
              won.set(
                number,
                [...new Set([...won.get(number) ?? [], ...wonBy(asks, message)])].sort((a, b) => a - b)
              )
              known.set(number, knownAfter(known.get(number)!, asks, message))
              if (message._tag === "Event") reached.add(message.type)
              if (message._tag === "Failed") reached.add(message.code)
              if (message._tag === "Expired") reached.add("expired")
            }
          })
        }
      }))
    ]
  }, (world) => {
    nowMillis = () => world.nowMicros / 1000
    const projected = (): Projected => ({
      clients: clientCount,
      server,
      isUp: (client) => world.isUp(nameOf(client)),
      wire: (client) => world.network.inspect(endOf(client)),
      cell: (client) => cells.get(client)!,
      known: (client) => known.get(client)!,
      history,
      won: (client) => won.get(client) ?? [],
      asked,
      faults
    })
    let telling = 0
    const fire = (event: WorldEvent): void => {
      const told = shadow.labels.length
      const environment = before(world, event)
      if (environment !== undefined) did(environment)
      const deliversToServer = event._tag === "Deliver" && event.end.at === zooKeeperName
      world.fire(event)
      if (failure !== undefined) throw failure
      if (event._tag === "During") did(before(world, event.crash)!)
      if (shadow.labels.length > told) telling++
      if (deliversToServer) {
        const client = clientIn(event.end.dialer)
        const [session] = server.server.clients[client - 1]!.attached
        heardAt.set(`${client} ${session}`, nowMillis())
      }
      shadow.check(projectZooKeeper(projected()))
      if (shadow.state.toClient.some((queue) => queue.some(({ _tag }, i) => _tag === "WatchesSet" && i > 0))) {
        reached.add("told late")
      }
    }
    shadow.check(projectZooKeeper(projected()))
    act({
      world,
      fire,
      labels: shadow.labels,
      state: () => shadow.state,
      nowMillis,
      bucketMillis: (client, session) => server.buckets.get(`${client} ${session}`),
      want: (client, kind) => {
        wanted.set(client, [...wanted.get(client) ?? [], kind].slice(-2))
        world.refresh(nameOf(client))
      }
    })
    return { events: world.fired, telling, labels: shadow.labels, reached, expiries, state: shadow.state }
  })
}

/** Mends all that is broken; a process that is down starts by itself. */
const healing = (world: Simulation): ReadonlyArray<WorldEvent> => {
  const clients = upTo(wholeCast).map(nameOf)
  const links = clients.flatMap((client) => [[client, zooKeeperName], [zooKeeperName, client]] as const)
  return [
    ...links.filter(([from, to]) => world.network.isCut(from, to)).map(([from, to]) =>
      ({ _tag: "Heal", from, to }) as const
    ),
    ...[zooKeeperName, ...clients].filter((process) => world.isPaused(process)).map((process) =>
      ({ _tag: "Resume", process }) as const
    )
  ]
}

const carryOut = (
  world: Simulation,
  fire: (event: WorldEvent) => void,
  command: Command,
  want: (client: number, kind: Kind) => void
): void => {
  const clients = upTo(wholeCast)
  const everyone = [zooKeeperName, ...clients.map(nameOf)]
  const ifPossible = (event: WorldEvent): void => {
    if (world.canHappen(event)) fire(event)
  }
  const links = clients.flatMap((client) => [[nameOf(client), zooKeeperName], [zooKeeperName, nameOf(client)]] as const)
  switch (command._tag) {
    case "Due": {
      for (let i = 0; i < command.count; i++) {
        const next = world.enabled()[0]
        if (next !== undefined) fire(next)
      }
      return
    }
    case "Any": {
      const event = pickOf(command.pick, world.enabled())
      return event === undefined ? undefined : fire(event)
    }
    case "Want":
      return want(pickOf(command.pick, clients)!, command.kind)
    case "Kill":
      return ifPossible({ _tag: "Kill", process: nameOf(pickOf(command.pick, clients)!) })
    case "Freeze":
      return ifPossible({ _tag: "Pause", process: pickOf(command.pick, everyone)! })
    case "Thaw":
      return ifPossible({ _tag: "Resume", process: pickOf(command.pick, everyone)! })
    case "Cut":
    case "Heal": {
      const [from, to] = pickOf(command.pick, links)!
      return ifPossible({ _tag: command._tag, from, to })
    }
    case "Reset": {
      const end = pickOf(command.pick, world.network.connections())
      if (end === undefined) return
      const { toDialer, toListener } = world.network.inFlight(end)!
      const kept = Math.floor(command.other / 0x1_0000 * (toDialer + 1) * (toListener + 1))
      return fire({
        _tag: "Reset",
        end,
        toDialer: Math.min(toDialer, Math.floor(kept / (toListener + 1))),
        toListener: kept % (toListener + 1)
      })
    }
    case "During": {
      const events = world.enabled().filter((event) => "process" in event || "end" in event)
      const event = pickOf(command.pick, events)
      if (event === undefined) return
      const process = event._tag === "Timer" || event._tag === "Wake"
        ? event.process
        : event._tag === "Deliver" || event._tag === "Connect" || event._tag === "SeeClosed"
        ? event.end.at
        : undefined
      if (process === undefined || process === zooKeeperName) return
      return fire({ _tag: "During", event: event as never, steps: 1, crash: { _tag: "Kill", process } })
    }
  }
}
