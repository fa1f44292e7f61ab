/**
 * What a node may do with the network: connect, listen, send, receive.
 *
 * A connection is a pair of ordered queues: inside one, nothing is lost, doubled or overtaken. What was sent may be lost
 * only with the connection, and then always a suffix. Each end learns of the end alone, after the last message that it
 * still gets. Duplicates come from retries, reordering from two connections: both are the node's own doing.
 *
 *     connect(to, port) ──▶ end ══ queue ══▶ end ◀── accept, with the first message
 *                               ◀══ queue ══
 *
 * The side that connects speaks first, as in both protocols here, so the listening side learns of a connection with its
 * first message. Between one dialer and one port of one listener there is one connection at a time: the next one waits
 * until both ends of the last one are closed.
 */
import { Context, type Effect, Schema, type Scope } from "effect"

/** Plain immutable data: what structured clone can carry. The receiver must not change it. */
export type Message = unknown

/** The connection is gone, for whatever reason; nothing is known of what was sent and not answered. */
export class ConnectionClosed extends Schema.TaggedError<ConnectionClosed>()("ConnectionClosed", {
  peer: Schema.String,
  port: Schema.String
}) {
  override get message(): string {
    return `the connection with ${this.peer} (${this.port}) is closed`
  }
}

/** No connection came about: nobody listens there, or nobody answered in time. */
export class ConnectionFailed extends Schema.TaggedError<ConnectionFailed>()("ConnectionFailed", {
  peer: Schema.String,
  port: Schema.String,
  reason: Schema.Literals(["refused", "timed out"])
}) {
  override get message(): string {
    return `connecting to ${this.peer} (${this.port}) ${this.reason === "refused" ? "was refused" : "timed out"}`
  }
}

/** One end of a connection. */
export interface Connection {
  /** The process at the other end. */
  readonly peer: string
  /** Puts a message into the queue to the peer at once; on a connection that is gone it does nothing. */
  readonly send: (message: Message) => void
  /** The next message; fails, from then on always, when the end of the connection has been noticed. */
  readonly receive: Effect.Effect<Message, ConnectionClosed>
  /** Closes this end; what was sent before still arrives. Closing twice is allowed. */
  readonly close: () => void
}

export interface Listener {
  /** The next connection of which the first message has come. */
  readonly accept: Effect.Effect<Connection>
}

export interface Connections {
  /** Waits until the peer can be reached and listens, however long that takes. */
  readonly connect: (to: string, port: string) => Effect.Effect<Connection>
  /** One attempt: fails with `refused` where nothing listens, with `timed out` where nothing answers. */
  readonly tryConnect: (to: string, port: string) => Effect.Effect<Connection, ConnectionFailed>
  /** Listens until the scope is closed or the process is gone; a second listener on the port is a defect. */
  readonly listen: (port: string) => Effect.Effect<Listener, never, Scope.Scope>
}

export class Network extends Context.Service<Network, Connections>()("ackproof/world/Network") {}
