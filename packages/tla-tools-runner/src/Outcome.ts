/**
 * From TLC's messages to events and a result: a fold over tool-mode messages by their codes.
 *
 * The decision: the first thing that went wrong decides the verdict, not the exit status, which differs between versions
 * of TLC and between kinds of property (a broken `[][A]_v` exits with 13 although it is safety). Codes: tlc2.output.EC.
 */
import { configurationError, evaluationError, parserError, type Sources, type SpecError } from "./SpecError.ts"
import { type Location, parseLocation, type ToolItem } from "./ToolOutput.ts"
import { type Loop, parseAssignments, parseLoop, parseState, type Trace, type TraceState } from "./Trace.ts"

/** How a run ended. */
export type Verdict =
  | "success"
  | "safety"
  | "liveness"
  | "deadlock"
  | "assumption"
  | "parse-error"
  | "evaluation-error"
  | "timeout"
  | "aborted"

/** How often an action was taken: `distinct` states it found first, `generated` in all. */
export interface ActionCoverage {
  readonly action: string
  readonly location: Location | undefined
  readonly distinct: number
  readonly generated: number
}

/** What happens during a run, in this order; rates are states a second. */
export type CheckEvent =
  | { readonly _tag: "Parsed"; readonly modules: ReadonlyArray<string> }
  | { readonly _tag: "InitialStates"; readonly distinct: number; readonly generated: number }
  | {
    readonly _tag: "Progress"
    readonly depth: number
    readonly generated: number
    readonly distinct: number
    readonly queue: number
    readonly rate: number | undefined
    readonly distinctRate: number | undefined
  }
  | ({ readonly _tag: "Coverage" } & ActionCoverage)
  | { readonly _tag: "Output"; readonly text: string }
  | { readonly _tag: "Warning"; readonly text: string }
  | { readonly _tag: "Violation"; readonly violation: Violation }
  | { readonly _tag: "Done"; readonly result: CheckResult }

/** What broke, and the behaviour that shows it. */
export interface Violation {
  readonly verdict: Verdict
  readonly violated: string | undefined
  readonly message: string
  readonly trace: Trace | undefined
}

/** What a run found. */
export interface CheckResult {
  readonly verdict: Verdict
  /** TLC's own exit status; nothing where TLC was killed. */
  readonly exitCode: number | undefined
  readonly distinct: number
  readonly generated: number
  /** States still to be explored. */
  readonly queue: number
  /** The number of states in the longest shortest behaviour; nothing before the first report. */
  readonly depth: number | undefined
  /** The property, invariant or assumption that does not hold; `Assert` where a call of Assert failed. */
  readonly violated: string | undefined
  /** TLC's sentence on what went wrong. */
  readonly message: string | undefined
  readonly trace: Trace | undefined
  /** The place of a parse error or an error of evaluation. */
  readonly error: SpecError | undefined
  /** By action, where it was asked for. */
  readonly coverage: ReadonlyArray<ActionCoverage>
  readonly warnings: ReadonlyArray<string>
  /** As TLC names itself. */
  readonly version: string | undefined
}

interface Found {
  readonly verdict: Verdict
  readonly violated: string | undefined
  readonly message: string
  readonly code: number
}

const numbers = (text: string): ReadonlyArray<number> =>
  [...text.matchAll(/\d[\d,]*/g)].map(([n]) => Number(n.replaceAll(",", "")))

/** A count in a text. A simulation says -1 where it does not count. */
const count = (text: string, pattern: RegExp): number | undefined => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found.replaceAll(",", ""))
}

const configurationCodes: ReadonlySet<number> = new Set([
  2146,
  2222,
  2223,
  2224,
  2225,
  2226,
  2227,
  2228,
  2229,
  2230,
  2231,
  2232,
  2233,
  2234,
  2235,
  2236,
  2237,
  2241,
  2242,
  2243,
  2280,
  2281,
  5001,
  5002,
  5003,
  5004,
  5005,
  5006
])

/** Codes that go with an error and do not begin one. */
const followUps: ReadonlySet<number> = new Set([2103, 2120, 2121, 2264])

const propertyName = (text: string): string | undefined =>
  /(?:Invariant|[Pp]roperty|properties) (\S+) (?:is|was|were) violated/.exec(text)?.[1]

/** What an error message means; nothing for a code that only follows up. */
const judge = (code: number, text: string, inner: ReadonlyArray<number>): Found | undefined => {
  const found = (verdict: Verdict, violated: string | undefined): Found => ({
    verdict,
    violated,
    message: text.trim(),
    code
  })
  if (followUps.has(code)) return undefined
  if (code === 3002 || code === 2171) return found("parse-error", undefined)
  if (configurationCodes.has(code) || inner.some((each) => configurationCodes.has(each))) {
    return found("parse-error", undefined)
  }
  if (code === 2107 || code === 2108 || code === 2110 || code === 2112) return found("safety", propertyName(text))
  if (code === 2132 || inner.includes(2132)) return found("safety", "Assert")
  if (code === 2114) return found("deadlock", undefined)
  if (code === 2116) return found("liveness", propertyName(text.replace(/^Temporal properties were/, "")))
  if (code === 2104) return found("assumption", undefined)
  return found("evaluation-error", undefined)
}

const coverageOf = (text: string): ActionCoverage | undefined => {
  const found = /<(\S+?)(?: .*)?>(?:[^:]*)?: ([\d,]+):([\d,]+)/.exec(text)
  if (found === null) return undefined
  return {
    action: found[1]!,
    location: parseLocation(text),
    distinct: Number(found[2]!.replaceAll(",", "")),
    generated: Number(found[3]!.replaceAll(",", ""))
  }
}

/** A fold over what TLC says: `take` gives back the events of one item, `finish` the result. */
export const makeOutcome = (sourcesOf: (files: ReadonlyMap<string, string>) => Sources) => {
  const files = new Map<string, string>()
  const parserText: Array<string> = []
  const states: Array<TraceState> = []
  const coverage = new Map<string, ActionCoverage>()
  const warnings: Array<string> = []
  let parsing = false
  let first: Found | undefined
  let loop: Loop | undefined
  let reported = false
  let positions = ""
  let version: string | undefined
  let succeeded = false
  let [distinct, generated, queue] = [0, 0, 0]
  let depth: number | undefined

  const trace = (): Trace | undefined => states.length === 0 ? undefined : { states: [...states], loop }

  const violation = (): Violation | undefined => {
    if (first === undefined || reported) return undefined
    reported = true
    return { verdict: first.verdict, violated: first.violated, message: first.message, trace: trace() }
  }

  const line = (text: string): ReadonlyArray<CheckEvent> => {
    const opened = /^Parsing file (.*?([^/\\]+)\.tla)(?: \(.*\))?$/.exec(text)
    if (opened !== null) files.set(opened[2]!, opened[1]!)
    if (!parsing) return [{ _tag: "Output", text }]
    parserText.push(text)
    return []
  }

  const progress = (text: string): ReadonlyArray<CheckEvent> => {
    depth = count(text, /Progress\(([\d,]+)\)/) ?? depth
    generated = count(text, /([\d,]+) states generated/) ?? count(text, /Progress: ([\d,]+) states/) ?? generated
    distinct = count(text, /([\d,]+) distinct states found/) ?? distinct
    queue = count(text, /([\d,]+) states left/) ?? queue
    const rate = count(text, /\(([\d,]+) s\/min\)/)
    const distinctRate = count(text, /\(([\d,]+) ds\/min\)/)
    return [{
      _tag: "Progress",
      depth: depth ?? 0,
      generated,
      distinct,
      queue,
      rate: rate === undefined ? undefined : rate / 60,
      distinctRate: distinctRate === undefined ? undefined : distinctRate / 60
    }]
  }

  const message = (item: Extract<ToolItem, { readonly _tag: "Message" }>): ReadonlyArray<CheckEvent> => {
    const { code, inner, severity, text } = item
    switch (code) {
      case 2262:
        version = /Version (.*)/.exec(text)?.[1] ?? text
        return []
      case 2220:
        parsing = true
        return []
      case 2219:
        parsing = false
        return /(?:^|\n)(?:\*\*\*|Fatal errors)/.test(parserText.join("\n"))
          ? []
          : [{ _tag: "Parsed", modules: [...files.keys()] }]
      case 2190:
      case 2191:
      case 2207:
      case 2208: {
        const [init = 0, more] = numbers(text.replace(/ at \d{4}-.*$/, ""))
        const ready = /distinct states? generated/.test(text) && more === undefined ? init : more ?? init
        return [{ _tag: "InitialStates", distinct: Math.min(init, ready), generated: Math.max(init, ready) }]
      }
      case 2200:
      case 2206:
      case 2209:
        return progress(text)
      case 2199:
      case 2204:
      case 2210:
        generated = count(text, /([\d,]+) states generated/) ?? count(text, /number of states generated: ([\d,]+)/i) ??
          generated
        distinct = count(text, /([\d,]+) distinct states found/) ?? distinct
        queue = count(text, /([\d,]+) states left/) ?? queue
        return []
      case 2194:
        depth = count(text, /search is ([\d,]+)/) ?? depth
        return []
      case 2193:
        succeeded = true
        return []
      case 2772:
      case 2773: {
        const found = coverageOf(text)
        if (found === undefined || code === 2773) return []
        const known = coverage.get(found.action)
        const both = known === undefined || known.location?.line === found.location?.line
          ? found
          : { ...found, distinct: known.distinct + found.distinct, generated: known.generated + found.generated }
        coverage.set(found.action, both)
        return [{ _tag: "Coverage", ...both }]
      }
      case 2201:
        coverage.clear()
        return []
      case 2216:
      case 2217:
        states.push(parseState(text, first?.code === 2109 || first?.code === 2106))
        return []
      case 2122:
      case 2218:
        loop = parseLoop(text, states.length)
        return []
      case 2103:
        positions = text
        return []
    }
    if (severity === 2 || severity === 3) {
      warnings.push(text.trim())
      return [{ _tag: "Warning", text: text.trim() }]
    }
    if (severity !== 1 || first !== undefined) return []
    first = judge(code, text, inner)
    if ((code === 2107 || code === 2108 || code === 2106) && text.includes("\n")) {
      states.push({
        action: undefined,
        location: undefined,
        values: parseAssignments(text.slice(text.indexOf("\n") + 1), code === 2106)
      })
    }
    return []
  }

  const traceCodes: ReadonlySet<number> = new Set([2103, 2120, 2121, 2122, 2216, 2217, 2218, 2264])

  return {
    take: (item: ToolItem): ReadonlyArray<CheckEvent> => {
      if (item._tag === "Line") return line(item.text)
      const complete = first !== undefined && !traceCodes.has(item.code) ? violation() : undefined
      const events = message(item)
      return complete === undefined ? events : [{ _tag: "Violation", violation: complete }, ...events]
    },
    /** Ends the fold: the violation if it was not told yet, and the result. */
    finish: (
      exitCode: number | undefined,
      stopped: "timeout" | "aborted" | undefined
    ): { readonly violation: Violation | undefined; readonly result: CheckResult } => {
      const sources = sourcesOf(files)
      const verdict: Verdict = first?.verdict ?? stopped ??
        (succeeded || exitCode === 0 ? "success" : "evaluation-error")
      const error = first === undefined
        ? undefined
        : verdict === "parse-error"
        ? first.code === 3002 || first.code === 2171
          ? parserError(parserText.join("\n"), sources)
          : configurationError(first.message, sources)
        : verdict === "evaluation-error" || first.violated === "Assert"
        ? evaluationError(first.message, positions, sources)
        : undefined
      const told = violation()
      return {
        violation: told,
        result: {
          verdict,
          exitCode,
          distinct,
          generated,
          queue,
          depth,
          violated: first?.violated === undefined
            ? undefined
            : sources.expressions.get(first.violated) ?? first.violated,
          message: error?.message ?? first?.message,
          trace: first === undefined ? undefined : trace(),
          error,
          coverage: [...coverage.values()],
          warnings,
          version
        }
      }
    },
    /** Whether TLC said anything at all: if not, Java has the word. */
    heard: (): boolean => version !== undefined,
    /** The liveness property that was violated is not named by TLC 2.15 and 2.18. */
    unnamedLiveness: (): Trace | undefined =>
      first?.verdict === "liveness" && first.violated === undefined ? trace() : undefined,
    /** The place of an assumption that does not hold. */
    falseAssumption: (): Location | undefined =>
      first?.verdict === "assumption" ? parseLocation(first.message) : undefined
  }
}
