/**
 * How a broker takes a controller's orders: which ones are too late, and what the others change.
 *
 * The decision: three epochs fence three things. The controller's: an order of an earlier controller is refused whole. The
 * broker's: so is one that was meant for an earlier incarnation. The leader's: a partition's order that is not later than
 * the last is ignored, which makes orders that are sent again harmless.
 *
 * Authority: ReplicaManager.becomeLeaderOrFollower, stopReplicas; KafkaApis.isBrokerEpochStale; ZkMetadataCache (3.9).
 */
import { at, type Maybe, put } from "./Cluster.ts"
import type { ControllerOrder } from "./CoordinationMessages.ts"
import type { Knowledge, ReplicaState } from "./Knowledge.ts"

/** Guards of a broker, named as in scenarios.md. */
export interface BrokerGuards {
  /** K15: an order for an earlier incarnation is refused. */
  readonly RequestCarriesBrokerEpoch: boolean
  /** K18: an order of an earlier controller is refused. */
  readonly BrokerChecksControllerEpoch: boolean
  /** K22: an order is taken whole or not at all. */
  readonly AtomicBecomeFollower: boolean
}

/** Whether an order comes too late to be taken. */
export const isFenced = (guards: BrokerGuards, own: Knowledge, order: ControllerOrder): boolean =>
  (guards.BrokerChecksControllerEpoch && order.controllerEpoch < own.known) ||
  (guards.RequestCarriesBrokerEpoch && order.brokerEpoch < own.registered[0]!)

/** Whether this broker leads a partition, as far as it knows. */
export const leads = (broker: number, part: Maybe<ReplicaState>): boolean => part[0]?.leader[0] === broker

/** A later order about a partition ends what its leader had proposed. */
const overtaken = (own: Knowledge, partition: number): Knowledge =>
  own.proposed[0]?.partition === partition ? { ...own, proposed: [] } : own

/** What an order that is not fenced makes of what the broker knows. */
export const obey = (own: Knowledge, { content, controller, controllerEpoch }: ControllerOrder): Knowledge => {
  const now = { ...own, known: controllerEpoch, boss: [controller] }
  switch (content._tag) {
    case "UpdateMetadata":
      return { ...now, alive: content.live, meta: content.leaders }
    case "LeaderAndIsr": {
      const { epoch, isr, leader, version } = content.state
      const [part] = at(own.parts, content.partition)
      if (part !== undefined && epoch <= part.epoch) return now
      const became: ReplicaState = { epoch, role: epoch, leader, isr, version, synced: [] }
      return { ...overtaken(now, content.partition), parts: put(own.parts, content.partition, [became]) }
    }
    case "StopReplica": {
      const [part] = at(own.parts, content.partition)
      if (part === undefined || content.epoch < part.epoch) return now
      return { ...overtaken(now, content.partition), parts: put(own.parts, content.partition, []) }
    }
  }
}

/** What stays when the handler fails midway: the leader epoch, which it sets first, or nothing. */
export const obeyHalf = (guards: BrokerGuards, own: Knowledge, order: ControllerOrder): Knowledge | undefined => {
  if (order.content._tag !== "LeaderAndIsr" || isFenced(guards, own, order)) return undefined
  const { partition, state } = order.content
  const [part] = at(own.parts, partition)
  if (part === undefined || part.epoch >= state.epoch) return undefined
  return guards.AtomicBecomeFollower
    ? own
    : { ...own, parts: put(own.parts, partition, [{ ...part, epoch: state.epoch }]) }
}
