/**
 * A client's session with ZooKeeper as a program: connects, comes back, says that it is there, and asks one thing at a
 * time.
 *
 * The decision: every wait is bounded but the one for a connection. Nothing heard for two thirds of the timeout and the
 * connection is left; the session is taken up again on the next one, and only the server ever says that it is over.
 *
 * Authority: ClientCnxn.SendThread.run; ZooKeeperClient of Kafka 3.9, which makes a new session when one has expired.
 */
import { Effect } from "effect"
import { type Connection, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import * as Client from "../rules/ZooKeeperClient.ts"
import type { ToClient, ToServer } from "../rules/ZooKeeperServer.ts"
import { pingMillis, readTimeoutMillis, type SessionTimes } from "../rules/ZooKeeperSessions.ts"
import { isPing, type Ping, zooKeeperName, zooKeeperPort } from "./ZooKeeperMessages.ts"

/** A client's memory, which a projection reads. */
export interface SessionCell<Asked> {
  own: Client.ClientKnowledge<Asked>
  /** Its end of the connection is open. */
  dialed: boolean
}

export const sessionCell = <Asked>(): SessionCell<Asked> => ({ own: Client.beginning, dialed: false })

export interface SessionOptions<Asked, Data> {
  readonly number: number
  readonly cell: SessionCell<Asked>
  readonly guards: Client.ClientGuards
  readonly times: SessionTimes
  /** The next question, once there is one. */
  readonly wanted: () => Asked | undefined
  /** A question was sent: it is wanted no longer. */
  readonly sent: (asked: Asked) => void
  readonly requestOf: (asked: Asked) => ToServer<Data>
  /** Hears each message with what the client knew before it, before the step is reported. */
  readonly heard: (message: ToClient<Data>, before: Client.ClientKnowledge<Asked>) => void
  /** Numbers the kind of a question for the step that is reported. */
  readonly kindOf: (asked: Asked) => number
}

export const zooKeeperSession = <Asked, Data>(options: SessionOptions<Asked, Data>) =>
  Effect.gen(function*() {
    const { cell, guards, heard, kindOf, number, requestOf, sent, times, wanted } = options
    const network = yield* Network
    const process = yield* Process
    let open: Connection | undefined

    const leave = (action: "LoseServer" | "GiveUp"): void => {
      open?.close()
      open = undefined
      cell.dialed = false
      cell.own = Client.loseServer(cell.own)
      process.did(action, number)
    }
    const take = (connection: Connection, message: ToClient<Data>): void => {
      const before = cell.own
      const turn = Client.hear(guards, before, message)
      cell.own = turn.own
      for (const request of turn.sends) connection.send(request)
      heard(message, before)
      if (turn.closes) {
        connection.close()
        open = undefined
        cell.dialed = false
      }
      process.did("Hear", number)
    }
    /** Hears until the connection is over. */
    const listen = (connection: Connection) =>
      Effect.gen(function*() {
        while (open === connection) {
          const message = yield* connection.receive.pipe(Effect.timeoutOption(readTimeoutMillis(times)))
          if (message._tag === "None") return leave("GiveUp")
          if (!isPing(message.value)) take(connection, message.value as ToClient<Data>)
        }
      }).pipe(Effect.catchTag("ConnectionClosed", () => Effect.sync(() => leave("LoseServer"))))
    const stay = Effect.gen(function*() {
      while (true) {
        const connection = yield* network.connect(zooKeeperName, zooKeeperPort)
        open = connection
        cell.dialed = true
        connection.send({ _tag: "Connect", session: cell.own.session } satisfies ToServer<Data>)
        process.did("Connect", number)
        yield* listen(connection)
      }
    })
    const beat = Effect.gen(function*() {
      while (true) {
        yield* Effect.sleep(pingMillis(times))
        if (cell.own.ready) open?.send({ _tag: "Ping" } satisfies Ping)
      }
    })
    const next = () => cell.own.ready && cell.own.asks.length === 0 ? wanted() : undefined
    const ask = Effect.gen(function*() {
      while (true) {
        yield* process.until("ask", () => next() !== undefined)
        const asked = next()
        if (asked === undefined) continue
        cell.own = { ...cell.own, asks: [asked] }
        open!.send(requestOf(asked))
        sent(asked)
        process.did("Ask", number, kindOf(asked))
      }
    })
    yield* Effect.all([stay, beat, ask], { concurrency: "unbounded" })
  })
