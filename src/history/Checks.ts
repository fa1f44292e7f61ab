/**
 * Every anomaly by name with the check that finds it: what a history is asked, in the order of a report.
 *
 * The one decision: a name leads to its check, so that one anomaly can be looked for alone (shrinking a history asks for
 * one name thousands of times), and a name without a check does not compile.
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

type Find = (judged: Judged, effort: Effort) => ReadonlyArray<Finding>

const findCycles: Find = (judged, { budget, wwDeps }) => cycles(judged, wwDeps, budget)

/** What upstream knows: data, order, cycles. */
const upstream = {
  "inconsistent-offsets": inconsistentOffsets,
  duplicate: duplicates,
  G1a: abortedReads,
  "precommitted-read": precommittedReads,
  "lost-write": lostWrites,
  unseen,
  "int-poll-skip": internalPolls,
  "int-nonmonotonic-poll": internalPolls,
  "int-send-skip": internalSends,
  "int-nonmonotonic-send": internalSends,
  "poll-skip": pollOrder,
  "nonmonotonic-poll": pollOrder,
  "nonmonotonic-send": sendOrder,
  G0: findCycles,
  G1c: findCycles,
  "G0-realtime": findCycles,
  "G1c-realtime": findCycles,
  "PL-1-cycle-exists": findCycles,
  "PL-2-cycle-exists": findCycles,
  "strong-PL-1-cycle-exists": findCycles,
  "strong-PL-2-cycle-exists": findCycles,
  "cycle-search-timeout": findCycles,
  "empty-transaction-graph": findCycles
} satisfies { readonly [N in Name]?: Find }

/** What it does not know. */
const ours = {
  phantom: phantoms,
  "torn-transaction": tornTransactions,
  "delivered-then-gone": deliveredThenGone,
  "acknowledged-never-delivered": neverDelivered,
  "key-order": keyOrder,
  "committed-went-back": committedPositions,
  "end-offset-went-back": endOffsets
} satisfies { readonly [N in Name]?: Find }

const finders: { readonly [N in Name]: Find } = { ...upstream, ...ours }

/** Every name, in the order in which a report lists them: data, order, cycles, then what upstream does not know. */
export const names = Object.keys(finders) as ReadonlyArray<Name>

/** Everything that is wrong with a history; read as upstream, only what upstream knows. */
export const findAll = (judged: Judged, effort: Effort): Array<Finding> =>
  [...new Set<Find>(Object.values(judged.asUpstream ? upstream : finders))].flatMap((find) => find(judged, effort))

/** All anomalies of one name. */
export const findNamed = (judged: Judged, effort: Effort, name: Name): ReadonlyArray<Finding> =>
  finders[name](judged, effort).filter((finding) => finding.name === name)
