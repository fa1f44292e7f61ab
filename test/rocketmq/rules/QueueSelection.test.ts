/** Rules of a client that no state of a model holds: durations and addresses, as the 4.9.7 source has them. */
import { describe, expect, it } from "vitest"
import { avoidedMillis, byHash, isAvailable } from "../../../src/rocketmq/rules/QueueSelection.ts"
import { readAddress } from "../../../src/rocketmq/rules/RouteCache.ts"

describe("a producer with sendLatencyFaultEnable", () => {
  // MQFaultStrategy: latencyMax {50, 100, 550, 1000, 2000, 3000, 15000}, notAvailableDuration {0, 0, 30000, 60000,
  // 120000, 180000, 600000}; a failure counts as 30000.
  it.each([[49, 0], [100, 0], [549, 0], [550, 30_000], [1_000, 60_000], [2_999, 120_000], [3_000, 180_000], [
    15_000,
    600_000
  ]])(
    "avoids a broker that took %i ms for %i ms",
    (latency, duration) => expect(avoidedMillis(latency, false)).toBe(duration)
  )

  it("avoids a broker that failed for ten minutes, and picks it again when they are over", () => {
    expect(avoidedMillis(1, true)).toBe(600_000)
    expect([599_999, 600_000].map((now) => isAvailable(new Map([[1, 600_000]]), 1, now))).toEqual([false, true])
    expect(isAvailable(new Map(), 1, 0)).toBe(true)
  })
})

describe("a key's queue", () => {
  it("is its hash modulo the number of queues, made positive (SelectMessageQueueByHash)", () => {
    expect([5, -5, 4].map((hash) => byHash(["a", "b", "c"], hash))).toEqual(["c", "c", "b"])
  })
})

describe("a consumer", () => {
  // MQClientInstance.findBrokerAddressInSubscribe: the broker that was advised, else whichever there is.
  it("reads from the slave when the master has left the route, and from nobody when both have", () => {
    const deployment = { masters: 1, slaves: 1 }
    const route = (addrs: ReadonlyArray<number>) => ({ addrs, queues: [[{ writeQueues: 1, writable: true }]] })
    expect(readAddress(deployment, route([1, 2]), 1, "master")).toBe(1)
    expect(readAddress(deployment, route([1, 2]), 1, "slave")).toBe(2)
    expect(readAddress(deployment, route([2]), 1, "master")).toBe(2)
    expect(readAddress(deployment, route([]), 1, "master")).toBeUndefined()
  })
})
