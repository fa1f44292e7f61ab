/**
 * A cluster of our nodes on the simulated world, to which the same is done as to the real one of `zookeeper-txns-A`, and
 * what it writes into ZooKeeper: values register by register, and the shape of every transaction.
 *
 * The decision: events come in the order in which they are due, but for starts, which wait until they are wanted. Who
 * wins a race between brokers is the seed's.
 */
import { Effect } from "effect"
import { zooKeeperGuards } from "../../../src/kafka/models/ZooKeeperConfigurations.ts"
import { broker } from "../../../src/kafka/nodes/Broker.ts"
import { type BrokerCell, brokerCell, brokerTimes } from "../../../src/kafka/nodes/BrokerMemory.ts"
import { Coordination, type CoordinationLink } from "../../../src/kafka/nodes/Coordination.ts"
import { brokerName } from "../../../src/kafka/nodes/ElectionMessages.ts"
import { zooKeeper, zooKeeperCell } from "../../../src/kafka/nodes/ZooKeeper.ts"
import { coordinationCell, zooKeeperCoordination } from "../../../src/kafka/nodes/ZooKeeperCoordination.ts"
import { zooKeeperName, zooKeeperPort } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { topLevel } from "../../../src/kafka/nodes/ZooKeeperPaths.ts"
import type { Cluster } from "../../../src/kafka/rules/Cluster.ts"
import type { ControllerEvent } from "../../../src/kafka/rules/ControllerTurn.ts"
import type { ZnodeData } from "../../../src/kafka/rules/CoordinationMessages.ts"
import type { ToServer } from "../../../src/kafka/rules/ZooKeeperServer.ts"
import { guarded, times } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { simulate } from "../../../src/world/simulated/Simulation.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"
import { stateText } from "./Witness.ts"

interface Written {
  readonly path: string
  readonly value: string
}

export interface ClusterRun {
  readonly writes: ReadonlyArray<Written>
  /** Shapes of the transactions that were committed, such as `check /controller_epoch, set /.../state`. */
  readonly shapes: ReadonlyArray<string>
}

/** What can be done to a cluster that runs. */
export interface Running {
  /** The broker that is the controller. */
  readonly controller: () => number
  /** Asks the controller, and lets the cluster settle. */
  readonly ask: (event: Exclude<ControllerEvent, { readonly _tag: "ControllerChange" | "BrokerChange" }>) => void
  /** A controlled shutdown, to its end. */
  readonly terminate: (broker: number) => void
  /** kill -9, and the end of the session that is left. */
  readonly kill: (broker: number) => void
  readonly start: (broker: number) => void
}

const textOf = (data: ZnodeData): string => {
  switch (data._tag) {
    case "None":
    case "Broker":
      return "there"
    case "Controller":
      return String(data.broker)
    case "Epoch":
      return String(data.value)
    case "State":
      return stateText(data)
  }
}

const verbs = { Create: "create", SetData: "set", Check: "check", Delete: "delete" }

const shapeOf = (request: ToServer<ZnodeData>): string =>
  request._tag !== "Multi"
    ? ""
    : request.ops.map(({ _tag, path }) => `${verbs[_tag]} ${path.replaceAll(/\/\d+(?=\/|$)/g, "/*")}`).join(", ")

/** Runs a cluster; throws where it does not settle. */
export const runCluster = (cluster: Cluster, seed: number, act: (running: Running) => void): ClusterRun => {
  const server = zooKeeperCell<ZnodeData>(topLevel(cluster), cluster.brokers.length)
  const cells = new Map<number, BrokerCell>()
  const links = new Map<number, CoordinationLink>()
  const writes: Array<Written> = []
  const shapes: Array<string> = []
  let before = server.server
  let wanted: Parameters<Running["ask"]>[0] | undefined
  const observe = (): void => {
    const { tree } = server.server
    for (const [path, { data }] of tree) {
      const old = before.tree.get(path)?.data
      if (old === undefined || textOf(old) !== textOf(data)) writes.push({ path, value: textOf(data) })
    }
    for (const path of before.tree.keys()) if (!tree.has(path)) writes.push({ path, value: "none" })
    before = server.server
  }
  simulate({
    seed,
    processes: [
      {
        name: zooKeeperName,
        boot: () =>
          zooKeeper({
            cell: server,
            guards: zooKeeperGuards,
            times,
            clientOf: (process) => Number(process.slice(process.lastIndexOf("-") + 1)),
            observe
          })
      },
      ...cluster.brokers.map((self) => ({
        name: brokerName(self),
        boot: () => {
          const cell = brokerCell(cluster)
          cells.set(self, cell)
          return Effect.gen(function*() {
            const coordination = yield* zooKeeperCoordination({
              cluster,
              broker: self,
              guards: { WatchesSetAgain: true },
              times,
              cell: coordinationCell()
            })
            const link = Effect.map(coordination.link, (made) => {
              links.set(self, made)
              return made
            })
            yield* broker({
              cluster,
              broker: self,
              guards: guarded,
              times: brokerTimes,
              cell,
              wanted: () => wanted,
              taken: () => {
                wanted = undefined
              },
              minInSync: 2,
              produces: () => undefined,
              interrupted: () => false,
              stops: () => false,
              observe: () => {}
            }).pipe(Effect.provideService(Coordination, { link }))
          })
        }
      }))
    ]
  }, (world) => {
    const held = new Set<string>()
    const fire = (event: WorldEvent): void => {
      const request = event._tag === "Deliver" && event.end.at === zooKeeperName
        ? world.network.inspect({ ...event.end, port: zooKeeperPort })!.toListener[0] as ToServer<ZnodeData>
        : undefined
      const { tree } = server.server
      world.fire(event)
      if (request?._tag === "Multi" && server.server.tree !== tree) shapes.push(shapeOf(request))
    }
    const until = (what: string, done: () => boolean): void => {
      for (let events = 0; !done(); events++) {
        if (events > 60_000) throw new Error(`${what} did not come to an end: ${JSON.stringify([...cells])}`)
        fire(world.enabled().find((event) => event._tag !== "Start" || !held.has(event.process))!)
      }
    }
    const up = () => cluster.brokers.filter((self) => world.isUp(brokerName(self))).map((self) => cells.get(self)!)
    const active = () => up().find(({ own }) => own.active && own.phase === "idle")
    /** There is one controller with nothing to do, its orders are answered, and who can be in sync is. */
    const isSettled = (): boolean => {
      const own = active()?.own
      if (own === undefined || wanted !== undefined || own.queues.some((queue) => queue.length > 0)) return false
      const all = up()
      return all.every((cell) => cell.linked && cell.own.phase === "idle" && cell.own.proposed.length === 0) &&
        own.live.filter((epoch) => epoch.length > 0).length === all.length &&
        own.states.every(([state]) => state === undefined || state.isr.length === all.length)
    }
    const hold = (self: number): void => {
      held.add(brokerName(self))
      fire({ _tag: "Kill", process: brokerName(self) })
    }
    const isGone = (self: number) => server.server.clients[self - 1]!.sessions.length === 0
    const ask: Running["ask"] = (event) => {
      wanted = event
      world.names.filter((name) => world.isUp(name)).forEach((name) => world.refresh(name))
      until(event._tag, () => wanted === undefined && active() !== undefined)
    }
    until("the start", isSettled)
    act({
      controller: () => [...cells].find(([self, { own }]) => world.isUp(brokerName(self)) && own.active)![0],
      ask: (event) => {
        ask(event)
        until(event._tag, isSettled)
      },
      terminate: (self) => {
        ask({ _tag: "ControlledShutdown", broker: self })
        // A process that stops closes its session, and then is gone: what it sent last still arrives.
        links.get(self)!.ask({ _tag: "Close" })
        hold(self)
        until("the end of the session", () => isGone(self))
        if (up().length > 0) until("the shutdown", isSettled)
      },
      kill: (self) => {
        hold(self)
        until("the end of the session", () => isGone(self))
        until("the failover", isSettled)
      },
      start: (self) => {
        held.delete(brokerName(self))
        until("the start", () => world.isUp(brokerName(self)) && isSettled())
      }
    })
  })
  return { writes, shapes }
}
