/**
 * What a test can claim of a spec, apart from any test framework.
 *
 * The decision: a claim that TLC could not judge (a parse error, a timeout) fails whether it is negated or not, so that
 * a broken spec never passes as one that does not hold.
 */
import { type Check, check, type CheckOptions } from "./Check.ts"
import type { CheckResult } from "./Outcome.ts"
import { isViolation } from "./Sweep.ts"
import { formatTrace } from "./Trace.ts"

/** A spec with what to check of it. */
export interface Subject extends CheckOptions {
  readonly spec: string
}

/** What a claim can be made of: a spec, or for `toHold` and `toViolate` also a check, its result or a promise of it. */
export type Claimed = string | Subject | Check | CheckResult | PromiseLike<CheckResult>

/** Whether a claim is true, and the sentence for the case that this is not what was expected. */
export interface Judgement {
  readonly pass: boolean
  readonly message: () => string
}

const isSubject = (claimed: Exclude<Claimed, string>): claimed is Subject =>
  "spec" in claimed && typeof claimed.spec === "string"

const subjectOf = (claimed: Claimed, matcher: string): Subject => {
  if (typeof claimed === "string") return { spec: claimed }
  if (isSubject(claimed)) return claimed
  throw new TypeError(`${matcher} runs TLC itself: give it the path of a spec, or an object with spec and options`)
}

const resultOf = async (claimed: Claimed): Promise<CheckResult> => {
  if (typeof claimed === "string") return check(claimed).result
  if (isSubject(claimed)) return check(claimed.spec, claimed).result
  if ("verdict" in claimed) return claimed
  return "result" in claimed ? claimed.result : claimed
}

const run = (subject: Subject, changes: CheckOptions): Promise<CheckResult> =>
  check(subject.spec, { ...subject, ...changes }).result

const told = (result: CheckResult): string => {
  const what = result.verdict === "success"
    ? `everything holds in ${result.distinct} states`
    : result.verdict === "deadlock"
    ? "there is a deadlock"
    : isViolation(result.verdict)
    ? `${result.violated ?? "a property"} does not hold (${result.verdict})`
    : `${result.verdict}: ${
      result.error?.file === undefined ? "" : `${result.error.file}:${result.error.line}:${result.error.column}: `
    }${result.message ?? ""}`
  return result.trace === undefined ? what : `${what}\n\n${formatTrace(result.trace)}\n`
}

const judged = (result: CheckResult): CheckResult => {
  if (result.verdict === "success" || isViolation(result.verdict)) return result
  throw new Error(`TLC gave no verdict: ${told(result)}`)
}

const judgement = (pass: boolean, claim: string, negated: string, result: CheckResult): Judgement => ({
  pass,
  message: () => `expected ${pass ? negated : claim}, but ${told(result)}`
})

/** Everything that was asked for holds. */
export const toHold = async (claimed: Claimed): Promise<Judgement> => {
  const result = judged(await resultOf(claimed))
  return judgement(result.verdict === "success", "the spec to hold", "something not to hold", result)
}

/**
 * This property is violated, `"deadlock"` for a deadlock; with `depth` by a behaviour of just so many states, of which a
 * lasso counts each once.
 */
export const toViolate = async (
  claimed: Claimed,
  property: string,
  { depth }: { readonly depth?: number | undefined } = {}
): Promise<Judgement> => {
  const result = judged(await resultOf(claimed))
  const violated = result.verdict === "deadlock" ? "deadlock" : result.violated
  const states = result.trace?.states.length
  const within = depth === undefined ? "" : ` in ${depth} states`
  const pass = violated === property && (depth === undefined || states === depth)
  const counted = violated === property && !pass ? ` (it took ${states} states)` : ""
  return judgement(
    pass,
    `${property} to be violated${within}${counted}`,
    `${property} not to be violated${within}`,
    result
  )
}

/** A state is reached that satisfies this predicate, a name or a TLA+ expression. */
export const toReach = async (claimed: Claimed, predicate: string): Promise<Judgement> => {
  const subject = subjectOf(claimed, "toReach")
  const invariant = `~(${predicate})`
  const result = judged(await run(subject, { invariants: [invariant], properties: [], deadlock: false }))
  const pass = result.verdict === "safety" && result.violated === invariant
  if (!pass && result.verdict !== "success") {
    throw new Error(`TLC could not tell whether ${predicate} is reached: ${told(result)}`)
  }
  return {
    pass,
    message: () =>
      pass
        ? `expected ${predicate} never to be reached, but it is\n\n${formatTrace(result.trace!)}\n`
        : `expected ${predicate} to be reached, but it is in none of ${result.distinct} states`
  }
}

/** All actions are taken, or these. */
export const toCover = async (
  claimed: Claimed,
  { actions }: { readonly actions: "all" | ReadonlyArray<string> }
): Promise<Judgement> => {
  const subject = subjectOf(claimed, "toCover")
  const result = judged(await run(subject, { coverage: true }))
  const taken = new Set(result.coverage.filter(({ generated }) => generated > 0).map(({ action }) => action))
  const wanted = actions === "all" ? result.coverage.map(({ action }) => action) : actions
  const dead = wanted.filter((action) => !taken.has(action))
  const early = result.verdict === "success" ? "" : `; the search ended early: ${told(result)}`
  return {
    pass: dead.length === 0,
    message: () =>
      dead.length === 0
        ? `expected some of ${wanted.join(", ")} never to be taken, but all are`
        : `expected ${wanted.join(", ")} to be taken, but never: ${dead.join(", ")}${early}`
  }
}
