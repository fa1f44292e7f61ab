/** The models that the command line knows by name: those of the panels, each with its configurations. */
import type { Machine } from "../machine/Machine.ts"
import { producerMachines, routingMachines, timedRoutingMachines } from "../rocketmq/models/Configurations.ts"

export interface Model {
  readonly name: string
  /** Builds the machine of each configuration. */
  readonly configurations: Readonly<Record<string, () => Machine<unknown>>>
}

/** Whoever explores by name passes states on and never looks into them. */
const erased = <State>(machines: Readonly<Record<string, () => Machine<State>>>): Model["configurations"] =>
  machines as unknown as Model["configurations"]

/** Every model that is there. */
export const models: ReadonlyArray<Model> = [
  { name: "NameServerRouting", configurations: erased(routingMachines) },
  { name: "NameServerRoutingTimed", configurations: erased(timedRoutingMachines) },
  { name: "ProducerRouting", configurations: erased(producerMachines) }
]
