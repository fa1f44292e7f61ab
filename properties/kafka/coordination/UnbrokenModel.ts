/**
 * The model ControllerElection as nobody broke it, for whoever runs mutants of what it is made of: whether nodes went a
 * path of it, and came to where it leads.
 *
 * The decision: no mutant loads this module again, so the model here has the rules as they stand. A rule that is wrong is
 * wrong in the nodes and in the model that walks along with them; it is not in this one.
 */
import { isDeepStrictEqual } from "node:util"
import type { Observed } from "../../../src/kafka/models/ControllerElectionProperties.ts"
import type { ElectionGuards } from "../../../src/kafka/nodes/BrokerMemory.ts"
import { type Label, showLabel, step } from "../../../src/machine/Machine.ts"
import { cluster } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { electionModel } from "../../../src/simulate/coordination/ElectionModel.ts"

/** What a run of nodes was: a path of the model, and the state that the nodes were in at its end. */
export interface Went {
  readonly labels: ReadonlyArray<Label>
  readonly state: Observed
  /** What happened and was not compared yet. */
  readonly pending: number
}

const parts = ["tree", "sessions", "status", "log", "acked"] as const

/** Where a run is no path of the model with these guards, in words; `undefined` where it is one. */
export const misstep = (guards: ElectionGuards, { labels, pending, state: nodes }: Went): string | undefined => {
  const machine = electionModel(cluster, guards)
  let state = machine.initial[0]!
  for (const label of labels) {
    const after = step(machine, state, label)
    if (after === undefined) return `${showLabel(label)} is not enabled in the model that nobody broke`
    state = after
  }
  if (pending > 0) return undefined
  // A broker that comes back in its session is back in the model a little later.
  const own = (all: Observed["own"]) => all.map((each) => ({ ...each, connecting: false }))
  const other = parts.find((part) => !isDeepStrictEqual(nodes[part], state[part]))
  return other ?? (isDeepStrictEqual(own(nodes.own), own(state.own)) ? undefined : "own")
}
