/**
 * Shrinks a failing list of steps to a small one that still fails (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002): drop a chunk, keep what still fails, halve the chunk when nothing more can go.
 *
 * When nothing can be dropped, steps are replaced by simpler ones where that still fails, which often lets more be
 * dropped; and so on until neither helps.
 *
 * The oracle runs the steps, skips those that are no longer possible and answers the steps that did happen if the run
 * still fails. So what is kept is always a run that happened, and a step that became impossible is dropped for free.
 */

/** The steps that happened, when the run still fails in the way that matters; `undefined` when it does not. */
export type Oracle<Step> = (steps: ReadonlyArray<Step>) => ReadonlyArray<Step> | undefined

/** Simpler steps to try in the place of a step, the simplest first; none for a step that is simple already. */
export type Simpler<Step> = (step: Step) => ReadonlyArray<Step>

export interface Shrunk<Step> {
  readonly steps: ReadonlyArray<Step>
  /** How often the oracle was asked. */
  readonly runs: number
}

export interface ShrinkOptions<Step> {
  readonly simpler?: Simpler<Step>
  /** Asks the oracle no more often than that; 10,000 if absent. */
  readonly maximumRuns?: number
}

/**
 * The smallest list found: no single step of it can be dropped or replaced by a simpler one, unless `maximumRuns` ended
 * the search.
 *
 * Throws a `RangeError` where the steps given do not fail, since then there is nothing to shrink.
 */
export const shrink = <Step>(
  steps: ReadonlyArray<Step>,
  oracle: Oracle<Step>,
  { maximumRuns = 10_000, simpler = () => [] }: ShrinkOptions<Step> = {}
): Shrunk<Step> => {
  let runs = 0
  const ask: Oracle<Step> = (asked) => {
    if (runs >= maximumRuns) return undefined
    runs++
    return oracle(asked)
  }
  const first = ask(steps)
  if (first === undefined) throw new RangeError("the run to shrink does not fail when it is repeated")
  let smallest = first
  for (let before: ReadonlyArray<Step> | undefined; smallest !== before && runs < maximumRuns;) {
    before = smallest
    smallest = simplified(dropped(smallest, ask), ask, simpler)
  }
  return { steps: smallest, runs }
}

/** Drops chunks, from the end, then smaller ones, until no single step can go. */
const dropped = <Step>(steps: ReadonlyArray<Step>, ask: Oracle<Step>): ReadonlyArray<Step> => {
  let smallest = steps
  let chunk = Math.max(1, smallest.length >> 1)
  while (true) {
    let shrunk = false
    for (let end = smallest.length; end > 0;) {
      const start = Math.max(0, end - chunk)
      const fewer = ask([...smallest.slice(0, start), ...smallest.slice(end)])
      if (fewer !== undefined && fewer.length < smallest.length) {
        smallest = fewer
        shrunk = true
      }
      end = Math.min(start, smallest.length)
    }
    if (chunk === 1 && !shrunk) return smallest
    if (chunk > 1) chunk >>= 1
  }
}

/** Replaces steps by simpler ones, one at a time; a run may get shorter by it, never longer. */
const simplified = <Step>(
  steps: ReadonlyArray<Step>,
  ask: Oracle<Step>,
  simpler: Simpler<Step>
): ReadonlyArray<Step> => {
  let simplest = steps
  for (let at = 0; at < simplest.length; at++) {
    for (const candidate of simpler(simplest[at]!)) {
      const run = ask(simplest.with(at, candidate))
      if (run === undefined || run.length > simplest.length) continue
      simplest = run
      break
    }
  }
  return simplest
}
