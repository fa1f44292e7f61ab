/**
 * One cell of the guarantee matrix: does this deployment keep this promise, and how do we know.
 *
 * The one decision: what is expected is written down by hand from a source before the run, and the run is held to it. A
 * cell is as expected when it kept what was expected to be kept, or broke, within its budget, what was expected to break.
 */

/**
 * `holds`: every behaviour within the stated bounds. `survived`: so many histories that met the premise, none broke it.
 * `broken`: the shortest history known is attached. `expected broken`: so does the real system. `not checked`: no source,
 * or no way to run it here.
 */
type Verdict = "holds" | "survived" | "broken" | "expected broken" | "not checked"

/** What is expected, why, and who says so. */
export interface Expectation {
  readonly guarantee: string
  readonly deployment: string
  readonly expected: "kept" | "broken"
  /** The promise in one sentence. */
  readonly promise: string
  /** Documentation, KIP, issue, or a run of the real software. */
  readonly source: string
}

/** What runs found. */
export interface Evidence {
  /** Random histories that met the premise of the promise. */
  readonly histories: number
  /** Distinct states that were looked at: of a model, or of a disk that a start found. */
  readonly states: number
  /** The shrunk history that breaks the promise, and how many runs it took to find one. */
  readonly broken?: { readonly token: string; readonly steps: number; readonly runs: number }
}

/** A cell of the matrix. `--json` prints it without `steps`, which the token holds. */
export interface Cell {
  readonly guarantee: string
  readonly deployment: string
  readonly verdict: Verdict
  readonly asExpected: boolean
  readonly histories: number
  readonly states: number
  readonly token?: string
  readonly steps?: number
  readonly promise: string
  readonly source: string
}

/** What a cell says, given what was expected and what was found; `undefined` where nobody looked. */
export const cellOf = (expectation: Expectation, evidence: Evidence | undefined): Cell => {
  const { deployment, expected, guarantee, promise, source } = expectation
  if (evidence === undefined) {
    const nothing = { verdict: "not checked", asExpected: true, histories: 0, states: 0 } as const
    return { guarantee, deployment, ...nothing, promise, source }
  }
  const { broken, histories, states } = evidence
  const found = broken === undefined ? "kept" : "broken"
  const verdict = broken === undefined ? "survived" : expected === "broken" ? "expected broken" : "broken"
  return {
    guarantee,
    deployment,
    verdict,
    asExpected: found === expected && (found === "broken" || histories > 0),
    histories,
    states,
    ...broken && { token: broken.token, steps: broken.steps },
    promise,
    source
  }
}
