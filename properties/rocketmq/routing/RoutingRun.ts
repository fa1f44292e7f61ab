/**
 * Runs of NameServers, brokers and clients on the simulated world, each followed by a shadow of the model: commands are
 * plain data and total, so any list of them is a run, and a failing one shrinks by dropping commands.
 */
import { Effect } from "effect"
import { shadowOf } from "../../../src/conform/Shadow.ts"
import type { Operation } from "../../../src/history/Operation.ts"
import { type Label, label } from "../../../src/machine/Machine.ts"
import {
  type Constants,
  nameServerRouting,
  type State,
  unbounded
} from "../../../src/rocketmq/models/NameServerRouting.ts"
import {
  type BrokerCell,
  brokerCell,
  brokerRegistration,
  registerMillis
} from "../../../src/rocketmq/nodes/BrokerRegistration.ts"
import {
  nameServer,
  type NameServerCell,
  nameServerCell,
  nameServerTimes
} from "../../../src/rocketmq/nodes/NameServer.ts"
import { producer, type Sent } from "../../../src/rocketmq/nodes/Producer.ts"
import { type QueueCell, queueServer } from "../../../src/rocketmq/nodes/QueueServer.ts"
import { type ClientCell, clientCell, routeClient } from "../../../src/rocketmq/nodes/RouteClient.ts"
import {
  brokerName,
  brokerPort,
  clientName,
  nameServerName,
  numberIn
} from "../../../src/rocketmq/nodes/RoutingMessages.ts"
import { type Projected, projectNameServerRouting } from "../../../src/rocketmq/projections/NameServerRouting.ts"
import { brokersOf, type Deployment, upTo } from "../../../src/rocketmq/rules/Deployment.ts"
import { askTimeoutMillis, pollMillis } from "../../../src/rocketmq/rules/RouteCache.ts"
import { type RoutingGuards } from "../../../src/rocketmq/rules/RouteTables.ts"
import { simulate, type Simulation } from "../../../src/world/simulated/Simulation.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"

/** Who takes part in a run. */
export interface Cast {
  readonly deployment: Deployment
  readonly nameServers: number
  readonly clients: number
}

/** Enough for two routes, a slave that is left alone, and NameServers that differ. */
const wholeCast: Cast = { deployment: { masters: 2, slaves: 1 }, nameServers: 2, clients: 2 }

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type Command =
  /** Fires so many events in the order in which they are due. */
  | { readonly _tag: "Due"; readonly count: number }
  /** Fires any event that is possible. */
  | { readonly _tag: "Any"; readonly pick: number }
  | { readonly _tag: "KillBroker" | "KillServer" | "Freeze" | "Thaw" | "Configure"; readonly pick: number }
  | {
    readonly _tag: "CutLink" | "HealLink" | "Reset" | "Wipe" | "Allow"
    readonly pick: number
    readonly other: number
  }
  /** A client sends the next value. */
  | { readonly _tag: "Send"; readonly pick: number }
  /** A process crashes inside the handler of an event, after its first step. */
  | { readonly _tag: "During"; readonly pick: number }

const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A | undefined => all[Math.floor(pick / 0x1_0000 * all.length)]

/** What the guards promise. */
const promised = (guards: RoutingGuards): ReadonlyArray<string> => [
  "TypeOK",
  "EntryIsLastRegistration",
  "QueuesHaveAddresses",
  "NoWriteToSlave",
  "VersionGrows",
  ...(guards.RecheckFreshnessOnUnregister ? ["OpenChannelIsRouted"] : []),
  ...(guards.ChannelCloseDetected ? ["ClosedChannelIsDecided"] : [])
]

export interface Run {
  readonly labels: ReadonlyArray<Label>
  readonly events: number
  /** Events after which a label had been reported. */
  readonly telling: number
  readonly reached: ReadonlySet<string>
  /** What the clients' sends were told, then one read of each master's queue. */
  readonly operations: ReadonlyArray<Operation>
}

/** A run under way, to whoever decides what happens next. */
export interface Deployed {
  readonly cast: Cast
  readonly world: Simulation
  /** Fires an event, tells the shadow what it was, and compares. */
  readonly fire: (event: WorldEvent) => void
  readonly labels: ReadonlyArray<Label>
  /** The model's state, which is the nodes'. */
  readonly state: () => State
  readonly wantVersion: (broker: number) => void
  readonly send: (client: number) => void
  /** When a NameServer last took a registration of a broker, milliseconds of its own clock. */
  readonly lastUpdateMillis: (server: number, broker: number) => number | undefined
  readonly want: (server: number, name: number, writable: boolean) => void
}

/** Faults of a connection's ends that the world does by itself are resets to the model. */
const resetOf = (world: Simulation, event: WorldEvent): Label | undefined => {
  if (event._tag !== "SenderTimeout" && event._tag !== "Reset") return undefined
  if (event.end.port !== brokerPort) return undefined
  const { dialer, listener } = event.end
  const inFlight = world.network.inspect(event.end)!.toListener.length
  const lost = event._tag === "SenderTimeout" && world.network.isCut(dialer, listener)
  const kept = event._tag === "Reset" ? event.toListener : lost ? 0 : inFlight
  return label("Reset", numberIn(dialer), numberIn(listener), kept)
}

/** Labels of the environment that an event is, before any process hears of it. */
const before = (world: Simulation, event: WorldEvent): Label | undefined => {
  switch (event._tag) {
    case "Start":
      if (event.process.startsWith("broker")) return label("StartBroker", numberIn(event.process))
      return label("StartServer", numberIn(event.process))
    case "Kill":
      if (event.process.startsWith("broker")) return label("KillBroker", numberIn(event.process))
      return label("KillServer", numberIn(event.process))
    case "Cut":
      return label("CutLink", numberIn(event.from), numberIn(event.to))
    case "Heal":
      return label("HealLink", numberIn(event.from), numberIn(event.to))
    default:
      return resetOf(world, event)
  }
}

const faulty = new Set(["Expire", "WipeWritePerm", "Reset", "CutLink", "KillBroker", "KillServer"])

/** Plays commands against the nodes; throws what a node, the world or the shadow throws. */
export const play = (guards: RoutingGuards, seed: number, commands: ReadonlyArray<Command>): Run =>
  drive(wholeCast, guards, seed, (deployed) => {
    for (const command of commands) carryOut(deployed, command)
  })

/** A run in which `act` decides what happens; throws what a node, the world or the shadow throws. */
export const drive = (
  cast: Cast,
  guards: RoutingGuards,
  seed: number,
  act: (deployed: Deployed) => void,
  promises = promised(guards)
): Run => {
  const { clients, deployment, nameServers } = cast
  const brokers = brokersOf(deployment)
  const constants: Constants = {
    ...guards,
    ...unbounded,
    TablesSurviveRestart: false,
    LinksHeal: true,
    NameServerCount: nameServers,
    MasterCount: deployment.masters,
    SlaveCount: deployment.slaves,
    ClientCount: clients
  }
  const shadow = shadowOf(nameServerRouting(constants), promises)
  const brokerCells = new Map<number, BrokerCell>()
  const serverCells = new Map<number, NameServerCell>()
  const clientCells = new Map<number, ClientCell>()
  const received = new Map<string, number>()
  const wantedVersions = new Map<number, number>()
  const wantedPermissions = new Map<string, boolean>()
  const reached = new Set<string>()
  const queueCells = new Map<number, QueueCell>()
  const operations: Array<Operation> = []
  const wantedValues = new Map<number, Array<number>>()
  const logical = new Map<number, number>()
  let values = 0
  let nowMicros = () => 0
  /** A client whose send nobody can know of goes on as another process, as histories have it. */
  const told = (client: number, sent: Sent): void => {
    const process = logical.get(client) ?? client
    operations.push({ index: operations.length, time: nowMicros() * 1000, process, f: "send", ...sent })
    if (sent.type === "invoke") return
    reached.add(sent.type === "ok" ? "sent" : "sent or not")
    wantedValues.get(client)!.shift()
    if (sent.type === "info") logical.set(client, process + 1_000)
  }
  let faults = 0
  let failure: unknown
  // A handler's fiber that dies says so to nobody: what the shadow threw is kept, and thrown after the event.
  const did = (made: Label): void => {
    if (faulty.has(made.action)) faults++
    reached.add(made.action)
    try {
      shadow.did(made)
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  const kept = <C>(cells: Map<number, C>, number: number, cell: C): C => {
    cells.set(number, cell)
    return cell
  }
  return simulate({
    seed,
    observe: (_, action, args) => did({ action, args }),
    processes: [
      ...upTo(nameServers).map((number) => ({
        name: nameServerName(number),
        boot: () =>
          nameServer({
            number,
            guards,
            deployment,
            times: nameServerTimes,
            cell: kept(serverCells, number, nameServerCell(deployment)),
            administrator: (name) => wantedPermissions.get(`${number} ${name}`),
            observe: (broker, version) => received.set(`${number} ${broker}`, version)
          })
      })),
      ...brokers.map((address) => ({
        name: brokerName(address),
        boot: () =>
          Effect.all([
            brokerRegistration({
              address,
              nameServers,
              registerMillis,
              cell: kept(brokerCells, address, brokerCell(nameServers)),
              wantedVersion: () => wantedVersions.get(address) ?? 1
            }),
            queueServer(kept(queueCells, address, { values: [] }))
          ], { concurrency: "unbounded" })
      })),
      ...upTo(clients).map((number) => ({
        name: clientName(number),
        boot: () => {
          const cell = kept(clientCells, number, clientCell())
          return Effect.all([
            routeClient({ number, nameServers, pollMillis, askTimeoutMillis, cell }),
            producer({
              deployment,
              cell,
              wanted: () => wantedValues.get(number)?.[0],
              observe: (sent) => told(number, sent)
            })
          ], { concurrency: "unbounded" })
        }
      }))
    ]
  }, (world) => {
    nowMicros = () => world.nowMicros
    const projected = (): Projected => ({
      deployment,
      nameServers,
      clients,
      isUp: (process) => world.isUp(process),
      wire: (end) => world.network.inspect(end),
      isLinkCut: (from, to) => world.network.isCut(from, to),
      brokerCells,
      serverCells,
      clientCells,
      received: (server, broker) => received.get(`${server} ${broker}`) ?? 0,
      versionOnDisk: (broker) => brokerCells.get(broker)!.version,
      faults
    })
    let telling = 0
    const fire = (event: WorldEvent): void => {
      const told = shadow.labels.length
      const environment = before(world, event)
      if (environment !== undefined) did(environment)
      world.fire(event)
      if (failure !== undefined) throw failure
      if (event._tag === "During") did(before(world, event.crash)!)
      if (shadow.labels.length > told) telling++
      shadow.check(projectNameServerRouting(projected()))
    }
    const deployed: Deployed = {
      cast,
      world,
      fire,
      labels: shadow.labels,
      state: () => shadow.state,
      lastUpdateMillis: (server, broker) => serverCells.get(server)!.lastUpdateMillis.get(broker),
      send: (client) => {
        wantedValues.set(client, [...wantedValues.get(client) ?? [], ++values])
        world.refresh(clientName(client))
      },
      wantVersion: (broker) => {
        wantedVersions.set(broker, (wantedVersions.get(broker) ?? 1) + 1)
        world.refresh(brokerName(broker))
      },
      want: (server, name, writable) => {
        wantedPermissions.clear()
        wantedPermissions.set(`${server} ${name}`, writable)
        world.refresh(nameServerName(server))
      }
    }
    shadow.check(projectNameServerRouting(projected()))
    act(deployed)
    if (serverCells.size > 0 && [...clientCells.values()].some(({ routes }) => routes.cache.length > 0)) {
      reached.add("route")
    }
    const routes = [...clientCells.values()].map(({ routes }) => JSON.stringify(routes.cache))
    if (new Set(routes).size > 1) reached.add("two routes")
    upTo(deployment.masters).forEach((master) => {
      const records = queueCells.get(master)!.values.map((value, offset) => [offset, value] as const)
      const common = { time: world.nowMicros * 1000, process: 999_999, f: "poll" } as const
      operations.push({ ...common, index: operations.length, type: "invoke", value: [["poll"]] })
      operations.push({ ...common, index: operations.length, type: "ok", value: [["poll", { [master]: records }]] })
    })
    return { labels: shadow.labels, events: world.fired, telling, reached, operations }
  })
}

const carryOut = ({ cast, fire, send, want, wantVersion, world }: Deployed, command: Command): void => {
  const { deployment, nameServers } = cast
  const brokers = brokersOf(deployment)
  const server = (pick: number) => nameServerName(pickOf(pick, upTo(nameServers))!)
  const broker = (pick: number) => brokerName(pickOf(pick, brokers)!)
  const servers = [...upTo(nameServers).map(nameServerName), ...brokers.map(brokerName)]
  const ifPossible = (event: WorldEvent): void => {
    if (world.canHappen(event)) fire(event)
  }
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
    case "KillBroker":
      return ifPossible({ _tag: "Kill", process: broker(command.pick) })
    case "KillServer":
      return ifPossible({ _tag: "Kill", process: server(command.pick) })
    case "Freeze":
      return ifPossible({ _tag: "Pause", process: pickOf(command.pick, servers)! })
    case "Thaw":
      return ifPossible({ _tag: "Resume", process: pickOf(command.pick, servers)! })
    case "Configure":
      return wantVersion(pickOf(command.pick, brokers)!)
    case "CutLink":
      return ifPossible({ _tag: "Cut", from: broker(command.pick), to: server(command.other) })
    case "HealLink":
      return ifPossible({ _tag: "Heal", from: broker(command.pick), to: server(command.other) })
    case "Reset": {
      const ends = world.network.connections().filter(({ port }) => port === brokerPort)
      const end = pickOf(command.pick, ends)
      if (end === undefined) return
      const { toListener } = world.network.inFlight(end)!
      return fire({
        _tag: "Reset",
        end,
        toDialer: 0,
        toListener: Math.floor(command.other / 0x1_0000 * (toListener + 1))
      })
    }
    case "Send":
      return send(pickOf(command.pick, upTo(cast.clients))!)
    case "Wipe":
    case "Allow": {
      const name = pickOf(command.other, upTo(deployment.masters))!
      return want(pickOf(command.pick, upTo(nameServers))!, name, command._tag === "Allow")
    }
    case "During": {
      const events = world.enabled().filter((event) => "process" in event || "end" in event)
      const event = pickOf(command.pick, events)
      if (event === undefined) return
      const process = event._tag === "Timer" || event._tag === "Wake"
        ? event.process
        : event._tag === "Deliver" || event._tag === "Connect"
        ? event.end.at
        : undefined
      if (process === undefined || process.startsWith("client")) return
      return fire({ _tag: "During", event: event as never, steps: 1, crash: { _tag: "Kill", process } })
    }
  }
}
