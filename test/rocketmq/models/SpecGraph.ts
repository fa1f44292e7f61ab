/**
 * TLC's labelled graph of a configuration against the explorer's, as sets: states with the truth of every predicate,
 * and (state, label, state). Constants are read from the .cfg file, so that there is one copy of them.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { graph, type Value } from "../../../packages/tla-tools-runner/src/index.ts"
import { explore } from "../../../src/explore/Search.ts"
import { labelsOf, type Machine, showLabel, step } from "../../../src/machine/Machine.ts"
import { variablesFromTla } from "../../../src/machine/Translation.ts"

const folder = join(import.meta.dirname, "../../../spec/rocketmq")

const constantOf = (text: string): unknown => {
  if (text === "TRUE" || text === "FALSE") return text === "TRUE"
  if (/^\d+$/.test(text)) return Number(text)
  return [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1])
}

/** What a .cfg file assigns. */
export const constantsOf = (configuration: string): Readonly<Record<string, unknown>> => {
  const text = readFileSync(join(folder, `${configuration}.cfg`), "utf8").replace(/\\\*.*$/gm, "")
  return Object.fromEntries(
    [...text.matchAll(/^\s+(\w+) = (.+)$/gm)].map(([, name, value]) => [name, constantOf(value!)])
  )
}

/** The properties that a .cfg file asks for. */
export const propertiesOf = (configuration: string): ReadonlyArray<string> => {
  const text = readFileSync(join(folder, `${configuration}.cfg`), "utf8").replace(/\\\*.*$/gm, "")
  return [...text.matchAll(/^(?:INVARIANTS?|PROPERT(?:Y|IES)) (.+)$/gm)].flatMap((match) => match[1]!.split(" "))
}

export interface Compared {
  readonly states: number
  readonly edges: number
  /** Empty where the graphs are the same; else the first differences. */
  readonly differences: ReadonlyArray<string>
}

/** Compares the graph of a configuration with that of its machine; predicates are those of `always`. */
export const compare = async <State>(
  module: string,
  configuration: string,
  machine: Machine<State>
): Promise<Compared> => {
  const differences: Array<string> = []
  const differs = (text: string): void => {
    if (differences.length < 5) differences.push(text)
  }
  const predicates = Object.keys(machine.always)
  const ours = explore(machine).graph
  const ids = new Map<number, number>()
  const labels: Array<string> = []
  let names: ReadonlyArray<string> = []
  const theirs = new Set<string>()
  const summary = await graph(join(folder, `${module}.tla`), {
    config: join(folder, `${configuration}.cfg`),
    predicates
  }).visit({
    variables: (all) => {
      names = all
    },
    label: (label, action, parameters) => {
      labels[label] = showLabel({ action, args: parameters as ReadonlyArray<number> })
    },
    state: (id, values, _, truths) => {
      const variables = Object.fromEntries(names.map((name, i) => [name, values[i] as Value]))
      const state = variablesFromTla(machine.variables, variables as never)
      const mine = ours.idOf(state)
      if (mine === undefined) differs(`only TLC has ${JSON.stringify(state)}`)
      else ids.set(id, mine)
      predicates.forEach((name, i) => {
        if (machine.always[name]!(state) !== truths[i]) {
          differs(`${name} is ${truths[i]} for TLC in ${JSON.stringify(state)}`)
        }
      })
    },
    edge: (from, label, to) => {
      theirs.add(`${ids.get(from)} ${labels[label]} ${ids.get(to)}`)
    }
  })
  const all = labelsOf(machine)
  let states = 0
  let edges = 0
  ours.eachId((id) => {
    states++
    const state = ours.stateAt(id)
    for (const label of all) {
      const after = step(machine, state, label)
      if (after === undefined) continue
      edges++
      if (!theirs.has(`${id} ${showLabel(label)} ${ours.idOf(after)}`)) {
        differs(`only we have ${showLabel(label)} from ${JSON.stringify(state)}`)
      }
    }
  })
  if (states !== summary.states) differs(`TLC has ${summary.states} states, we have ${states}`)
  if (edges !== theirs.size) differs(`TLC has ${theirs.size} edges, we have ${edges}`)
  return { states, edges, differences }
}
