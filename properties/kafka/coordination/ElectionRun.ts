/**
 * Runs of ZooKeeper and a cluster of brokers on the simulated world. After every event the nodes are seen as a state of the
 * model, and its properties are asked. Commands are plain data and total, so any list of them is a run, and a failing one
 * shrinks by dropping commands.
 */
import { Effect, Layer } from "effect"
import {
  type Observed,
  observedProperties,
  observedSteps
} from "../../../src/kafka/models/ControllerElectionProperties.ts"
import { broker } from "../../../src/kafka/nodes/Broker.ts"
import { type BrokerCell, brokerCell, brokerTimes, type ElectionGuards } from "../../../src/kafka/nodes/BrokerMemory.ts"
import { Coordination } from "../../../src/kafka/nodes/Coordination.ts"
import { brokerName, numberIn } from "../../../src/kafka/nodes/ElectionMessages.ts"
import { zooKeeper, zooKeeperCell } from "../../../src/kafka/nodes/ZooKeeper.ts"
import { coordinationCell, zooKeeperCoordination } from "../../../src/kafka/nodes/ZooKeeperCoordination.ts"
import { zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { topLevel } from "../../../src/kafka/nodes/ZooKeeperPaths.ts"
import { sessionCell, zooKeeperSession } from "../../../src/kafka/nodes/ZooKeeperSession.ts"
import { projectElection } from "../../../src/kafka/projections/ControllerElection.ts"
import { at, partitionsOf, put, ringOf } from "../../../src/kafka/rules/Cluster.ts"
import type { ControllerEvent } from "../../../src/kafka/rules/ControllerTurn.ts"
import type { ZnodeData } from "../../../src/kafka/rules/CoordinationMessages.ts"
import type { SessionTimes } from "../../../src/kafka/rules/ZooKeeperSessions.ts"
import { anyVersion } from "../../../src/kafka/rules/ZooKeeperTree.ts"
import { simulate, type Simulation } from "../../../src/world/simulated/Simulation.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type Command =
  /** Fires so many events in the order in which they are due. */
  | { readonly _tag: "Due"; readonly count: number }
  /** Fires any event that is possible. */
  | { readonly _tag: "Any"; readonly pick: number }
  /** A producer wants one more record kept; an operator wants a preferred leader, or a broker out. */
  | { readonly _tag: "Produce" | "Prefer" | "ShutDown"; readonly pick: number }
  /** An operator deletes /controller. */
  | { readonly _tag: "DeleteController" }
  | { readonly _tag: "Kill" | "PowerLoss" | "Freeze" | "Thaw" | "Cut" | "Heal" | "During"; readonly pick: number }
  | { readonly _tag: "Reset"; readonly pick: number }

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

const zooKeeperGuards = {
  EphemeralsGoAtOnce: true,
  RefusesEndedSessions: true,
  WatchFiresOnce: true,
  EventsGoFirst: true,
  ChecksVersion: true,
  AtomicMulti: true,
  WatchesSetAgain: true
}

/** tickTime and session timeout of the recorded runs (test/real/failover-traces, kafka-zk-*-2s). */
const times: SessionTimes = { tickMillis: 500, timeoutMillis: 2_000 }
const lagMillis = 3_000

export const cluster = ringOf(3, 2, 3)
const operator = cluster.brokers.length + 1
const operatorName = `operator-${operator}`

/** Properties that a run breaks, with the event at which it did. */
interface Broken {
  readonly property: string
  readonly event: number
}

export interface Run {
  readonly broken: ReadonlyArray<Broken>
  readonly reached: ReadonlySet<string>
  readonly events: number
  /** Some time after everything was mended. */
  readonly state: Observed
  readonly cells: ReadonlyArray<BrokerCell>
}

const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A | undefined => all[Math.floor(pick / 0x1_0000 * all.length)]

/**
 * A bound for what is broken no longer: a start takes up to 3 s, a session may have to expire before its broker is
 * registered again and another one is elected, and a leader looks through its followers every half of the lag.
 */
const settlesMillis = 3_000 + 8 * times.timeoutMillis + 4 * lagMillis

/** Plays commands against the nodes; throws what a node or the world throws. */
export const play = (guards: ElectionGuards, seed: number, commands: ReadonlyArray<Command>): Run => {
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
    const want = (): void => {
      for (const number of brokers) world.refresh(brokerName(number))
      world.refresh(operatorName)
    }
    runFor(8_000)
    for (const command of commands) {
      switch (command._tag) {
        case "Produce":
          produced.push(pickOf(command.pick, partitionsOf(cluster))!)
          want()
          break
        case "Prefer":
          requests.push({ _tag: "PreferredElection", partition: pickOf(command.pick, partitionsOf(cluster))! })
          want()
          break
        case "ShutDown":
          requests.push({ _tag: "ControlledShutdown", broker: pickOf(command.pick, brokers)! })
          want()
          break
        case "DeleteController":
          deletions++
          want()
          break
        default:
          carryOut(world, fire, command)
      }
    }
    const events = world.fired
    for (const event of healing(world)) fire(event)
    runFor(settlesMillis)
    return { broken, reached, events, state: before, cells: brokers.map((number) => cells.get(number)!) }
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

const namesOf = (): ReadonlyArray<string> => [zooKeeperName, ...cluster.brokers.map(brokerName)]

const links = (): ReadonlyArray<readonly [string, string]> =>
  namesOf().flatMap((from) => namesOf().filter((to) => to !== from).map((to) => [from, to] as const))

/** Mends all that is broken; a process that is down starts by itself. */
const healing = (world: Simulation): ReadonlyArray<WorldEvent> => [
  ...links().filter(([from, to]) => world.network.isCut(from, to)).map(([from, to]) =>
    ({ _tag: "Heal", from, to }) as const
  ),
  ...namesOf().filter((process) => world.isPaused(process)).map((process) => ({ _tag: "Resume", process }) as const)
]

type Worldly = Exclude<Command, { readonly _tag: "Produce" | "Prefer" | "ShutDown" | "DeleteController" }>

const carryOut = (world: Simulation, fire: (event: WorldEvent) => void, command: Worldly): void => {
  const brokers = cluster.brokers.map(brokerName)
  const ifPossible = (event: WorldEvent | undefined): void => {
    if (event !== undefined && world.canHappen(event)) fire(event)
  }
  switch (command._tag) {
    case "Due":
      for (let i = 0; i < command.count; i++) fire(world.enabled()[0]!)
      return
    case "Any":
      return ifPossible(pickOf(command.pick, world.enabled()))
    case "Kill":
      return ifPossible({ _tag: "Kill", process: pickOf(command.pick, brokers)! })
    case "PowerLoss":
      return ifPossible({ _tag: "PowerLoss", process: pickOf(command.pick, brokers)!, choices: [] })
    case "Freeze":
      return ifPossible({ _tag: "Pause", process: pickOf(command.pick, namesOf())! })
    case "Thaw":
      return ifPossible(healing(world).find(({ _tag }) => _tag === "Resume"))
    case "Cut": {
      const [from, to] = pickOf(command.pick, links())!
      return ifPossible({ _tag: "Cut", from, to })
    }
    case "Heal":
      return ifPossible(healing(world).find(({ _tag }) => _tag === "Heal"))
    case "Reset": {
      const ends = world.enabled().flatMap((event) => "end" in event ? [event.end] : [])
      const end = pickOf(command.pick, ends)
      return end && ifPossible({ _tag: "Reset", end, toDialer: 0, toListener: 0 })
    }
    case "During": {
      const handlers = world.enabled().filter((event) => event._tag === "Deliver" && brokers.includes(event.end.at))
      const event = pickOf(command.pick, handlers)
      if (event?._tag !== "Deliver") return
      return ifPossible({ _tag: "During", event, steps: 1, crash: { _tag: "Kill", process: event.end.at } })
    }
  }
}
