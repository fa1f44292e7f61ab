/** Every family that is mutated. */
import { controllerElection } from "./ControllerElectionFamily.ts"
import { controllerNodes } from "./ControllerNodesFamily.ts"
import type { Family } from "./Family.ts"
import { routing } from "./RoutingFamily.ts"
import { routingNodes } from "./RoutingNodesFamily.ts"
import { zooKeeper } from "./ZooKeeperFamily.ts"
import { zooKeeperNodes } from "./ZooKeeperNodesFamily.ts"

/** Families of which each survivor is known: all of them are judged where none is named. */
export const families: ReadonlyArray<Family> = [routing, routingNodes, zooKeeper, zooKeeperNodes]

/** Families whose survivors nobody has gone through yet: judged where they are named. */
export const begun: ReadonlyArray<Family> = [controllerElection, controllerNodes]
