/**
 * Which liveness property does a lasso break? TLC 2.15 and 2.18 only say that some property was violated.
 *
 * The decision: TLC itself answers. A module that extends the spec has that lasso as its only behaviour (a counter of
 * the place in it, weak fairness, and for stuttering nothing after the end), and each property is checked on it alone.
 * With one property there is nothing to ask.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { delimiter, dirname, join } from "node:path"
import { printConfiguration } from "./Configuration.ts"
import type { Tlc } from "./Jar.ts"
import type { JavaOptions } from "./Java.ts"
import type { Model } from "./Model.ts"
import { makeOutcome } from "./Outcome.ts"
import { startJava, type StopOptions } from "./Run.ts"
import { makeToolReader } from "./ToolOutput.ts"
import type { Trace } from "./Trace.ts"
import { printValue } from "./ValueText.ts"
import type { Workspace } from "./Workspace.ts"

/** What the question is asked with. */
interface Question {
  readonly model: Model
  readonly files: ReadonlyMap<string, string>
  readonly tlc: Tlc
  readonly workspace: Workspace
  readonly options: JavaOptions & StopOptions
}

const name = "TlaToolsRunnerLasso"

const conjuncts = (trace: Trace, index: number, primed: string): string =>
  Object.entries(trace.states[index]!.values)
    .map(([variable, value]) => `/\\ ${variable}${primed} = ${printValue(value)}`).join(" ")

const moduleText = (trace: Trace, module: string): string => {
  const last = trace.states.length - 1
  const to = trace.loop?.to ?? last
  const step = (from: number, next: number) =>
    `  \\/ /\\ ${name}_at = ${from} /\\ ${name}_at' = ${next} ${conjuncts(trace, next, "'")}`
  const steps = trace.states.slice(1).map((_, i) => step(i, i + 1))
  const variables = [`${name}_at`, ...Object.keys(trace.states[0]!.values)].join(", ")
  return [
    `---- MODULE ${name} ----`,
    `EXTENDS ${module}, Integers, TLC`,
    `VARIABLE ${name}_at`,
    `${name}_Init == ${name}_at = 0 ${conjuncts(trace, 0, "")}`,
    `${name}_Next ==`,
    ...steps,
    ...(to === last ? (steps.length === 0 ? ["  FALSE"] : []) : [step(last, to)]),
    `${name}_Spec == ${name}_Init /\\ [][${name}_Next]_<<${variables}>> /\\ WF_<<${variables}>>(${name}_Next)`,
    "====",
    ""
  ].join("\n")
}

const breaks = async (property: string, trace: Trace, { files, model, options, tlc, workspace }: Question) => {
  const folder = join(workspace.folder, "lasso")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${name}.tla`), moduleText(trace, model.module))
  writeFileSync(
    join(folder, `${name}.cfg`),
    printConfiguration({
      ...model.configuration,
      init: undefined,
      next: undefined,
      specification: `${name}_Spec`,
      invariants: [],
      constraints: [],
      actionConstraints: [],
      symmetry: undefined,
      view: undefined,
      others: [],
      properties: [property]
    })
  )
  const outcome = makeOutcome(() => ({ files, file: model.file, configFile: model.configFile, expressions: new Map() }))
  const reader = makeToolReader()
  const java = startJava({
    classpath: [tlc.jar],
    main: "tlc2.TLC",
    args: ["-tool", "-deadlock", "-metadir", join(folder, "meta"), "-config", join(folder, `${name}.cfg`), name],
    folder,
    library: [model.folder, dirname(model.file), ...(model.library === undefined ? [] : [model.library])].join(
      delimiter
    ),
    options
  }, workspace)
  java.child.stdin.end()
  java.child.stdout.setEncoding("utf8").on("data", (text: string) => reader.feed(text).forEach(outcome.take))
  const end = await java.end
  return outcome.finish(end.exitCode, end.stopped).result.verdict
}

/** The first of the model's properties that the lasso breaks; nothing where TLC cannot tell. */
export const violatedProperty = async (trace: Trace, question: Question): Promise<string | undefined> => {
  const { expressions, properties } = {
    expressions: question.model.expressions,
    properties: question.model.configuration.properties
  }
  const shown = (property: string): string => expressions.get(property) ?? property
  if (properties.length === 1) return shown(properties[0]!)
  const complete = trace.states.every((state) => Object.keys(state.values).length > 0)
  for (const property of complete ? properties : []) {
    if (await breaks(property, trace, question) === "liveness") return shown(property)
  }
  return undefined
}
