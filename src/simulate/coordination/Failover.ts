/**
 * One failover: the leader of a partition is killed while a producer writes to it, or its host freezes, and it stays away;
 * how long writes stand still.
 *
 * The decision: the producer's next write is wanted at once, and its acknowledgement with acks=all is what ends the gap. So
 * the gap is what a client sees: the end of the session, the elections, and the fetches of the followers that are left.
 *
 * Authority: test/real/failover-traces (kafka-zk-*), where a producer wrote every 20 ms through kills of brokers.
 */
import { indexOf } from "../../kafka/models/ControllerElectionState.ts"
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import { brokerName } from "../../kafka/nodes/ElectionMessages.ts"
import { at, partitionsOf } from "../../kafka/rules/Cluster.ts"
import { seeded } from "../../replay/Choose.ts"
import { show, type WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { type Deployment, drive, type Driven } from "./ElectionCluster.ts"

export interface FailoverPlan {
  readonly guards: ElectionGuards
  readonly deployment: Deployment
  readonly seed: number
  /** How long to wait for writes to go on, milliseconds after the leader died. */
  readonly boundMillis: number
  /** How the leader goes: its process ends, and its connections with it, or its host freezes, and nobody is told. */
  readonly death: "Kill" | "Pause"
  /** The followers' hosts froze until none was in sync, and go on when the leader dies. */
  readonly areFollowersLate: boolean
}

export interface Failover {
  /** The leader's death to the acknowledgement of the next write, milliseconds; absent where there was none in time. */
  readonly gapMillis?: number
  /** Events from the death on. */
  readonly events: number
  /** Whether the leader was also the controller. */
  readonly wasController: boolean
}

/** What a failover tells while it happens. */
export interface FailoverListener {
  readonly event?: (run: Driven) => void
  /** Milliseconds after the death, and what changed. */
  readonly line?: (millis: number, text: string) => void
}

/** How many events are enough to come to what has to come before the death. */
const mostEvents = 20_000

/** `/controller` and the partitions' states, in words. */
const storedIn = ({ state }: Driven, { cluster }: Deployment): ReadonlyArray<string> => {
  const { tree } = state()
  const controller = tree[indexOf(cluster, ["controller", 0])]![0]?.data
  const partitions = partitionsOf(cluster).map((partition) => {
    const data = tree[indexOf(cluster, ["state", partition])]![0]?.data
    if (data?._tag !== "State") return `partition ${partition} is not there`
    const { epoch, isr, leader } = data
    return `partition ${partition}: ${
      leader.length === 0 ? "no leader" : `leader ${leader.join()}`
    }, in sync ${isr.join()}, epoch ${epoch}`
  })
  const holder = controller?._tag === "Controller"
    ? `/controller is broker ${controller.broker}`
    : "/controller is gone"
  return [holder, ...partitions]
}

/** Runs a failover; throws what a node or the world throws, and where the cluster does not come to the point of one. */
export const failover = (plan: FailoverPlan, { event: hear, line }: FailoverListener = {}): Failover => {
  const { areFollowersLate, boundMillis, death: kind, deployment, guards, seed } = plan
  const { cluster, times } = deployment
  const choose = seeded(seed)
  let result: Failover | undefined
  drive(guards, seed, (run) => {
    const { world } = run
    const nowMillis = () => world.nowMicros / 1000
    const partition = 1 + choose(partitionsOf(cluster).length)
    const stateOf = () => {
      const data = run.state().tree[indexOf(cluster, ["state", partition])]![0]?.data
      return data?._tag === "State" ? data : undefined
    }
    const come = (isSo: () => boolean): void => {
      for (let events = 0; !isSo(); events++) {
        if (events >= mostEvents) throw new Error("the cluster does not come to the point at which a leader dies")
        run.fire(world.enabled()[0]!)
      }
    }
    const write = (): void => {
      const before = run.stored(partition)
      run.produce(partition)
      come(() => run.stored(partition) > before)
    }
    run.runFor(choose(2 * times.timeoutMillis))
    write()
    const leader = stateOf()!.leader[0]!
    const followers = at(cluster.assignment, partition).filter((broker) => broker !== leader).map(brokerName)
    if (areFollowersLate) {
      for (const process of followers) run.fire({ _tag: "Pause", process })
      come(() => stateOf()!.isr.length === 1)
      write()
    }
    const wasController = at(run.state().own, leader).active
    const death: WorldEvent = { _tag: kind, process: brokerName(leader) }
    const [died, first, stored] = [nowMillis(), world.fired, run.stored(partition)]
    let told: ReadonlyArray<string> = storedIn(run, deployment)
    for (const text of told) line?.(0, text)
    const fire = (event: WorldEvent): void => {
      run.fire(event)
      hear?.(run)
      if (line === undefined) return
      const now = storedIn(run, deployment)
      for (const text of now.filter((text) => !told.includes(text))) line(nowMillis() - died, text)
      told = now
    }
    line?.(0, show(death))
    fire(death)
    if (areFollowersLate) { for (const process of followers) fire({ _tag: "Resume", process }) }
    run.produce(partition)
    const isReturn = (event: WorldEvent): boolean => event._tag === "Start" && event.process === brokerName(leader)
    const isDone = () => run.stored(partition) > stored
    while (!isDone() && nowMillis() < died + boundMillis) fire(world.enabled().find((event) => !isReturn(event))!)
    const gapMillis = nowMillis() - died
    line?.(gapMillis, isDone() ? "the next write is acknowledged" : "no write was acknowledged so far")
    result = { ...isDone() && { gapMillis }, events: world.fired - first, wasController }
  }, deployment)
  return result!
}
