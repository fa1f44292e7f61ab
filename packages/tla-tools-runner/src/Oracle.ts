/**
 * TLC as a stepping oracle in one long-lived JVM: is this a successor of the last state by this action, and do the
 * invariants hold there? Recorded traces are validated so without writing a trace specification.
 *
 * The decision: what is not said is left open. A step may leave out the action, its parameters or some variables; the
 * oracle then keeps every state that fits and goes on from all of them. Questions may be asked without waiting for
 * answers: they are answered in order.
 */
import { bridgeClasses } from "./Bridge.ts"
import { TlaToolsError } from "./Failure.ts"
import { resolveTlc, type TlcOptions } from "./Jar.ts"
import type { JavaOptions } from "./Java.ts"
import { makeLineCutter } from "./Lines.ts"
import { type Model, type ModelOptions, prepareModel } from "./Model.ts"
import { crash, type JavaEnd, type JavaProcess, startJava, type StopOptions } from "./Run.ts"
import { parserError } from "./SpecError.ts"
import { type Value, valueKey } from "./Value.ts"
import { openWorkspace, type Workspace } from "./Workspace.ts"

/** Which model the oracle knows. */
export interface OracleOptions extends ModelOptions, TlcOptions, JavaOptions, StopOptions {}

/** Values of some or all variables. */
export interface PartialState {
  readonly [variable: string]: Value
}

/** One step of a trace; what is left out may be anything. */
export interface OracleStep {
  readonly action?: string | undefined
  readonly parameters?: ReadonlyArray<Value> | undefined
  readonly state?: PartialState | undefined
}

/** An answer. A step that is refused leaves the oracle where it was. */
export type OracleAnswer =
  | {
    readonly ok: true
    /** Invariants that hold in none of the states that fit. */
    readonly violated: ReadonlyArray<string>
  }
  | {
    readonly ok: false
    /**
     * `other-state`: the action leads elsewhere, to one of `possible`. `not-enabled`: it leads nowhere from here.
     * `unknown-action` and `unknown-parameters`: the model has no such action, or not with these. `not-started`: no
     * trace was begun. `unknown-variable`: the model has no such variable. `not-evaluated`: TLC could not tell.
     */
    readonly reason:
      | "other-state"
      | "not-enabled"
      | "unknown-action"
      | "unknown-parameters"
      | "not-started"
      | "unknown-variable"
      | "not-evaluated"
    /** Some of the states that would have been right. */
    readonly possible: ReadonlyArray<PartialState>
    readonly message: string
  }

/** How a whole trace fared. */
export interface TraceAnswer {
  readonly ok: boolean
  /** How many steps were accepted, the first state not counted. */
  readonly accepted: number
  /** The refusal, if there was one. */
  readonly refused: Extract<OracleAnswer, { readonly ok: false }> | undefined
  /** The first step after which an invariant did not hold, 0 for the first state. */
  readonly violated: { readonly step: number; readonly invariants: ReadonlyArray<string> } | undefined
}

/** A running oracle. It must be closed; closing it ends its JVM. */
export interface Oracle extends AsyncDisposable {
  readonly variables: ReadonlyArray<string>
  readonly invariants: ReadonlyArray<string>
  /** Every action with the parameters it can have. */
  readonly actions: ReadonlyArray<{ readonly action: string; readonly parameters: ReadonlyArray<Value> }>
  /** Begins a trace at an initial state, at any that fits. */
  readonly reset: (state?: PartialState) => Promise<OracleAnswer>
  readonly step: (step: OracleStep) => Promise<OracleAnswer>
  /** Follows a trace from its first state to its end or to the first step that is refused; begin with `reset` after that. */
  readonly trace: (first: PartialState | undefined, steps: ReadonlyArray<OracleStep>) => Promise<TraceAnswer>
  readonly close: () => Promise<void>
}

interface Header {
  readonly variables: ReadonlyArray<string>
  readonly invariants: ReadonlyArray<string>
  readonly actions: ReadonlyArray<readonly [string, ReadonlyArray<Value>]>
}

interface Connection {
  readonly header: Header
  readonly ask: (question: string) => Promise<string>
}

/** The text of a value on the wire. */
const wire = (value: Value): string => valueKey(value)

const connect = (java: JavaProcess, failed: (end: JavaEnd, output: string) => TlaToolsError): Promise<Connection> => {
  const waiting: Array<{ readonly answer: (line: string) => void; readonly fail: (error: unknown) => void }> = []
  let next = 0
  let over: unknown
  let output = ""
  let questions = ""
  const flush = (): void => {
    if (questions !== "") java.child.stdin.write(questions)
    questions = ""
  }
  const ask = (question: string): Promise<string> =>
    new Promise((answer, fail) => {
      if (over !== undefined) return fail(over)
      waiting.push({ answer, fail })
      if (questions === "") queueMicrotask(flush)
      questions += `${question}\n`
    })
  return new Promise((resolve, reject) => {
    let header = false
    java.child.stdout.on(
      "data",
      makeLineCutter((bytes, from, to) => {
        const line = bytes.toString("latin1", from, to)
        if (!header) {
          header = true
          return resolve({ header: JSON.parse(line.slice(2)) as Header, ask })
        }
        waiting[next++]!.answer(line)
        if (next < 1000) return
        waiting.splice(0, next)
        next = 0
      })
    )
    java.child.stderr.on("data", (text: string) => {
      if (!header) output += text
    })
    java.end.then((end) => {
      over = failed(end, output)
      reject(over)
      for (const each of waiting.slice(next)) each.fail(over)
    }, (error: unknown) => {
      over = error
      reject(error)
    })
  })
}

const failure = (end: JavaEnd, output: string, model: Model, options: OracleOptions): TlaToolsError => {
  if (end.stopped !== undefined) {
    return new TlaToolsError(
      end.stopped,
      end.stopped === "timeout" ? `not done after ${options.timeoutMillis} ms` : "the oracle was closed"
    )
  }
  const files = new Map(
    [...output.matchAll(/^Parsing file (.*?([^/\\]+)\.tla)(?: \(.*\))?$/gm)].map((m) => [m[2]!, m[1]!] as const)
  )
  const sources = { files, file: model.file, configFile: model.configFile, expressions: model.expressions }
  if (/\*\*\*|Fatal errors|Lexical/.test(output)) {
    const error = parserError(output, sources)
    return new TlaToolsError(
      "bad-spec",
      `${error.file ?? model.file}${error.line === undefined ? "" : `:${error.line}:${error.column}`}: ${error.message}`
    )
  }
  const thrown = /Exception[^:]*:\s*([\s\S]*?)(?:\n\s+at |$)/.exec(output)?.[1]
  if (thrown !== undefined && /^Parsing file/m.test(output)) {
    const said = thrown.replace(/@!@!@(?:START|END)MSG[^@]*@!@!@/g, " ").trim().replace(/\s+/g, " ")
    return new TlaToolsError("bad-spec", `${model.file}: ${said}`)
  }
  return crash(end, options)
}

const refusals: { readonly [reason: string]: string } = {
  "other-state": "the action leads to another state",
  "not-enabled": "the action is not enabled here",
  "unknown-action": "the model has no such action",
  "unknown-parameters": "the action has no such parameters",
  "not-started": "no trace was begun: call reset first",
  "unknown-variable": "the model has no such variable"
}

const refused = (
  reason: Extract<OracleAnswer, { readonly ok: false }>["reason"],
  possible: ReadonlyArray<PartialState>,
  message?: string
): OracleAnswer => ({ ok: false, reason, possible, message: message ?? refusals[reason]! })

const makeOracle = ({ ask, header }: Connection, model: Model, close: () => Promise<void>): Oracle => {
  const places = new Map(header.variables.map((name, i) => [name, i]))
  const shown = (name: string): string => model.expressions.get(name) ?? name

  const fields = (state: PartialState | undefined): string | undefined => {
    let text = ""
    for (const [name, value] of Object.entries(state ?? {})) {
      const place = places.get(name)
      if (place === undefined) return undefined
      text += `\t${place}:${wire(value)}`
    }
    return text
  }

  const answer = (line: string): OracleAnswer => {
    if (line === "Y []") return { ok: true, violated: [] }
    if (line.startsWith("Y ")) {
      return { ok: true, violated: (JSON.parse(line.slice(2)) as ReadonlyArray<string>).map(shown) }
    }
    if (line.startsWith("X ")) return refused("not-evaluated", [], JSON.parse(line.slice(2)) as string)
    const end = line.indexOf("\"", 3)
    const states = JSON.parse(line.slice(end + 2)) as ReadonlyArray<ReadonlyArray<Value>>
    return refused(
      line.slice(3, end) as Extract<OracleAnswer, { readonly ok: false }>["reason"],
      states.map((values) => Object.fromEntries(header.variables.map((name, i) => [name, values[i]!])))
    )
  }

  const reset = async (state?: PartialState): Promise<OracleAnswer> => {
    const given = fields(state)
    return given === undefined ? refused("unknown-variable", []) : answer(await ask(`R${given}`))
  }

  const step = async ({ action, parameters, state }: OracleStep): Promise<OracleAnswer> => {
    const given = fields(state)
    if (given === undefined) return refused("unknown-variable", [])
    const bound = parameters === undefined ? "" : `[${parameters.map(wire).join(",")}]`
    return answer(await ask(`T\t${action ?? ""}\t${bound}${given}`))
  }

  const trace = async (first: PartialState | undefined, steps: ReadonlyArray<OracleStep>): Promise<TraceAnswer> => {
    let violated: TraceAnswer["violated"]
    const pending = [reset(first), ...steps.map(step)]
    for (const [i, each] of pending.entries()) {
      const found = await each
      // What was asked after a refusal is answered too, and means nothing.
      if (!found.ok) return { ok: false, accepted: Math.max(0, i - 1), refused: found, violated }
      if (found.violated.length > 0) violated ??= { step: i, invariants: found.violated }
    }
    return { ok: violated === undefined, accepted: steps.length, refused: undefined, violated }
  }

  const actions = header.actions.map(([action, parameters]) => ({ action, parameters }))
  return {
    variables: header.variables,
    invariants: header.invariants.map(shown),
    actions,
    reset,
    step,
    trace,
    close,
    [Symbol.asyncDispose]: close
  }
}

const starting = async (spec: string, options: OracleOptions, workspace: Workspace) => {
  const tlc = await resolveTlc(options)
  const classes = await bridgeClasses(tlc, options)
  const model = prepareModel(spec, options, { withoutReduction: true, withoutLiveness: true }, workspace.folder)
  const java = startJava({
    classpath: [tlc.jar, classes],
    main: "TlcBridge",
    args: ["oracle", model.module, model.configFile.replace(/\.cfg$/, "")],
    folder: model.folder,
    library: model.library,
    options
  }, workspace)
  return { java, model }
}

/** Starts an oracle; fails with `bad-spec` where TLC cannot read the spec, and as `graph` does otherwise. */
export const oracle = async (spec: string, options: OracleOptions = {}): Promise<Oracle> => {
  const workspace = openWorkspace()
  try {
    const { java, model } = await starting(spec, options, workspace)
    const close = async (): Promise<void> => {
      java.abort()
      await java.end.catch(() => {})
      workspace.dispose()
    }
    const connection = await connect(java, (end, output) => failure(end, output, model, options)).catch(
      async (error: unknown) => {
        await close()
        throw error
      }
    )
    java.end.finally(workspace.dispose).catch(() => {})
    return makeOracle(connection, model, close)
  } catch (error) {
    workspace.dispose()
    throw error
  }
}
