/**
 * The part of a client that sends: one value after the other, each tried on up to three brokers of the cached route.
 *
 * The decision: what is known at the end is recorded as an operation, and a value that was given up may be stored all the
 * same, by a broker that was frozen or whose answer was lost: it ends as `info`, never as `fail`.
 *
 * Authority: DefaultMQProducerImpl.sendDefaultImpl: one budget of time for all tries, the last broker avoided; of
 * RocketMQ 4.9.7.
 */
import { Clock, Effect } from "effect"
import type { DataOperation } from "../../history/Operation.ts"
import { Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { type Deployment, masterOf } from "../rules/Deployment.ts"
import { atIndex, mostTries, nextIndex, sendTimeoutMillis } from "../rules/QueueSelection.ts"
import { publishable } from "../rules/RouteCache.ts"
import type { ClientCell } from "./RouteClient.ts"
import { brokerName, sendPort, type SendRequest, type SendResponse } from "./RoutingMessages.ts"

/** What became of a send, as `history` names it. */
export type Sent = Pick<DataOperation, "type" | "value">

export interface ProducerOptions {
  readonly deployment: Deployment
  readonly cell: ClientCell
  /** The next value, once there is one to send. */
  readonly wanted: () => number | undefined
  /** Hears that a send begins and how it ended. */
  readonly observe: (sent: Sent) => void
}

export const producer = ({ cell, deployment, observe, wanted }: ProducerOptions) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    const clock = yield* Clock.Clock
    let index = 0
    const queues = () => cell.routes.cache.flatMap((route) => publishable(deployment, route))

    const attempt = (name: number, value: number) =>
      Effect.gen(function*() {
        const connection = yield* network.tryConnect(brokerName(masterOf(name)), sendPort)
        connection.send({ _tag: "Send", value } satisfies SendRequest)
        const answer = yield* Effect.ensuring(connection.receive, Effect.sync(() => connection.close()))
        return (answer as SendResponse).offset
      })
    const send = (value: number) =>
      Effect.gen(function*() {
        const until = clock.currentTimeMillisUnsafe() + sendTimeoutMillis
        let name = 0
        for (let tries = 0; tries < mostTries; tries++) {
          const left = until - clock.currentTimeMillisUnsafe()
          const list = queues()
          if (left <= 0 || list.length === 0) break
          const last = name
          index = nextIndex(list, index, (other) => other !== last)
          name = atIndex(list, index)
          if (tries === 0) observe({ type: "invoke", value: [["send", name, value]] })
          const offset = yield* attempt(name, value).pipe(Effect.timeout(left), Effect.option)
          if (offset._tag === "Some") return observe({ type: "ok", value: [["send", name, [offset.value, value]]] })
        }
        observe({ type: "info", value: [["send", name, value]] })
      })
    while (true) {
      yield* process.until("send", () => wanted() !== undefined && queues().length > 0)
      const value = wanted()
      if (value !== undefined && queues().length > 0) yield* send(value)
    }
  })
