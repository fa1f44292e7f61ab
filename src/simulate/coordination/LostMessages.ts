/**
 * Messages between brokers that are lost with their connection, as steps of the model ControllerElection.
 *
 *     leave   who waits has noticed: what it sent may still arrive        drop   nothing of it is on the way any more
 *
 * The decision: a message is lost in the model only when the nodes show that it was: its sender goes on, or the next
 * connection is made, which waits until nothing of the last one is left.
 */
import type { State } from "../../kafka/models/ControllerElectionState.ts"
import { at } from "../../kafka/rules/Cluster.ts"

export interface LostMessages {
  readonly dropFetches: (broker: number, leader: number, partition: number) => void
  readonly leaveAlters: (broker: number) => void
  readonly dropAlters: (broker: number, controller: number) => void
  readonly dropOrder: (controller: number, broker: number) => void
}

/** Steps that `take` makes the model go. */
export const lostMessages = (
  state: () => State,
  take: (action: string, ...args: ReadonlyArray<number>) => void
): LostMessages => ({
  dropFetches: (broker, leader, partition) => {
    while (at(at(state().fetch, broker), partition).some(({ to }) => to === leader)) {
      take("LoseFetch", broker, leader, partition)
    }
  },
  leaveAlters: (broker) => {
    for (const { open, to } of at(state().alter, broker)) if (open) take("LoseAlter", broker, to)
  },
  dropAlters: (broker, controller) => {
    while (at(state().alter, broker).some(({ to }) => to === controller)) take("LoseAlter", broker, controller)
  },
  dropOrder: (controller, broker) => {
    if (at(at(state().orders, controller), broker).length > 0) take("LoseOrder", controller, broker)
  }
})
