/**
 * What is expected of RocketMQ's routes and of writes after a master is gone, written from sources before any run. Nothing
 * here is computed: a cell that differs from its line fails the run. A class and method is of RocketMQ 4.9.7; times are
 * those of clusters of 4.9.7 and 5.5.0 (test/real/failover-traces).
 */
import type { RoutingPlan } from "../simulate/routing/RoutingFailover.ts"
import type { Expectation } from "./Cell.ts"

export interface RoutingExpectation extends Expectation {
  readonly plan: Omit<RoutingPlan, "seed">
}

const channelClosed =
  "RouteInfoManager.onChannelDestroy: a closed channel is seen at once (80 ms in a cluster of 4.9.7); clients poll every 30 s"
const expired =
  "RouteInfoManager.scanNotActiveBroker: 120 s without a heartbeat, looked for every 10 s (115.3 s in a cluster of 4.9.7)"
const noGossip = "BrokerOuterAPI.registerBrokerAll: each NameServer is told on its own, and none asks another"
const heartbeat = "BrokerController.registerBrokerAll: brokers register every 30 s with every NameServer"
const retries =
  "DefaultMQProducerImpl.sendDefaultImpl: up to 3 tries, on another broker each (no error in a cluster of 4.9.7)"
const neverPromoted =
  "fixed roles: a slave is never promoted, producers skip a broker without id 0 (clusters of 4.9.7, 5.5.0)"
const pinned = "a send to a queue of its own fails until the client's next poll (25.3 s in a cluster of 4.9.7)"
const ordered = "KVConfigManager, ORDER_TOPIC_CONFIG: the queues of an ordered topic stay, whoever serves them is gone"

const inTurn = { _tag: "InTurn", avoidsFaulty: false } as const
const byKey = (isOrderStatic: boolean) => ({ _tag: "ByKey", hash: 0, isOrderStatic }) as const

type Plan = RoutingExpectation["plan"]
interface Deployed {
  readonly name: string
  readonly expected: "kept" | "broken"
  readonly source: string
  readonly plan: Pick<Plan, "fault" | "boundSeconds"> & Partial<Plan>
}

/** An expiry, a scan, a poll, and a heartbeat. */
const convergesSeconds = 120 + 10 + 30 + 30
/** An expiry, a scan, a poll, and 5 s for what is under way. */
const leavesSeconds = 120 + 10 + 30 + 5
const polledSeconds = 30 + 5

const routes: ReadonlyArray<Deployed> = [
  {
    name: "4.9.7, 2 masters and a slave, 2 NameServers; a master is killed",
    expected: "kept",
    source: channelClosed,
    plan: { fault: "kill", boundSeconds: polledSeconds }
  },
  {
    name: "4.9.7, 2 masters and a slave, 2 NameServers; a master's host freezes",
    expected: "kept",
    source: expired,
    plan: { fault: "freeze", boundSeconds: convergesSeconds }
  },
  {
    name: "4.9.7, 2 masters and a slave, 2 NameServers; the link of a master to one of them is cut",
    expected: "broken",
    source: noGossip,
    plan: { fault: "cut", boundSeconds: convergesSeconds }
  },
  {
    name: "4.9.7, 2 masters and a slave, 2 NameServers; the link of a master to one of them is cut and healed",
    expected: "kept",
    source: heartbeat,
    plan: { fault: "cut and heal", boundSeconds: convergesSeconds }
  },
  {
    name: "4.9.7, 2 masters and a slave, 1 NameServer; it is killed and comes back with empty tables",
    expected: "kept",
    source: heartbeat,
    plan: { fault: "restart", boundSeconds: convergesSeconds, nameServers: 1 }
  }
]

const writes: ReadonlyArray<Deployed> = [
  {
    name: "4.9.7, 2 masters, sent in turn; one is killed",
    expected: "kept",
    source: retries,
    plan: { fault: "kill", boundSeconds: 1 }
  },
  {
    name: "4.9.7, 2 masters, sent in turn, sendLatencyFaultEnable=true; one is killed",
    expected: "kept",
    source: retries,
    plan: { fault: "kill", boundSeconds: 1, selection: { _tag: "InTurn", avoidsFaulty: true } }
  },
  {
    name: "4.9.7, 2 masters, sent in turn; the host of one freezes",
    expected: "kept",
    source: expired,
    plan: { fault: "freeze", boundSeconds: leavesSeconds }
  },
  {
    name: "4.9.7, 1 master with a slave, sent in turn; the master is killed",
    expected: "broken",
    source: neverPromoted,
    plan: { fault: "kill", boundSeconds: leavesSeconds, masters: 1, slaves: 1 }
  },
  {
    name: "4.9.7, 2 masters, sent by key; one is killed",
    expected: "kept",
    source: pinned,
    plan: { fault: "kill", boundSeconds: polledSeconds, selection: byKey(false) }
  },
  {
    name: "4.9.7, 2 masters, sent by key to an ordered topic; one is killed",
    expected: "broken",
    source: ordered,
    plan: { fault: "kill", boundSeconds: leavesSeconds, selection: byKey(true) }
  }
]

const secondsIn = (seconds: number): string => seconds === 1 ? "a second" : `${seconds} s`

/** Every cell. */
export const expectations: ReadonlyArray<RoutingExpectation> = [
  ...routes.map(({ expected, name, plan, source }): RoutingExpectation => ({
    guarantee: "RocketMQ cluster: routes converge",
    deployment: name,
    expected,
    promise: `${secondsIn(plan.boundSeconds)} after it, every NameServer and every client has the same route`,
    source,
    plan: { masters: 2, slaves: 1, nameServers: 2, selection: inTurn, promise: "routes", ...plan }
  })),
  ...writes.map(({ expected, name, plan, source }): RoutingExpectation => ({
    guarantee: "RocketMQ cluster: writes move to another master",
    deployment: name,
    expected,
    promise: `from ${
      secondsIn(plan.boundSeconds)
    } after it on every send is stored, though the master does not come back`,
    source,
    plan: { masters: 2, slaves: 0, nameServers: 1, selection: inTurn, promise: "writes", ...plan }
  }))
]
