/** A graph that is kept tells its own model from every other: by a state, a step, a property, a name. */
import { describe, expect, it } from "vitest"
import { comparer, keep, type KeptDifference } from "../../src/conform/KeptGraph.ts"
import { action, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"
import { toldGraph } from "./ToldGraph.ts"

interface State {
  readonly x: number
  readonly seen: ReadonlyArray<number>
}

const machine: Machine<State> = {
  name: "Counter",
  constants: {},
  variables: S.record({ x: S.range(0, 3), seen: S.subset([1, 2, 3]) }),
  initial: [{ x: 0, seen: [] }, { x: 1, seen: [1] }],
  actions: {
    Up: action([[1, 2]], (s: State, by) => {
      const x = s.x + by
      return x > 3 ? undefined : { x, seen: s.seen.includes(x) ? s.seen : [...s.seen, x].sort((a, b) => a - b) }
    }),
    Wait: action([], (s: State) => s.x === 3 ? s : undefined)
  },
  always: { Seen: (s) => s.x === 0 || s.seen.includes(s.x) },
  sometimes: { Full: (s) => s.seen.length === 3 },
  alwaysStep: { ByOne: (s, _, t) => t.x - s.x <= 1 },
  reachableFromAll: {}
}

const kept = await keep(machine, toldGraph(machine), new Set(["Seen", "NeverFull", "ByOne"]))
const differing = comparer(kept, machine)
const with_ = (change: Partial<Machine<State>>): KeptDifference | undefined => differing({ ...machine, ...change })

describe("a graph that is kept", () => {
  it("is its own model's, steps that change nothing too", () => {
    expect(differing(machine)).toBeUndefined()
    expect([kept.initials, kept.predicates, kept.stepPredicates]).toEqual([2, ["Seen", "NeverFull"], ["ByOne"]])
  })

  it.each<[string, Partial<Machine<State>>, KeptDifference["kind"], RegExp]>([
    ["begins elsewhere", { initial: [{ x: 0, seen: [] }] }, "initial state", /others/],
    ["begins in one state more", { initial: [...machine.initial, { x: 2, seen: [2] }] }, "initial state", /others/],
    [
      "takes a step too many",
      { actions: { ...machine.actions, Wait: action([], (s: State) => s) } },
      "step",
      /^Wait\(\) is taken/
    ],
    [
      "takes a step too few",
      { actions: { ...machine.actions, Wait: action([], (): State | undefined => undefined) } },
      "step",
      /^Wait\(\) is not taken/
    ],
    [
      "goes elsewhere",
      { actions: { ...machine.actions, Wait: action([], (s: State) => s.x === 3 ? { ...s, seen: [] } : undefined) } },
      "step",
      /^Wait\(\) leads elsewhere/
    ],
    [
      "has another predicate",
      { always: { Seen: () => true, Other: () => true }, sometimes: { Full: () => true } },
      "state predicate",
      /^NeverFull is false/
    ],
    ["has another property of steps", { alwaysStep: { ByOne: () => true } }, "action property", /^ByOne of Up\(2\)/],
    [
      "has an action of other instances",
      { actions: { ...machine.actions, Wait: action([[1]], (s: State) => s.x === 3 ? s : undefined) } },
      "name",
      /instances/
    ],
    [
      "has a set in another order",
      { actions: { ...machine.actions, Wait: action([], (s: State) => ({ ...s, seen: s.seen.toReversed() })) } },
      "step",
      /^Wait/
    ],
    [
      "leaves the schema",
      { actions: { ...machine.actions, Wait: action([], (s: State) => s.x === 3 ? { ...s, x: 9 } : undefined) } },
      "error",
      /9/
    ]
  ])("is not that of a model that %s", (_, change, kind, what) => {
    const found = with_(change)
    expect(found?.kind).toBe(kind)
    expect(found?.what).toMatch(what)
  })
})
