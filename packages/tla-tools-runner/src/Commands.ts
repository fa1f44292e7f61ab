/**
 * The four commands, from options to output and exit status.
 */
import { once } from "node:events"
import { createWriteStream, writeFileSync } from "node:fs"
import { type CheckOptions, start } from "./Check.ts"
import { type Diagnosis, doctor } from "./Doctor.ts"
import { TlaToolsError } from "./Failure.ts"
import type { Flags } from "./Flags.ts"
import { graph } from "./Graph.ts"
import { toItf } from "./Itf.ts"
import { type Constant, expression, type ModelOptions } from "./Model.ts"
import type { CheckResult } from "./Outcome.ts"
import { makeProgress } from "./Progress.ts"
import { isViolation, sweep } from "./Sweep.ts"
import { formatTrace } from "./Trace.ts"
import type { Value } from "./Value.ts"
import { parseValue, printValue } from "./ValueText.ts"

/** JSON has no integers beyond 2^53: they are written as the trace format writes them. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => typeof inner === "bigint" ? { "#bigint": String(inner) } : inner)

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const number = (name: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (!/^-?\d+$/.test(text)) throw new TlaToolsError("bad-options", `--${name} takes a whole number, not ${text}`)
  return Number(text)
}

const pair = (name: string, text: string): readonly [string, string] => {
  const found = /^\s*(\w+)\s*=\s*([\s\S]+)$/.exec(text)
  if (found === null) throw new TlaToolsError("bad-options", `--${name} takes NAME=VALUE, not ${text}`)
  return [found[1]!, found[2]!]
}

const constantOf = (text: string): Constant => {
  try {
    return parseValue(text)
  } catch {
    return expression(text)
  }
}

const modelOptions = (flags: Flags): ModelOptions => ({
  config: flags.config,
  constants: flags.constant === undefined
    ? undefined
    : Object.fromEntries(flags.constant.map((text) => pair("constant", text)).map(([n, v]) => [n, constantOf(v)])),
  specification: flags.specification,
  invariants: flags.invariant,
  properties: flags.property,
  constraints: flags.constraint,
  symmetry: flags.symmetry,
  view: flags.view,
  library: flags.library
})

const checkOptions = (flags: Flags, signal: AbortSignal): CheckOptions => {
  const seconds = number("timeout", flags.timeout)
  const traces = number("simulate", flags.simulate)
  return {
    ...modelOptions(flags),
    jar: flags.jar,
    java: flags.java,
    heap: flags.heap,
    workers: flags.workers === "auto" ? "auto" : number("workers", flags.workers),
    depth: number("depth", flags.depth),
    seed: number("seed", flags.seed),
    simulate: traces === undefined ? undefined : { traces },
    coverage: flags.coverage,
    deadlock: flags["no-deadlock"] === true ? false : undefined,
    liveness: flags["no-liveness"] === true ? false : undefined,
    timeoutMillis: seconds === undefined ? undefined : seconds * 1000,
    signal
  }
}

const statusOf = (result: CheckResult): number => result.verdict === "success" ? 0 : isViolation(result.verdict) ? 1 : 2

const placeOf = (result: CheckResult): string =>
  result.error?.file === undefined ? "" : `${result.error.file}:${result.error.line ?? 1}:${result.error.column ?? 1}: `

const sentence = (result: CheckResult): string => {
  const size = `${result.distinct} distinct states, ${result.generated} generated` +
    (result.depth === undefined ? "" : `, depth ${result.depth}`)
  switch (result.verdict) {
    case "success":
      return `holds: ${size}`
    case "safety":
    case "liveness":
    case "assumption":
      return `${result.violated ?? "a property"} does not hold (${result.verdict}): ${size}`
    case "deadlock":
      return `deadlock: ${size}`
    case "timeout":
    case "aborted":
      return `${result.verdict} after ${size}`
    case "parse-error":
    case "evaluation-error":
      return `${placeOf(result)}${result.message ?? result.verdict}`
  }
}

const report = (result: CheckResult): void => {
  print(sentence(result))
  if (result.trace !== undefined) print(formatTrace(result.trace))
  for (const { action, distinct, generated } of result.coverage) {
    print(
      `  ${action}: ${generated === 0 ? "never taken" : `taken ${generated} times, ${distinct} states found first`}`
    )
  }
  for (const warning of result.warnings) process.stderr.write(`warning: ${warning.replace(/\s+/g, " ")}\n`)
}

/** Checks a spec and prints what was found. */
export const checkCommand = async (spec: string, flags: Flags, signal: AbortSignal): Promise<number> => {
  const progress = makeProgress(process.stderr, flags.json === true)
  const run = start(spec, checkOptions(flags, signal), {})
  try {
    for await (const event of run) {
      progress.event(event)
      if (event._tag === "Output" && flags.json !== true) {
        progress.clear()
        print(event.text)
      }
    }
  } finally {
    progress.clear()
  }
  const result = await run.result
  if (flags.itf !== undefined && result.trace !== undefined) {
    writeFileSync(flags.itf, json(toItf(result.trace, { source: spec, status: result.violated ?? result.verdict })))
  }
  if (flags.json === true) print(json(result))
  else report(result)
  return statusOf(result)
}

const graphLines = async (spec: string, flags: Flags, signal: AbortSignal, write: (line: string) => Promise<void>) => {
  const { heap, jar, java, timeoutMillis, workers, ...model } = checkOptions(flags, signal)
  if (workers === "auto") throw new TlaToolsError("bad-options", "graph takes a number of workers: --workers 2")
  let [states, edges] = [0, 0]
  const taken = new Map<string, number>()
  for await (
    const part of graph(spec, { ...model, heap, jar, java, timeoutMillis, workers, predicates: flags.predicate })
  ) {
    if (part._tag === "State") states++
    else {
      edges++
      const label = `${part.action}(${part.parameters.map(printValue).join(", ")})`
      taken.set(label, (taken.get(label) ?? 0) + 1)
    }
    await write(json(part))
  }
  return { states, edges, taken }
}

/** Prints a state graph: a summary, lines of JSON in a file, or all of it as one document. */
export const graphCommand = async (spec: string, flags: Flags, signal: AbortSignal): Promise<number> => {
  const file = flags.out === undefined ? undefined : createWriteStream(flags.out)
  const out = flags.json === true ? process.stdout : file
  let first = true
  const write = async (line: string): Promise<void> => {
    if (out === undefined) return
    const text = flags.json !== true ? `${line}\n` : `${first ? "[" : ",\n"}${line}`
    first = false
    if (!out.write(text)) await once(out, "drain")
  }
  const found = await graphLines(spec, flags, signal, write)
  if (flags.json === true) process.stdout.write(first ? "[]\n" : "]\n")
  if (file !== undefined) await new Promise<void>((done) => file.end(done))
  if (flags.json !== true) {
    print(`${found.states} states, ${found.edges} edges`)
    for (const [label, times] of found.taken) print(`  ${label}: ${times} edges`)
  }
  return 0
}

const spaceOf = (flags: Flags) => {
  if (flags.try === undefined) throw new TlaToolsError("bad-options", "sweep needs constants to try: --try N=1,2,3")
  return Object.fromEntries(
    flags.try.map((text) => pair("try", text)).map((
      [name, list]
    ) => [name, parseValue(`<<${list}>>`) as ReadonlyArray<Value>])
  )
}

const shown = (constants: { readonly [name: string]: Constant }): string =>
  Object.entries(constants).map(([name, value]) =>
    `${name} = ${
      typeof value === "object" && "_tag" in value && value._tag === "Expression"
        ? value.text
        : printValue(value as Value)
    }`
  ).join(", ")

/** Tries constants from small to large and prints the first that violate something. */
export const sweepCommand = async (spec: string, flags: Flags, signal: AbortSignal): Promise<number> => {
  const found = await sweep(spec, spaceOf(flags), checkOptions(flags, signal), ({ constants, result }) => {
    if (flags.json !== true) process.stderr.write(`${shown(constants)}: ${result.verdict}, ${result.distinct} states\n`)
  })
  if (flags.json === true) print(json(found))
  else if (found.violating === undefined) {
    print(`nothing is violated by any of ${found.runs.length} choices of constants`)
  } else {
    print(`smallest constants: ${shown(found.violating.constants)}`)
    report(found.violating.result)
  }
  return found.violating === undefined ? 0 : 1
}

const diagnosisLine = (name: string, { detail, works }: { readonly works: boolean; readonly detail: string }): string =>
  `${works ? "works" : "fails"}  ${name.padEnd(7)}${detail.split("\n")[0]}`

/** Prints what works here. */
export const doctorCommand = async (flags: Flags): Promise<number> => {
  const found: Diagnosis = await doctor({ jar: flags.jar, java: flags.java })
  if (flags.json === true) print(json(found))
  else {
    const { cache, check, graph: graphs, java, oracle, tlc } = found
    for (const [name, each] of Object.entries({ java, tlc, check, graph: graphs, oracle })) {
      print(diagnosisLine(name, each))
    }
    print(`cache         ${cache}`)
  }
  return found.check.works ? 0 : 3
}
