/**
 * What is on the way between brokers and ZooKeeper, and between brokers, as the variables of the model ControllerElection
 * that hold messages.
 *
 *     connection not cut    exact: what is in flight, what a handler holds and has not dealt with
 *     connection cut        not told: what is in flight may still arrive or not, which the run shows later
 *
 * The decision: pings and what hands watches over are the protocol's alone and stand for nothing; a reply is what its
 * question makes of it, and the question is the one that the broker's thread waits for.
 */
import type { AlterSlot, FetchSlot, OrderSlot, ToZooKeeper } from "../models/ControllerElectionState.ts"
import type { AlterMessage, FetchAnswer, FetchMessage, OrderMessage } from "../nodes/ElectionMessages.ts"
import { isPing } from "../nodes/ZooKeeperMessages.ts"
import { pathOf, replyOf, requestOf } from "../nodes/ZooKeeperPaths.ts"
import type { Cluster, Maybe } from "../rules/Cluster.ts"
import type { ControllerOrder, Verdict, WatchKind, ZkReply, ZnodeData } from "../rules/CoordinationMessages.ts"
import type { Knowledge } from "../rules/Knowledge.ts"
import type { ServerSide, ToClient, ToServer } from "../rules/ZooKeeperServer.ts"

/** Messages in flight of a connection that is not cut. */
export interface Wire {
  readonly toDialer: ReadonlyArray<unknown>
  readonly toListener: ReadonlyArray<unknown>
}

const isProtocol = (message: unknown): boolean =>
  isPing(message) || ["SetWatches", "WatchesSet"].includes((message as ToServer<unknown> | ToClient<unknown>)._tag)

/** What a broker has asked ZooKeeper and has not been served. */
export const questionsOn = ({ toListener }: Wire): ReadonlyArray<ToServer<ZnodeData>> =>
  toListener.filter((message) => !isProtocol(message)) as ReadonlyArray<ToServer<ZnodeData>>

const sameText = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Requests in flight; one that is not what the thread waits for stands as it is, which nothing equals. */
export const projectToZooKeeper = (
  cluster: Cluster,
  broker: number,
  { asks: [question], session: [session = 0] }: Knowledge,
  wire: Wire
): ReadonlyArray<ToZooKeeper> =>
  questionsOn(wire).map((message): ToZooKeeper => {
    if (message._tag === "Connect") return { session: message.session[0] ?? 0, message }
    const isAsked = question !== undefined && sameText(requestOf(cluster, broker, question), message)
    return { session, message: isAsked ? question : message as never }
  })

/** Replies and events in flight. */
export const projectFromZooKeeper = (
  cluster: Cluster,
  broker: number,
  own: Knowledge,
  { toDialer }: Wire
): ReadonlyArray<ZkReply> =>
  toDialer.filter((message) => !isProtocol(message)).flatMap((message) =>
    replyOf(cluster, broker, own.asks[0], message as ToClient<ZnodeData>)
  )

/** What is watched for a broker's connection. */
export const projectWatches = (watches: ServerSide["watches"]): ReadonlyArray<WatchKind> => {
  const isWatched = (path: string) => watches.some((watch) => watch.endsWith(` ${path}`))
  return [
    ...isWatched(pathOf(["controller", 0])) ? ["ControllerChange" as const] : [],
    ...isWatched("/brokers/ids") ? ["BrokerChange" as const] : []
  ]
}

/** An order on its way to a broker, held there, or answered; `next` is the first of the controller's queue. */
export const projectOrder = (
  wire: Wire,
  held: OrderMessage | undefined,
  dialed: ControllerOrder | undefined,
  next: ControllerOrder | undefined
): Maybe<OrderSlot> => {
  const message = held ?? wire.toListener[0] as OrderMessage | undefined
  if (message !== undefined) return [{ open: message.order === next, message }]
  return wire.toDialer.length > 0 && dialed === next ? [{ open: true, message: { _tag: "Answer" } }] : []
}

/** A proposal on its way to a controller, held there, or answered. */
export const projectAlter = (wire: Wire, held: AlterMessage | undefined, to: number): Maybe<AlterSlot> => {
  const message = held ?? (wire.toListener[0] ?? wire.toDialer[0]) as AlterMessage | Verdict | undefined
  return message === undefined ? [] : [{ open: true, to, message }]
}

/** A fetch on its way to a leader, or answered. */
export const projectFetch = ({ toDialer, toListener }: Wire, to: number): Maybe<FetchSlot> => {
  const message = (toListener[0] ?? toDialer[0]) as FetchMessage | FetchAnswer | undefined
  if (message === undefined) return []
  if (message._tag === "NotLeader") return [{ open: true, to, message }]
  const { _tag, end, epoch } = message
  return [{ open: true, to, message: { _tag, epoch, end } }]
}
