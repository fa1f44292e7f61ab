/** How a producer of a followed run picks queues, and how often its reader looks. */
import type { Workload } from "../../../src/simulate/routing/RoutingCluster.ts"

/** A minute between two looks of the reader. */
const minute = 60_000

/** Every value has the same key. */
export const byKey = (isOrderStatic: boolean, resends: number): Workload => ({
  selection: { _tag: "ByKey", hash: 0, isOrderStatic },
  resends,
  pullMillis: minute
})

/** Round robin, also to who failed. */
export const inTurn = (resends: number, pullMillis: number = minute): Workload => ({
  selection: { _tag: "InTurn", avoidsFaulty: false },
  resends,
  pullMillis
})

/** A value that is in a queue twice has two places there, so who reads on seems to skip or to go back. */
export const followDuplicates = ["int-poll-skip", "int-nonmonotonic-poll", "poll-skip", "nonmonotonic-poll"]
