/**
 * The part of a client that keeps its route: every 30 s it asks one NameServer, and the next one when that does not
 * answer.
 *
 * The decision: one connection a question. The real client keeps its channel and picks another NameServer when that has
 * gone (NettyRemotingClient.getAndCreateNameserverChannel), which differs in when a dead NameServer is noticed only.
 *
 * Authority: MQClientInstance.startScheduledTask, updateTopicRouteInfoFromNameServer of RocketMQ 4.9.7.
 */
import { Clock, Effect } from "effect"
import { Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import * as Cache from "../rules/RouteCache.ts"
import type { RouteAnswer } from "../rules/RouteTables.ts"
import { monotonicMillis } from "./MonotonicClock.ts"
import { type Ask, nameServerName, routePort } from "./RoutingMessages.ts"

/** A client's memory of routes, which a projection reads. */
export interface ClientCell {
  routes: Cache.RouteCache
  /** Whether it has begun to ask and knows no answer, and when it asks next: milliseconds of a clock that never jumps. */
  asking: boolean
  nextMillis: number
}

/** What a client is before it asks for the first time, which it does as it starts. */
const idle = { asking: false, nextMillis: 0 }

export const clientCell = (): ClientCell => ({ routes: Cache.emptyCache, ...idle })

export interface RouteClientOptions {
  readonly number: number
  readonly nameServers: number
  readonly pollMillis: number
  readonly askTimeoutMillis: number
  readonly cell: ClientCell
}

export const routeClient = ({ askTimeoutMillis, cell, nameServers, number, pollMillis }: RouteClientOptions) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    const clock = yield* Clock.Clock
    const nowMillis = () => monotonicMillis(clock)

    const turnAway = (): void => {
      cell.asking = false
      cell.routes = Cache.switchServer(cell.routes, nameServers)
      process.did("SwitchServer", number)
    }
    const poll = Effect.gen(function*() {
      cell.asking = true
      process.did("PollRoute", number)
      const made = yield* Effect.option(network.tryConnect(nameServerName(cell.routes.server), routePort))
      if (made._tag === "None") return turnAway()
      const connection = made.value
      connection.send({ _tag: "Ask", client: number } satisfies Ask)
      // One question at a time: the last one was answered, or given up.
      cell.routes = Cache.poll(cell.routes)!
      process.did("Poll", number)
      const answer = yield* connection.receive.pipe(Effect.timeout(askTimeoutMillis), Effect.option)
      connection.close()
      if (answer._tag === "None") return turnAway()
      cell.asking = false
      cell.routes = Cache.learn(cell.routes, answer.value as RouteAnswer)
      process.did("Learn", number)
    })
    while (true) {
      cell.nextMillis = nowMillis() + pollMillis
      yield* poll
      yield* Effect.sleep(cell.nextMillis - nowMillis())
    }
  })
