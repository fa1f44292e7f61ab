/**
 * What a broker asks ZooKeeper and hears from it, and what a controller and the brokers tell each other.
 *
 *     broker ──ZkQuestion──▶ ZooKeeper ──ZkReply──▶ broker          replies, watch events, the session's fate
 *     controller ──ControllerOrder──▶ broker                        LeaderAndIsr, UpdateMetadata, StopReplica
 *     leader ──AlterPartition──▶ controller ──Verdict──▶ leader
 *
 * The decision: an order carries three epochs (the controller's, the broker's, and in its content the leader's), one for
 * each way in which it can come too late. A broker epoch is the number of the session that made the broker's znode: it
 * grows just as the znode's czxid does, since a session makes it at most once.
 *
 * Authority: KafkaZkClient; LeaderAndIsrRequest, UpdateMetadataRequest, StopReplicaRequest, AlterPartitionRequest (3.9);
 * KIP-380, KIP-497, KIP-570.
 */
import type { Maybe } from "./Cluster.ts"
import type { PartitionState } from "./Election.ts"

/** A znode: `/controller`, `/controller_epoch` (index 0), `/brokers/ids/B`, the state of partition P. */
export type ZnodePath = readonly [kind: "controller" | "controller_epoch" | "ids" | "state", index: number]

export type ZnodeData =
  | { readonly _tag: "None" }
  | { readonly _tag: "Broker" }
  | { readonly _tag: "Controller"; readonly broker: number }
  | { readonly _tag: "Epoch"; readonly value: number }
  | ({ readonly _tag: "State" } & PartitionState)

export type ZkOperation =
  | { readonly _tag: "Create"; readonly path: ZnodePath; readonly data: ZnodeData; readonly ephemeral: boolean }
  | { readonly _tag: "SetData"; readonly path: ZnodePath; readonly data: ZnodeData; readonly version: number }
  | { readonly _tag: "Check"; readonly path: ZnodePath; readonly version: number }

/** `controller` and `brokers` leave a watch behind. */
export type ZkRead = "controller" | "epoch" | "id" | "brokers" | "states"

export type ZkQuestion =
  | { readonly _tag: "Read"; readonly what: ZkRead }
  | { readonly _tag: "Multi"; readonly ops: ReadonlyArray<ZkOperation> }

/** What a znode of `/controller_epoch` says: the epoch, and the version with which it is checked. */
export interface EpochView {
  readonly epoch: number
  readonly version: number
}

/** A partition's state and the version of the znode that holds it. */
export interface VersionedState extends PartitionState {
  readonly version: number
}

/** Watches that fire: `/controller` changed, the children of `/brokers/ids` changed. */
export type WatchKind = "ControllerChange" | "BrokerChange"

export type ZkReply =
  | { readonly _tag: "Connected"; readonly session: number }
  | { readonly _tag: "Expired" }
  | { readonly _tag: "Event"; readonly kind: WatchKind }
  | { readonly _tag: "Done" }
  /** The multi did nothing: operation `at`, counted from 1, failed. */
  | { readonly _tag: "Failed"; readonly code: "NodeExists" | "NoNode" | "BadVersion"; readonly at: number }
  | { readonly _tag: "Controller"; readonly controller: Maybe<number> }
  | { readonly _tag: "Epoch"; readonly epoch: Maybe<EpochView> }
  /** The session that owns the broker's own znode. */
  | { readonly _tag: "Owner"; readonly owner: Maybe<number> }
  /** The broker epoch of each broker that has a znode. */
  | { readonly _tag: "Brokers"; readonly brokers: ReadonlyArray<Maybe<number>> }
  | { readonly _tag: "States"; readonly states: ReadonlyArray<Maybe<VersionedState>> }

/** Leader and leader epoch, as clients are told them. */
export interface LeaderView {
  readonly leader: Maybe<number>
  readonly epoch: number
}

export type OrderContent =
  | { readonly _tag: "LeaderAndIsr"; readonly partition: number; readonly state: VersionedState }
  | {
    readonly _tag: "UpdateMetadata"
    readonly live: ReadonlyArray<number>
    readonly leaders: ReadonlyArray<Maybe<LeaderView>>
  }
  | { readonly _tag: "StopReplica"; readonly partition: number; readonly epoch: number }

export interface ControllerOrder {
  readonly controller: number
  readonly controllerEpoch: number
  /** Of the incarnation that the order is meant for. */
  readonly brokerEpoch: number
  readonly content: OrderContent
}

/** A leader asks for other in-sync replicas: on the state that it knows by leader epoch and znode version. */
export interface AlterPartition {
  readonly partition: number
  readonly epoch: number
  readonly version: number
  readonly isr: ReadonlyArray<number>
  readonly brokerEpoch: number
}

export type RefusalCode =
  | "NotController"
  | "StaleBrokerEpoch"
  | "Unknown"
  | "FencedLeaderEpoch"
  | "InvalidUpdateVersion"
  | "IneligibleReplica"

export type Verdict =
  | { readonly _tag: "Altered"; readonly state: VersionedState }
  | { readonly _tag: "Refused"; readonly code: RefusalCode }
