/**
 * Histories of a cluster of brokers: commands are plain data and total, so any list of them is a run, and a failing one
 * shrinks by dropping commands.
 */
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import { brokerName } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { partitionsOf } from "../../kafka/rules/Cluster.ts"
import type { Simulation } from "../../world/simulated/Simulation.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { cluster, drive, type Driven, followedBy, lagMillis, type Run, times } from "./ElectionCluster.ts"

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type Command =
  /** Fires so many events in the order in which they are due. */
  | { readonly _tag: "Due"; readonly count: number }
  /** Fires any event that is possible. */
  | { readonly _tag: "Any"; readonly pick: number }
  /** A producer wants one more record kept; an operator wants a preferred leader, or a broker out. */
  | { readonly _tag: "Produce" | "Prefer" | "ShutDown"; readonly pick: number }
  /** A broker ends cleanly, and its session with it. */
  | { readonly _tag: "Stop"; readonly pick: number }
  /** An operator deletes /controller. */
  | { readonly _tag: "DeleteController" }
  | { readonly _tag: "Kill" | "PowerLoss" | "Freeze" | "Thaw" | "Cut" | "Heal" | "During"; readonly pick: number }
  | { readonly _tag: "Reset"; readonly pick: number; readonly other?: number }

const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A | undefined => all[Math.floor(pick / 0x1_0000 * all.length)]

/**
 * A bound for what is broken no longer: a start takes up to 3 s, a session may have to expire before its broker is
 * registered again and another one is elected, and a leader looks through its followers every half of the lag.
 */
const settlesMillis = 3_000 + 8 * times.timeoutMillis + 4 * lagMillis

/** Plays commands, mends everything and waits; throws what a node or the world throws. */
export const play = (
  guards: ElectionGuards,
  seed: number,
  commands: ReadonlyArray<Command>,
  minInSync?: number
): Run =>
  drive(guards, seed, (run) => {
    carryOutAll(run, commands)
    mend(run)
    run.runFor(settlesMillis)
  }, followedBy(guards, minInSync))

/** Plays commands against a run under way. */
export const carryOutAll = (run: Driven, commands: ReadonlyArray<Command>): void => {
  const somePartition = (pick: number) => pickOf(pick, partitionsOf(cluster))!
  for (const command of commands) {
    switch (command._tag) {
      case "Produce":
        run.produce(somePartition(command.pick))
        break
      case "Prefer":
        run.request({ _tag: "PreferredElection", partition: somePartition(command.pick) })
        break
      case "ShutDown":
        run.request({ _tag: "ControlledShutdown", broker: pickOf(command.pick, cluster.brokers)! })
        break
      case "Stop":
        run.stop(pickOf(command.pick, cluster.brokers)!)
        break
      case "DeleteController":
        run.deleteController()
        break
      default:
        carryOut(run.world, run.fire, command)
    }
  }
}

/** Heals links and lets go on what was paused. */
export const mend = ({ fire, world }: Driven): void => {
  for (const event of healing(world)) fire(event)
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

type Worldly = Exclude<Command, { readonly _tag: "Produce" | "Prefer" | "ShutDown" | "Stop" | "DeleteController" }>

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
      const inFlight = end && world.network.inFlight(end)
      if (end === undefined || inFlight === undefined) return
      const { toDialer, toListener } = inFlight
      const kept = Math.floor((command.other ?? 0) / 0x1_0000 * (toDialer + 1) * (toListener + 1))
      return fire({
        _tag: "Reset",
        end,
        toDialer: Math.floor(kept / (toListener + 1)),
        toListener: kept % (toListener + 1)
      })
    }
    case "During": {
      const handlers = world.enabled().filter((event) => event._tag === "Deliver" && brokers.includes(event.end.at))
      const event = pickOf(command.pick, handlers)
      if (event?._tag !== "Deliver") return
      return ifPossible({ _tag: "During", event, steps: 1, crash: { _tag: "Kill", process: event.end.at } })
    }
  }
}
