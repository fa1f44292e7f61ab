/**
 * The whole labelled state graph of a model, streamed as TLC finds it: states with all variables, edges with the name of
 * the action and its parameters.
 *
 * The decision: TLC's checker explores (its fingerprint set and its queue live outside of the heap), an IStateWriter of
 * ours writes (java/TlcBridge.java), and the reader sets the pace: TLC waits while nobody reads. Invariants, properties
 * and deadlocks are not looked for, so nothing ends the search early; `predicates` says which states satisfy what.
 */
import { join } from "node:path"
import { bridgeClasses } from "./Bridge.ts"
import { type FailureReason, TlaToolsError } from "./Failure.ts"
import { resolveTlc, type TlcOptions } from "./Jar.ts"
import type { JavaOptions } from "./Java.ts"
import { makeLineCutter } from "./Lines.ts"
import { type Model, type ModelOptions, prepareModel } from "./Model.ts"
import { makeOutcome } from "./Outcome.ts"
import { crash, type JavaProcess, startJava, type StopOptions } from "./Run.ts"
import { makeToolReader, parseLocation } from "./ToolOutput.ts"
import type { Value } from "./Value.ts"
import { openWorkspace, type Workspace } from "./Workspace.ts"

/** Which graph, and how it is explored. */
export interface GraphOptions extends ModelOptions, TlcOptions, JavaOptions, StopOptions {
  /** State predicates, by name or as TLA+ expressions, whose truth is added to each state. */
  readonly predicates?: ReadonlyArray<string> | undefined
  /** Action properties (`[][A]_v`, or an action) by the names of their definitions, whose truth is told of each edge. */
  readonly stepPredicates?: ReadonlyArray<string> | undefined
  /** Threads; with one, the default, states come in breadth-first order and the same on every run. */
  readonly workers?: number | undefined
}

/** A state, numbered from 0 in the order of discovery. */
export interface GraphState {
  readonly _tag: "State"
  readonly id: number
  readonly initial: boolean
  readonly values: { readonly [variable: string]: Value }
  readonly predicates: { readonly [predicate: string]: boolean }
}

/** An edge; both ends were told before. There is one for each pair of states and label. */
export interface GraphEdge {
  readonly _tag: "Edge"
  readonly from: number
  readonly to: number
  readonly action: string
  readonly parameters: ReadonlyArray<Value>
  /** The number of this action with these parameters, from 0 in the order of discovery. */
  readonly label: number
}

/** A label of an edge. */
export interface GraphLabel {
  readonly action: string
  readonly parameters: ReadonlyArray<Value>
}

/** What there was, at the end. */
export interface GraphSummary {
  readonly states: number
  readonly edges: number
  readonly variables: ReadonlyArray<string>
  readonly labels: ReadonlyArray<GraphLabel>
}

/** What to do with each part of a graph, where iterating is too slow. */
export interface GraphVisitor {
  /** The values in the order of `variables`; one truth value a predicate, in the order of the options. */
  readonly state?: (
    id: number,
    values: ReadonlyArray<Value>,
    initial: boolean,
    predicates: ReadonlyArray<boolean>
  ) => void
  /** One truth value a step predicate, in the order of the options. */
  readonly edge?: (from: number, label: number, to: number, stepPredicates: ReadonlyArray<boolean>) => void
  readonly label?: (label: number, action: string, parameters: ReadonlyArray<Value>) => void
  readonly variables?: (names: ReadonlyArray<string>) => void
}

/** A graph to be read once: by iterating, or by `visit`, which is several times as fast. */
export interface Graph extends AsyncIterable<GraphState | GraphEdge> {
  readonly visit: (visitor: GraphVisitor) => Promise<GraphSummary>
}

interface Source {
  readonly model: Model
  readonly workspace: Workspace
  readonly java: JavaProcess
  readonly options: GraphOptions
}

const open = async (spec: string, options: GraphOptions): Promise<Source> => {
  const tlc = await resolveTlc(options)
  const classes = await bridgeClasses(tlc, options)
  const workspace = openWorkspace()
  try {
    const model = prepareModel(
      spec,
      options,
      { withoutProperties: true, predicates: options.predicates ?? [] },
      workspace.folder
    )
    const java = startJava({
      classpath: [tlc.jar, classes],
      main: "TlcBridge",
      args: [
        "graph",
        model.configuration.next ?? "",
        ...model.predicates,
        ...(options.stepPredicates ?? []).map((name) => `[]${name}`),
        "--",
        "-tool",
        "-deadlock",
        "-workers",
        String(options.workers ?? 1),
        "-metadir",
        join(workspace.folder, "meta"),
        "-config",
        model.configFile,
        model.module
      ],
      folder: model.folder,
      library: model.library,
      options
    }, workspace)
    java.child.stdin.end()
    return { model, workspace, java, options }
  } catch (error) {
    workspace.dispose()
    throw error
  }
}

/** A whole number out of ASCII digits. */
const numberAt = (bytes: Buffer, from: number, to: number): number => {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + bytes[i]! - 48
  return value
}

const letter = (text: string): number => text.charCodeAt(0)
const [V, L, I, S, U, Q, Z] = ["V", "L", "I", "S", "U", "Q", "Z"].map(letter) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number
]

const unnamed = (place: string, model: Model): TlaToolsError => {
  const location = parseLocation(place)
  return new TlaToolsError(
    "unnamed-action",
    location === undefined
      ? `${model.file}: an edge has no action name: write the next-state relation as a disjunction of named actions`
      : `line ${location.line}, column ${location.column} of module ${location.module}: this part of the next-state relation ` +
        "has no action name; make it an operator of its own, and let quantifiers over it range over constant sets"
  )
}

/** Reads messages of the bridge into a visitor; `summary` is complete at the end. */
const makeReader = (model: Model, predicates: number, stepPredicates: number, visitor: GraphVisitor) => {
  const labels: Array<GraphLabel> = []
  let variables: ReadonlyArray<string> = []
  let [states, edges] = [0, 0]
  let complete = false
  let failure: TlaToolsError | undefined
  const json = (bytes: Buffer, from: number, to: number): unknown => JSON.parse(bytes.toString("latin1", from, to))

  const state = (bytes: Buffer, from: number, to: number): void => {
    const end = predicates === 0 ? to : to - predicates - 1
    const truths = Array.from({ length: predicates }, (_, i) => bytes[end + 1 + i] === 84)
    const id = states++
    visitor.state?.(id, json(bytes, from + 2, end) as ReadonlyArray<Value>, bytes[from] === I, truths)
  }

  const edge = (bytes: Buffer, from: number, to: number): void => {
    const first = bytes.indexOf(32, from)
    const second = bytes.indexOf(32, first + 1)
    const end = stepPredicates === 0 ? to : to - stepPredicates - 1
    const truths = Array.from({ length: stepPredicates }, (_, i) => bytes[end + 1 + i] === 84)
    const target = numberAt(bytes, second + 1, end)
    edges++
    visitor.edge?.(numberAt(bytes, from, first), numberAt(bytes, first + 1, second), target, truths)
  }

  const line = (bytes: Buffer, from: number, to: number): void => {
    switch (bytes[from]) {
      case S:
      case I:
        return state(bytes, from, to)
      case V:
        variables = json(bytes, from + 2, to) as ReadonlyArray<string>
        return visitor.variables?.(variables)
      case L: {
        const [action, parameters] = json(bytes, from + 2, to) as [string, ReadonlyArray<Value>]
        labels.push({ action, parameters })
        return visitor.label?.(labels.length - 1, action, parameters)
      }
      case U:
        failure = unnamed(json(bytes, from + 2, to) as string, model)
        return
      case Q: {
        const name = json(bytes, from + 2, to) as string
        const text = model.expressions.get(name) ?? name
        failure = new TlaToolsError(
          "unknown-predicate",
          `${text} is no state predicate and no action property of ${model.file}: name one without parameters`
        )
        return
      }
      case Z:
        complete = true
        return
      default:
        edge(bytes, from, to)
    }
  }
  return {
    feed: makeLineCutter(line),
    failure: () => failure,
    complete: () => complete,
    summary: (): GraphSummary => ({ states, edges, variables, labels })
  }
}

/** Reads the graph chunk by chunk and pauses after each; returns the summary. */
async function* reading(
  spec: string,
  options: GraphOptions,
  visitor: GraphVisitor
): AsyncGenerator<void, GraphSummary> {
  const { java, model, workspace } = await open(spec, options)
  try {
    const outcome = makeOutcome((files) => ({
      files,
      file: model.file,
      configFile: model.configFile,
      expressions: model.expressions
    }))
    const tool = makeToolReader()
    java.child.stderr.on("data", (text: string) => tool.feed(text).forEach(outcome.take))
    const reader = makeReader(model, model.predicates.length, options.stepPredicates?.length ?? 0, visitor)
    for await (const chunk of java.child.stdout) {
      reader.feed(chunk as Buffer)
      yield
    }
    const end = await java.end
    tool.end().forEach(outcome.take)
    const failure = reader.failure()
    if (failure !== undefined) throw failure
    if (end.stopped !== undefined) throw stopped(end.stopped, options)
    if (!outcome.heard()) throw crash(end, options)
    const { result } = outcome.finish(end.exitCode, undefined)
    if (result.verdict !== "success" || !reader.complete()) throw specFailure(result, model)
    return reader.summary()
  } finally {
    workspace.kill()
    await java.end.catch(() => {})
    workspace.dispose()
  }
}

/** The failure of a run that was given up. */
const stopped = (reason: "timeout" | "aborted", options: StopOptions): TlaToolsError =>
  new TlaToolsError(
    reason as FailureReason,
    reason === "timeout" ? `not done after ${options.timeoutMillis} ms` : "the run was aborted"
  )

/** The failure of a spec that TLC cannot explore, with the place. */
const specFailure = (
  result: Pick<ReturnType<ReturnType<typeof makeOutcome>["finish"]>["result"], "verdict" | "message" | "error">,
  model: Model
): TlaToolsError => {
  const { error } = result
  const place = error?.file === undefined
    ? model.file
    : `${error.file}${error.line === undefined ? "" : `:${error.line}:${error.column}`}`
  return new TlaToolsError(
    "bad-spec",
    `${place}: ${(error?.message ?? result.message ?? result.verdict).replace(/\s+/g, " ")}`
  )
}

const visit = async (spec: string, options: GraphOptions, visitor: GraphVisitor): Promise<GraphSummary> => {
  const steps = reading(spec, options, visitor)
  for (;;) {
    const step = await steps.next()
    if (step.done === true) return step.value
  }
}

async function* iterate(spec: string, options: GraphOptions): AsyncGenerator<GraphState | GraphEdge, void, undefined> {
  let waiting: Array<GraphState | GraphEdge> = []
  let names: ReadonlyArray<string> = []
  const labels: Array<GraphLabel> = []
  const predicateNames = options.predicates ?? []
  const steps = reading(spec, options, {
    variables: (all) => {
      names = all
    },
    label: (_, action, parameters) => {
      labels.push({ action, parameters })
    },
    state: (id, values, initial, truths) => {
      waiting.push({
        _tag: "State",
        id,
        initial,
        values: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
        predicates: Object.fromEntries(predicateNames.map((name, i) => [name, truths[i]!]))
      })
    },
    edge: (from, label, to) => {
      waiting.push({ _tag: "Edge", from, to, ...labels[label]!, label })
    }
  })
  for await (const _ of steps) {
    yield* waiting
    waiting = []
  }
}

/**
 * The labelled state graph of a model. Fails with `unnamed-action` on an edge whose action has no name, with `bad-spec`
 * where TLC cannot explore the spec, and as `check` does where there is no TLC. An assertion of the spec that fails ends
 * the search. Edges out of the states that a CONSTRAINT admits are left out, as TLC does; under SYMMETRY or VIEW it is
 * the reduced graph.
 */
export const graph = (spec: string, options: GraphOptions = {}): Graph => ({
  visit: (visitor) => visit(spec, options, visitor),
  [Symbol.asyncIterator]: () => iterate(spec, options)
})
