/**
 * What is expected of writes to a partition after its leader died or froze, written from sources before any run. Nothing here is
 * computed: a cell that differs from its line fails the run.
 *
 * The bound is the timeout of the leader's session, one tick that it may be rounded up by, and 2 s: an election takes
 * 0.3 s at most in the recorded clusters, and each of the two fetches that it takes may wait replica.fetch.wait.max.ms.
 */
import { ringOf } from "../kafka/rules/Cluster.ts"
import { guarded } from "../simulate/coordination/ElectionCluster.ts"
import type { FailoverPlan } from "../simulate/coordination/Failover.ts"
import type { Expectation } from "./Cell.ts"

export interface FailoverExpectation extends Expectation {
  readonly plan: Omit<FailoverPlan, "seed">
}

const expiry18 =
  "zookeeper.session.timeout.ms=18000 (KIP-537), tickTime=3000; real clusters took 16.2 s and 17.2 s (kafka-zk-*-18s)"
const expiry6 =
  "zookeeper.session.timeout.ms=6000 before 2.5 (KIP-537), tickTime=3000: SessionTrackerImpl rounds up to a tick"
const expiry2 = "zookeeper.session.timeout.ms=2000, tickTime=500: real clusters took 2.7 s to 3.2 s (kafka-zk-*-2s)"
const minInSync =
  "Kafka documentation, min.insync.replicas: with fewer replicas in sync a write with acks=all fails with NotEnoughReplicas"
const alone =
  "Kafka documentation, min.insync.replicas=1: a leader that is alone in sync takes writes; Election.leaderForOffline"
const offline =
  "PartitionLeaderElectionAlgorithms.offlinePartitionLeaderElection: no live replica is in sync, so the partition stays offline"
const lastResort = "Kafka documentation, unclean.leader.election.enable: a live replica that is not in sync is elected"

const frozen = "SessionTrackerImpl (ZooKeeper 3.8): a session ends for want of pings, whatever its connection does; " +
  "ReplicaManager.makeFollowers, AbstractFetcherManager.removeFetcherForPartitions, addFetcherForPartitions (3.9): the next " +
  "leader is asked by another thread, while that of the last one waits up to replica.socket.timeout.ms"
const frozenAlone =
  "Partition.makeLeader (3.9): who is left in sync leads, and waits for nobody, with min.insync.replicas=1"

interface Deployed {
  readonly name: string
  readonly expected: "kept" | "broken"
  readonly source: string
  /** Of the session, milliseconds. */
  readonly times?: { readonly tickMillis: number; readonly timeoutMillis: number }
  readonly replicas: number
  readonly minInSync: number
  readonly areFollowersLate?: boolean
  readonly isFrozen?: boolean
  readonly isUnclean?: boolean
}

const quickly = { tickMillis: 500, timeoutMillis: 2_000 }
const replicated = { replicas: 3, minInSync: 2 } as const

const deployments: ReadonlyArray<Deployed> = [
  {
    name: "3.9, 3 replicas, min.insync.replicas=2, sessions of 18 s (the default)",
    expected: "kept",
    source: expiry18,
    times: { tickMillis: 3_000, timeoutMillis: 18_000 },
    ...replicated
  },
  {
    name: "2.4, 3 replicas, min.insync.replicas=2, sessions of 6 s (the default)",
    expected: "kept",
    source: expiry6,
    times: { tickMillis: 3_000, timeoutMillis: 6_000 },
    ...replicated
  },
  {
    name: "3.9, 3 replicas, min.insync.replicas=2, sessions of 2 s",
    expected: "kept",
    source: expiry2,
    ...replicated
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=2",
    expected: "broken",
    source: minInSync,
    replicas: 2,
    minInSync: 2
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=1",
    expected: "kept",
    source: alone,
    replicas: 2,
    minInSync: 1
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=1, the follower was out of sync",
    expected: "broken",
    source: offline,
    replicas: 2,
    minInSync: 1,
    areFollowersLate: true
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=1, the follower was out of sync, unclean.leader.election.enable=true",
    expected: "kept",
    source: lastResort,
    replicas: 2,
    minInSync: 1,
    areFollowersLate: true,
    isUnclean: true
  },
  {
    name: "3.9, 3 replicas, min.insync.replicas=2, sessions of 18 s (the default), the leader's host freezes",
    expected: "kept",
    source: frozen,
    times: { tickMillis: 3_000, timeoutMillis: 18_000 },
    isFrozen: true,
    ...replicated
  },
  {
    name: "3.9, 3 replicas, min.insync.replicas=2, sessions of 2 s, the leader's host freezes",
    expected: "kept",
    source: frozen,
    isFrozen: true,
    ...replicated
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=2, the leader's host freezes",
    expected: "broken",
    source: minInSync,
    replicas: 2,
    minInSync: 2,
    isFrozen: true
  },
  {
    name: "3.9, 2 replicas, min.insync.replicas=1, the leader's host freezes",
    expected: "kept",
    source: frozenAlone,
    replicas: 2,
    minInSync: 1,
    isFrozen: true
  }
]

/** The elections, clients, and two fetches. */
const restMillis = 2_000

/** Every cell. */
export const expectations: ReadonlyArray<FailoverExpectation> = deployments.map((deployed) => {
  const { areFollowersLate = false, expected, isFrozen = false, isUnclean = false, minInSync, name, replicas, source } =
    deployed
  const { times = quickly } = deployed
  return {
    guarantee: "Kafka cluster: writes resume within a bound after a leader dies",
    deployment: name,
    expected,
    promise:
      `a leader ${
        isFrozen ? "freezes" : "is killed"
      } and does not come back: a write to its partition with acks=all is ` +
      "acknowledged within the session timeout, one tick and 2 s",
    source,
    plan: {
      guards: { ...guarded, UncleanElection: isUnclean },
      deployment: { cluster: ringOf(3, 2, replicas), times, lagMillis: 30_000, minInSync, startMillis: 1_000 },
      boundMillis: times.timeoutMillis + times.tickMillis + restMillis,
      death: isFrozen ? "Pause" : "Kill",
      areFollowersLate
    }
  }
})
