/**
 * What a controller has to do when brokers come, go or bounce, when it takes over, and when a broker shuts down: tasks,
 * in the order in which it does them.
 *
 * The decision: a broker whose znode was created anew since the last look, though its id was there both times, has failed
 * and started again (KIP-380). A controller that takes over first writes its dead replicas out of every in-sync set,
 * leaders included, and only then elects.
 *
 * Authority: KafkaController.processBrokerChange, onBrokerFailure, onBrokerStartup, onControllerFailover,
 * doControlledShutdown (3.9). Names are those of spec/kafka/ControllerElection.tla.
 */
import type { Cluster } from "./Cluster.ts"
import type { ControllerTask, PartitionTask } from "./ControllerTask.ts"

/** Broker id -> broker epoch, the czxid of its znode. */
export type LiveBrokers = ReadonlyMap<number, number>

export interface BrokerChanges {
  readonly started: ReadonlyArray<number>
  readonly bounced: ReadonlyArray<number>
  readonly failed: ReadonlyArray<number>
}

export interface BrokerChangeGuards {
  /** K14: a broker epoch that rose is a failure and a start. */
  readonly CompareBrokerEpoch: boolean
}

type Assignment = Pick<Cluster, "assignment">

const ascending = (brokers: Iterable<number>): ReadonlyArray<number> => [...brokers].sort((a, b) => a - b)

/** What changed between two looks at `/brokers/ids`. */
export const brokerChanges = (guards: BrokerChangeGuards, before: LiveBrokers, now: LiveBrokers): BrokerChanges => ({
  started: ascending([...now.keys()].filter((broker) => !before.has(broker))),
  bounced: ascending(
    guards.CompareBrokerEpoch
      ? [...now].filter(([broker, epoch]) => before.has(broker) && epoch > before.get(broker)!).map(([broker]) =>
        broker
      )
      : []
  ),
  failed: ascending([...before.keys()].filter((broker) => !now.has(broker)))
})

const all = <T extends "Offline" | "Shutdown">(cluster: Assignment, _tag: T) =>
  cluster.assignment.map((_, i) => ({ _tag, partition: i + 1 }))

const each = (cluster: Assignment, _tag: "Drop" | "Retire", replica: number): ReadonlyArray<PartitionTask> =>
  cluster.assignment.flatMap((replicas, i) => replicas.includes(replica) ? [{ _tag, replica, partition: i + 1 }] : [])

const dropsOf = (cluster: Assignment, brokers: ReadonlyArray<number>): ReadonlyArray<PartitionTask> =>
  brokers.flatMap((broker) => each(cluster, "Drop", broker))

/** What is done to the partitions when brokers failed: elections where the leader is gone, then their replicas leave. */
export const onBrokerFailure = (cluster: Assignment, failed: ReadonlyArray<number>): ReadonlyArray<PartitionTask> => [
  ...all(cluster, "Offline"),
  ...dropsOf(cluster, failed)
]

/** What is done to the partitions when brokers started: elections where there is no leader. */
export const onBrokerStartup = (cluster: Assignment): ReadonlyArray<PartitionTask> => all(cluster, "Offline")

/** What a controller that takes over does to the partitions: replicas that are not live leave, then elections. */
export const onControllerFailover = (
  cluster: Assignment,
  absent: ReadonlyArray<number>
): ReadonlyArray<PartitionTask> => [...dropsOf(cluster, ascending(absent)), ...all(cluster, "Offline")]

/** What is done to the partitions when a broker asks to shut down. */
export const onControlledShutdown = (cluster: Assignment, broker: number): ReadonlyArray<PartitionTask> => [
  ...all(cluster, "Shutdown"),
  ...each(cluster, "Retire", broker)
]

/** All that a controller does about changes: brokers that are there for the first time, bounced ones, dead ones. */
export const onBrokerChange = (
  cluster: Assignment,
  changes: BrokerChanges,
  now: LiveBrokers
): ReadonlyArray<ControllerTask> => {
  const started = (brokers: ReadonlyArray<number>): ReadonlyArray<ControllerTask> =>
    brokers.length === 0 ? [] : [
      ...brokers.map((replica) => ({ _tag: "Add" as const, replica, epoch: now.get(replica)! })),
      ...onBrokerStartup(cluster)
    ]
  const failed = (brokers: ReadonlyArray<number>): ReadonlyArray<ControllerTask> =>
    brokers.length === 0 ? [] : [
      ...brokers.map((replica) => ({ _tag: "Remove" as const, replica })),
      ...onBrokerFailure(cluster, brokers)
    ]
  const { bounced } = changes
  return [...started(changes.started), ...failed(bounced), ...started(bounced), ...failed(changes.failed)]
}
