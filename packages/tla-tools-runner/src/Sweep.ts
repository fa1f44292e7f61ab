/**
 * What is built from checks: the smallest constants that violate something, random behaviours, dead actions.
 *
 * The decision: constants are tried in the order of the sum of their places in the lists given, so the first violation
 * is found at constants of which none can be made smaller alone. "Smaller" is what the lists say.
 */
import { type Check, check, type CheckOptions } from "./Check.ts"
import { TlaToolsError } from "./Failure.ts"
import type { Constant } from "./Model.ts"
import type { ActionCoverage, CheckResult, Verdict } from "./Outcome.ts"

/** For each constant the values to try, smallest first. */
export interface SweepSpace {
  readonly [constant: string]: ReadonlyArray<Constant>
}

/** One check of a sweep. */
export interface SweepRun {
  readonly constants: { readonly [name: string]: Constant }
  readonly result: CheckResult
}

/** How a sweep went: all its runs in order, and the last if it violated something. */
export interface SweepResult {
  readonly runs: ReadonlyArray<SweepRun>
  readonly violating: SweepRun | undefined
}

const violations: ReadonlySet<Verdict> = new Set(["safety", "liveness", "deadlock", "assumption"])

/** Whether a verdict says that something does not hold. */
export const isViolation = (verdict: Verdict): boolean => violations.has(verdict)

/** Every choice of one value a constant, in the order of the sum of the places, then of the places themselves. */
export const choices = (space: SweepSpace): ReadonlyArray<{ readonly [name: string]: Constant }> => {
  const names = Object.keys(space)
  const places = names.reduce<ReadonlyArray<ReadonlyArray<number>>>(
    (all, name) => all.flatMap((one) => space[name]!.map((_, i) => [...one, i])),
    [[]]
  )
  const sum = (one: ReadonlyArray<number>): number => one.reduce((a, b) => a + b, 0)
  return [...places].sort((a, b) => sum(a) - sum(b))
    .map((one) => Object.fromEntries(names.map((name, i) => [name, space[name]![one[i]!]!])))
}

/**
 * Checks a spec with ever larger constants until one violates. An assumption that does not hold excludes constants and
 * ends nothing; `onRun` is told of each run. Fails with `bad-spec` where a run gives no verdict on the properties.
 */
export const sweep = async (
  spec: string,
  space: SweepSpace,
  options: CheckOptions = {},
  onRun: (run: SweepRun) => void = () => {}
): Promise<SweepResult> => {
  const runs: Array<SweepRun> = []
  for (const constants of choices(space)) {
    const result = await check(spec, { ...options, constants: { ...options.constants, ...constants } }).result
    const run = { constants, result }
    runs.push(run)
    onRun(run)
    if (result.verdict === "parse-error" || result.verdict === "evaluation-error") {
      throw new TlaToolsError("bad-spec", `${spec}: ${result.message ?? result.verdict}`)
    }
    if (result.verdict === "aborted") throw new TlaToolsError("aborted", "the sweep was aborted")
    if (isViolation(result.verdict) && result.verdict !== "assumption") return { runs, violating: run }
  }
  return { runs, violating: undefined }
}

/** Checks random behaviours: so many (100 by default) of at most `depth` states (100 by default). */
export const simulate = (spec: string, options: CheckOptions & { readonly traces?: number | undefined } = {}): Check =>
  check(spec, { ...options, depth: options.depth ?? 100, simulate: { traces: options.traces ?? 100 } })

/** A check with the count of every action. */
export interface CoverageResult {
  readonly result: CheckResult
  readonly actions: ReadonlyArray<ActionCoverage>
  /** The actions that were never taken. */
  readonly dead: ReadonlyArray<string>
}

/** Checks a spec and counts how often each action was taken. */
export const coverage = async (spec: string, options: CheckOptions = {}): Promise<CoverageResult> => {
  const result = await check(spec, { ...options, coverage: true }).result
  return {
    result,
    actions: result.coverage,
    dead: result.coverage.filter(({ generated }) => generated === 0).map(({ action }) => action)
  }
}
