/**
 * K14, K16, K17, K18 and K21 on nodes: which schedule, and which property of the model is seen to fall (scenarios.md).
 *
 * The decision: what makes these scenarios is a message that takes long, so a schedule holds some messages back and lets
 * all else go on; who is asked what, and when, is drawn. The same schedules are played with the guard on.
 *
 * Authority: KAFKA-7235, KAFKA-6082, KAFKA-1387, KAFKA-7165.
 */
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import { brokerName, ordersPort } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { at, partitionsOf } from "../../kafka/rules/Cluster.ts"
import { type Choose, seeded } from "../../replay/Choose.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import type { ScenarioSearch } from "../Search.ts"
import { cluster, drive, type Driven, guarded } from "./ElectionCluster.ts"

type Held = (event: WorldEvent) => boolean

const nothing: Held = () => false

/** Messages of ZooKeeper to a broker. */
const toldTo = (broker: number): Held => (event) =>
  event._tag === "Deliver" && event.end.at === brokerName(broker) && event.end.listener === zooKeeperName

/** Orders of a controller to a broker. */
const ordered = (controller: number, broker: number): Held => (event) =>
  event._tag === "Deliver" && event.end.at === brokerName(broker) && event.end.port === ordersPort &&
  event.end.dialer === brokerName(controller)

/** Fires what is due and not held back until something is so; whether it came to that within so many events. */
const until = ({ fire, world }: Driven, isHeld: Held, isSo: () => boolean, most = 600): boolean => {
  for (let events = 0; events < most && !isSo(); events++) {
    const next = world.enabled().find((event) => !isHeld(event))
    if (next === undefined) return false
    fire(next)
  }
  return isSo()
}

const after = (run: Driven, isHeld: Held, events: number): void => void until(run, isHeld, () => false, events)

/** The broker that believes to be the controller with the highest epoch. */
const controllerOf = ({ state }: Driven): number | undefined => {
  const all = state().own.flatMap(({ active, view }, i) => active ? [{ broker: i + 1, epoch: view[0]!.epoch }] : [])
  return all.sort((a, b) => b.epoch - a.epoch)[0]?.broker
}

const somebody = (choose: Choose, but?: number): number => {
  const others = cluster.brokers.filter((broker) => broker !== but)
  return others[choose(others.length)]!
}

const isIdle = ({ state }: Driven, broker: number): boolean => {
  const { active, phase } = at(state().own, broker)
  return active && phase === "idle"
}

/** Deletes /controller, and waits for another one while the first hears nothing. */
const depose = (run: Driven, first: number, isHeld: Held): boolean => {
  run.deleteController()
  return until(run, isHeld, () => {
    const next = controllerOf(run)
    return next !== undefined && next !== first && isIdle(run, next)
  })
}

/** Lets a broker that believes to be the controller deal with a request at once. */
const ask = (run: Driven, controller: number, broker: number): void => {
  run.request({ _tag: "ControlledShutdown", broker })
  const wake = { _tag: "Wake", process: brokerName(controller), point: "operator" } as const
  if (run.world.canHappen(wake)) run.fire(wake)
}

/** K17: the first controller, which has not heard that it is none, is asked for something that it has to write. */
const zombieWrites = (run: Driven, choose: Choose): void => {
  const first = controllerOf(run)
  if (first === undefined || !depose(run, first, toldTo(first))) return
  ask(run, first, somebody(choose))
  after(run, toldTo(first), 30 + choose(60))
}

/** K16: a broker has made /controller and hears nothing; the znode goes, another one is elected, the first goes on. */
const stalledClaim = (run: Driven, choose: Choose): void => {
  const holder = (): number | undefined => {
    const data = run.state().tree[0]![0]?.data
    return data?._tag === "Controller" ? data.broker : undefined
  }
  run.deleteController()
  const first = controllerOf(run)
  const isClaimed = () => holder() !== undefined && holder() !== first && !at(run.state().own, holder()!).active
  if (!until(run, nothing, isClaimed)) return
  const stalled = holder()!
  if (!depose(run, stalled, toldTo(stalled))) return
  after(run, toldTo(stalled), choose(40))
  after(run, nothing, 120)
}

/** K18: an order of the first controller comes after a broker has taken those of the second. */
const lateOrder = (run: Driven, choose: Choose): void => {
  const first = controllerOf(run)
  if (first === undefined) return
  const broker = somebody(choose, first)
  const isHeld = ordered(first, broker)
  ask(run, first, somebody(choose))
  after(run, isHeld, 60)
  if (!depose(run, first, isHeld)) return
  until(run, isHeld, () => at(run.state().own, broker).boss[0] !== first)
  after(run, isHeld, choose(40))
  after(run, nothing, 120)
}

/** K21: a broker is killed, and starts again before or after its session is over. */
const killed = (run: Driven, choose: Choose): void => {
  run.runFor(choose(1_000))
  run.fire({ _tag: "Kill", process: brokerName(somebody(choose)) })
  run.runFor(10_000)
}

/** K14: a follower loses power, its session ends and it registers again before the controller has looked. */
const bounced = (run: Driven, choose: Choose): boolean => {
  const partition = 1 + choose(partitionsOf(cluster).length)
  run.produce(partition)
  if (!until(run, nothing, () => at(run.state().acked, partition) > 0, 2_000)) return false
  const first = controllerOf(run)
  const stored = () => {
    const data = run.state().tree[1 + cluster.brokers.length + partition]![0]?.data
    return data?._tag === "State" ? data : undefined
  }
  const leader = stored()?.leader[0]
  const follower = cluster.brokers.find((broker) => broker !== first && broker !== leader)
  if (first === undefined || follower === undefined) return false
  run.fire({ _tag: "PowerLoss", process: brokerName(follower), choices: [] })
  const session = at(run.state().sessions, follower)[0]!
  const isOver = () => !at(run.state().sessions, follower).includes(session)
  if (!until(run, nothing, isOver, 3_000)) return false
  const isBack = () => {
    const { phase, registered } = at(run.state().own, follower)
    return registered.length > 0 && phase === "idle"
  }
  if (!until(run, toldTo(first), isBack, 400)) return false
  until(
    run,
    nothing,
    () => at(at(run.state().own, first).live, follower)[0] === at(run.state().own, follower).session[0],
    200
  )
  until(run, nothing, () => isIdle(run, first), 200)
  return stored()?.isr.includes(follower) === true &&
    at(at(run.state().log, follower), partition) < at(run.state().acked, partition)
}

type Guard = {
  readonly [Name in keyof ElectionGuards]: ElectionGuards[Name] extends boolean ? Name : never
}[keyof ElectionGuards]

/** Plays a schedule; seen is that a property falls. */
const byProperty = (
  guard: Guard,
  property: string,
  schedule: (run: Driven, choose: Choose) => void
): ScenarioSearch => ({
  onNodes: property,
  play: (seed, isGuarded) => {
    let nodes = false
    drive({ ...guarded, [guard]: isGuarded }, seed, (run) => {
      schedule(run, seeded(seed))
      nodes = run.broken(property)
    })
    return { nodes, clients: false }
  }
})

/** How each scenario is looked for on nodes. */
export const electionSearches: Readonly<Record<string, ScenarioSearch>> = {
  K14: {
    onNodes: "a replica that is in sync lacks what was acknowledged",
    play: (seed, isGuarded) => {
      let nodes = false
      drive({ ...guarded, CompareBrokerEpoch: isGuarded }, seed, (run) => {
        nodes = bounced(run, seeded(seed))
      })
      return { nodes, clients: false }
    }
  },
  K16: byProperty("AtomicRegister", "ZombieNeverOutranks", stalledClaim),
  K17: byProperty("FenceControllerWrites", "NoZombieWrite", zombieWrites),
  K18: byProperty("BrokerChecksControllerEpoch", "MetadataNeverGoesBack", lateOrder),
  K21: byProperty("RegisterRetries", "GaveUpOnlyWhileRegistered", killed)
}
