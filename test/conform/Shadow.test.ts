/** A shadow refuses what its model does not do, a variable that differs, and a property that breaks. */
import { describe, expect, it } from "vitest"
import { Divergence, shadowOf } from "../../src/conform/Shadow.ts"
import { action, label, type Machine } from "../../src/machine/Machine.ts"
import * as S from "../../src/machine/StateSchema.ts"

/** Counts to 3. */
const counter: Machine<{ readonly count: number }> = {
  name: "Counter",
  constants: {},
  variables: S.record({ count: S.range(0, 3) }),
  initial: [{ count: 0 }],
  actions: { Count: action([], ({ count }) => count < 3 ? { count: count + 1 } : undefined) },
  always: { BelowThree: ({ count }) => count < 3 },
  sometimes: {},
  alwaysStep: { Grows: (before, _, after) => after.count > before.count },
  reachableFromAll: {}
}
const kindOf = (run: () => void): string => {
  try {
    run()
    return "none"
  } catch (error) {
    return error instanceof Divergence ? error.kind : String(error)
  }
}

describe("a shadow", () => {
  it("walks along while labels are enabled, and refuses the first that is not", () => {
    const shadow = shadowOf(counter, ["Grows"])
    const did = () => shadow.did(label("Count"))
    expect([did, did, did, did].map(kindOf)).toEqual(["none", "none", "none", "not enabled"])
  })

  it("refuses a variable that differs, and one that is missing", () => {
    const shadow = shadowOf(counter, [])
    expect(kindOf(() => shadow.check({ count: 0 }))).toBe("none")
    expect(kindOf(() => shadow.check({ count: 1 }))).toBe("variable")
    expect(kindOf(() => shadow.check({} as { readonly count: number }))).toBe("variable")
  })

  it("refuses a state that breaks a property it judges, and no other", () => {
    const judging = shadowOf(counter, ["BelowThree"])
    const three = [1, 2, 3].map(() => () => judging.did(label("Count")))
    expect(three.map(kindOf)).toEqual(["none", "none", "property"])
    expect(() => shadowOf(counter, ["Nothing"])).toThrow("Counter has no property Nothing")
  })
})
