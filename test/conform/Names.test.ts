/** A name that one side has and the other has not is a difference, and what happens sometimes is the spec's Never. */
import { describe, expect, it } from "vitest"
import { compareNames, pairedPredicates, pairedSteps } from "../../src/conform/Names.ts"
import { readSpec } from "../../src/conform/SpecText.ts"
import { action, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

interface State {
  readonly x: number
}

const machine: Machine<State> = {
  name: "Counter",
  constants: { Most: 2 },
  variables: S.record({ x: S.range(0, 2) }),
  initial: [{ x: 0 }],
  actions: { Up: action([], (s: State) => s.x < 2 ? { x: s.x + 1 } : undefined) },
  always: { Small: (s) => s.x <= 2 },
  sometimes: { Full: (s) => s.x === 2 },
  alwaysStep: { Grows: (s, _, t) => t.x > s.x },
  sometimesStep: { Fills: (_, __, t) => t.x === 2 },
  reachableFromAll: {}
}

const module = (properties: string) =>
  readSpec(`---- MODULE Counter ----
EXTENDS Naturals
CONSTANTS Most

VARIABLES x

Up == x < Most /\\ x' = x + 1
Next == \\/ Up
${properties}
====`)

const all = `Small == x <= 2
Grows == [][x' > x]_x
NeverFull == x # 2
NeverFills == [][x' # 2]_x
`
const checked = ["Small", "Grows", "NeverFull", "NeverFills"]
const said = (properties: string, names: ReadonlyArray<string>) =>
  compareNames(module(properties), machine, names, ["x"]).map(({ what }) => what)

describe("the names of a specification and of its model", () => {
  it("are the same where each side has the other's, a step that happens sometimes under its Never", () => {
    expect(said(all, checked)).toEqual([])
  })

  it.each([
    ["NeverFull", "state property NeverFull of Counter is in the model only"],
    ["NeverFills", "action property NeverFills of Counter is in the model only"],
    ["Grows", "action property Grows of Counter is in the model only"]
  ])("differ where the specification lacks %s", (name, complaint) => {
    expect(said(all, checked.filter((each) => each !== name))).toEqual([complaint])
  })

  it("differ where a step of the specification never happens and the model has no such step", () => {
    const more = `${all}NeverEmpties == [][x' # 0]_x\n`
    expect(said(more, [...checked, "NeverEmpties"]))
      .toEqual(["action property NeverEmpties of Counter is in the specification only"])
  })

  it("pair what happens with the negation of what never does", () => {
    const never = pairedSteps(machine).find(({ name }) => name === "NeverFills")!
    const label = { action: "Up", args: [] }
    expect([never.holds({ x: 0 }, label, { x: 1 }), never.holds({ x: 1 }, label, { x: 2 })]).toEqual([true, false])
    const full = pairedPredicates(machine).find(({ name }) => name === "NeverFull")!
    expect([full.holds({ x: 1 }), full.holds({ x: 2 })]).toEqual([true, false])
  })
})
