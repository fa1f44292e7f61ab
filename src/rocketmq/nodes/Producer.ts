/**
 * The part of a client that sends: one value after the other, each tried on brokers of the cached route.
 *
 *     in turn   up to three tries within one budget of time, the next one on another broker; who failed may be avoided
 *     by key    one try, on the queue of the key; with an order configuration that queue is the same whoever is there
 *
 * The decision: what is known of a try is told as it ends. A try that was refused stored nothing; one whose answer did
 * not come may be stored all the same, now or when a frozen broker goes on, since the channel outlives the try.
 *
 * Steps are those of ProducerRouting: a try is reported as its queue is picked, and again as its request goes out.
 *
 * Authority: MQClientInstance.sendHeartbeatToAllBrokerWithLock (opens channels), DefaultMQProducerImpl.sendDefaultImpl
 * (one budget for all tries, the last broker avoided) and sendSelectImpl (no retry), NettyRemotingClient (a channel an
 * address, answers by number, failFast on a channel that closed), MQFaultStrategy.updateFaultItem, of RocketMQ 4.9.7.
 */
import { Clock, Deferred, Effect, Semaphore } from "effect"
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

/** A try under way: `request` is its number once it is out, and a name that is not in the route has no address. */
interface Trying {
  readonly value: number
  readonly to: number
  readonly tries: number
  readonly hasAddress: boolean
  readonly request: number | undefined
}

/** A producer's memory, which a projection reads. */
export interface ProducerCell {
  /** sendWhichQueue. */
  index: number
  /** How often the application sent the last value again. */
  again: number
  sending: Trying | undefined
}

export const producerCell = (): ProducerCell => ({ index: 0, again: 0, sending: undefined })

/** heartbeatBrokerInterval. */
const heartbeatMillis = 30_000

export interface ProducerOptions {
  readonly own: ProducerCell
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
  /** There is no other channel to the name before this one is forgotten. */
  const hear = (name: number, { connection, waiting }: Channel) =>
    Effect.forever(Effect.map(connection.receive, (message) => {
      const { offset, request } = message as SendResponse
      const waits = waiting.get(request)
      if (waits !== undefined) Deferred.doneUnsafe(waits, Effect.succeed(offset))
    })).pipe(Effect.catchTag("ConnectionClosed", (error) =>
      Effect.sync(() => {
        open.delete(name)
        for (const waits of waiting.values()) Deferred.doneUnsafe(waits, Effect.fail(error))
      })))
  const opening = new Map<number, Semaphore.Semaphore>()
  const openingOf = (name: number): Semaphore.Semaphore => {
    const known = opening.get(name) ?? Semaphore.makeUnsafe(1)
    opening.set(name, known)
    return known
  }
  const channel = (name: number) =>
    openingOf(name).withPermits(1)(Effect.gen(function*() {
      const known = open.get(name)
      if (known !== undefined) return known
      const made: Channel = {
        connection: yield* network.tryConnect(brokerName(masterOf(name)), sendPort),
        waiting: new Map()
      }
      open.set(name, made)
      yield* Effect.forkIn(hear(name, made), scope, { startImmediately: true })
      return made
    }))
  return {
    channel,
    nextRequest: () => ++requests,
    /** Sends a request on a channel; the answer is awaited apart, and not awaited for ever. */
    ask: ({ connection, waiting }: Channel, request: number, value: number) => {
      const answer = Deferred.makeUnsafe<number, ConnectionClosed>()
      waiting.set(request, answer)
      connection.send({ _tag: "Send", request, value } satisfies SendRequest)
      return Effect.ensuring(Deferred.await(answer), Effect.sync(() => waiting.delete(request)))
    }
  }
})

export const producer = ({ cell, deployment, observe, own, resends, selection, wanted }: ProducerOptions) =>
  Effect.gen(function*() {
    const process = yield* Process
    const clock = yield* Clock.Clock
    const { ask, channel, nextRequest } = yield* channelsTo
    const now = () => clock.currentTimeMillisUnsafe()
    /** Until when a broker name is avoided, milliseconds of this client's clock. */
    const avoided = new Map<number, number>()
    const inRoute = () => cell.routes.cache.flatMap((route) => publishable(deployment, route))
    const queues = () =>
      listed(upTo(deployment.masters), inRoute(), selection._tag === "ByKey" && selection.isOrderStatic)
    const canSend = () => cell.routes.cache.length > 0 && queues().length > 0

    const next = () => canSend() ? wanted() : undefined

    const picked = (last: number): number => {
      const list = queues()
      if (selection._tag === "ByKey") return byHash(list, selection.hash)
      const wantedOf = (name: number) => selection.avoidsFaulty ? isAvailable(avoided, name, now()) : name !== last
      own.index = nextIndex(list, own.index, wantedOf)
      return atIndex(list, own.index)
    }
    /** Picks a queue; the try is under way from here on. */
    const begin = (value: number, tries: number, again: number, last: number): Trying => {
      const to = picked(last)
      const made: Trying = { value, to, tries, hasAddress: inRoute().includes(to), request: undefined }
      own.sending = made
      own.again = again
      observe({ _tag: "Begun", name: to, value })
      if (tries > 1) process.did("Retry")
      else if (again > 0) process.did("Resend")
      else process.did("Send", value)
      return made
    }
    /** Sends on the channel of a name; answers the offset, or what is known of a try that has none. */
    const attempt = (made: Trying, millis: number) =>
      Effect.gen(function*() {
        const start = now()
        if (!made.hasAddress) return "Failed" as const
        const open = yield* channel(made.to).pipe(Effect.timeout(millis), Effect.option)
        if (open._tag === "None") return "Failed" as const
        const request = nextRequest()
        own.sending = { ...made, request }
        const asked = ask(open.value, request, made.value)
        process.did("Ask")
        const answer = yield* asked.pipe(Effect.timeout(start + millis - now()), Effect.option)
        return answer._tag === "None" ? "Unknown" as const : answer.value
      })
    const tryOnce = (made: Trying, millis: number) =>
      Effect.gen(function*() {
        const { to, value } = made
        const start = now()
        const answer = yield* attempt(made, millis)
        const hasFailed = typeof answer === "string"
        avoided.set(to, now() + avoidedMillis(now() - start, hasFailed))
        if (hasFailed) observe({ _tag: answer, name: to, value })
        else observe({ _tag: "Stored", name: to, value, offset: answer })
        return !hasFailed
      })
    const send = (value: number, again: number) =>
      Effect.gen(function*() {
        const until = now() + sendTimeoutMillis
        const most = selection._tag === "ByKey" ? 1 : mostTries
        let stored = false
        for (let tries = 1, last = 0; !stored && tries <= most && now() < until && canSend(); tries++) {
          const made = begin(value, tries, again, last)
          last = made.to
          stored = yield* tryOnce(made, until - now())
        }
        own.sending = undefined
        process.did(stored ? "Acknowledged" : "GiveUp")
        return stored
      })
    const beating = Effect.forever(Effect.gen(function*() {
      for (const name of inRoute()) yield* Effect.option(channel(name))
      yield* Effect.sleep(heartbeatMillis)
    }))
    yield* Effect.forkScoped(beating, { startImmediately: true })
    while (true) {
      yield* process.until("send", () => next() !== undefined)
      const value = next()
      if (value === undefined) continue
      let stored = yield* send(value, 0)
      for (let again = 1; !stored && again <= resends; again++) stored = yield* send(value, again)
      observe({ _tag: "Ended", value, stored })
    }
  })
