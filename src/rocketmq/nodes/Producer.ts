/**
 * The part of a client that sends: one value after the other, each tried on brokers of the cached route.
 *
 *     in turn   up to three tries within one budget of time, the next one on another broker; who failed may be avoided
 *     by key    one try, on the queue of the key; with an order configuration that queue is the same whoever is there
 *
 * The decision: what is known of a try is told as it ends. A try that was refused stored nothing; one whose answer did
 * not come may be stored all the same, now or when a frozen broker goes on, since the channel outlives the try.
 *
 * Authority: DefaultMQProducerImpl.sendDefaultImpl (one budget for all tries, the last broker avoided) and sendSelectImpl
 * (no retry), NettyRemotingClient (a channel an address, answers by number, failFast on a channel that closed),
 * MQFaultStrategy.updateFaultItem, of RocketMQ 4.9.7.
 */
import { Clock, Deferred, Effect } from "effect"
import { type Connection, type ConnectionClosed, Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { type Deployment, masterOf, upTo } from "../rules/Deployment.ts"
import {
  atIndex,
  avoidedMillis,
  byHash,
  isAvailable,
  listed,
  mostTries,
  nextIndex,
  sendTimeoutMillis
} from "../rules/QueueSelection.ts"
import { publishable } from "../rules/RouteCache.ts"
import type { ClientCell } from "./RouteClient.ts"
import { brokerName, sendPort, type SendRequest, type SendResponse } from "./RoutingMessages.ts"

/** How a producer picks queues; `avoidsFaulty` is sendLatencyFaultEnable. */
export type Selection =
  | { readonly _tag: "InTurn"; readonly avoidsFaulty: boolean }
  | { readonly _tag: "ByKey"; readonly hash: number; readonly isOrderStatic: boolean }

/** What became of one try: `fail` where nothing was sent, `info` where nobody can know. */
export type Tried =
  | { readonly _tag: "Begun" | "Failed" | "Unknown"; readonly name: number; readonly value: number }
  | { readonly _tag: "Stored"; readonly name: number; readonly value: number; readonly offset: number }
  /** The send is over, after the last of its tries. */
  | { readonly _tag: "Ended"; readonly value: number; readonly stored: boolean }

export interface ProducerOptions {
  readonly deployment: Deployment
  readonly cell: ClientCell
  readonly selection: Selection
  /** How often the application sends again what it was not told to be stored. */
  readonly resends: number
  /** The next value, once there is one to send. */
  readonly wanted: () => number | undefined
  readonly observe: (tried: Tried) => void
}

/** An open channel, and who waits for an answer on it. */
interface Channel {
  readonly connection: Connection
  readonly waiting: Map<number, Deferred.Deferred<number, ConnectionClosed>>
}

/** Channels to brokers by name: opened when first needed, shared by all tries, forgotten when they close. */
const channelsTo = Effect.gen(function*() {
  const network = yield* Network
  const scope = yield* Effect.scope
  const open = new Map<number, Channel>()
  let requests = 0
  const hear = (name: number, { connection, waiting }: Channel) =>
    Effect.forever(Effect.map(connection.receive, (message) => {
      const { offset, request } = message as SendResponse
      const waits = waiting.get(request)
      if (waits !== undefined) Deferred.doneUnsafe(waits, Effect.succeed(offset))
    })).pipe(Effect.catchTag("ConnectionClosed", (error) =>
      Effect.sync(() => {
        if (open.get(name)?.connection === connection) open.delete(name)
        for (const waits of waiting.values()) Deferred.doneUnsafe(waits, Effect.fail(error))
      })))
  const channel = (name: number) =>
    Effect.gen(function*() {
      const known = open.get(name)
      if (known !== undefined) return known
      const made: Channel = {
        connection: yield* network.tryConnect(brokerName(masterOf(name)), sendPort),
        waiting: new Map()
      }
      open.set(name, made)
      yield* Effect.forkIn(hear(name, made), scope, { startImmediately: true })
      return made
    })
  return {
    channel,
    /** Sends a request on a channel; the answer is awaited apart, and not awaited for ever. */
    ask: ({ connection, waiting }: Channel, value: number) => {
      const request = ++requests
      const answer = Deferred.makeUnsafe<number, ConnectionClosed>()
      waiting.set(request, answer)
      connection.send({ _tag: "Send", request, value } satisfies SendRequest)
      return Effect.ensuring(Deferred.await(answer), Effect.sync(() => waiting.delete(request)))
    }
  }
})

export const producer = ({ cell, deployment, observe, resends, selection, wanted }: ProducerOptions) =>
  Effect.gen(function*() {
    const process = yield* Process
    const clock = yield* Clock.Clock
    const { ask, channel } = yield* channelsTo
    const now = () => clock.currentTimeMillisUnsafe()
    /** Until when a broker name is avoided, milliseconds of this client's clock. */
    const avoided = new Map<number, number>()
    let index = 0
    const inRoute = () => cell.routes.cache.flatMap((route) => publishable(deployment, route))
    const queues = () =>
      listed(upTo(deployment.masters), inRoute(), selection._tag === "ByKey" && selection.isOrderStatic)
    const canSend = () => cell.routes.cache.length > 0 && queues().length > 0

    /** Sends on the channel of a name; answers the offset, or what is known of a try that has none. */
    const attempt = (name: number, value: number, millis: number) =>
      Effect.gen(function*() {
        // A name that is not in the route has no address.
        if (!inRoute().includes(name)) return "Failed" as const
        const begun = now()
        const made = yield* channel(name).pipe(Effect.timeout(millis), Effect.option)
        if (made._tag === "None") return "Failed" as const
        const left = Math.max(0, begun + millis - now())
        const answer = yield* ask(made.value, value).pipe(Effect.timeout(left), Effect.option)
        return answer._tag === "None" ? "Unknown" as const : answer.value
      })
    const tryOnce = (name: number, value: number, millis: number) =>
      Effect.gen(function*() {
        const begun = now()
        observe({ _tag: "Begun", name, value })
        const answer = yield* attempt(name, value, millis)
        const hasFailed = typeof answer === "string"
        avoided.set(name, now() + avoidedMillis(now() - begun, hasFailed))
        if (hasFailed) observe({ _tag: answer, name, value })
        else observe({ _tag: "Stored", name, value, offset: answer })
        return !hasFailed
      })
    const picked = (last: number): number => {
      const list = queues()
      if (selection._tag === "ByKey") return byHash(list, selection.hash)
      const wantedOf = (name: number) => selection.avoidsFaulty ? isAvailable(avoided, name, now()) : name !== last
      index = nextIndex(list, index, wantedOf)
      return atIndex(list, index)
    }
    const send = (value: number) =>
      Effect.gen(function*() {
        const until = now() + sendTimeoutMillis
        const tries = selection._tag === "ByKey" ? 1 : mostTries
        for (let tried = 0, last = 0; tried < tries && now() < until && canSend(); tried++) {
          last = picked(last)
          if (yield* tryOnce(last, value, until - now())) return true
        }
        return false
      })
    while (true) {
      yield* process.until("send", () => wanted() !== undefined && canSend())
      const value = wanted()
      if (value === undefined || !canSend()) continue
      let stored = yield* send(value)
      for (let again = 0; !stored && again < resends; again++) stored = yield* send(value)
      observe({ _tag: "Ended", value, stored })
    }
  })
