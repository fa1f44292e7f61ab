/**
 * TLC's whole labelled graph of a configuration against the model's, as sets.
 *
 *     states        every state of TLC has an id in the model's table, and the other way round
 *     edges         (state, action with arguments, state): a bit for each (id, label) that TLC told
 *     predicates    the same truth in every state; action properties the same truth on every edge
 *
 * The decision: the model is explored first and TLC's graph streams past its table, so that a state is one integer and
 * an edge one bit: a million states need tens of megabytes beside the table. An instance of an action has at most one
 * successor in the model, so its edge is found by taking the step.
 */
import { explore } from "../explore/Search.ts"
import { type Label, type Machine, showLabel, step } from "../machine/Machine.ts"
import { OutsideSchema } from "../machine/OutsideSchema.ts"
import type { TlaValue } from "../machine/TlaValue.ts"
import { variablesFromTla, variablesToTla } from "../machine/Translation.ts"
import { type Difference, differingFields, shownState } from "./Difference.ts"
import { pairedPredicates, pairedSteps } from "./Names.ts"

/** What is told of TLC's graph; the shape is that of tla-tools-runner's visitor. */
interface SpecVisitor {
  readonly variables: (names: ReadonlyArray<string>) => void
  readonly label: (label: number, action: string, parameters: ReadonlyArray<TlaValue>) => void
  readonly state: (
    id: number,
    values: ReadonlyArray<TlaValue>,
    initial: boolean,
    predicates: ReadonlyArray<boolean>
  ) => void
  readonly edge: (from: number, label: number, to: number, stepPredicates: ReadonlyArray<boolean>) => void
}

/** Streams TLC's graph with the truth of these predicates and action properties; an edge comes after its two states. */
export type VisitSpec = (
  ask: { readonly predicates: ReadonlyArray<string>; readonly stepPredicates: ReadonlyArray<string> },
  visitor: SpecVisitor
) => Promise<{ readonly states: number; readonly edges: number }>

export interface Comparison {
  readonly states: number
  readonly transitions: number
  readonly identical: boolean
  readonly firstDifference?: Difference
}

export interface CompareOptions {
  /** The names of the spec's properties: what is not among them is not asked of TLC. */
  readonly known: ReadonlySet<string>
  /** Hears the names of TLC's variables and answers with what is wrong about names. */
  readonly names?: ((variables: ReadonlyArray<string>) => ReadonlyArray<Difference>) | undefined
  readonly limitBytes?: number | undefined
}

/** Integers by index, as many as come. */
const growing = () => {
  let values = new Int32Array(1 << 16)
  return {
    get: (index: number): number => values[index]!,
    set: (index: number, value: number): void => {
      if (index >= values.length) {
        const larger = new Int32Array(Math.max(index + 1, values.length * 2))
        larger.set(values)
        values = larger
      }
      values[index] = value
    }
  }
}

/** A set of integers below a bound that may be larger than 32 bits hold. */
const bitsOf = (count: number) => {
  const bytes = new Uint8Array(Math.ceil(count / 8))
  return {
    add: (bit: number): void => {
      bytes[Math.floor(bit / 8)]! |= 1 << bit % 8
    },
    has: (bit: number): boolean => (bytes[Math.floor(bit / 8)]! & 1 << bit % 8) !== 0
  }
}

/** Compares the graph that `visit` tells with the machine's. */
export const compareGraphs = async <State>(
  machine: Machine<State>,
  visit: VisitSpec,
  options: CompareOptions
): Promise<Comparison> => {
  const { variables: schema } = machine
  const found = explore(machine, { limitBytes: options.limitBytes })
  const { graph } = found
  const { labels } = graph
  const predicates = pairedPredicates(machine).filter(({ name }) => options.known.has(name))
  const stepProperties = pairedSteps(machine).filter(({ name }) => options.known.has(name))
  const labelNumbers = new Map(labels.map((label, i) => [showLabel(label), i]))
  const told = bitsOf(graph.idsEnd * labels.length)
  const seenStates = new Uint8Array(graph.idsEnd)
  const ids = growing()
  const theirLabels: Array<number> = []
  const unknown = new Map<number, Readonly<Record<string, TlaValue>>>()
  let names: ReadonlyArray<string> = []
  let first: Difference | undefined = found.end._tag === "Complete"
    ? undefined
    : { kind: "search", what: `the model's search ended early: ${found.end._tag} after ${found.states} states` }
  const differs = (difference: Difference): void => {
    first ??= difference
  }

  const idOf = (variables: Readonly<Record<string, TlaValue>>): number => {
    try {
      return graph.idOf(variablesFromTla(schema, variables)) ?? -1
    } catch (error) {
      if (error instanceof OutsideSchema) return -1
      throw error
    }
  }
  const isInitial = (id: number): boolean => machine.initial.some((state) => graph.idOf(state) === id)

  const judgeState = (id: number, truths: ReadonlyArray<boolean>): void => {
    if (predicates.length === 0) return
    const state = graph.stateAt(id)
    for (const [i, { holds, name }] of predicates.entries()) {
      if (holds(state) === truths[i]) continue
      const text = `${name} is ${truths[i]} in the specification and ${!truths[i]} in the model, in this state:`
      return differs({ kind: "state predicate", what: text, state: shownState(schema, state) })
    }
  }

  const judgeEdge = (before: State, label: Label, after: State, truths: ReadonlyArray<boolean>): void => {
    for (const [i, { holds, name }] of stepProperties.entries()) {
      if (holds(before, label, after) === truths[i]) continue
      return differs({
        kind: "action property",
        what: `${name} is ${truths[i]} in the specification and ${!truths[i]} in the model, for the step from:`,
        state: shownState(schema, before),
        action: showLabel(label)
      })
    }
  }

  const summary = await visit({
    predicates: predicates.map(({ name }) => name),
    stepPredicates: stepProperties.map(({ name }) => name)
  }, {
    variables: (given) => {
      names = given
      for (const difference of options.names?.(given) ?? []) differs(difference)
    },
    label: (number, action, parameters) => {
      theirLabels[number] = labelNumbers.get(showLabel({ action, args: parameters as Label["args"] })) ?? -1
      if (theirLabels[number] >= 0 || first !== undefined) return
      const what = `the specification has ${
        showLabel({ action, args: parameters as Label["args"] })
      }, the model has not`
      differs({ kind: "name", what })
    },
    state: (theirs, values, initial, truths) => {
      if (first !== undefined) return
      const variables = Object.fromEntries(names.map((name, i) => [name, values[i]!]))
      const id = idOf(variables)
      ids.set(theirs, id)
      if (id < 0) {
        unknown.set(theirs, variables)
        const what = "an initial state of the specification is none of the model:"
        if (initial) differs({ kind: "initial state", what, fields: differingFields(variables, undefined) })
        return
      }
      seenStates[id] = initial ? 2 : 1
      if (initial && !isInitial(id)) {
        const what = "an initial state of the specification is reached in the model, and not initial:"
        differs({ kind: "initial state", what, state: shownState(schema, graph.stateAt(id)) })
      }
      judgeState(id, truths)
    },
    edge: (from, theirLabel, to, truths) => {
      if (first !== undefined) return
      const [source, target] = [ids.get(from), ids.get(to)]
      const index = theirLabels[theirLabel]!
      const label = labels[index]!
      const before = graph.stateAt(source)
      const after = step(machine, before, label)
      const reached = after === undefined ? -1 : graph.idOf(after) ?? -1
      if (reached >= 0 && reached === target) {
        told.add(source * labels.length + index)
        return judgeEdge(before, label, after!, truths)
      }
      const theirs = unknown.get(to) ?? variablesToTla(schema, graph.stateAt(target))
      differs({
        kind: "step",
        what: after === undefined
          ? "the specification takes a step that the model does not take, from:"
          : "the same action leads to different states, from:",
        state: shownState(schema, before),
        action: showLabel(label),
        fields: differingFields(theirs, after === undefined ? undefined : variablesToTla(schema, after))
      })
    }
  })

  if (first === undefined) {
    for (const state of machine.initial) {
      if (seenStates[graph.idOf(state)!] === 2) continue
      const what = "an initial state of the model is none of the specification:"
      differs({ kind: "initial state", what, state: shownState(schema, state) })
    }
    graph.eachEdge((from, index, to) => {
      if (first !== undefined || told.has(from * labels.length + index)) return
      differs({
        kind: "step",
        what: "the model takes a step that the specification does not take, from:",
        state: shownState(schema, graph.stateAt(from)),
        action: showLabel(labels[index]!),
        fields: differingFields(undefined, variablesToTla(schema, graph.stateAt(to)))
      })
    })
  }
  const counts = { states: summary.states, transitions: summary.edges }
  return first === undefined ? { ...counts, identical: true } : { ...counts, identical: false, firstDifference: first }
}
