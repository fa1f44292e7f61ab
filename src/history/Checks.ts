/**
 * Every check with the names that it can find: what a history is asked, in the order of a report.
 *
 * The one decision: a check knows the names it answers for, so that one anomaly can be looked for alone. Shrinking a
 * history asks for one name thousands of times.
 */
import type { Finding, Name } from "./Anomaly.ts"
import { cycles } from "./Cycles.ts"
import {
  abortedReads,
  duplicates,
  inconsistentOffsets,
  lostWrites,
  phantoms,
  precommittedReads
} from "./DataAnomalies.ts"
import { endOffsets } from "./EndOffsets.ts"
import { committedPositions, neverDelivered } from "./Groups.ts"
import type { Judged } from "./Judged.ts"
import { keyOrder } from "./KeyOrder.ts"
import { internalPolls, internalSends, pollOrder, sendOrder } from "./OrderAnomalies.ts"
import { deliveredThenGone } from "./Reread.ts"
import { tornTransactions } from "./TornTransactions.ts"
import { unseen } from "./Unseen.ts"

/** What the checks may spend and which edges they draw. */
export interface Effort {
  readonly wwDeps: boolean
  /** Edges of the graph of dependencies that may be looked at, for each class of cycle. */
  readonly budget: number
}

interface Check {
  readonly names: ReadonlyArray<Name>
  /** Whether upstream knows it. */
  readonly upstream: boolean
  readonly find: (judged: Judged, effort: Effort) => ReadonlyArray<Finding>
}

const checks: ReadonlyArray<Check> = [
  { names: ["inconsistent-offsets"], upstream: true, find: inconsistentOffsets },
  { names: ["duplicate"], upstream: true, find: duplicates },
  { names: ["G1a"], upstream: true, find: abortedReads },
  { names: ["precommitted-read"], upstream: true, find: precommittedReads },
  { names: ["lost-write"], upstream: true, find: lostWrites },
  { names: ["unseen"], upstream: true, find: unseen },
  { names: ["int-poll-skip", "int-nonmonotonic-poll"], upstream: true, find: internalPolls },
  { names: ["int-send-skip", "int-nonmonotonic-send"], upstream: true, find: internalSends },
  { names: ["poll-skip", "nonmonotonic-poll"], upstream: true, find: pollOrder },
  { names: ["nonmonotonic-send"], upstream: true, find: sendOrder },
  {
    names: [
      "G0",
      "G1c",
      "G0-realtime",
      "G1c-realtime",
      "PL-1-cycle-exists",
      "PL-2-cycle-exists",
      "strong-PL-1-cycle-exists",
      "strong-PL-2-cycle-exists",
      "cycle-search-timeout",
      "empty-transaction-graph"
    ],
    upstream: true,
    find: (judged, { budget, wwDeps }) => cycles(judged, wwDeps, budget)
  },
  { names: ["phantom"], upstream: false, find: phantoms },
  { names: ["torn-transaction"], upstream: false, find: tornTransactions },
  { names: ["delivered-then-gone"], upstream: false, find: deliveredThenGone },
  { names: ["acknowledged-never-delivered"], upstream: false, find: neverDelivered },
  { names: ["key-order"], upstream: false, find: keyOrder },
  { names: ["committed-went-back"], upstream: false, find: committedPositions },
  { names: ["end-offset-went-back"], upstream: false, find: endOffsets }
]

/** Everything that is wrong with a history; read as upstream, only what upstream knows. */
export const findAll = (judged: Judged, effort: Effort): Array<Finding> =>
  checks.flatMap(({ find, upstream }) => upstream || !judged.asUpstream ? find(judged, effort) : [])

/** All anomalies of one name. */
export const findNamed = (judged: Judged, effort: Effort, name: Name): ReadonlyArray<Finding> => {
  const check = checks.find(({ names }) => names.includes(name))!
  return check.find(judged, effort).filter((finding) => finding.name === name)
}
