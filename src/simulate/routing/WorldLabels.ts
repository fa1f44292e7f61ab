/**
 * What an event of the world is to the model NameServerRouting: its environment's actions, which no process reports.
 *
 * The decision: a connection that the world ends by itself, at a sender's timeout, is a reset to the model, which keeps of
 * what was in flight what the world kept.
 */
import { type Label, label } from "../../machine/Machine.ts"
import { brokerPort, numberIn } from "../../rocketmq/nodes/RoutingMessages.ts"
import type { Simulation } from "../../world/simulated/Simulation.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"

/** Faults of a connection's ends that the world does by itself are resets to the model. */
const resetOf = (world: Simulation, event: WorldEvent): Label | undefined => {
  if (event._tag !== "SenderTimeout" && event._tag !== "Reset") return undefined
  if (event.end.port !== brokerPort) return undefined
  const { dialer, listener } = event.end
  const inFlight = world.network.inspect(event.end)!.toListener.length
  const lost = event._tag === "SenderTimeout" && world.network.isCut(dialer, listener)
  const kept = event._tag === "Reset" ? event.toListener : lost ? 0 : inFlight
  return label("Reset", numberIn(dialer), numberIn(listener), kept)
}

/** Labels of the environment that an event is, before any process hears of it. */
export const labelBefore = (world: Simulation, event: WorldEvent): Label | undefined => {
  switch (event._tag) {
    case "Start":
      if (event.process.startsWith("broker")) return label("StartBroker", numberIn(event.process))
      return label("StartServer", numberIn(event.process))
    case "Kill":
      if (event.process.startsWith("broker")) return label("KillBroker", numberIn(event.process))
      return label("KillServer", numberIn(event.process))
    case "Cut":
      return label("CutLink", numberIn(event.from), numberIn(event.to))
    case "Heal":
      return label("HealLink", numberIn(event.from), numberIn(event.to))
    default:
      return resetOf(world, event)
  }
}

const faults = new Set(["Expire", "WipeWritePerm", "Reset", "CutLink", "KillBroker", "KillServer"])

/** Whether the model counts a label as a fault. */
export const isFault = ({ action }: Label): boolean => faults.has(action)
