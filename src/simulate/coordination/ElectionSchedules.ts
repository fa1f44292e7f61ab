/**
 * Schedules in which what a guard of the controller keeps out comes about: some messages take long, all else goes on.
 *
 * The decision: what is held back is the scenario; who is asked what, and when, is drawn. A schedule is played alike with
 * the guard on, where it comes to nothing.
 *
 * Authority: scenarios K14 to K18 and K20 to K22; KAFKA-7235, KAFKA-6082, KAFKA-1387, KAFKA-7165, KAFKA-9307, KAFKA-14154.
 */
import { indexOf } from "../../kafka/models/ControllerElectionState.ts"
import { brokerName, ordersPort } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { at, partitionsOf } from "../../kafka/rules/Cluster.ts"
import type { Choose } from "../../replay/Choose.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { cluster, type Driven } from "./ElectionCluster.ts"

type Held = (event: WorldEvent) => boolean

const nothing: Held = () => false

/** A start, and the end of a session that is in its way. */
const startsMillis = 8_000

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

/** What ZooKeeper stores of a partition. */
const storedOf = ({ state }: Driven, partition: number) => {
  const data = state().tree[indexOf(cluster, ["state", partition])]![0]?.data
  return data?._tag === "State" ? data : undefined
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

const either = (...all: ReadonlyArray<Held>): Held => (event) => all.some((isHeld) => isHeld(event))

/** Orders to a broker of anybody but one. */
const orderedByOthers = (broker: number, but: number): Held => (event) =>
  event._tag === "Deliver" && event.end.at === brokerName(broker) && event.end.listener === brokerName(broker) &&
  event.end.port === ordersPort && event.end.dialer !== brokerName(but)

/** A controller, a partition that it does not lead, the broker that does, and the one that is left. */
const castOf = (run: Driven, choose: Choose) => {
  const controller = controllerOf(run)
  const led = partitionsOf(cluster).filter((partition) => {
    const leader = storedOf(run, partition)?.leader[0]
    return leader !== undefined && leader !== controller
  })
  if (controller === undefined || led.length === 0) return undefined
  // Where the one that is left is the next in line, an election shows what it lacks.
  const isNext = (partition: number): boolean => {
    const leader = storedOf(run, partition)!.leader[0]
    return at(cluster.assignment, partition).find((replica) => replica !== leader) !== controller
  }
  const likely = led.filter(isNext)
  const partitions = likely.length > 0 ? likely : led
  const partition = partitions[choose(partitions.length)]!
  const leader = storedOf(run, partition)!.leader[0]!
  const other = cluster.brokers.find((broker) => broker !== controller && broker !== leader)!
  return { controller, partition, leader, other }
}

const isBack = ({ state }: Driven, broker: number): boolean => {
  const { phase, registered } = at(state().own, broker)
  return registered.length > 0 && phase === "idle"
}

const acknowledgesMore = (run: Driven, partition: number, isHeld: Held): boolean => {
  const before = run.stored(partition)
  run.produce(partition)
  return until(run, isHeld, () => run.stored(partition) > before, 2_000)
}

/**
 * K15: a leader leads alone with the controller's broker, and the controller does not hear that it took that order. The
 * controller is deposed, the third broker is in sync again and leads next, since the leader is killed; when that one comes
 * back, the deposed controller sends its order again.
 */
const orderedAgain = (run: Driven, choose: Choose): void => {
  const cast = castOf(run, choose)
  if (cast === undefined) return
  const { controller, leader, other, partition } = cast
  const isOrder = (): boolean => {
    const content = at(at(run.state().own, controller).queues, leader)[0]?.content
    return content?._tag === "LeaderAndIsr" && content.partition === partition && !content.state.isr.includes(other)
  }
  const end = {
    dialer: brokerName(controller),
    listener: brokerName(leader),
    port: ordersPort,
    at: brokerName(controller)
  }
  const isAnswer: Held = (event) =>
    event._tag === "Deliver" && event.end.at === end.at && event.end.dialer === end.dialer &&
    event.end.listener === end.listener && event.end.port === end.port && isOrder()
  if (!acknowledgesMore(run, partition, nothing)) return
  run.fire({ _tag: "Kill", process: brokerName(other) })
  const isTaken = () => {
    const [part] = at(at(run.state().own, leader).parts, partition)
    return isOrder() && part?.epoch === storedOf(run, partition)?.epoch
  }
  if (!until(run, isAnswer, isTaken, 2_000) || !until(run, isAnswer, () => isBack(run, other), 2_000)) return
  const isDeaf = either(isAnswer, toldTo(controller), orderedByOthers(controller, controller))
  if (!depose(run, controller, isDeaf)) return
  if (!until(run, isDeaf, () => storedOf(run, partition)!.isr.includes(other), 4_000)) return
  const reset = { _tag: "Reset", end, toDialer: 0, toListener: 0 } as const
  if (run.world.canHappen(reset)) run.fire(reset)
  run.fire({ _tag: "Kill", process: brokerName(leader) })
  const isHeld = either(isDeaf, orderedByOthers(leader, controller))
  if (!until(run, isHeld, () => isBack(run, leader), 4_000)) return
  run.produce(partition)
  until(run, isHeld, () => run.broken("LeaderHoldsAcked"), 1_500)
}

/**
 * K20: a leader has proposed to a controller, which is deposed and hears nothing; the next one raises the leader epoch,
 * and the leader proposes to the first one again.
 */
const staleVerdict = (run: Driven, choose: Choose): void => {
  const cast = castOf(run, choose)
  if (cast === undefined) return
  const { controller, leader, other, partition } = cast
  const isMember = () => storedOf(run, partition)!.isr.includes(other)
  const link = { from: brokerName(other), to: brokerName(leader) }
  run.fire({ _tag: "Cut", ...link })
  if (!until(run, nothing, () => !isMember(), 2_000)) return
  run.fire({ _tag: "Heal", ...link })
  const isSettled = () => isMember() && isIdle(run, controller) && at(run.state().own, leader).proposed.length === 0
  if (!until(run, nothing, isSettled, 4_000)) return
  const isDeaf = toldTo(controller)
  if (!depose(run, controller, isDeaf)) return
  ask(run, controllerOf(run)!, controller)
  until(run, isDeaf, () => run.broken("RefusedOnlyWhenBehind"), 1_500)
}

/** K22: the handler of an order that moves a leader fails midway, and the order is sent again. */
const takenHalf = (run: Driven, choose: Choose): void => {
  const controller = controllerOf(run)
  if (controller === undefined) return
  const broker = somebody(choose)
  run.interrupt(broker)
  ask(run, controller, choose(2) === 0 ? broker : somebody(choose))
  after(run, nothing, 60 + choose(200))
}

/**
 * K14: a follower loses power, its session ends and it registers again before the controller has looked; then the leader
 * dies. Whether a replica that was in sync lacked what was acknowledged.
 */
const bounced = (run: Driven, choose: Choose): boolean => {
  const cast = castOf(run, choose)
  if (cast === undefined) return false
  const { controller, leader, other: follower, partition } = cast
  if (!acknowledgesMore(run, partition, nothing)) return false
  run.fire({ _tag: "PowerLoss", process: brokerName(follower), choices: [] })
  const session = at(run.state().sessions, follower)[0]!
  const isOver = () => !at(run.state().sessions, follower).includes(session)
  if (!until(run, nothing, isOver, 3_000)) return false
  if (!until(run, toldTo(controller), () => isBack(run, follower), 400)) return false
  const isKnown = () =>
    at(at(run.state().own, controller).live, follower)[0] === at(run.state().own, follower).session[0]
  until(run, nothing, isKnown, 200)
  until(run, nothing, () => isIdle(run, controller), 200)
  const isShort = storedOf(run, partition)?.isr.includes(follower) === true &&
    at(at(run.state().log, follower), partition) < at(run.state().acked, partition)
  run.fire({ _tag: "Kill", process: brokerName(leader) })
  until(run, nothing, () => ![undefined, leader].includes(storedOf(run, partition)?.leader[0]), 2_000)
  return isShort
}

/**
 * K11: a follower is frozen until it is out of sync, and more is acknowledged; then the processes of the others go, and
 * the follower goes on before they are back.
 */
const leftBehind = (run: Driven, choose: Choose): void => {
  const cast = castOf(run, choose)
  if (cast === undefined) return
  const { controller, leader, other: follower, partition } = cast
  const process = brokerName(follower)
  if (!acknowledgesMore(run, partition, nothing)) return
  run.fire({ _tag: "Pause", process })
  if (!until(run, nothing, () => storedOf(run, partition)?.isr.includes(follower) === false, 2_000)) return
  if (!acknowledgesMore(run, partition, nothing)) return
  for (const broker of [controller, leader]) run.fire({ _tag: "Kill", process: brokerName(broker) })
  run.fire({ _tag: "Resume", process })
  const isStart: Held = (event) => event._tag === "Start"
  until(run, isStart, () => storedOf(run, partition)?.leader[0] === follower, 1_000)
}

/** Lets everything go on until each partition has acknowledged one record more, and reads all of them. */
export const readAll = (run: Driven): void => {
  run.runFor(startsMillis)
  for (const partition of partitionsOf(cluster)) acknowledgesMore(run, partition, nothing)
  run.read()
}

/** Every schedule, by what happens in it. */
export const all = {
  bounced,
  killed,
  lateOrder,
  leftBehind,
  orderedAgain,
  stalledClaim,
  staleVerdict,
  takenHalf,
  zombieWrites
}
