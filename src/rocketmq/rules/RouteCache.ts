/**
 * The route that a client goes by: the last one that it was told, which may be long untrue.
 *
 * The decision: "there is no route" leaves the cached one as it is, so a client outlives a NameServer that restarts with
 * empty tables (R13), and also goes on with a route whose brokers are all gone.
 *
 * Authority: MQClientInstance.updateTopicRouteInfoFromNameServer, topicRouteData2TopicPublishInfo,
 * topicRouteData2TopicSubscribeInfo, findBrokerAddressInPublish and -InSubscribe;
 * NettyRemotingClient.getAndCreateNameserverChannel for the NameServer that is asked. RocketMQ 4.9.7.
 */
import { type Deployment, isMaster, masterOf, nameOf, upTo } from "./Deployment.ts"
import type { Route, RouteAnswer } from "./RouteTables.ts"

/** pollNameServerInterval, and what a client waits for an answer (mqClientApiTimeout). */
export const pollMillis = 30_000
export const askTimeoutMillis = 3_000

/** A client's memory of routes: which NameServer it asks, whether it waits for an answer, and what it was told. */
export interface RouteCache {
  readonly server: number
  readonly polling: boolean
  readonly cache: ReadonlyArray<Route>
}

export const emptyCache: RouteCache = { server: 1, polling: false, cache: [] }

/** Asks. */
export const poll = (own: RouteCache): RouteCache | undefined => own.polling ? undefined : { ...own, polling: true }

/** Takes an answer. */
export const learn = (own: RouteCache, answer: RouteAnswer): RouteCache => ({
  server: own.server,
  polling: false,
  cache: answer._tag === "NoRoute" ? own.cache : [{ addrs: answer.addrs, queues: answer.queues }]
})

/** The NameServer asked did not answer, or could not be reached: the next one in turn is asked. */
export const switchServer = (own: RouteCache, servers: number): RouteCache => ({
  server: own.server === servers ? 1 : own.server + 1,
  polling: false,
  cache: own.cache
})

/** Names that a producer writes to: with the permission, and with a master. A slave is never promoted. */
export const publishable = (deployment: Deployment, route: Route): ReadonlyArray<number> =>
  upTo(deployment.masters).filter((name) =>
    route.queues[name - 1]![0]?.writable === true && route.addrs.includes(masterOf(name))
  )

/** Where a consumer reads a name from: the broker it was advised to, else the one after it, else any. */
export const readAddress = (
  deployment: Deployment,
  route: Route,
  name: number,
  advised: "master" | "slave"
): number | undefined => {
  const addresses = route.addrs.filter((address) => nameOf(deployment, address) === name)
  return addresses.find((address) => isMaster(deployment, address) === (advised === "master")) ?? addresses[0]
}
