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
import type { Task } from "./Election.ts"

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

/** What is done to one partition when these of its replicas failed: an election where the leader is gone, then they leave. */
export const onBrokerFailure = (
  replicas: ReadonlyArray<number>,
  failed: ReadonlyArray<number>
): ReadonlyArray<Task> => [
  { _tag: "Offline" },
  ...failed.filter((broker) => replicas.includes(broker)).map((replica): Task => ({ _tag: "Drop", replica }))
]

/** What is done to one partition when brokers started: an election, if it has no leader. */
export const onBrokerStartup: ReadonlyArray<Task> = [{ _tag: "Offline" }]

/** What a controller that takes over does to one partition: replicas that are not live leave, then an election. */
export const onControllerFailover = (
  replicas: ReadonlyArray<number>,
  live: ReadonlySet<number>
): ReadonlyArray<Task> => [
  ...ascending(replicas).filter((broker) => !live.has(broker)).map((replica): Task => ({ _tag: "Drop", replica })),
  { _tag: "Offline" }
]

/** What is done to one partition when a broker asks to shut down. */
export const onControlledShutdown = (broker: number): ReadonlyArray<Task> => [
  { _tag: "Shutdown" },
  { _tag: "Retire", replica: broker }
]
