/**
 * A check: TLC on one model, as events while it runs and a result at the end.
 *
 * The decision: this runs plain `tlc2.TLC` in tool mode and needs no compiler. What TLC does not say is found out
 * afterwards: the name of a false assumption from its place, the name of a liveness property from the lasso (Lasso.ts).
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { tlcFlags } from "./Capabilities.ts"
import { type Events, makeEvents } from "./Events.ts"
import { TlaToolsError } from "./Failure.ts"
import { resolveTlc, type Tlc, type TlcOptions } from "./Jar.ts"
import type { JavaOptions } from "./Java.ts"
import { violatedProperty } from "./Lasso.ts"
import { type Model, type ModelChanges, type ModelOptions, prepareModel } from "./Model.ts"
import { type CheckEvent, type CheckResult, makeOutcome } from "./Outcome.ts"
import { crash, startJava, type StopOptions } from "./Run.ts"
import { type Location, makeToolReader } from "./ToolOutput.ts"
import { openWorkspace, type Workspace } from "./Workspace.ts"

/** What to check, and how. */
export interface CheckOptions extends ModelOptions, TlcOptions, JavaOptions, StopOptions {
  /** Threads, or "auto" for one a core; one by default, which makes the search breadth first. */
  readonly workers?: number | "auto" | undefined
  /** Behaviours of at most so many states: a bound for the search, the length of a behaviour when simulating. */
  readonly depth?: number | undefined
  /** Random behaviours instead of all of them: without end for `true`, or so many. */
  readonly simulate?: boolean | { readonly traces: number } | undefined
  /** The seed of a simulation. */
  readonly seed?: number | undefined
  /** Counts how often each action is taken. */
  readonly coverage?: boolean | undefined
  /** Whether a state without a successor is an error: yes, unless the .cfg file says otherwise. */
  readonly deadlock?: boolean | undefined
  /**
   * With `false`, properties are left out and invariants are kept. With "at the end", liveness is looked at once, when all
   * states are found: TLC otherwise looks now and then while it searches, and its counts at a violation depend on the time.
   */
  readonly liveness?: boolean | "at the end" | undefined
}

/** A check under way: iterate over its events, or await its result, or both. */
export interface Check extends AsyncIterable<CheckEvent> {
  /** Fails with a TlaToolsError where TLC could give no verdict. */
  readonly result: Promise<CheckResult>
  /** Kills TLC; the verdict is then `aborted`. */
  readonly abort: () => void
}

const tlcArguments = (options: CheckOptions, model: Model, workspace: Workspace): Array<string> => {
  const { simulate } = options
  return [
    "-tool",
    ...(options.deadlock ?? model.checkDeadlock ? [] : ["-deadlock"]),
    "-workers",
    String(options.workers ?? 1),
    ...(options.coverage === true ? ["-coverage", "1"] : []),
    ...(options.liveness === "at the end" ? ["-lncheck", "final"] : []),
    ...(simulate === undefined || simulate === false
      ? []
      : ["-simulate", ...(simulate === true ? [] : [`num=${simulate.traces}`])]),
    ...(simulate && options.depth !== undefined ? ["-depth", String(options.depth)] : []),
    ...(options.seed === undefined ? [] : ["-seed", String(options.seed)]),
    "-metadir",
    join(workspace.folder, "meta"),
    "-config",
    model.configFile,
    model.module
  ]
}

const positive = (name: string, value: number | undefined): void => {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
    throw new TlaToolsError("bad-options", `${name} is ${value}: it has to be a whole number above 0`)
  }
}

const checkOptions = (options: CheckOptions): void => {
  positive("depth", options.depth)
  if (options.workers !== "auto") positive("workers", options.workers)
  positive("timeoutMillis", options.timeoutMillis)
  if (typeof options.simulate === "object") positive("simulate.traces", options.simulate.traces)
  if (options.heap !== undefined && !/^\d+[kKmMgG]?$/.test(options.heap)) {
    throw new TlaToolsError("bad-options", `heap is ${options.heap}: Java takes sizes such as 512m or 2g`)
  }
}

/** `ASSUME Name == ...` has its name before the place that TLC gives. */
const assumptionName = (location: Location | undefined, files: ReadonlyMap<string, string>): string | undefined => {
  const file = location === undefined ? undefined : files.get(location.module)
  if (file === undefined || location === undefined) return undefined
  const lines = readFileSync(file, "utf8").split("\n").slice(0, location.line)
  const before = [...lines.slice(0, -1), lines.at(-1)!.slice(0, location.column - 1)].join("\n")
  return /(?:ASSUME|ASSUMPTION|AXIOM)\s+(\w+)\s*==\s*$/.exec(before)?.[1]
}

interface Started {
  readonly tlc: Tlc
  readonly workspace: Workspace
  readonly model: Model
}

const runTlc = async (
  { model, tlc, workspace }: Started,
  options: CheckOptions,
  events: Events<CheckEvent>,
  stopped: AbortSignal
): Promise<CheckResult> => {
  let files: ReadonlyMap<string, string> = new Map()
  const outcome = makeOutcome((opened) => ({
    files: files = opened,
    file: model.file,
    configFile: model.configFile,
    expressions: model.expressions
  }))
  const reader = makeToolReader()
  const java = startJava({
    classpath: [tlc.jar],
    main: "tlc2.TLC",
    args: [...await tlcFlags(tlc, options), ...tlcArguments(options, model, workspace)],
    folder: model.folder,
    library: model.library,
    options: { ...options, signal: options.signal === undefined ? stopped : AbortSignal.any([options.signal, stopped]) }
  }, workspace)
  java.child.stdin.end()
  const take = (items: ReturnType<typeof reader.feed>): void => {
    for (const item of items) for (const event of outcome.take(item)) events.push(event, event._tag === "Output")
  }
  java.child.stdout.setEncoding("utf8").on("data", (text: string) => take(reader.feed(text)))
  const end = await java.end
  take(reader.end())
  if (!outcome.heard() && end.stopped === undefined) throw crash(end, options)
  const { result, violation } = outcome.finish(end.exitCode, end.stopped)
  const lasso = outcome.unnamedLiveness()
  const violated = lasso !== undefined
    ? await violatedProperty(lasso, { model, files, tlc, workspace, options })
    : assumptionName(outcome.falseAssumption(), files) ?? result.violated
  if (violation !== undefined) events.push({ _tag: "Violation", violation: { ...violation, violated } })
  return { ...result, violated }
}

/** Starts a check of a spec: the path of its .tla file, and what to check. */
export const check = (spec: string, options: CheckOptions = {}): Check => start(spec, options, {})

/** Starts a check of a model that differs from what was asked for. */
export const start = (spec: string, options: CheckOptions, changes: ModelChanges): Check => {
  const events = makeEvents<CheckEvent>()
  const stop = new AbortController()
  const run = async (): Promise<CheckResult> => {
    checkOptions(options)
    const tlc = await resolveTlc(options)
    const workspace = openWorkspace()
    try {
      const model = prepareModel(spec, options, {
        ...changes,
        withoutLiveness: options.liveness === false || changes.withoutLiveness === true,
        depth: options.simulate ? undefined : options.depth
      }, workspace.folder)
      const result = await runTlc({ tlc, workspace, model }, options, events, stop.signal)
      return result
    } finally {
      workspace.dispose()
    }
  }
  const result = run().then((found) => {
    events.push({ _tag: "Done", result: found })
    events.end()
    return found
  }, (error: unknown) => {
    events.fail(error)
    throw error
  })
  // Whoever only iterates learns of a failure there.
  result.catch(() => {})
  return { result, abort: () => stop.abort(), [Symbol.asyncIterator]: events.iterate }
}
