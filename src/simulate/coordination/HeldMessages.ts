/**
 * Messages between brokers that were delivered and that no turn was made of: an order that waits until its broker is
 * registered, a proposal that waits until the controller has nothing else to do.
 *
 * The decision: to the model such a message is still on the way, and a node holds it in a fiber, where nobody can look; so
 * deliveries and steps are written down.
 */
import {
  type AlterMessage,
  alterPort,
  numberIn,
  type OrderMessage,
  ordersPort
} from "../../kafka/nodes/ElectionMessages.ts"
import type { ControllerOrder } from "../../kafka/rules/CoordinationMessages.ts"
import type { End } from "../../world/simulated/WorldEvent.ts"

/** By who sent it and who holds it. */
export interface HeldMessages {
  readonly order: (controller: number, broker: number) => OrderMessage | undefined
  readonly alter: (leader: number, controller: number) => AlterMessage | undefined
  /** The last order that a controller sent to a broker. */
  readonly dialed: (controller: number, broker: number) => ControllerOrder | undefined
  readonly delivered: (end: End, message: unknown) => void
  readonly sent: (controller: number, broker: number, order: ControllerOrder) => void
  readonly obeyed: (controller: number, broker: number) => void
  readonly judged: (leader: number, controller: number) => void
  /** What a process holds ends with it. */
  readonly stopped: (broker: number) => void
}

export const heldMessages = (): HeldMessages => {
  const orders = new Map<string, OrderMessage>()
  const alters = new Map<string, AlterMessage>()
  const dialed = new Map<string, ControllerOrder>()
  const pair = (from: number, to: number): string => `${from} ${to}`
  return {
    order: (controller, broker) => orders.get(pair(controller, broker)),
    alter: (leader, controller) => alters.get(pair(leader, controller)),
    dialed: (controller, broker) => dialed.get(pair(controller, broker)),
    delivered: ({ dialer, listener, port }, message) => {
      const name = pair(numberIn(dialer), numberIn(listener))
      if (port === ordersPort) orders.set(name, message as OrderMessage)
      if (port === alterPort) alters.set(name, message as AlterMessage)
    },
    sent: (controller, broker, order) => void dialed.set(pair(controller, broker), order),
    obeyed: (controller, broker) => void orders.delete(pair(controller, broker)),
    judged: (leader, controller) => void alters.delete(pair(leader, controller)),
    stopped: (broker) => {
      for (const held of [orders, alters]) {
        for (const name of held.keys()) if (name.endsWith(` ${broker}`)) held.delete(name)
      }
    }
  }
}
