/**
 * TLC's whole labelled graph of a configuration, kept: to compare it with one model after the other without TLC.
 *
 *     states      packed words, in TLC's order: breadth first
 *     next        for each (state, label): 0, or 1 + the state that it leads to
 *     truths      a bit for each (state, predicate); stepTruths for each (state, label, action property)
 *
 * The decision: a model whose initial states are these, and whose every label does in every one of these states what it
 * does here, has this graph, since nothing else can be reached. So nothing is searched, and the first difference is found
 * in the state nearest to an initial one. Kept are numbers only, so that a graph can be handed to another thread.
 */
import { compile } from "../machine/Codec.ts"
import { labelsOf, type Machine, showLabel, step } from "../machine/Machine.ts"
import { variablesFromTla } from "../machine/Translation.ts"
import type { VisitSpec } from "./CompareGraphs.ts"
import { pairedPredicates, pairedSteps } from "./Names.ts"

/** A graph of a machine's schema and labels. */
export interface KeptGraph {
  readonly states: number
  readonly edges: number
  /** How many of the states are initial: the first ones. */
  readonly initials: number
  readonly words: Int32Array
  readonly next: Int32Array
  /** Names of the predicates, and of the action properties, that were asked. */
  readonly predicates: ReadonlyArray<string>
  readonly stepPredicates: ReadonlyArray<string>
  readonly truths: Uint8Array
  readonly stepTruths: Uint8Array
}

/** Where a model is not the graph that was kept. */
export interface KeptDifference {
  readonly kind: "initial state" | "step" | "state predicate" | "action property" | "name" | "error"
  /** One sentence. */
  readonly what: string
  /** Its number in TLC's order: how much of the graph had to be looked at. */
  readonly state: number
}

/** Integers that come one after the other. */
const list = () => {
  let values = new Int32Array(1 << 12)
  let size = 0
  return {
    push: (more: ReadonlyArray<number> | Int32Array): void => {
      if (size + more.length > values.length) {
        const larger = new Int32Array(Math.max(size + more.length, values.length * 2))
        larger.set(values)
        values = larger
      }
      values.set(more, size)
      size += more.length
    },
    all: () => values.slice(0, size)
  }
}

/** Reads TLC's graph, in the terms of a machine that has it; `known` are names of the spec's properties. Throws `OutsideSchema`. */
export const keep = async <State>(
  machine: Machine<State>,
  visit: VisitSpec,
  known: ReadonlySet<string>
): Promise<KeptGraph> => {
  const codec = compile(machine.variables)
  const labels = labelsOf(machine)
  const numberOf = new Map(labels.map((label, i) => [showLabel(label), i]))
  const predicates = pairedPredicates(machine).map(({ name }) => name).filter((name) => known.has(name))
  const stepPredicates = pairedSteps(machine).map(({ name }) => name).filter((name) => known.has(name))
  const [words, edges, stepTruths, truths] = [list(), list(), list(), list()]
  const scratch = new Int32Array(codec.words)
  const theirs: Array<number> = []
  let names: ReadonlyArray<string> = []
  let [states, initials, count] = [0, 0, 0]
  await visit({ predicates, stepPredicates }, {
    variables: (given) => {
      names = given
    },
    label: (number, action, parameters) => {
      const shown = showLabel({ action, args: parameters as ReadonlyArray<number> })
      const index = numberOf.get(shown)
      if (index === undefined) throw new RangeError(`the model has no ${shown}: compare the graphs before keeping one`)
      theirs[number] = index
    },
    state: (_, values, initial, holds) => {
      const variables = Object.fromEntries(names.map((name, i) => [name, values[i]!]))
      codec.pack(variablesFromTla(machine.variables, variables), scratch, 0)
      words.push(scratch)
      truths.push(holds.map(Number))
      states++
      if (initial) initials++
    },
    edge: (from, label, to, holds) => {
      edges.push([from, theirs[label]!, to])
      stepTruths.push(holds.map(Number))
      count++
    }
  })
  const next = new Int32Array(states * labels.length)
  const all = edges.all()
  const told = stepTruths.all()
  const perEdge = new Uint8Array(next.length * stepPredicates.length)
  for (let edge = 0; edge < count; edge++) {
    const place = all[edge * 3]! * labels.length + all[edge * 3 + 1]!
    next[place] = all[edge * 3 + 2]! + 1
    for (let i = 0; i < stepPredicates.length; i++) {
      perEdge[place * stepPredicates.length + i] = told[edge * stepPredicates.length + i]!
    }
  }
  return {
    states,
    edges: count,
    initials,
    words: words.all(),
    next,
    predicates,
    stepPredicates,
    truths: Uint8Array.from(truths.all()),
    stepTruths: perEdge
  }
}

/**
 * Compares models with a kept graph, one after the other; `original` is the machine in whose terms it was kept. Answers the
 * first place where a model is another.
 */
export const comparer = <State>(
  kept: KeptGraph,
  original: Machine<State>
): (machine: Machine<State>) => KeptDifference | undefined => {
  const codec = compile(original.variables)
  const labels = labelsOf(original)
  const names = labels.map(showLabel)
  const scratch = new Int32Array(codec.words)
  const isAt = (id: number): boolean => scratch.every((word, i) => word === kept.words[id * codec.words + i])
  const numbered = Array.from({ length: kept.initials }, (_, id) => id)

  const initial = (machine: Machine<State>): KeptDifference | undefined => {
    const found = new Set(machine.initial.map((state) => {
      codec.pack(state, scratch, 0)
      return numbered.find(isAt) ?? -1
    }))
    const isSame = !found.has(-1) && found.size === kept.initials
    return isSame ? undefined : { kind: "initial state", what: "the initial states are others", state: 0 }
  }

  const judges = (machine: Machine<State>) => {
    const [predicates, steps] = [pairedPredicates(machine), pairedSteps(machine)]
    const asked = kept.predicates.map((name) => predicates.find((each) => each.name === name)!)
    const askedSteps = kept.stepPredicates.map((name) => steps.find((each) => each.name === name)!)
    const predicate = (id: number, state: State): KeptDifference | undefined => {
      const wrong = asked.find(({ holds }, i) => holds(state) !== (kept.truths[id * asked.length + i] === 1))
      return wrong && { kind: "state predicate", what: `${wrong.name} is ${wrong.holds(state)}`, state: id }
    }
    const edge = (id: number, state: State, index: number): KeptDifference | undefined => {
      const place = id * labels.length + index
      const label = labels[index]!
      const after = step(machine, state, label)
      const to = kept.next[place]! - 1
      if (after === undefined || to < 0) {
        const isSame = after === undefined && to < 0
        return isSame ? undefined : { kind: "step", what: `${names[index]} is ${to < 0 ? "" : "not "}taken`, state: id }
      }
      codec.pack(after, scratch, 0)
      if (!isAt(to)) return { kind: "step", what: `${names[index]} leads elsewhere`, state: id }
      const wrong = askedSteps.find(({ holds }, i) =>
        holds(state, label, after) !== (kept.stepTruths[place * askedSteps.length + i] === 1)
      )
      return wrong && { kind: "action property", what: `${wrong.name} of ${names[index]}`, state: id }
    }
    return { predicate, edge }
  }

  return (machine) => {
    if (labelsOf(machine).map(showLabel).join() !== names.join()) {
      return { kind: "name", what: "the instances of actions are others", state: 0 }
    }
    const { edge, predicate } = judges(machine)
    let at = 0
    try {
      const begins = initial(machine)
      if (begins !== undefined) return begins
      for (; at < kept.states; at++) {
        const state = codec.unpack(kept.words, at * codec.words)
        const wrong = predicate(at, state)
        if (wrong !== undefined) return wrong
        for (let index = 0; index < labels.length; index++) {
          const other = edge(at, state, index)
          if (other !== undefined) return other
        }
      }
    } catch (error) {
      return { kind: "error", what: error instanceof Error ? error.message : String(error), state: at }
    }
    return undefined
  }
}
