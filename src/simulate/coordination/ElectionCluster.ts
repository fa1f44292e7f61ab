/**
 * ZooKeeper and a cluster of brokers on the simulated world, with an operator who deletes /controller. After every event
 * the nodes are seen as a state of the model ControllerElection, and its properties are asked.
 *
 * What producers were told is written down as operations, for whoever judges histories.
 *
 * The decision: properties are asked of the part of the model's state that is there without the messages in flight. Where
 * the model walks along (ElectionShadow.ts), those that look at messages are asked of it.
 */
import { Effect, Layer } from "effect"
import type { Operation } from "../../history/Operation.ts"
import { type Observed, observedProperties, observedSteps } from "../../kafka/models/ControllerElectionProperties.ts"
import { guarded, indexOf, type State } from "../../kafka/models/ControllerElectionState.ts"
import { zooKeeperGuards } from "../../kafka/models/ZooKeeperConfigurations.ts"
import { broker } from "../../kafka/nodes/Broker.ts"
import {
  type BrokerCell,
  brokerCell,
  brokerTimes,
  type ElectionGuards,
  readLogs,
  recordsOf
} from "../../kafka/nodes/BrokerMemory.ts"
import { Coordination } from "../../kafka/nodes/Coordination.ts"
import { brokerName, numberIn } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeper, zooKeeperCell } from "../../kafka/nodes/ZooKeeper.ts"
import {
  type CoordinationCell,
  coordinationCell,
  zooKeeperCoordination
} from "../../kafka/nodes/ZooKeeperCoordination.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { topLevel } from "../../kafka/nodes/ZooKeeperPaths.ts"
import { sessionCell, zooKeeperSession } from "../../kafka/nodes/ZooKeeperSession.ts"
import { projectElection } from "../../kafka/projections/ControllerElection.ts"
import { leads } from "../../kafka/rules/BrokerOrders.ts"
import { at, type Cluster, partitionsOf, put, ringOf } from "../../kafka/rules/Cluster.ts"
import type { ControllerEvent } from "../../kafka/rules/ControllerTurn.ts"
import type { ZnodeData } from "../../kafka/rules/CoordinationMessages.ts"
import { twoInSync } from "../../kafka/rules/FollowerFetch.ts"
import type { SessionTimes } from "../../kafka/rules/ZooKeeperSessions.ts"
import { anyVersion } from "../../kafka/rules/ZooKeeperTree.ts"
import { type Label, label } from "../../machine/Machine.ts"
import { simulate, type Simulation } from "../../world/simulated/Simulation.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { note } from "./ElectionReached.ts"
import { electionShadow } from "./ElectionShadow.ts"
import { sightOf } from "./ElectionSight.ts"
import type { Followed } from "./Followed.ts"
import { recordLedger } from "./RecordLedger.ts"

export { guarded }

/** tickTime and session timeout of the recorded runs (test/real/failover-traces, kafka-zk-*-2s). */
export const times: SessionTimes = { tickMillis: 500, timeoutMillis: 2_000 }
export const lagMillis = 3_000

export const cluster = ringOf(3, 2, 3)

/** Long enough for brokers that start to have elected a controller and to have their partitions led. */
const startMillis = 8_000

/** What is deployed, but for the guards. */
export interface Deployment {
  readonly cluster: Cluster
  readonly times: SessionTimes
  readonly lagMillis: number
  readonly minInSync: number
  /** How long nothing happens to it before a run begins. */
  readonly startMillis: number
  /** The guards of the model that walks along, if one does. */
  readonly model?: ElectionGuards
}
export const standard: Deployment = { cluster, times, lagMillis, minInSync: twoInSync, startMillis }
/** The same, and the model with these guards walks along: a run that is no path of it throws `Divergence`. */
export const followedBy = (model: ElectionGuards, minInSync = twoInSync): Deployment => ({
  ...standard,
  minInSync,
  model
})

/** A property that a run breaks, with the event at which it did. */
interface Broken {
  readonly property: string
  readonly event: number
}

/** A run under way, to whoever decides what happens next. */
export interface Driven {
  readonly world: Simulation
  /** Fires an event, and asks the properties. */
  readonly fire: (event: WorldEvent) => void
  readonly runFor: (millis: number) => void
  readonly state: () => Observed
  readonly broken: (property: string) => boolean
  /** Asks the controller for something. */
  readonly request: (event: ControllerEvent) => void
  readonly produce: (partition: number) => void
  /** A consumer reads each partition that is led, whole. */
  readonly read: () => void
  /** The handler of the next order of a leader epoch that a broker takes fails midway. */
  readonly interrupt: (broker: number) => void
  /** Ends a broker cleanly, if it is in a session: it says so to ZooKeeper and is gone. */
  readonly stop: (broker: number) => void
  /** Sends that were acknowledged so far, of each partition. */
  readonly stored: (partition: number) => number
  readonly deleteController: () => void
  /** What every node has reported so far, the environment's own steps left out. */
  readonly did: ReadonlyArray<Label>
  readonly followed: Followed
  /** A state of the model with all that nodes and world show laid over it, where a model walks along. */
  readonly sees: (state: State) => State
}

export interface Run {
  readonly broken: ReadonlyArray<Broken>
  readonly reached: ReadonlySet<string>
  readonly events: number
  readonly state: Observed
  readonly operations: ReadonlyArray<Operation>
  /** The path of the model that the run was, where it was followed. */
  readonly labels: ReadonlyArray<Label>
  readonly pending: number
}

/** A run in which `act` decides what happens; throws what a node or the world throws. */
export const drive = (
  guards: ElectionGuards,
  seed: number,
  act: (run: Driven) => void,
  { cluster, lagMillis, minInSync, model, startMillis, times }: Deployment = standard,
  hears: (did: string) => void = () => {}
): Run => {
  const { brokers } = cluster
  const operator = brokers.length + 1
  const operatorName = `operator-${operator}`
  const server = zooKeeperCell<ZnodeData>(topLevel(cluster), operator)
  const cells = new Map<number, BrokerCell>()
  const coordinationCells = new Map<number, CoordinationCell>()
  let eventsFired = () => 0
  const broken: Array<Broken> = []
  /** A power cut takes what nobody flushed: a replica may then lack what was acknowledged (K14, ControllerBounces). */
  let isPowerLost = false
  const isPromised = (property: string): boolean => !property.endsWith("HoldsAcked") || !isPowerLost
  const followed = {
    cluster,
    guards: model ?? guards,
    minInSync,
    operator,
    server,
    cell: (number: number) => cells.get(number)!,
    coordination: (number: number) => coordinationCells.get(number)!,
    broke: (property: string) => {
      if (isPromised(property)) broken.push({ property, event: eventsFired() })
    }
  }
  const shadow = model === undefined ? undefined : electionShadow(followed)
  const requests: Array<ControllerEvent> = partitionsOf(cluster).map((partition) => ({
    _tag: "TopicChange",
    partition
  }))
  let nowMicros = () => 0
  const ledger = recordLedger(() => nowMicros())
  const interrupted = new Set<number>()
  let stopping: number | undefined
  const reached = new Set<string>()
  const did: Array<Label> = []
  let deletions = 0
  let acked = cluster.assignment.map(() => 0)
  const always = Object.entries(observedProperties(cluster))
  const steps = Object.entries(observedSteps(cluster))

  const bootBroker = (number: number) => () => {
    const cell = brokerCell(cluster)
    const link = coordinationCell()
    cells.set(number, cell)
    coordinationCells.set(number, link)
    const node = broker({
      cluster,
      broker: number,
      guards,
      times: { ...brokerTimes, lagMillis },
      cell,
      wanted: () => requests[0],
      taken: () => void requests.shift(),
      minInSync,
      produces: () => ledger.wanted[0],
      interrupted: () => interrupted.has(number),
      stops: () => stopping === number,
      observe: ({ _tag, end, partition }) => {
        if (_tag === "Written") return ledger.written(number, partition, end)
        ledger.acknowledged(number, partition, end)
        if (end > at(acked, partition)) {
          acked = [...put(acked, partition, end)]
          reached.add("acknowledged")
        }
      }
    })
    const coordination = Layer.effect(
      Coordination,
      zooKeeperCoordination({
        cluster,
        broker: number,
        guards: zooKeeperGuards,
        times,
        cell: link
      })
    )
    return Effect.provide(node, coordination)
  }
  return simulate({
    seed,
    observe: (process, action, args) => {
      hears(`${process} did ${action}(${args.join(", ")})`)
      reached.add(action)
      did.push(label(action, ...args))
      if (action === "ObeyHalf") interrupted.delete(args[0]!)
      shadow?.did(action, args)
    },
    processes: [
      {
        name: zooKeeperName,
        boot: () => zooKeeper<ZnodeData>({ cell: server, guards: zooKeeperGuards, times, clientOf: numberIn })
      },
      ...brokers.map((number) => ({ name: brokerName(number), boot: bootBroker(number) })),
      {
        name: operatorName,
        boot: () =>
          zooKeeperSession<"Delete", ZnodeData>({
            number: operator,
            cell: sessionCell<"Delete">(),
            guards: zooKeeperGuards,
            times,
            wanted: () => deletions > 0 ? "Delete" : undefined,
            sent: () => void deletions--,
            requestOf: () => ({ _tag: "Multi", ops: [{ _tag: "Delete", path: "/controller", version: anyVersion }] }),
            heard: (message) => void (message._tag === "Done" && reached.add("controller deleted")),
            kindOf: () => 0
          })
      }
    ]
  }, (world) => {
    nowMicros = () => world.nowMicros
    eventsFired = () => world.fired
    const project = () =>
      projectElection({
        cluster,
        server,
        isUp: (number) => world.isUp(brokerName(number)),
        cell: (number) => cells.get(number)!,
        logOnDisk: (number) => readLogs(world.disk(brokerName(number)).operations(), cluster),
        acked
      })
    let before = project()
    const fire = (event: WorldEvent): void => {
      isPowerLost ||= event._tag === "PowerLoss"
      shadow?.before(world, event)
      world.fire(event)
      const after = project()
      shadow?.after(world, event, after)
      for (const [property, holds] of always) {
        if (isPromised(property) && !holds(after)) broken.push({ property, event: world.fired })
      }
      for (const [property, holds] of steps) {
        if (!holds(before, event, after)) broken.push({ property, event: world.fired })
      }
      ledger.forget((number, partition) =>
        at(after.status, number) === "up" && leads(number, at(at(after.own, number).parts, partition))
      )
      note(before, after, reached)
      before = after
    }
    const nowMillis = () => world.nowMicros / 1000
    const runFor = (millis: number): void => {
      const until = nowMillis() + millis
      while (nowMillis() < until) fire(world.enabled()[0]!)
    }
    const refresh = (): void => {
      for (const number of brokers) world.refresh(brokerName(number))
      world.refresh(operatorName)
    }
    const run: Driven = {
      world,
      fire,
      runFor,
      state: () => before,
      broken: (property) => broken.some((each) => each.property === property),
      request: (event) => {
        requests.push(event)
        refresh()
      },
      produce: (partition) => {
        ledger.send(partition)
        refresh()
      },
      read: () => {
        for (const partition of partitionsOf(cluster)) {
          const znode = before.tree[indexOf(cluster, ["state", partition])]![0]
          const [leader] = znode?.data._tag === "State" ? znode.data.leader : []
          if (leader === undefined || !world.isUp(brokerName(leader))) continue
          ledger.read(partition, [...recordsOf(world.disk(brokerName(leader)).operations(), partition)])
        }
      },
      interrupt: (broker) => void interrupted.add(broker),
      stop: (broker) => {
        const process = brokerName(broker)
        const event = { _tag: "Wake", process, point: "stop" } as const
        stopping = broker
        world.refresh(process)
        if (world.canHappen(event)) fire({ _tag: "During", event, steps: 1, crash: { _tag: "Kill", process } })
        stopping = undefined
        world.refresh(process)
      },
      stored: ledger.stored,
      deleteController: () => {
        deletions++
        refresh()
      },
      did,
      followed,
      sees: (state) => shadow === undefined ? state : sightOf(world, followed, shadow.held, before)(state)
    }
    runFor(startMillis)
    act(run)
    const labels = shadow?.labels ?? []
    return {
      broken,
      reached,
      events: world.fired,
      state: before,
      operations: ledger.end(),
      labels,
      pending: shadow?.pending ?? 0
    }
  })
}
