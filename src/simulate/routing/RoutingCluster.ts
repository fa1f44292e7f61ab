/**
 * NameServers, brokers and clients on the simulated world, each run followed by a shadow of the model NameServerRouting.
 *
 * The decision: the shadow is told the labels that the nodes report and those of the world's own events, and is compared
 * after every event, so a run that ends well is a path of the model (design.md, Grain 4). What clients were told is
 * written down besides, for whoever judges histories.
 */
import { Effect } from "effect"
import { shadowOf } from "../../conform/Shadow.ts"
import type { Operation } from "../../history/Operation.ts"
import type { Label } from "../../machine/Machine.ts"
import { type Constants, nameServerRouting, type State, unbounded } from "../../rocketmq/models/NameServerRouting.ts"
import {
  type BrokerCell,
  brokerCell,
  brokerRegistration,
  registerMillis
} from "../../rocketmq/nodes/BrokerRegistration.ts"
import { consumer } from "../../rocketmq/nodes/Consumer.ts"
import {
  nameServer,
  type NameServerCell,
  nameServerCell,
  type NameServerGuards,
  nameServerTimes
} from "../../rocketmq/nodes/NameServer.ts"
import { producer, type ProducerCell, producerCell, type Tried } from "../../rocketmq/nodes/Producer.ts"
import { type QueueCell, queueCell, queueServer } from "../../rocketmq/nodes/QueueServer.ts"
import { type ClientCell, clientCell, routeClient } from "../../rocketmq/nodes/RouteClient.ts"
import { brokerName, clientName, nameServerName } from "../../rocketmq/nodes/RoutingMessages.ts"
import { type Projected, projectNameServerRouting } from "../../rocketmq/projections/NameServerRouting.ts"
import type { TimedProjected } from "../../rocketmq/projections/NameServerRoutingTimed.ts"
import { projectProducerRouting } from "../../rocketmq/projections/ProducerRouting.ts"
import { brokersOf, isMaster, upTo } from "../../rocketmq/rules/Deployment.ts"
import { askTimeoutMillis, pollMillis, publishable } from "../../rocketmq/rules/RouteCache.ts"
import { simulate, type Simulation } from "../../world/simulated/Simulation.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { clientLedger } from "./ClientLedger.ts"
import { isOfProducer, masterLabel, producerLedger, type ProducerShadow, producerShadow } from "./ProducerShadow.ts"
import { type Cast, inTurn, promised } from "./RoutingCast.ts"
import { isOfTimed, type TimedShadow, timedShadow } from "./TimedShadow.ts"
import { unitClock, unitClockName } from "./UnitClock.ts"
import { isFault, labelBefore } from "./WorldLabels.ts"

export type { Cast, Workload } from "./RoutingCast.ts"

export interface Run {
  readonly labels: ReadonlyArray<Label>
  /** Those of NameServerRoutingTimed, where it was followed. */
  readonly timedLabels: ReadonlyArray<Label>
  /** Those of ProducerRouting, where it was followed. */
  readonly producerLabels: ReadonlyArray<Label>
  readonly events: number
  /** Events after which a label had been reported. */
  readonly telling: number
  readonly reached: ReadonlySet<string>
  /** What the clients were told; where none of them reads, then one read of each master's queue. */
  readonly operations: ReadonlyArray<Operation>
  /** How each send ended for the application, in order. */
  readonly sends: ReadonlyArray<"stored" | "given up">
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
  /** The master that client 1 waits for an answer of. */
  readonly waitedFor: () => number | undefined
  /** From here on ProducerRouting follows client 1 as well, while masters fail; it is held to these properties. */
  readonly followProducer: (promises: ReadonlyArray<string>) => void
  /** From here on NameServerRoutingTimed follows as well, held to all that it promises. */
  readonly followTimed: () => void
  /** When a NameServer last took a registration of a broker, milliseconds of its own clock. */
  readonly lastUpdateMillis: (server: number, broker: number) => number | undefined
  readonly want: (server: number, name: number, writable: boolean) => void
}

/** A run in which `act` decides what happens; throws what a node, the world or the shadow throws. */
export const drive = (
  cast: Cast,
  guards: NameServerGuards,
  seed: number,
  act: (deployed: Deployed) => void,
  promises = promised(guards)
): Run => {
  const { clients, deployment, nameServers, workload = inTurn } = cast
  const tablesSurvive = guards.TablesSurviveRestart === true
  const brokers = brokersOf(deployment)
  const constants: Constants = {
    ...guards,
    ...unbounded,
    TablesSurviveRestart: tablesSurvive,
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
  const wantedValues = new Map<number, Array<number>>()
  const producerCells = new Map<number, ProducerCell>()
  const produced = producerLedger()
  let producing: ProducerShadow | undefined
  let timing: TimedShadow | undefined
  let values = 0
  let nowMicros = () => 0
  const ledger = clientLedger(workload.selection._tag === "ByKey", () => nowMicros())
  const tried = (client: number, told: Tried): void => {
    ledger.tried(client, told)
    produced.tried(told)
    if (told._tag === "Ended") wantedValues.get(client)!.shift()
    else if (told._tag !== "Begun") reached.add(`try ${told._tag.toLowerCase()}`)
  }
  let faults = 0
  let failure: unknown
  // A handler's fiber that dies says so to nobody: what a shadow threw is kept, and thrown after the event.
  const keeping = (tell: () => void): void => {
    try {
      tell()
    } catch (error) {
      failure ??= error
      throw error
    }
  }
  const did = (made: Label): void => {
    if (isFault(made)) faults++
    reached.add(made.action)
    keeping(() => {
      shadow.did(made)
      const { addrs, cache } = shadow.state
      producing?.routes(
        addrs[0]!.filter((address) => isMaster(deployment, address)),
        cache[0]!.flatMap((route) => publishable(deployment, route))
      )
    })
  }
  let isFrozen: (master: number) => boolean = () => false
  const didProduce = (made: Label): void => {
    if (producing === undefined) return
    produced.happened(made, producerCells.get(1)!, isFrozen)
    keeping(() => producing!.did(made))
  }
  const observed = (made: Label): void => {
    if (isOfProducer(made)) return didProduce(made)
    if (!isOfTimed(made)) did(made)
    keeping(() => timing?.did(made))
  }
  const kept = <C>(cells: Map<number, C>, number: number, cell: C): C => {
    cells.set(number, cell)
    return cell
  }
  return simulate({
    seed,
    observe: (_, action, args) => observed({ action, args }),
    processes: [
      ...(cast.firstUnitMillis === undefined
        ? []
        : [{ name: unitClockName, boot: () => unitClock(cast.firstUnitMillis!) }]),
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
            queueServer(address, kept(queueCells, address, queueCell()))
          ], { concurrency: "unbounded" })
      })),
      ...upTo(clients).map((number) => ({
        name: clientName(number),
        boot: () => {
          const cell = kept(clientCells, number, clientCell())
          return Effect.all([
            routeClient({ number, nameServers, pollMillis, askTimeoutMillis, cell }),
            producer({
              ...workload,
              own: kept(producerCells, number, producerCell()),
              deployment,
              cell,
              wanted: () => wantedValues.get(number)?.[0],
              observe: (told) => tried(number, told)
            }),
            workload.pullMillis === undefined ? Effect.void : consumer({
              deployment,
              cell,
              pullMillis: workload.pullMillis,
              observe: (delivered) => {
                ledger.delivered(number, delivered)
                produced.read(delivered)
              }
            })
          ], { concurrency: "unbounded" })
        }
      }))
    ]
  }, (world) => {
    nowMicros = () => world.nowMicros
    isFrozen = (master) => world.isPaused(brokerName(master))
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
      faults,
      tablesSurvive
    })
    const timed = (): TimedProjected => ({
      ...projected(),
      nowMillis: world.nowMicros / 1000,
      firstUnitMillis: cast.firstUnitMillis!,
      isPaused: (process) => world.isPaused(process)
    })
    const compare = (): void => {
      timing?.check(timed())
      shadow.check(projectNameServerRouting(projected()))
      producing?.check(projectProducerRouting({
        deployment,
        client: 1,
        statusOf: (process) => !world.isUp(process) ? "dead" : world.isPaused(process) ? "frozen" : "up",
        wire: (end) => world.network.inspect(end),
        server: serverCells.get(1)!,
        clientCell: clientCells.get(1)!,
        producerCell: producerCells.get(1)!,
        queueCells,
        ledger: produced
      }))
    }
    let telling = 0
    const fire = (event: WorldEvent): void => {
      const told = shadow.labels.length
      const happens = (what: WorldEvent): void => {
        const [environment, master] = [labelBefore(world, what), masterLabel(what)]
        if (master !== undefined) didProduce(master)
        if (environment !== undefined) did(environment)
        timing?.happened(what, environment)
      }
      happens(event)
      world.fire(event)
      if (failure !== undefined) throw failure
      if (event._tag === "During") happens(event.crash)
      if (shadow.labels.length > told) telling++
      compare()
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
      waitedFor: () => producerCells.get(1)?.sending?.to,
      followProducer: (promises) => {
        producing = producerShadow(deployment.masters, workload.selection, workload.resends, promises)
        compare()
      },
      followTimed: () => {
        timing = timedShadow(guards, timed())
        compare()
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
    compare()
    act(deployed)
    if (serverCells.size > 0 && [...clientCells.values()].some(({ routes }) => routes.cache.length > 0)) {
      reached.add("route")
    }
    const routes = [...clientCells.values()].map(({ routes }) => JSON.stringify(routes.cache))
    if (new Set(routes).size > 1) reached.add("two routes")
    if (workload.pullMillis === undefined) {
      for (const master of upTo(deployment.masters)) ledger.read(master, queueCells.get(master)!.values)
    }
    const { operations, sends } = ledger
    const producerLabels = producing?.labels ?? []
    const timedLabels = timing?.labels ?? []
    return {
      labels: shadow.labels,
      timedLabels,
      producerLabels,
      events: world.fired,
      telling,
      reached,
      operations,
      sends
    }
  })
}
