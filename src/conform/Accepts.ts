/**
 * Is a recorded trace of a real system a behaviour of the model, with hidden steps between what was observed?
 *
 *     initial states ─hidden*─▶ observation 1 ─hidden*─▶ observation 2 ─▶ ...
 *
 * The decision: all states that the model can be in are followed together, so a trace is refused only when none of them
 * explains it; the answer then says how far it went and what was enabled there. A trace that says less explains itself
 * more easily, so observations are numbered and the recording knows how many there were: one that is missing is refused.
 *
 * Authority: trace validation as in Cirstea, Kuppe, Loillier and Merz, "Validating traces of distributed programs against
 * TLA+ specifications" (2024).
 */
import { Codec } from "../machine/index.ts"
import { type Label, labelsOf, type Machine, showLabel, step } from "../machine/Machine.ts"

/** One thing that was seen: a step of the model that it is, or what is true of the state at that moment. */
export type Observation<State> =
  | { readonly _tag: "Step"; readonly what: string; readonly is: (label: Label) => boolean }
  | { readonly _tag: "State"; readonly what: string; readonly holds: (state: State) => boolean }

/** An observation with its number, from 1: who records counts what is seen, not what is kept. */
type Numbered<State> = Observation<State> & { readonly number: number }

/** What was recorded, and how many observations there were when the recording ended. */
export interface Recording<State> {
  readonly observations: ReadonlyArray<Numbered<State>>
  readonly count: number
}

/** A recording of all of these. */
export const recordingOf = <State>(all: ReadonlyArray<Observation<State>>): Recording<State> => ({
  observations: all.map((each, index) => ({ ...each, number: index + 1 })),
  count: all.length
})

/** The number of the first observation that is missing, if any is. */
const missingOf = <State>({ count, observations }: Recording<State>): number | undefined => {
  const index = observations.findIndex(({ number }, index) => number !== index + 1)
  const first = index === -1 ? observations.length : index
  return first === count && index === -1 ? undefined : first + 1
}

export type Acceptance =
  | { readonly _tag: "Accepted"; readonly states: number }
  | {
    readonly _tag: "Refused"
    /** Observations that were explained. */
    readonly prefix: number
    /** The first that was not. */
    readonly what: string
    /** Labels that some state allowed there. */
    readonly enabled: ReadonlyArray<string>
  }

/**
 * Follows a recording; `hidden` says which steps nobody sees, at most `mostHidden` of them between two observations. A
 * recording with a gap is refused at the gap, whatever the model would say of the rest.
 */
export const accepts = <State>(
  machine: Machine<State>,
  recording: Recording<State>,
  { hidden, mostHidden }: { readonly hidden: (label: Label) => boolean; readonly mostHidden: number }
): Acceptance => {
  const codec = Codec.compile(machine.variables)
  const labels = labelsOf(machine)
  const unseen = labels.filter(hidden)
  const keyOf = (state: State): string => {
    const words = new Int32Array(codec.words)
    codec.pack(state, words, 0)
    return words.join()
  }
  const keyed = (states: ReadonlyArray<State>) => new Map(states.map((state) => [keyOf(state), state]))
  const closed = (from: ReadonlyMap<string, State>): ReadonlyMap<string, State> => {
    const all = new Map(from)
    let front = [...from.values()]
    for (let count = 0; count < mostHidden && front.length > 0; count++) {
      const next = keyed(front.flatMap((state) => unseen.flatMap((label) => step(machine, state, label) ?? [])))
      front = [...next].flatMap(([key, state]) => all.has(key) ? [] : [state])
      for (const [key, state] of next) all.set(key, state)
    }
    return all
  }
  const missing = missingOf(recording)
  const enabledIn = (before: ReadonlyArray<State>): ReadonlyArray<string> =>
    labels.filter((label) => before.some((state) => step(machine, state, label) !== undefined)).map(showLabel)
  let states = closed(keyed(machine.initial))
  const gap = (prefix: number): Acceptance => ({
    _tag: "Refused",
    prefix,
    what: `observation ${missing} of ${recording.count} is missing`,
    enabled: enabledIn([...states.values()])
  })
  for (const [prefix, observation] of recording.observations.entries()) {
    if (prefix + 1 === missing) return gap(prefix)
    const before = [...states.values()]
    const after = observation._tag === "State"
      ? before.filter(observation.holds)
      : before.flatMap((state) => labels.filter(observation.is).flatMap((label) => step(machine, state, label) ?? []))
    if (after.length === 0) {
      return { _tag: "Refused", prefix, what: observation.what, enabled: enabledIn(before) }
    }
    states = closed(keyed(after))
  }
  return missing === undefined ? { _tag: "Accepted", states: states.size } : gap(recording.observations.length)
}
