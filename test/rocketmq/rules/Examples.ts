/**
 * Rules of a client that no state of a model holds, by example: durations, addresses and turns, as the 4.9.7 source has
 * them. Data, so that whoever breaks a rule on purpose can ask whether it is noticed.
 */
import { avoidedMillis, byHash, isAvailable, lap, nextIndex } from "../../../src/rocketmq/rules/QueueSelection.ts"
import { publishable, readAddress } from "../../../src/rocketmq/rules/RouteCache.ts"
import { isTooOld } from "../../../src/rocketmq/rules/RouteTables.ts"

/** A sentence about a rule, what the rule says, and what it must say. */
export interface Example {
  readonly sentence: string
  readonly says: () => unknown
  readonly expected: unknown
}

// MQFaultStrategy: latencyMax {50, 100, 550, 1000, 2000, 3000, 15000}, notAvailableDuration {0, 0, 30000, 60000,
// 120000, 180000, 600000}; a failure counts as 30000.
const avoidance = [
  [49, 0],
  [100, 0],
  [549, 0],
  [550, 30_000],
  [1_000, 60_000],
  [2_999, 120_000],
  [3_000, 180_000],
  [15_000, 600_000]
] as const

const deployment = { masters: 2, slaves: 1 }
const data = (writable: boolean) => [{ writeQueues: 1, writable }]
const route = (addrs: ReadonlyArray<number>, one = data(true), two = data(true)) => ({ addrs, queues: [one, two] })

export const examples: ReadonlyArray<Example> = [
  ...avoidance.map(([latency, duration]) => ({
    sentence: `a producer with sendLatencyFaultEnable avoids a broker that took ${latency} ms for ${duration} ms`,
    says: () => avoidedMillis(latency, false),
    expected: duration
  })),
  {
    sentence: "it avoids a broker that failed for ten minutes, however soon it failed",
    says: () => avoidedMillis(1, true),
    expected: 600_000
  },
  {
    // LatencyFaultToleranceImpl.FaultItem.isAvailable: currentTimeMillis - startTimestamp >= 0.
    sentence: "it picks a broker again when that time is over, and one that never failed at once",
    says: () => [
      ...[599_999, 600_000].map((now) => isAvailable(new Map([[1, 600_000]]), 1, now)),
      isAvailable(new Map(), 1, 0)
    ],
    expected: [false, true, true]
  },
  {
    // TopicPublishInfo.selectOneMessageQueue(lastBrokerName): the next of another broker, else the next.
    sentence: "a producer takes the next queue that is wanted, and the next one where none is",
    says: () => [
      nextIndex(["a", "a", "b"], 0, (queue) => queue === "b"),
      nextIndex(["a", "b", "a"], 0, (queue) => queue === "a"),
      nextIndex(["a"], 4, () => false)
    ],
    expected: [2, 2, 5]
  },
  {
    // The least common multiple of all numbers up to this one.
    sentence: "an index means the same for every list modulo a number that each length divides",
    says: () => [1, 2, 3, 4, 5].map(lap),
    expected: [1, 2, 6, 12, 60]
  },
  {
    sentence: "a key's queue is its hash modulo the number of queues, made positive (SelectMessageQueueByHash)",
    says: () => [5, -5, 4].map((hash) => byHash(["a", "b", "c"], hash)),
    expected: ["c", "c", "b"]
  },
  {
    // MQClientInstance.topicRouteData2TopicPublishInfo: isWriteable(perm), and a broker with the master's id.
    sentence: "a producer writes to names with the permission and with a master, never to a slave",
    says: () =>
      [
        route([1, 2, 3]),
        route([2, 3]),
        route([1, 2], data(false)),
        route([1, 2], []),
        route([1, 2], data(true), data(false))
      ].map((given) => publishable(deployment, given)),
    expected: [[1, 2], [2], [2], [2], [1]]
  },
  {
    // MQClientInstance.findBrokerAddressInSubscribe: the broker that was advised, else whichever there is.
    sentence:
      "a consumer reads from the broker that it was advised to, from the other when that one is gone, or from none",
    says: () => [
      readAddress(deployment, route([1, 2, 3]), 1, "master"),
      readAddress(deployment, route([1, 2, 3]), 1, "slave"),
      readAddress(deployment, route([2, 3]), 1, "master"),
      readAddress(deployment, route([1, 2]), 1, "slave"),
      readAddress(deployment, route([1, 3]), 2, "master") ?? "none"
    ],
    expected: [1, 3, 3, 1, "none"]
  },
  {
    // RouteInfoManager.scanNotActiveBroker: (last + BROKER_CHANNEL_EXPIRED_TIME) < now, 120 s.
    sentence: "a NameServer finds an entry too old after more than two minutes, not after just two",
    says: () => [120_000, 120_001].map((now) => isTooOld(0, now)),
    expected: [false, true]
  }
]
