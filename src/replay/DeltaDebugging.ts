/**
 * Shrinks a failing list of steps to a small one that still fails (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", 2002): drop a chunk, keep what still fails, halve the chunk when nothing more can go.
 *
 * The oracle runs the steps, skips those that are no longer possible and answers the steps that did happen if the run
 * still fails. So what is kept is always a run that happened, and a step that became impossible is dropped for free.
 */

/** The steps that happened, when the run still fails in the way that matters; `undefined` when it does not. */
export type Oracle<Step> = (steps: ReadonlyArray<Step>) => ReadonlyArray<Step> | undefined

export interface Shrunk<Step> {
  readonly steps: ReadonlyArray<Step>
  /** How often the oracle was asked. */
  readonly runs: number
}

/**
 * The smallest list found: no single step of it can be dropped, unless `maximumRuns` ended the search.
 *
 * Throws a `RangeError` where the steps given do not fail, since then there is nothing to shrink.
 */
export const shrink = <Step>(
  steps: ReadonlyArray<Step>,
  oracle: Oracle<Step>,
  maximumRuns = 10_000
): Shrunk<Step> => {
  const first = oracle(steps)
  if (first === undefined) throw new RangeError("the run to shrink does not fail when it is repeated")
  let smallest = first
  let runs = 1
  let chunk = Math.max(1, smallest.length >> 1)
  while (runs < maximumRuns) {
    let shrunk = false
    for (let end = smallest.length; end > 0 && runs < maximumRuns;) {
      const start = Math.max(0, end - chunk)
      const fewer = oracle([...smallest.slice(0, start), ...smallest.slice(end)])
      runs++
      if (fewer !== undefined && fewer.length < smallest.length) {
        smallest = fewer
        shrunk = true
      }
      end = Math.min(start, smallest.length)
    }
    if (chunk === 1 && !shrunk) break
    if (chunk > 1) chunk >>= 1
  }
  return { steps: smallest, runs }
}
