/**
 * What coordinates the brokers, as a broker's node sees it: one link at a time, questions over it, replies in order.
 *
 *     broker ── ask ──▶ link ──▶ ZooKeeper, or a quorum        a link that is lost loses what was asked and not answered,
 *            ◀── hear ── link ◀──                              never what was done; a session outlives its links
 *
 * The decision: a coordinator is a store of versioned registers with sessions, transactions that hold or do nothing, and
 * notices of change that arrive before anything newer does. Nothing of ZooKeeper's tree, watches or paths is seen here,
 * so a quorum (KIP-500) can stand behind the same questions: registers are its image, a transaction is one batch of its
 * log, a session is a broker's registration and heartbeat.
 *
 * Authority: KafkaZkClient and ZooKeeperClient of Kafka 3.9, whose place this takes.
 */
import { Context, type Effect } from "effect"
import type { ConnectionClosed } from "../../world/Network.ts"
import type { Maybe } from "../rules/Cluster.ts"
import type { ZkQuestion, ZkReply } from "../rules/CoordinationMessages.ts"

/** What a broker asks over its link. */
export type CoordinationRequest =
  /** Takes a session up again, or asks for one; the reply is `Connected` or `Expired`. */
  | { readonly _tag: "Connect"; readonly session: Maybe<number> }
  /** Ends the session: a clean stop. */
  | { readonly _tag: "Close" }
  | ZkQuestion

/** A broker's link while it lasts. */
export interface CoordinationLink {
  /** Asks; on a link that is lost it does nothing. The first request of a link is `Connect`. */
  readonly ask: (request: CoordinationRequest) => void
  /** The next reply or notice, in the order in which the coordinator came to it; fails when the link is lost. */
  readonly hear: Effect.Effect<ZkReply, ConnectionClosed>
  /** Gives the link up. */
  readonly close: () => void
}

export interface CoordinationShape {
  /** Makes a link, however long that takes; a broker has one at a time. */
  readonly link: Effect.Effect<CoordinationLink>
}

export class Coordination extends Context.Service<Coordination, CoordinationShape>()("ackproof/kafka/Coordination") {}
