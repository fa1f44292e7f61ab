/**
 * Brokers and ZooKeeper as nodes, seen as the part of a state of the model ControllerElection that most properties look
 * at. Total by type: a variable of `Observed` without a source does not compile. What a process knows while it is down is
 * what it starts with.
 */
import type { Observed } from "../models/ControllerElectionProperties.ts"
import { pathsOf, type Znode } from "../models/ControllerElectionState.ts"
import type { BrokerCell } from "../nodes/BrokerMemory.ts"
import type { ZooKeeperCell } from "../nodes/ZooKeeper.ts"
import { pathOf } from "../nodes/ZooKeeperPaths.ts"
import { at, type Cluster, type Maybe } from "../rules/Cluster.ts"
import type { ZnodeData } from "../rules/CoordinationMessages.ts"
import { startOf } from "../rules/Knowledge.ts"

/** What the projection reads. */
export interface ElectionWorld {
  readonly cluster: Cluster
  readonly server: ZooKeeperCell<ZnodeData>
  readonly isUp: (broker: number) => boolean
  readonly cell: (broker: number) => BrokerCell
  /** The ends of a broker's logs on its disk, for when it is down. */
  readonly logOnDisk: (broker: number) => ReadonlyArray<number>
  /** The end of what producers were told is kept, by partition. */
  readonly acked: ReadonlyArray<number>
}

export const projectElection = ({ acked, cell, cluster, isUp, logOnDisk, server }: ElectionWorld): Observed => {
  const { clients, tree } = server.server
  return {
    tree: pathsOf(cluster).map((path): Maybe<Znode> => {
      const found = tree.get(pathOf(path))
      return found === undefined ? [] : [{ data: found.data, version: found.version, owner: found.owner }]
    }),
    sessions: cluster.brokers.map((broker) => at(clients, broker).sessions),
    status: cluster.brokers.map((broker) => isUp(broker) ? "up" : "down"),
    own: cluster.brokers.map((broker) => isUp(broker) ? cell(broker).own : startOf(cluster)),
    log: cluster.brokers.map((broker) => isUp(broker) ? cell(broker).log : logOnDisk(broker)),
    acked
  }
}
