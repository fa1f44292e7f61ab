/**
 * The nodes and their world as a state of the model NameServerRouting. Total by type: a variable without a source does
 * not compile. What a process does not have while it is down is the value that it starts with.
 */
import type { State } from "../models/NameServerRouting.ts"
import type { BrokerCell } from "../nodes/BrokerRegistration.ts"
import type { NameServerCell } from "../nodes/NameServer.ts"
import type { ClientCell } from "../nodes/RouteClient.ts"
import { brokerName, brokerPort, clientName, nameServerName, routePort } from "../nodes/RoutingMessages.ts"
import { brokersOf, type Deployment, upTo } from "../rules/Deployment.ts"
import { emptyTables, type Register, type RouteAnswer } from "../rules/RouteTables.ts"

/** A connection as the network has it. */
interface Wire {
  readonly cut: boolean
  readonly toDialer: ReadonlyArray<unknown>
  readonly toListener: ReadonlyArray<unknown>
}

/** What a projection reads; every map is by number. */
export interface Projected {
  readonly deployment: Deployment
  readonly nameServers: number
  readonly clients: number
  readonly isUp: (process: string) => boolean
  readonly wire: (
    end: { readonly dialer: string; readonly listener: string; readonly port: string }
  ) => Wire | undefined
  readonly isLinkCut: (from: string, to: string) => boolean
  readonly brokerCells: ReadonlyMap<number, BrokerCell>
  readonly serverCells: ReadonlyMap<number, NameServerCell>
  readonly clientCells: ReadonlyMap<number, ClientCell>
  /** The version last received by a NameServer from a broker, 0 for none: the ledger of who watches. */
  readonly received: (server: number, broker: number) => number
  /** The version on a broker's disk, for when it is down. */
  readonly versionOnDisk: (broker: number) => number
  readonly faults: number
  /** A NameServer that is down has its tables on its disk. */
  readonly tablesSurvive: boolean
}

export const projectNameServerRouting = (world: Projected): State => {
  const brokers = brokersOf(world.deployment)
  const servers = upTo(world.nameServers)
  const clients = upTo(world.clients)
  const pairs = <A>(of: (broker: number, server: number) => A) => brokers.map((b) => servers.map((n) => of(b, n)))
  const wire = (b: number, n: number) =>
    world.wire({ dialer: brokerName(b), listener: nameServerName(n), port: brokerPort })
  const question = (c: number, n: number) =>
    world.wire({ dialer: clientName(c), listener: nameServerName(n), port: routePort })
  const isUp = (b: number) => world.isUp(brokerName(b))
  const empty = emptyTables(world.deployment)
  const tables = servers.map((n) => {
    const own = world.serverCells.get(n)!.state
    if (world.isUp(nameServerName(n))) return own
    return world.tablesSurvive ? { ...own, accepted: empty.accepted, pending: empty.pending } : empty
  })
  const routes = clients.map((c) => world.clientCells.get(c)!.routes)
  return {
    status: brokers.map((b) => isUp(b) ? "up" : "down"),
    version: brokers.map((b) => isUp(b) ? world.brokerCells.get(b)!.version : world.versionOnDisk(b)),
    dialed: pairs((b, n) => isUp(b) && world.brokerCells.get(b)!.dialed[n - 1]!),
    cut: pairs((b, n) => wire(b, n)?.cut ?? true),
    inFlight: pairs((b, n) => (wire(b, n)?.toListener ?? []) as ReadonlyArray<Register>),
    link: pairs((b, n) => !world.isLinkCut(brokerName(b), nameServerName(n))),
    serverUp: servers.map((n) => world.isUp(nameServerName(n))),
    accepted: tables.map(({ accepted }) => accepted),
    live: tables.map(({ live }) => live),
    addrs: tables.map(({ addrs }) => addrs),
    queues: tables.map(({ queues }) => queues),
    pending: tables.map(({ pending }) => pending),
    received: servers.map((n) => brokers.map((b) => world.received(n, b))),
    server: routes.map(({ server }) => server),
    polling: routes.map(({ polling }) => polling),
    asked: clients.map((c) => servers.map((n) => (question(c, n)?.toListener.length ?? 0) > 0)),
    told: clients.map((c, i) => (question(c, routes[i]!.server)?.toDialer ?? []) as ReadonlyArray<RouteAnswer>),
    cache: routes.map(({ cache }) => cache),
    faults: world.faults
  }
}
