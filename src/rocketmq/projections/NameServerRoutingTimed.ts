/**
 * The nodes and their world as a state of the model NameServerRoutingTimed. Total by type: a variable without a source does
 * not compile.
 *
 * The decision: a moment is the unit in which it lies, and a period is how many units end between now and then; what is
 * overdue is due now. What nobody keeps, a ghost, is the ledger's of who watches.
 */
import type { TimedState } from "../models/NameServerRoutingTimed.ts"
import { brokerName, clientName, nameServerName, routePort } from "../nodes/RoutingMessages.ts"
import { brokersOf, upTo } from "../rules/Deployment.ts"
import { periods, unitMillis } from "../rules/RoutePeriods.ts"
import type { RouteAnswer } from "../rules/RouteTables.ts"
import { type Projected, projectNameServerRouting } from "./NameServerRouting.ts"

/** What a projection reads besides: when it is, when a unit ended first, and who is frozen. */
export interface TimedProjected extends Projected {
  readonly nowMillis: number
  readonly firstUnitMillis: number
  readonly isPaused: (process: string) => boolean
}

/** What only who watches knows. */
export type TimedLedger = Pick<TimedState, "since" | "settled" | "faults"> & {
  /** Clients whose NameServer was paused while they asked it. */
  readonly late: ReadonlyArray<boolean>
}

export const projectNameServerRoutingTimed = (world: TimedProjected, ledger: TimedLedger): TimedState => {
  const { deployment, firstUnitMillis, nowMillis } = world
  const { accepted, cut, dialed, inFlight, link, live, addrs, pending, server, told } = projectNameServerRouting(world)
  const brokers = brokersOf(deployment)
  const servers = upTo(world.nameServers)
  const clients = upTo(world.clients)
  const unitOf = (millis: number) => Math.floor((millis - firstUnitMillis) / unitMillis)
  const until = (millis: number) => Math.max(0, unitOf(millis) - unitOf(nowMillis))
  const ageOf = (n: number, b: number): ReadonlyArray<number> => {
    const last = world.serverCells.get(n)!.lastUpdateMillis.get(b)
    const isLive = live[n - 1]!.some(({ broker }) => broker === b)
    if (!isLive || last === undefined) return []
    return [Math.min(periods.Expiry + 1, unitOf(nowMillis) - unitOf(last))]
  }
  const isUp = (b: number) => world.isUp(brokerName(b))
  const routeIn = (answer: RouteAnswer) => answer._tag === "Route" ? answer.addrs : []
  const cellOf = (c: number) => world.clientCells.get(c)!
  return {
    status: brokers.map((b) => !isUp(b) ? "dead" : world.isPaused(brokerName(b)) ? "frozen" : "up"),
    beat: brokers.map((b) => servers.map((n) => isUp(b) ? until(world.brokerCells.get(b)!.nextMillis[n - 1]!) : 0)),
    dialing: brokers.map((b) => servers.filter((n) => isUp(b) && world.brokerCells.get(b)!.dialing[n - 1]!)),
    dialed,
    cut,
    inFlight: inFlight.map((all) => all.map((messages) => messages.length)),
    link,
    runs: servers.map((n) => !world.isPaused(nameServerName(n))),
    accepted: accepted.map((all) => brokers.filter((b) => all[b - 1]!)),
    age: servers.map((n) => brokers.map((b) => ageOf(n, b))),
    routed: addrs,
    pending,
    poll: clients.map((c) => until(cellOf(c).nextMillis)),
    server,
    asking: clients.map((c, i) => !cellOf(c).asking ? "no" : ledger.late[i]! ? "late" : "yes"),
    told: told.map((answers) => answers.map(routeIn)),
    cache: clients.map((c) => cellOf(c).routes.cache.flatMap(({ addrs }) => addrs)),
    since: ledger.since,
    settled: ledger.settled,
    faults: ledger.faults
  }
}

/** Whether an answer is on its way to a client that it will reach. */
export const isAnswered = (world: Projected, client: number, server: number): boolean => {
  const end = { dialer: clientName(client), listener: nameServerName(server), port: routePort }
  return (world.wire(end)?.toDialer.length ?? 0) > 0
}
