/**
 * Is a recorded trace of a real system a behaviour of the model, with hidden steps between what was observed?
 *
 *     initial states ─hidden*─▶ observation 1 ─hidden*─▶ observation 2 ─▶ ...
 *
 * The decision: all states that the model can be in are followed together, so a trace is refused only when none of them
 * explains it; the answer then says how far it went and what was enabled there.
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

/** Follows a trace; `hidden` says which steps nobody sees, at most `mostHidden` of them between two observations. */
export const accepts = <State>(
  machine: Machine<State>,
  trace: ReadonlyArray<Observation<State>>,
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
  let states = closed(keyed(machine.initial))
  for (const [prefix, observation] of trace.entries()) {
    const before = [...states.values()]
    const after = observation._tag === "State"
      ? before.filter(observation.holds)
      : before.flatMap((state) => labels.filter(observation.is).flatMap((label) => step(machine, state, label) ?? []))
    if (after.length === 0) {
      const enabled = labels.filter((label) => before.some((state) => step(machine, state, label) !== undefined))
      return { _tag: "Refused", prefix, what: observation.what, enabled: enabled.map(showLabel) }
    }
    states = closed(keyed(after))
  }
  return { _tag: "Accepted", states: states.size }
}
