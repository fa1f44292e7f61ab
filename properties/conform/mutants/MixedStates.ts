/**
 * States and steps that nothing reaches, in which a property that holds in all that is reached is told from one that says
 * less.
 *
 *     reachable a, b  ─▶  a with one variable of b, a with another number in it
 *     reachable a     ─▶  a step from a, or from such a state, to such a state
 *
 * The decision: they are chosen so that each property is false in some of them, as the model has it; TLC says in which.
 * A step property that asks for the label has no truth for a step that no action makes, so such a step is left out. A value
 * keeps its shape, since a specification may be undefined where it does not.
 */
import type { KeptGraph } from "../../../src/conform/KeptGraph.ts"
import { pairedPredicates, pairedSteps } from "../../../src/conform/Names.ts"
import { type Codec, compile } from "../../../src/machine/Codec.ts"
import { labelsOf, type Machine } from "../../../src/machine/Machine.ts"
import { type Choose, seeded } from "../../../src/replay/Choose.ts"

type Truths = ReadonlyArray<boolean>

/** States and steps with the truth of every property in them, in the order of the names. */
export interface MixedStates {
  readonly predicates: ReadonlyArray<string>
  readonly states: ReadonlyArray<{ readonly state: unknown; readonly truths: Truths }>
  readonly stepPredicates: ReadonlyArray<string>
  readonly steps: ReadonlyArray<{ readonly before: unknown; readonly after: unknown; readonly truths: Truths }>
}

/** So many states and steps are tried, and for each truth of each property so many are taken. */
const mostStates = 20_000
const mostSteps = 5_000
const taken = 12

type Fields = Readonly<Record<string, unknown>>

/** What a judge says; nothing where it cannot say anything, which a property need not in a state that is no state. */
const said = <A>(judge: () => A): A | undefined => {
  try {
    return judge()
  } catch {
    return undefined
  }
}

/** One state with a variable of another. */
const crossed = <State>(choose: Choose, one: State, other: State): State => {
  const names = Object.keys(one as Fields)
  const name = names[choose(names.length)]!
  return { ...one, [name]: (other as Fields)[name] }
}

/** What a value is but for its numbers and truths. */
const shapeOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => typeof part === "number" ? 0 : typeof part === "boolean" ? false : part)

/** A state with one bit of its code turned: another number or truth somewhere in it. Nothing where something else changed. */
const turned = <State>(choose: Choose, codec: Codec<State>, state: State): State | undefined =>
  said(() => {
    const words = new Int32Array(codec.words)
    codec.pack(state, words, 0)
    const bit = choose(codec.bits)
    words[bit >> 5]! ^= 1 << (bit & 31)
    const other = codec.unpack(words, 0)
    codec.pack(other, words, 0)
    return shapeOf(other) === shapeOf(state) ? other : undefined
  })

/** Takes what adds to a truth of a property of which there is not enough yet. */
const chosen = <A>(
  count: number,
  all: Iterable<readonly [A, ReadonlyArray<boolean | undefined>]>
): ReadonlyArray<A> => {
  const had = Array.from({ length: 2 * count }, () => 0)
  const found: Array<A> = []
  for (const [one, truths] of all) {
    if (truths.includes(undefined)) continue
    const places = truths.map((truth, i) => 2 * i + Number(truth))
    if (places.every((place) => had[place]! >= taken)) continue
    for (const place of places) had[place]!++
    found.push(one)
  }
  return found
}

/** What TLC is asked about, of properties of these names. */
export interface MixedQuestions<State> {
  readonly predicates: ReadonlyArray<string>
  readonly states: ReadonlyArray<State>
  readonly stepPredicates: ReadonlyArray<string>
  readonly steps: ReadonlyArray<readonly [before: State, after: State]>
}

/** Mixes the states of a graph; the same on every call. */
export const mix = <State>(
  machine: Machine<State>,
  kept: KeptGraph,
  known: ReadonlySet<string>
): MixedQuestions<State> => {
  const choose = seeded(1)
  const codec = compile(machine.variables)
  const labels = labelsOf(machine)
  const any = (): State => codec.unpack(kept.words, choose(kept.states) * codec.words)
  const other = (state: State): State => {
    let found = state
    for (let left = 1 + choose(3); left > 0; left--) {
      found = choose(2) === 0 ? crossed(choose, found, any()) : turned(choose, codec, found) ?? found
    }
    return found
  }
  const fits = (state: State): boolean => said(() => codec.pack(state, new Int32Array(codec.words), 0)) !== undefined
  const predicates = pairedPredicates(machine).filter(({ name }) => known.has(name))
  const steps = pairedSteps(machine).filter(({ name }) => known.has(name))

  function* candidates(): Generator<readonly [State, ReadonlyArray<boolean | undefined>]> {
    for (let i = 0; i < mostStates; i++) {
      const state = other(any())
      if (fits(state)) yield [state, predicates.map(({ holds }) => said(() => holds(state)))]
    }
  }
  type Holds = typeof steps[number]["holds"]
  const truthOf = (holds: Holds, before: State, after: State): boolean | undefined => {
    const answers = new Set(labels.map((label) => said(() => holds(before, label, after))))
    return answers.size === 1 ? [...answers][0] : undefined
  }
  function* candidateSteps(): Generator<readonly [readonly [State, State], ReadonlyArray<boolean | undefined>]> {
    for (let i = 0; i < mostSteps; i++) {
      const one = any()
      const [before, after] = [choose(2) === 0 ? one : other(one), other(one)]
      if (!fits(before) || !fits(after)) continue
      yield [[before, after], steps.map(({ holds }) => truthOf(holds, before, after))]
    }
  }
  return {
    predicates: predicates.map(({ name }) => name),
    states: chosen(predicates.length, candidates()),
    stepPredicates: steps.map(({ name }) => name),
    steps: steps.length === 0 ? [] : chosen(steps.length, candidateSteps())
  }
}

/** The first property of which a model says something else than TLC in a mixed state or step. */
export const mixedWrongly = (mixed: MixedStates, machine: Machine<unknown>): string | undefined => {
  const [predicates, steps, [label]] = [pairedPredicates(machine), pairedSteps(machine), labelsOf(machine)]
  const asked = mixed.predicates.map((name) => predicates.find((each) => each.name === name)!)
  const askedSteps = mixed.stepPredicates.map((name) => steps.find((each) => each.name === name)!)
  for (const { state, truths } of mixed.states) {
    const wrong = asked.find(({ holds }, i) => holds(state) !== truths[i])
    if (wrong !== undefined) return `${wrong.name} in ${JSON.stringify(state)}`
  }
  for (const { after, before, truths } of mixed.steps) {
    const wrong = askedSteps.find(({ holds }, i) => holds(before, label!, after) !== truths[i])
    if (wrong !== undefined) return `${wrong.name} from ${JSON.stringify(before)} to ${JSON.stringify(after)}`
  }
  return undefined
}
