/**
 * The part of a client that reads: a fiber a queue, each pulling from where it got to.
 *
 * The decision: queues are pulled apart, so one whose broker is frozen holds up none of the others, which is what a key
 * that moves between queues is overtaken by (R18). A queue whose master is not in the cached route is not pulled.
 *
 * Authority: PullMessageService and DefaultMQPushConsumerImpl.pullMessage (a loop a queue), RebalanceImpl (a queue that
 * left the route is dropped, and taken up again where it was) of RocketMQ 4.9.7.
 */
import { Effect } from "effect"
import { Network } from "../../world/Network.ts"
import { Process } from "../../world/Process.ts"
import { type Deployment, masterOf, upTo } from "../rules/Deployment.ts"
import { publishable } from "../rules/RouteCache.ts"
import type { ClientCell } from "./RouteClient.ts"
import { brokerName, pullPort, type PullRequest, type PullResponse } from "./RoutingMessages.ts"

/** What the application was handed: the values of one queue from an offset on, at least one. */
export interface Delivered {
  readonly name: number
  readonly offset: number
  readonly values: ReadonlyArray<number>
}

export interface ConsumerOptions {
  readonly deployment: Deployment
  readonly cell: ClientCell
  /** Between two pulls of a queue: what the application takes to work on what it was given. */
  readonly pullMillis: number
  readonly observe: (delivered: Delivered) => void
}

export const consumer = ({ cell, deployment, observe, pullMillis }: ConsumerOptions) =>
  Effect.gen(function*() {
    const network = yield* Network
    const process = yield* Process
    const inRoute = (name: number) => cell.routes.cache.some((route) => publishable(deployment, route).includes(name))
    const reading = (name: number) => {
      let offset = 0
      const pulls = Effect.gen(function*() {
        const connection = yield* network.connect(brokerName(masterOf(name)), pullPort)
        while (true) {
          if (inRoute(name)) {
            connection.send({ _tag: "Pull", offset } satisfies PullRequest)
            const { values } = (yield* connection.receive) as PullResponse
            if (values.length > 0) observe({ name, offset, values })
            offset += values.length
            for (const _ of values) process.did("Consume", masterOf(name))
          }
          yield* Effect.sleep(pullMillis)
        }
      })
      return Effect.forever(
        pulls.pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
      )
    }
    yield* Effect.all(upTo(deployment.masters).map(reading), { concurrency: "unbounded" })
  })
