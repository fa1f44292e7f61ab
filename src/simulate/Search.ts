/**
 * A scenario looked for on nodes: random histories without the guard until what the catalogue names is seen, then as many
 * and more with the guard on, in which it must not be.
 *
 * The decision: both halves count. What is found without a guard says nothing of the guard while nobody has looked for it
 * with the guard on, under histories drawn in the same way.
 */

/** What one history showed: to who watches the nodes, and to who judges what clients were told. */
export interface Shown {
  readonly nodes: boolean
  readonly clients: boolean
}

/** How a scenario is looked for. */
export interface ScenarioSearch {
  /** What is seen on the nodes: a property of the model, or what a bound after the last fault says. */
  readonly onNodes: string
  /** The anomaly that clients see, where they can; some are there with the guard on too, since it does not end them. */
  readonly anomaly?: { readonly name: string; readonly guardEndsIt: boolean }
  /** Histories are drawn from a seed; throws where nodes and model differ. */
  readonly play: (seed: number, isGuarded: boolean) => Shown
}

export interface Searched {
  /** Histories until both were seen, or all of them. */
  readonly runs: number
  /** Histories with the guard on. */
  readonly guardedRuns: number
  readonly nodes: boolean
  readonly clients: boolean
}

/** With the guard on there are so many times as many histories, and at least so many. */
interface Guarded {
  readonly factor: number
  readonly least: number
}
const thorough: Guarded = { factor: 10, least: 50 }

/** Looks for a scenario in at most so many histories. */
export const searchScenario = ({ anomaly, play }: ScenarioSearch, most: number, guarded = thorough): Searched => {
  let [nodes, clients] = [false, false]
  let runs = 0
  while (runs < most && !(nodes && (clients || anomaly === undefined))) {
    runs++
    const shown = play(runs, false)
    nodes ||= shown.nodes
    clients ||= shown.clients
  }
  const guardedRuns = Math.max(guarded.least, guarded.factor * runs)
  for (let seed = 1; seed <= guardedRuns; seed++) {
    const shown = play(seed, true)
    if (shown.nodes) nodes = false
    if (shown.clients && anomaly?.guardEndsIt === true) clients = false
  }
  return { runs, guardedRuns, nodes, clients }
}
