/**
 * A NameServer as a program: tables in memory, a channel a broker, a scan, and a thread that carries out removals.
 *
 *     port "broker"   Register ─▶ tables; end of the channel ─▶ pending
 *     port "route"    Ask ─▶ route of the topic
 *
 * The decision: what carries out a decided removal is a fiber of its own for each address, which waits at a named point,
 * so the time between decision and removal is the world's choice (BatchUnregistrationService; the write lock in 4.9).
 *
 * Authority: RouteInfoManager, BrokerHousekeepingService, DefaultRequestProcessor, NamesrvController.initialize (scan
 * every 10 s, the first after 5 s) of RocketMQ 4.9.7.
 */
import { Clock, Effect } from "effect"
import { Disk, type Operations } from "../../world/Disk.ts"
import { type Connection, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { brokersOf, type Deployment, upTo } from "../rules/Deployment.ts"
import * as Tables from "../rules/RouteTables.ts"
import { type Ask, brokerPort, numberIn, routePort } from "./RoutingMessages.ts"

/** Periods of a NameServer, milliseconds. */
export interface NameServerTimes {
  readonly firstScanMillis: number
  readonly scanMillis: number
  readonly expiryMillis: number
}
export const nameServerTimes: NameServerTimes = {
  firstScanMillis: 5_000,
  scanMillis: 10_000,
  expiryMillis: Tables.expiryMillis
}

/** What an administrator wants of the permission to write to a name, if anything. */
type Administrator = (name: number) => boolean | undefined

/** A NameServer's memory, which a projection reads. */
export interface NameServerCell {
  state: Tables.NameServerState
  /** lastUpdateTimestamp of each entry of the live table. */
  readonly lastUpdateMillis: Map<number, number>
}

export const nameServerCell = (deployment: Deployment): NameServerCell => ({
  state: Tables.emptyTables(deployment),
  lastUpdateMillis: new Map()
})

/** Guards of a NameServer; without `TablesSurviveRestart` its tables are in memory only, as the real one has them. */
export interface NameServerGuards extends Tables.RoutingGuards {
  readonly TablesSurviveRestart?: boolean
}

export interface NameServerOptions {
  readonly number: number
  readonly guards: NameServerGuards
  readonly deployment: Deployment
  readonly times: NameServerTimes
  readonly cell: NameServerCell
  readonly administrator: Administrator
  /** Hears which registration was taken, and 0 for a removal: for those who compare, never for the node itself. */
  readonly observe: (broker: number, version: number) => void
}

const path = "/tables"

/** Tables that outlive the process: the whole of them, in a file that takes the place of the last one. */
const keepTables = (disk: Operations, { addrs, live, queues }: Tables.NameServerState): void => {
  const file = disk.open(`${path}.next`, "either")
  file.truncate(0)
  file.append(new TextEncoder().encode(JSON.stringify({ addrs, live, queues })))
  file.close()
  disk.rename(`${path}.next`, path)
}
const keptTables = (disk: Operations, deployment: Deployment): Tables.NameServerState => {
  const size = disk.stat(path)
  if (size?.kind !== "file") return Tables.emptyTables(deployment)
  const file = disk.open(path, "existing")
  const text = new TextDecoder().decode(file.read(0, size.size))
  file.close()
  return { ...Tables.emptyTables(deployment), ...JSON.parse(text) as Partial<Tables.NameServerState> }
}

export const nameServer = ({ administrator, cell, deployment, guards, number, observe, times }: NameServerOptions) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    const clock = yield* Clock.Clock
    const disk = yield* Disk
    const channels = new Map<number, Connection>()
    // Where tables do not survive there are none on the disk.
    cell.state = keptTables(disk, deployment)
    // Whoever was there has a whole period from the start on to be heard again.
    for (const { broker } of cell.state.live) cell.lastUpdateMillis.set(broker, clock.currentTimeMillisUnsafe())
    const did = (action: string, ...args: ReadonlyArray<number>): void => {
      if (guards.TablesSurviveRestart === true) keepTables(disk, cell.state)
      process.did(action, ...args)
    }

    const taken = (broker: number, connection: Connection, message: Tables.Register): void => {
      channels.set(broker, connection)
      cell.state = Tables.register(deployment, cell.state, broker, message)
      cell.lastUpdateMillis.set(broker, clock.currentTimeMillisUnsafe())
      observe(broker, message.version)
      did("Register", number, broker)
    }
    const ended = (broker: number, connection: Connection): void => {
      if (channels.get(broker) !== connection) return
      channels.delete(broker)
      cell.state = Tables.channelClosed(guards, cell.state, broker)
      did("ChannelClosed", number, broker)
    }
    const channel = (connection: Connection) => {
      const broker = numberIn(connection.peer)
      return Effect.forever(
        Effect.map(connection.receive, (message) => taken(broker, connection, message as Tables.Register))
      ).pipe(Effect.catchTag("ConnectionClosed", () => Effect.sync(() => ended(broker, connection))))
    }
    const serveBrokers = Effect.gen(function*() {
      const listener = yield* network.listen(brokerPort)
      while (true) yield* Effect.forkScoped(channel(yield* listener.accept), { startImmediately: true })
    })

    const answer = (connection: Connection, { client }: Ask): void => {
      connection.send(Tables.routeOf(deployment, cell.state))
      process.did("AnswerRoute", number, client)
    }
    const serveClients = Effect.gen(function*() {
      const listener = yield* network.listen(routePort)
      while (true) {
        const connection = yield* listener.accept
        yield* Effect.forever(Effect.map(connection.receive, (message) => answer(connection, message as Ask))).pipe(
          Effect.catchTag("ConnectionClosed", () => Effect.void),
          Effect.forkScoped({ startImmediately: true })
        )
      }
    })

    const expire = (broker: number): void => {
      cell.state = Tables.expire(cell.state, broker)!
      cell.lastUpdateMillis.delete(broker)
      const connection = channels.get(broker)
      channels.delete(broker)
      connection?.close()
      did("Expire", number, broker)
    }
    const isOldestTooOld = (): boolean => {
      const oldest = cell.state.live[0]
      if (oldest === undefined) return false
      const last = cell.lastUpdateMillis.get(oldest.broker)!
      return Tables.isTooOld(last, clock.currentTimeMillisUnsafe(), times.expiryMillis)
    }
    const scan = Effect.gen(function*() {
      yield* Effect.sleep(times.firstScanMillis)
      while (true) {
        while (isOldestTooOld()) expire(cell.state.live[0]!.broker)
        yield* Effect.sleep(times.scanMillis)
      }
    })

    const unregister = (broker: number) =>
      Effect.gen(function*() {
        while (true) {
          yield* process.until(`unregister ${broker}`, () => cell.state.pending.includes(broker))
          const removed = Tables.removes(guards, cell.state, broker)
          const after = Tables.unregister(deployment, guards, cell.state, broker)
          if (after === undefined) continue
          cell.state = after
          if (removed) observe(broker, 0)
          did("Unregister", number, broker)
        }
      })

    const administer = (name: number) =>
      Effect.gen(function*() {
        const wanted = () => {
          const writable = administrator(name)
          return writable === undefined ? undefined : Tables.setWritable(cell.state, name, writable)
        }
        while (true) {
          yield* process.until(`administer ${name}`, () => wanted() !== undefined)
          const after = wanted()
          if (after === undefined) continue
          cell.state = after
          did(after.queues[name - 1]![0]!.writable ? "AddWritePerm" : "WipeWritePerm", number, name)
        }
      })

    yield* Effect.all([
      serveBrokers,
      serveClients,
      scan,
      ...brokersOf(deployment).map(unregister),
      ...upTo(deployment.masters).map(administer)
    ], { concurrency: "unbounded" })
  })
