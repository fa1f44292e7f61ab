/**
 * One fault of a cluster of NameServers, masters, slaves and clients, and what it comes to within a bound: whether everybody
 * has the same route, or whether a producer's sends are stored.
 *
 * The decision: whoever was killed stays away, so that what is seen is what the others do about it.
 *
 * Authority: RouteInfoManager, MQClientInstance, DefaultMQProducerImpl of RocketMQ 4.9.7.
 */
import { seeded } from "../../replay/Choose.ts"
import type { State } from "../../rocketmq/models/NameServerRoutingState.ts"
import type { Selection } from "../../rocketmq/nodes/Producer.ts"
import { brokerName, nameServerName } from "../../rocketmq/nodes/RoutingMessages.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { settledSeconds } from "./ProducerRuns.ts"
import { type Deployed, drive } from "./RoutingCluster.ts"

export interface RoutingPlan {
  readonly masters: 1 | 2
  readonly slaves: 0 | 1
  readonly nameServers: number
  readonly selection: Selection
  /** A master is killed, or its host freezes; its link to a NameServer is cut, or was; a NameServer is killed. */
  readonly fault: "kill" | "freeze" | "cut" | "cut and heal" | "restart"
  /** Of the fault to when it has to be so, seconds. */
  readonly boundSeconds: number
  readonly promise: "routes" | "writes"
  readonly seed: number
}

/** What is told while it happens: the state after a step, and what the step was, seconds after the fault. */
export interface RoutingListener {
  readonly state?: (state: State) => void
  readonly line?: (seconds: number, text: string) => void
}

/** As the real one is: an unregistration does not look again whether the broker has come back. */
const guards = { RecheckFreshnessOnUnregister: false, ChannelCloseDetected: true }
const sendsAfterwards = 6
const restSeconds = 10

const isSame = ({ addrs, cache }: State): boolean => {
  const routes = [...addrs.map((each) => each.join()), ...cache.map(([route]) => route?.addrs.join() ?? "")]
  return new Set(routes).size === 1 && routes[0] !== ""
}

const faultsOf = ({ fault, masters, nameServers }: RoutingPlan, choose: (count: number) => number) => {
  const process = brokerName(1 + choose(masters))
  const server = nameServerName(1 + choose(nameServers))
  const cut = { _tag: "Cut", from: process, to: server } as const
  switch (fault) {
    case "kill":
      return { process, begin: { _tag: "Kill", process } as const }
    case "freeze":
      return { process, begin: { _tag: "Pause", process } as const }
    case "cut":
      return { process, begin: cut }
    case "cut and heal":
      return { process, begin: cut, end: { _tag: "Heal", from: process, to: server } as const }
    case "restart":
      return { process: "", begin: { _tag: "Kill", process: server } as const }
  }
}

/** Runs it; whether it came to what was promised. */
export const routingFailover = (plan: RoutingPlan, listener: RoutingListener = {}): boolean => {
  const { boundSeconds, masters, nameServers, promise, seed, selection, slaves } = plan
  const choose = seeded(seed)
  let areSame = false
  let sent = 0
  const cast = {
    deployment: { masters, slaves },
    nameServers,
    clients: 2,
    workload: { selection, resends: 0 }
  } as const
  const { sends } = drive(cast, guards, seed, (deployed: Deployed) => {
    const { fire, labels, send, state, world } = deployed
    const { begin, end, process } = faultsOf(plan, choose)
    let struckMicros = Infinity
    const secondsSince = () => (world.nowMicros - struckMicros) / 1_000_000
    const step = (event: WorldEvent): void => {
      const told = labels.length
      fire(event)
      if (labels.length === told) return
      listener.state?.(state())
      for (const { action, args } of labels.slice(told)) {
        listener.line?.(secondsSince(), `${action}(${args.join(", ")})`)
      }
    }
    const wait = (seconds: number): void => {
      const until = world.nowMicros + seconds * 1_000_000
      const isReturn = (event: WorldEvent) => event._tag === "Start" && event.process === process
      const next = () => world.enabledWithTimes().find(({ event }) => !isReturn(event))
      for (let due = next(); due !== undefined && due.at <= until; due = next()) step(due.event)
    }
    wait(settledSeconds + choose(60))
    struckMicros = world.nowMicros
    step(begin)
    if (end !== undefined) {
      wait(1 + choose(300))
      struckMicros = world.nowMicros
      step(end)
    }
    wait(boundSeconds)
    areSame = isSame(state())
    if (promise === "routes") return
    for (; sent < sendsAfterwards; sent++) {
      send(1)
      wait(restSeconds)
    }
  }, ["TypeOK"])
  return promise === "routes" ? areSame : sends.filter((each) => each === "stored").length === sent
}
