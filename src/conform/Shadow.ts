/**
 * Refinement online: a model walks along with a run of the nodes.
 *
 *     node: turn carried out, did(label) ─▶ shadow: is it enabled? ─▶ step ─▶ properties
 *     after each event:  every variable of the shadow = the projection of the nodes
 *
 * The decision: nothing is searched. A label that is not enabled, a variable that differs, and a change that nobody
 * reported are all failures, so a run that passes is a path of the model (design.md, Grain 4).
 */
import { Schema } from "effect"
import { type Label, type Machine, showLabel, step } from "../machine/Machine.ts"

/** The nodes did what the model does not do, or the other way round; the message ends with the last labels. */
export class Divergence extends Schema.TaggedError<Divergence>()("Divergence", {
  message: Schema.String,
  kind: Schema.Literals(["not enabled", "variable", "property"])
}) {}

/** Structural equality of plain data; a mismatch of shape is a difference. */
const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  const [one, two] = [Object.entries(a), Object.entries(b)]
  return one.length === two.length &&
    one.every(([key, value]) => Object.hasOwn(b, key) && same(value, (b as Record<string, unknown>)[key]))
}

/** A model walking along with one run. */
export interface Shadow<State> {
  readonly state: State
  /** What was reported so far. */
  readonly labels: ReadonlyArray<Label>
  /** Takes a reported label. Throws `Divergence` where it is not enabled, or breaks a property that is judged. */
  readonly did: (label: Label) => void
  /** Compares with the nodes. Throws `Divergence` at the first variable that differs. */
  readonly check: (projected: State) => void
}

/** How many labels a message tells. */
const told = 14

/** A shadow from the machine's first initial state; `judge` names the properties that its guards promise. */
export const shadowOf = <State extends object>(
  machine: Machine<State>,
  judge: ReadonlyArray<string>
): Shadow<State> => {
  let state = machine.initial[0]!
  const labels: Array<Label> = []
  const story = () => labels.slice(-told).map(showLabel).join(" ")
  const always = Object.entries(machine.always).filter(([name]) => judge.includes(name))
  const alwaysStep = Object.entries(machine.alwaysStep).filter(([name]) => judge.includes(name))
  const missing = judge.filter((name) =>
    !Object.hasOwn(machine.always, name) && !Object.hasOwn(machine.alwaysStep, name)
  )
  if (missing.length > 0) throw new RangeError(`${machine.name} has no property ${missing.join(", ")}`)
  return {
    get state() {
      return state
    },
    labels,
    did: (label) => {
      const after = step(machine, state, label)
      labels.push(label)
      if (after === undefined) {
        throw new Divergence({ kind: "not enabled", message: `${showLabel(label)} is not enabled, after ${story()}` })
      }
      const broken = always.find(([, holds]) => !holds(after)) ??
        alwaysStep.find(([, holds]) => !holds(state, label, after))
      if (broken !== undefined) {
        throw new Divergence({ kind: "property", message: `${broken[0]} is broken after ${story()}` })
      }
      state = after
    },
    check: (projected) => {
      for (const variable of Object.keys(machine.variables.fields) as unknown as ReadonlyArray<keyof State & string>) {
        if (same(state[variable], projected[variable])) continue
        const [model, nodes] = [JSON.stringify(state[variable]), JSON.stringify(projected[variable])]
        throw new Divergence({
          kind: "variable",
          message: `${variable}: model ${model}, nodes ${nodes}, after ${story()}`
        })
      }
    }
  }
}
