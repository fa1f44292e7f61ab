/**
 * ZooKeeper behind the interface of coordination: a broker's session, its watches, its pings.
 *
 *     broker ── question ──▶ request ──▶ ZooKeeper          replies come in the order of the requests, so the
 *            ◀── reply ───── message ◀──                    oldest question that waits is the one answered
 *
 * The decision: what is the protocol's alone stays here (pings, the read timeout, the watches that are handed over after
 * a reconnect); a session that has ended closes the link, and the next link says `Expired`, as in the real one.
 *
 * Authority: ClientCnxn of ZooKeeper 3.8; ZooKeeperClient, KafkaZkClient of Kafka 3.9.
 */
import { Effect } from "effect"
import { type Connection, ConnectionClosed, Network } from "../../world/Network.ts"
import type { Cluster } from "../rules/Cluster.ts"
import type { ZkQuestion, ZkReply, ZnodeData } from "../rules/CoordinationMessages.ts"
import * as Client from "../rules/ZooKeeperClient.ts"
import type { ToClient, ToServer } from "../rules/ZooKeeperServer.ts"
import { pingMillis, readTimeoutMillis, type SessionTimes } from "../rules/ZooKeeperSessions.ts"
import type { CoordinationLink, CoordinationRequest, CoordinationShape } from "./Coordination.ts"
import { isPing, type Ping, zooKeeperName, zooKeeperPort } from "./ZooKeeperMessages.ts"
import { replyOf, requestOf } from "./ZooKeeperPaths.ts"

/** What the broker's side of its session knows, which a projection reads. */
export interface CoordinationCell {
  own: Client.ClientKnowledge<never>
}

export const coordinationCell = (): CoordinationCell => ({ own: Client.beginning })

export interface ZooKeeperCoordinationOptions {
  readonly cluster: Cluster
  readonly broker: number
  readonly guards: Client.ClientGuards
  readonly times: SessionTimes
  readonly cell: CoordinationCell
}

/** Coordination by ZooKeeper, for one broker. */
export const zooKeeperCoordination = ({ broker, cell, cluster, guards, times }: ZooKeeperCoordinationOptions) =>
  Effect.gen(function*() {
    const network = yield* Network
    let open: Connection | undefined

    const beat = Effect.gen(function*() {
      while (true) {
        yield* Effect.sleep(pingMillis(times))
        if (cell.own.ready) open?.send({ _tag: "Ping" } satisfies Ping)
      }
    })
    yield* Effect.forkScoped(beat, { startImmediately: true })

    const linkOf = (connection: Connection): CoordinationLink => {
      const waiting: Array<ZkQuestion> = []
      const send = (request: ToServer<ZnodeData>) => connection.send(request)
      const ask = (request: CoordinationRequest): void => {
        switch (request._tag) {
          case "Connect":
            // A session that is asked for anew has no watches, and nothing was seen in it.
            if (request.session.length === 0) cell.own = Client.beginning
            return send(request)
          case "Close":
            return send(request)
          case "Read":
          case "Multi":
            waiting.push(request)
            return send(requestOf(cluster, broker, request))
        }
      }
      const leave = (): void => {
        if (open === connection) open = undefined
        cell.own = Client.loseServer(cell.own)
        connection.close()
      }
      const take = (message: ToClient<ZnodeData>): ReadonlyArray<ZkReply> => {
        const { own, sends } = Client.hear(guards, cell.own, message)
        cell.own = own
        for (const request of sends) send(request)
        const answers = message._tag === "Found" || message._tag === "Collected" || message._tag === "Done" ||
          message._tag === "Failed"
        return replyOf(cluster, broker, answers ? waiting.shift() : undefined, message)
      }
      const silent = new ConnectionClosed({ peer: zooKeeperName, port: zooKeeperPort })
      const hear: CoordinationLink["hear"] = Effect.gen(function*() {
        while (true) {
          const message = yield* connection.receive.pipe(Effect.timeoutOption(readTimeoutMillis(times)))
          if (message._tag === "None") return yield* silent
          if (isPing(message.value)) continue
          const [reply] = take(message.value as ToClient<ZnodeData>)
          if (reply !== undefined) return reply
        }
      }).pipe(Effect.tapError(() => Effect.sync(leave)))
      return { ask, hear, close: leave }
    }
    return {
      link: Effect.map(network.connect(zooKeeperName, zooKeeperPort), (connection) => {
        open = connection
        return linkOf(connection)
      })
    } satisfies CoordinationShape
  })
