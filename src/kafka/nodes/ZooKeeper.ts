/**
 * The ZooKeeper server as a program: one tree in memory, a connection a client, a thread that ends sessions.
 *
 *     port "zookeeper"   Connect, SetWatches, Read, Multi, Close, Ping ─▶ replies and events, in order
 *
 * The decision: a request is served whole in the event in which it arrives, so the order of the connections' messages is
 * the order of the transactions. Sessions expire by the server's clock alone, in buckets; a message of a connection,
 * a ping too, moves its session to a later one.
 *
 * Left out: a failure of the server (what it would have to keep is its transaction log), other servers.
 * Authority: NIOServerCnxn, ZooKeeperServer.touchSession, SessionTrackerImpl.run of ZooKeeper 3.8.
 */
import { Clock, Effect } from "effect"
import { type Connection, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { at, upTo } from "../rules/Cluster.ts"
import * as Server from "../rules/ZooKeeperServer.ts"
import { bucketOf, type SessionTimes } from "../rules/ZooKeeperSessions.ts"
import type { Tree } from "../rules/ZooKeeperTree.ts"
import { type Ping, zooKeeperPort } from "./ZooKeeperMessages.ts"

/** The server's memory, which a projection reads. */
export interface ZooKeeperCell<Data> {
  server: Server.ServerState<Data>
  /** The bucket of each live session, by client and number, milliseconds of the server's clock. */
  readonly buckets: Map<string, number>
}

export const zooKeeperCell = <Data>(tree: Tree<Data>, clients: number): ZooKeeperCell<Data> => ({
  server: Server.serverOf(tree, clients),
  buckets: new Map()
})

export interface ZooKeeperOptions<Data> {
  readonly cell: ZooKeeperCell<Data>
  readonly guards: Server.ZooKeeperGuards
  readonly times: SessionTimes
  /** The timeout that a client asks for (ConnectRequest.timeOut), milliseconds; without it, all ask for that of `times`. */
  readonly timeoutOf?: (client: number) => number
  /** The client that a process is, from 1. */
  readonly clientOf: (process: string) => number
  /** Hears of each change of the server: for those who compare, never for the node itself. */
  readonly observe?: (server: Server.ServerState<Data>) => void
}

export const zooKeeper = <Data>({ cell, clientOf, guards, observe, timeoutOf, times }: ZooKeeperOptions<Data>) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    const clock = yield* Clock.Clock
    const connections = new Map<number, Connection>()

    const nameOf = (client: number, session: number) => `${client} ${session}`
    const touch = (client: number): void => {
      for (const session of at(cell.server.clients, client).attached) {
        const asked = { ...times, timeoutMillis: timeoutOf?.(client) ?? times.timeoutMillis }
        cell.buckets.set(nameOf(client, session), bucketOf(asked, clock.currentTimeMillisUnsafe()))
      }
    }
    const carryOut = ({ closes, sends, server }: Server.ServerTurn<Data>): void => {
      cell.server = server
      for (const { message, to } of sends) connections.get(to)?.send(message)
      for (const client of closes) {
        const connection = connections.get(client)
        connections.delete(client)
        connection?.close()
      }
      observe?.(server)
    }

    const serve = (client: number, connection: Connection, message: Server.ToServer<Data> | Ping): void => {
      if (message._tag === "Ping") {
        touch(client)
        return connection.send({ _tag: "Ping" } satisfies Ping)
      }
      carryOut(Server.serve(guards, cell.server, client, message))
      touch(client)
      process.did("Serve", client)
    }
    const lose = (client: number, connection: Connection): void => {
      if (connections.get(client) !== connection) return
      connections.delete(client)
      cell.server = Server.loseClient(cell.server, client) ?? cell.server
      observe?.(cell.server)
      process.did("LoseClient", client)
    }
    const connected = (connection: Connection) => {
      const client = clientOf(connection.peer)
      connections.set(client, connection)
      return Effect.forever(
        Effect.map(connection.receive, (message) => serve(client, connection, message as Server.ToServer<Data> | Ping))
      ).pipe(Effect.catchTag("ConnectionClosed", () => Effect.sync(() => lose(client, connection))))
    }
    const accept = Effect.gen(function*() {
      const listener = yield* network.listen(zooKeeperPort)
      while (true) yield* Effect.forkScoped(connected(yield* listener.accept), { startImmediately: true })
    })

    const sessions = () =>
      cell.server.clients.flatMap(({ sessions: all }, i) => all.map((session) => ({ client: i + 1, session })))
    const isOver = ({ client, session }: { readonly client: number; readonly session: number }): boolean =>
      cell.buckets.get(nameOf(client, session))! <= clock.currentTimeMillisUnsafe()
    const track = Effect.gen(function*() {
      while (true) {
        yield* Effect.sleep(times.tickMillis - clock.currentTimeMillisUnsafe() % times.tickMillis)
        for (let over = sessions().find(isOver); over !== undefined; over = sessions().find(isOver)) {
          const turn = Server.expire(guards, cell.server, over.client, over.session)
          cell.buckets.delete(nameOf(over.client, over.session))
          if (turn === undefined) break
          carryOut(turn)
          process.did("Expire", over.client, over.session)
        }
      }
    })
    /** Nothing where the guards are on: an ephemeral that was left behind, and events that did not go first. */
    const later = (point: string, next: () => Server.ServerTurn<Data> | undefined, did: () => void) =>
      Effect.gen(function*() {
        while (true) {
          yield* process.until(point, () => next() !== undefined)
          const turn = next()
          if (turn === undefined) continue
          carryOut(turn)
          did()
        }
      })
    const sweep = later("sweep", () => Server.sweep(guards, cell.server), () => process.did("Sweep"))
    const release = upTo(cell.server.clients.length).map((client) =>
      later(`release ${client}`, () => Server.release(cell.server, client), () => process.did("Release", client))
    )
    yield* Effect.all([accept, track, sweep, ...release], { concurrency: "unbounded" })
  })
