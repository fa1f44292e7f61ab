/**
 * What whoever walks along with a cluster of brokers sees of its nodes.
 *
 * The decision: only memory that a projection reads, asked for anew each time, since a process that starts has another.
 */
import type { BrokerCell, ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import type { ZooKeeperCell } from "../../kafka/nodes/ZooKeeper.ts"
import type { CoordinationCell } from "../../kafka/nodes/ZooKeeperCoordination.ts"
import type { Cluster } from "../../kafka/rules/Cluster.ts"
import type { ZnodeData } from "../../kafka/rules/CoordinationMessages.ts"

/** What the shadow sees of the nodes. */
export interface Followed {
  readonly cluster: Cluster
  readonly guards: ElectionGuards
  readonly minInSync: number
  readonly operator: number
  readonly server: ZooKeeperCell<ZnodeData>
  readonly cell: (broker: number) => BrokerCell
  readonly coordination: (broker: number) => CoordinationCell
  /** Hears of each property that only the model can be asked, and that falls. */
  readonly broke: (property: string) => void
}
