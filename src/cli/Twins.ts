/** The models that have a specification, by module: each built from the constants of a configuration. */
import { controllerElection } from "../kafka/models/ControllerElection.ts"
import { zooKeeper } from "../kafka/models/ZooKeeper.ts"
import { zooKeeperSessionsTimed } from "../kafka/models/ZooKeeperSessionsTimed.ts"
import type { Constant, Machine } from "../machine/Machine.ts"
import { nameServerRouting } from "../rocketmq/models/NameServerRouting.ts"
import { nameServerRoutingTimed } from "../rocketmq/models/NameServerRoutingTimed.ts"
import { producerRouting } from "../rocketmq/models/ProducerRouting.ts"

export type Twin = (constants: Readonly<Record<string, Constant>>) => Machine<unknown>

/** Names of constants are compared with the machine's own, so that a builder given the wrong ones does not pass. */
const twin = <Constants, State>(build: (constants: Constants) => Machine<State>): Twin => build as unknown as Twin

export const twins: Readonly<Record<string, Twin>> = {
  ControllerElection: twin(controllerElection),
  NameServerRouting: twin(nameServerRouting),
  NameServerRoutingTimed: twin(nameServerRoutingTimed),
  ProducerRouting: twin(producerRouting),
  ZooKeeper: twin(zooKeeper),
  ZooKeeperSessionsTimed: twin(zooKeeperSessionsTimed)
}
