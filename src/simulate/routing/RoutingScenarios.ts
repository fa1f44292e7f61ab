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
import { brokerName, nameServerName } from "../../rocketmq/nodes/RoutingMessages.ts"
import type { ScenarioSearch, Shown } from "../Search.ts"
import { boundSeconds, producerRun, settledSeconds, wait } from "./ProducerRuns.ts"
import { type Cast, drive, type Run } from "./RoutingCluster.ts"
import { type Command, play as playCommands } from "./RoutingCommands.ts"

const guarded: Required<NameServerGuards> = {
  RecheckFreshnessOnUnregister: true,
  ChannelCloseDetected: true,
  TablesSurviveRestart: true
}

/** A producer that sends by key and a reader that takes a minute, while masters freeze. */
const keyed = (seed: number, isOrderStatic: boolean, promises: ReadonlyArray<string>): Run =>
  producerRun(
    seed,
    { selection: { _tag: "ByKey", hash: 0, isOrderStatic }, resends: 0, pullMillis: 60_000 },
    ["Pause"],
    ["AckedIsStored", "StoredOnce", ...promises]
  )

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

/** How each scenario of routing is looked for, by its id. */
export const routingSearches: Readonly<Record<string, ScenarioSearch>> = {
  R10: {
    onNodes: "ClosedChannelIsDecided",
    // A frozen host closes no channel, so there is nothing that the guard could detect.
    anomaly: { name: "duplicate", guardEndsIt: false },
    play: (seed, isGuarded) => ({
      nodes: byProperty("ChannelCloseDetected", "ClosedChannelIsDecided")(seed, isGuarded),
      clients: anomaliesOf(
        producerRun(seed, { selection: { _tag: "ByKey", hash: 0, isOrderStatic: true }, resends: 2 }, ["Pause"])
          .operations
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
      nodes: breaks("KeyOrder", () => void keyed(seed, isGuarded, ["KeyOrder"])),
      clients: anomaliesOf(keyed(seed, isGuarded, []).operations).includes("key-order")
    })
  }
}
