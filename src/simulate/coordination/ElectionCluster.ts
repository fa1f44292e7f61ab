/**
 * ZooKeeper and a cluster of brokers on the simulated world, with an operator who deletes /controller. After every event
 * the nodes are seen as a state of the model ControllerElection, and its properties are asked.
 *
 * The decision: what is looked at is the part of the model's state that is there without the messages in flight; that a
 * run is step by step a path of the model is not asked here (docs/coordination.md says what is between them).
 */
import { Effect, Layer } from "effect"
import { type Observed, observedProperties, observedSteps } from "../../kafka/models/ControllerElectionProperties.ts"
import { broker } from "../../kafka/nodes/Broker.ts"
import { type BrokerCell, brokerCell, brokerTimes, type ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import { Coordination } from "../../kafka/nodes/Coordination.ts"
import { brokerName, numberIn } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeper, zooKeeperCell } from "../../kafka/nodes/ZooKeeper.ts"
import { coordinationCell, zooKeeperCoordination } from "../../kafka/nodes/ZooKeeperCoordination.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { topLevel } from "../../kafka/nodes/ZooKeeperPaths.ts"
import { sessionCell, zooKeeperSession } from "../../kafka/nodes/ZooKeeperSession.ts"
import { projectElection } from "../../kafka/projections/ControllerElection.ts"
import { at, partitionsOf, put, ringOf } from "../../kafka/rules/Cluster.ts"
import type { ControllerEvent } from "../../kafka/rules/ControllerTurn.ts"
import type { ZnodeData } from "../../kafka/rules/CoordinationMessages.ts"
import type { SessionTimes } from "../../kafka/rules/ZooKeeperSessions.ts"
import { anyVersion } from "../../kafka/rules/ZooKeeperTree.ts"
import { simulate, type Simulation } from "../../world/simulated/Simulation.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"

/** Every guard of the controller and its brokers is on. */
export const guarded: ElectionGuards = {
  CompareBrokerEpoch: true,
  RequestCarriesBrokerEpoch: true,
  AtomicRegister: true,
  FenceControllerWrites: true,
  BrokerChecksControllerEpoch: true,
  ZombieAlterCheck: true,
  RegisterRetries: true,
  AtomicBecomeFollower: true,
  UncleanElection: false
}

/** Every guard of ZooKeeper is on. */
export const zooKeeperGuards = {
  EphemeralsGoAtOnce: true,
  RefusesEndedSessions: true,
  WatchFiresOnce: true,
  EventsGoFirst: true,
  ChecksVersion: true,
  AtomicMulti: true,
  WatchesSetAgain: true
}

/** tickTime and session timeout of the recorded runs (test/real/failover-traces, kafka-zk-*-2s). */
export const times: SessionTimes = { tickMillis: 500, timeoutMillis: 2_000 }
export const lagMillis = 3_000

export const cluster = ringOf(3, 2, 3)
const operator = cluster.brokers.length + 1
const operatorName = `operator-${operator}`

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
  readonly deleteController: () => void
}

export interface Run {
  readonly broken: ReadonlyArray<Broken>
  readonly reached: ReadonlySet<string>
  readonly events: number
  readonly state: Observed
}

/** Long enough for brokers that start to have elected a controller and to have their partitions led. */
const startMillis = 8_000

/** A run in which `act` decides what happens; throws what a node or the world throws. */
export const drive = (guards: ElectionGuards, seed: number, act: (run: Driven) => void): Run => {
  const { brokers } = cluster
  const server = zooKeeperCell<ZnodeData>(topLevel(cluster), operator)
  const cells = new Map<number, BrokerCell>()
  const requests: Array<ControllerEvent> = partitionsOf(cluster).map((partition) => ({
    _tag: "TopicChange",
    partition
  }))
  const produced: Array<number> = []
  const reached = new Set<string>()
  let deletions = 0
  let acked = cluster.assignment.map(() => 0)
  const always = Object.entries(observedProperties(cluster))
  const steps = Object.entries(observedSteps(cluster))
  const broken: Array<Broken> = []

  const bootBroker = (number: number) => () => {
    const cell = brokerCell(cluster)
    cells.set(number, cell)
    const node = broker({
      cluster,
      broker: number,
      guards,
      times: { ...brokerTimes, lagMillis },
      cell,
      wanted: () => requests[0],
      taken: () => void requests.shift(),
      produces: () => produced[0],
      observe: ({ _tag, end, partition }) => {
        if (_tag === "Written") produced.shift()
        else if (end > at(acked, partition)) {
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
        cell: coordinationCell()
      })
    )
    return Effect.provide(node, coordination)
  }
  return simulate({
    seed,
    observe: (_, action) => void reached.add(action),
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
    const project = () =>
      projectElection({
        cluster,
        server,
        isUp: (number) => world.isUp(brokerName(number)),
        cell: (number) => cells.get(number)!,
        logOnDisk: (number) => cells.get(number)!.log,
        acked
      })
    let before = project()
    /** A power cut takes what nobody flushed: a leader may then lack what was acknowledged (K14, ControllerBounces). */
    let isPowerLost = false
    const isPromised = (property: string): boolean => property !== "LeaderHoldsAcked" || !isPowerLost
    const fire = (event: WorldEvent): void => {
      isPowerLost ||= event._tag === "PowerLoss"
      world.fire(event)
      const after = project()
      for (const [property, holds] of always) {
        if (isPromised(property) && !holds(after)) broken.push({ property, event: world.fired })
      }
      for (const [property, holds] of steps) {
        if (!holds(before, event, after)) broken.push({ property, event: world.fired })
      }
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
        produced.push(partition)
        refresh()
      },
      deleteController: () => {
        deletions++
        refresh()
      }
    }
    runFor(startMillis)
    act(run)
    return { broken, reached, events: world.fired, state: before }
  })
}

/** What a step shows to have been reached. */
const note = (before: Observed, after: Observed, reached: Set<string>): void => {
  after.own.forEach((own, i) => {
    const was = before.own[i]!
    if (own.active && !was.active && own.view[0]!.epoch > 1) reached.add("failover")
    if (was.active && was.phase === "writing" && own.phase === "electing") reached.add("fenced zombie")
    own.live.forEach(([epoch], j) => {
      if (epoch !== undefined && was.live[j]![0] !== undefined && epoch > was.live[j]![0]) reached.add("bounce")
    })
  })
  after.tree.forEach(([znode], i) => {
    const [old] = before.tree[i]!
    if (znode?.data._tag !== "State" || old?.data._tag !== "State") return
    if (znode.data.isr.length < old.data.isr.length) reached.add("shrink")
    if (znode.data.isr.length > old.data.isr.length) reached.add("expand")
    if (znode.data.leader[0] !== old.data.leader[0]) reached.add("leader moved")
  })
}
