/**
 * Which queue a producer writes to: in turn, away from who failed, or by the hash of a key.
 *
 *     in turn   index + 1, + 1, ... until a queue of another broker (or of one that is not avoided), else the next one
 *     by key    hash modulo the number of queues: moves with every master that enters or leaves the list (R18)
 *
 * The decision: picking is a function of the list, the index and who is wanted, so round robin, retry elsewhere and fault
 * avoidance are one rule.
 *
 * Authority: TopicPublishInfo.selectOneMessageQueue, MQFaultStrategy.selectOneMessageQueue and
 * computeNotAvailableDuration, SelectMessageQueueByHash.select, MQClientInstance.topicRouteData2TopicPublishInfo
 * (an order configuration replaces the queues of the route), DefaultMQProducerImpl.sendDefaultImpl, of RocketMQ 4.9.7.
 */

/** How often a send is tried in all: 1 + retryTimesWhenSendFailed. */
export const mostTries = 3

/** sendMsgTimeout: one budget for all tries. */
export const sendTimeoutMillis = 3_000

/** The masters that the list of queues has, by name ascending: all of them where the order is configured. */
export const listed = (
  masters: ReadonlyArray<number>,
  inRoute: ReadonlyArray<number>,
  isOrderStatic: boolean
): ReadonlyArray<number> => isOrderStatic ? masters : masters.filter((master) => inRoute.includes(master))

/** The element that an index stands for; the index grows without end. */
export const atIndex = <A>(list: ReadonlyArray<A>, index: number): A => list[index % list.length]!

/** The index of the next queue that is wanted, else of the next one; the list has at least one. */
export const nextIndex = <A>(list: ReadonlyArray<A>, index: number, wanted: (queue: A) => boolean): number => {
  for (let step = 1; step <= list.length; step++) if (wanted(atIndex(list, index + step))) return index + step
  return index + 1
}

/** The least number that every number of queues from 1 to this one divides: an index means the same modulo it. */
export const lap = (mostQueues: number): number => {
  let least = 1
  for (let queues = 2; queues <= mostQueues; queues++) {
    let multiple = least
    while (multiple % queues !== 0) multiple += least
    least = multiple
  }
  return least
}

/** The queue that a key belongs to: its Java hash code may be negative, its remainder is made positive. */
export const byHash = <A>(list: ReadonlyArray<A>, hash: number): A => list[Math.abs(hash % list.length)]!

/** Who failed, by when it may be picked again, milliseconds of the client's clock. */
type Faults = ReadonlyMap<number, number>

/** MQFaultStrategy.latencyMax and notAvailableDuration, the slowest first, milliseconds. */
const avoidance: ReadonlyArray<readonly [latency: number, duration: number]> = [
  [15_000, 600_000],
  [3_000, 180_000],
  [2_000, 120_000],
  [1_000, 60_000],
  [550, 30_000],
  [100, 0],
  [50, 0]
]
/** What a failure counts as, whatever it took. */
const failureLatencyMillis = 30_000

/** How long a broker is avoided after a try, milliseconds. */
export const avoidedMillis = (latencyMillis: number, hasFailed: boolean): number => {
  const latency = hasFailed ? failureLatencyMillis : latencyMillis
  return avoidance.find(([least]) => latency >= least)?.[1] ?? 0
}

/** Whether a broker may be picked. */
export const isAvailable = (faults: Faults, broker: number, nowMillis: number): boolean =>
  nowMillis >= (faults.get(broker) ?? 0)
