/** The models that the command line knows by name: those of the panels, each with its configurations. */
import { electionExpectedBroken, electionMachines } from "../kafka/models/ControllerElectionConfigurations.ts"
import { sessionMachines, zooKeeperMachines } from "../kafka/models/ZooKeeperConfigurations.ts"
import type { Machine } from "../machine/Machine.ts"
import {
  producerExpectedBroken,
  producerMachines,
  routingMachines,
  timedRoutingMachines
} from "../rocketmq/models/Configurations.ts"

export interface Model {
  readonly name: string
  /** Builds the machine of each configuration. */
  readonly configurations: Readonly<Record<string, () => Machine<unknown>>>
  /** Properties that the real system breaks too, by configuration: none where none is named. */
  readonly expectedBroken?: Readonly<Record<string, ReadonlyArray<string>>>
}

/** Whoever explores by name passes states on and never looks into them. */
const erased = <State>(machines: Readonly<Record<string, () => Machine<State>>>): Model["configurations"] =>
  machines as unknown as Model["configurations"]

/** Every model that is there. */
export const models: ReadonlyArray<Model> = [
  {
    name: "ControllerElection",
    configurations: erased(electionMachines),
    expectedBroken: electionExpectedBroken
  },
  { name: "NameServerRouting", configurations: erased(routingMachines) },
  { name: "NameServerRoutingTimed", configurations: erased(timedRoutingMachines) },
  { name: "ProducerRouting", configurations: erased(producerMachines), expectedBroken: producerExpectedBroken },
  { name: "ZooKeeper", configurations: erased(zooKeeperMachines) },
  { name: "ZooKeeperSessionsTimed", configurations: erased(sessionMachines) }
]

/** The model of this name. */
export const modelNamed = (name: string): Model | undefined => models.find((each) => each.name === name)

/** Builds the machine of a text such as `ProducerRouting MCProducerRoutingByKey`, for threads that build their own. */
export const machineOf = (argument: string): Machine<unknown> => {
  const [name = "", configuration = ""] = argument.split(" ")
  const build = modelNamed(name)?.configurations[configuration]
  if (build === undefined) {
    throw new RangeError(`no model is called ${name}, or it has no configuration ${configuration}`)
  }
  return build()
}
