/**
 * R10 to R13 and R18 on nodes: which cast, which histories, and what is seen (scenarios.md).
 *
 * The decision: metadata is judged on the nodes' state, by the shadow of the model, which checks the one property that
 * the guard promises; what clients see is judged by `history` alone, from what they were told.
 *
 * Authority: RouteInfoManager, BatchUnregistrationService, MQClientInstance, SelectMessageQueueByHash of RocketMQ.
 */
import { Divergence } from "../../conform/Shadow.ts"
import { check } from "../../history/Check.ts"
import type { Operation } from "../../history/Operation.ts"
import { type Choose, seeded } from "../../replay/Choose.ts"
import type { NameServerGuards } from "../../rocketmq/nodes/NameServer.ts"
import { brokerName, brokerPort, clientName, nameServerName, numberIn } from "../../rocketmq/nodes/RoutingMessages.ts"
import { upTo } from "../../rocketmq/rules/Deployment.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import type { ScenarioSearch, Shown } from "../Search.ts"
import { type Cast, type Deployed, drive, type Run, type Workload } from "./RoutingCluster.ts"
import { type Command, play as playCommands } from "./RoutingCommands.ts"

const guarded: Required<NameServerGuards> = {
  RecheckFreshnessOnUnregister: true,
  ChannelCloseDetected: true,
  TablesSurviveRestart: true
}

const pick = (choose: Choose) => choose(0x1_0000)
const oneOf = <A>(choose: Choose, all: ReadonlyArray<A>): A => all[choose(all.length)]!

/** A history of what happens to NameServers and brokers: mostly time, one command in six a fault. */
const faultyHistory = (choose: Choose): ReadonlyArray<Command> =>
  Array.from({ length: 20 + choose(30) }, (): Command => {
    const kind = choose(12)
    if (kind < 6) return { _tag: oneOf(choose, ["Due", "Due", "Busy"]), count: 1 + choose(30) }
    if (kind < 10) return { _tag: "Any", pick: pick(choose) }
    if (kind === 10) return { _tag: oneOf(choose, ["KillBroker", "KillServer", "Freeze", "Thaw"]), pick: pick(choose) }
    return { _tag: oneOf(choose, ["Reset", "CutLink", "HealLink"]), pick: pick(choose), other: pick(choose) }
  })

/** Whether a run breaks one property of the model; everything else that it throws is passed on. */
const breaks = (property: string, run: () => void): boolean => {
  try {
    run()
    return false
  } catch (error) {
    if (error instanceof Divergence && error.kind === "property" && error.message.startsWith(`${property} is broken`)) {
      return true
    }
    throw error
  }
}

/** A guard of the NameServer: random histories, and the property that it promises. */
const byProperty = (guard: keyof NameServerGuards, property: string) => (seed: number, isGuarded: boolean): boolean =>
  breaks(property, () => {
    playCommands({ ...guarded, [guard]: isGuarded }, seed, faultyHistory(seeded(seed)), [property])
  })

const nodesOnly =
  (nodes: (seed: number, isGuarded: boolean) => boolean) => (seed: number, isGuarded: boolean): Shown => ({
    nodes: nodes(seed, isGuarded),
    clients: false
  })

const anomaliesOf = (operations: ReadonlyArray<Operation>): ReadonlyArray<string> =>
  Object.keys(check(operations, { smallest: 0 }).anomalies)

const millisOf = (seconds: number): number => seconds * 1_000_000
/** Fires what is due within so many seconds of the last event. */
const wait = ({ fire, world }: Deployed, seconds: number): void => {
  const end = world.nowMicros + millisOf(seconds)
  for (
    let next = world.enabledWithTimes()[0];
    next !== undefined && next.at <= end;
    next = world.enabledWithTimes()[0]
  ) {
    fire(next.event)
  }
}

/** Long enough for every broker to be in every route, and for every client to have one. */
const settledSeconds = 65
/** A dead broker has left every route, and a live one is in every route: expiry, scan, poll, and a heartbeat. */
const boundSeconds = 120 + 10 + 30 + 30

/** R11: one link from a broker to a NameServer is cut, and is healed with the guard on. */
const divergingServers = (seed: number, isGuarded: boolean): boolean => {
  const choose = seeded(seed)
  const cast: Cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 2, clients: 2 }
  let differ = false
  drive(cast, guarded, seed, (deployed) => {
    const { fire, state } = deployed
    wait(deployed, settledSeconds + choose(60))
    const [from, to] = [brokerName(1 + choose(2)), nameServerName(1 + choose(2))]
    fire({ _tag: "Cut", from, to })
    wait(deployed, 1 + choose(300))
    if (isGuarded) fire({ _tag: "Heal", from, to })
    wait(deployed, boundSeconds)
    differ = new Set(state().addrs.map((addrs) => addrs.join())).size > 1
  })
  return differ
}

/** Fires what is on its way to the client of a send or a pull, or of a route: the models take that in one step. */
const arrive = ({ fire, world }: Deployed): void => {
  const isNear = (event: WorldEvent): boolean =>
    event._tag === "Deliver" && event.end.at === clientName(1) && event.end.port !== brokerPort
  for (let next = world.enabled().find(isNear); next !== undefined; next = world.enabled().find(isNear)) fire(next)
}

/**
 * Rounds of sends of one key, in which a master freezes and perhaps goes on.
 *
 * A master freezes when none of its answers is on its way, and goes on when nobody waits for it and its removal is not
 * half done: the other orders are NameServerRouting's, which follows every run.
 */
const keyedRun = (seed: number, workload: Workload, promises?: ReadonlyArray<string>): Run => {
  const choose = seeded(seed)
  const cast: Cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 1, clients: 1, workload }
  return drive(cast, guarded, seed, (deployed) => {
    const { fire, followProducer, send, state, waitedFor, world } = deployed
    const masters = upTo(2).map(brokerName)
    const goOn = (process: string): void => {
      if (!world.canHappen({ _tag: "Resume", process })) return
      const master = numberIn(process)
      while (waitedFor() === master || state().pending[0]!.includes(master)) fire(world.enabled()[0]!)
      fire({ _tag: "Resume", process })
    }
    const freeze = (process: string): void => {
      arrive(deployed)
      if (world.canHappen({ _tag: "Pause", process })) fire({ _tag: "Pause", process })
    }
    const sends = (most: number): void => {
      for (let left = choose(most + 1); left > 0; left--) send(1)
    }
    wait(deployed, settledSeconds)
    if (promises !== undefined) followProducer(promises)
    for (let rounds = 1 + choose(3); rounds > 0; rounds--) {
      sends(3)
      wait(deployed, choose(60))
      freeze(oneOf(choose, masters))
      sends(1)
      wait(deployed, choose(300))
      sends(2)
      wait(deployed, choose(100))
      goOn(oneOf(choose, masters))
      wait(deployed, choose(100))
    }
    // Whatever was frozen goes on, and the reader comes to the end.
    for (const master of masters) goOn(master)
    wait(deployed, boundSeconds)
  })
}

/** What the model of the producer holds to, whether the order of queues is configured or not. */
const alwaysPromised = ["AckedIsStored", "StoredOnce"]
/** A producer that sends by key and a reader that takes a minute, followed by ProducerRouting. */
export const keyedByModel = (seed: number, isOrderStatic: boolean, promises: ReadonlyArray<string>): Run => {
  const selection = { _tag: "ByKey", hash: 0, isOrderStatic } as const
  return keyedRun(seed, { selection, resends: 0, pullMillis: 60_000 }, [...alwaysPromised, ...promises])
}

/** How each scenario of routing is looked for, by its id. */
export const routingSearches: Readonly<Record<string, ScenarioSearch>> = {
  R10: {
    onNodes: "ClosedChannelIsDecided",
    // A frozen host closes no channel, so there is nothing that the guard could detect.
    anomaly: { name: "duplicate", guardEndsIt: false },
    play: (seed, isGuarded) => ({
      nodes: byProperty("ChannelCloseDetected", "ClosedChannelIsDecided")(seed, isGuarded),
      clients: anomaliesOf(
        keyedRun(seed, { selection: { _tag: "ByKey", hash: 0, isOrderStatic: true }, resends: 2 }).operations
      ).includes("duplicate")
    })
  },
  R11: { onNodes: "NameServers agree within a bound after the last fault", play: nodesOnly(divergingServers) },
  R12: {
    onNodes: "OpenChannelIsRouted",
    play: nodesOnly(byProperty("RecheckFreshnessOnUnregister", "OpenChannelIsRouted"))
  },
  R13: { onNodes: "NobodyIsForgotten", play: nodesOnly(byProperty("TablesSurviveRestart", "NobodyIsForgotten")) },
  R18: {
    onNodes: "KeyOrder",
    anomaly: { name: "key-order", guardEndsIt: true },
    play: (seed, isGuarded) => ({
      nodes: breaks("KeyOrder", () => void keyedByModel(seed, isGuarded, ["KeyOrder"])),
      clients: anomaliesOf(keyedByModel(seed, isGuarded, []).operations).includes("key-order")
    })
  }
}
