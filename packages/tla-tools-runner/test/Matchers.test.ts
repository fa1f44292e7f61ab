import { expect, it } from "vitest"
import { check } from "../src/index.ts"
import "../src/vitest.ts"
import { describeTlc, spec } from "./support.ts"

const counter = (max: number, canReset: boolean, invariants: ReadonlyArray<string>) => ({
  spec: spec("Counter"),
  constants: { Max: max, CanReset: canReset },
  invariants
})

/** The message with which a claim fails. */
const failure = async (claim: Promise<void>): Promise<string> => {
  try {
    await claim
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("the claim did not fail")
}

describeTlc("The matchers", () => {
  it("claim that a spec holds or does not", async () => {
    await expect(counter(3, true, ["TypeOK"])).toHold()
    await expect(counter(4, true, ["BelowThree"])).not.toHold()
  })

  it("claim a violation by name and by the number of states, of specs and of results", async () => {
    const result = await check(spec("Counter"), counter(4, true, ["BelowThree"])).result
    await expect(result).toViolate("BelowThree")
    await expect(result).toViolate("BelowThree", { depth: 4 })
    await expect(result).not.toViolate("BelowThree", { depth: 3 })
    await expect(Promise.resolve(result)).not.toViolate("TypeOK")
    await expect(check(spec("Counter"), counter(1, false, []))).toViolate("deadlock", { depth: 2 })
  })

  it("fail with the trace, changed variables only", async () => {
    const result = await check(spec("Clock"), { constants: { Ticks: 3 }, invariants: ["ticks < 2"] }).result
    expect(await failure(expect(result).toHold())).toBe([
      "expected the spec to hold, but ticks < 2 does not hold (safety)",
      "",
      "1  initial state",
      "     ticks = 0",
      "     hour = 0",
      "2  Tick  (Clock:11)",
      "     ticks = 0 -> 1",
      "     hour = 0 -> 1",
      "3  Tick  (Clock:11)",
      "     ticks = 1 -> 2",
      "     hour = 1 -> 2",
      ""
    ].join("\n"))
    expect(await failure(expect(result).toViolate("ticks < 2", { depth: 9 })))
      .toMatch(/^expected ticks < 2 to be violated in 9 states \(it took 3 states\), but/)
    expect(await failure(expect(result).not.toViolate("ticks < 2"))).toMatch(
      /^expected ticks < 2 not to be violated, but/
    )
  })

  it("claim that a predicate is reached", async () => {
    await expect(counter(4, true, [])).toReach("x = 4")
    await expect(counter(4, true, [])).not.toReach("x = 5")
    expect(await failure(expect(counter(4, false, [])).toReach("x = 5")))
      .toBe("expected x = 5 to be reached, but it is in none of 5 states")
    expect(await failure(expect(counter(2, true, [])).not.toReach("x = 1"))).toMatch(
      /never to be reached, but it is\n\n1 /
    )
  })

  it("claim that actions are taken", async () => {
    const subject = { ...counter(2, true, []), deadlock: false }
    await expect(subject).toCover({ actions: ["Up", "Reset"] })
    await expect(subject).not.toCover({ actions: "all" })
    expect(await failure(expect(subject).toCover({ actions: "all" })))
      .toBe("expected Up, Reset, Never to be taken, but never: Never")
  })

  it("never pass, negated or not, where TLC gives no verdict", async () => {
    const broken = { spec: spec("malformed/NoElse"), init: "Init", next: "Next" }
    expect(await failure(expect(broken).not.toHold())).toMatch(/TLC gave no verdict: parse-error: .*NoElse\.tla:5:1/)
    expect(await failure(expect(broken).not.toReach("TRUE"))).toMatch(/no verdict/)
    expect(await failure(expect(broken).not.toViolate("x"))).toMatch(/no verdict/)
    expect(await failure(expect({ verdict: "success" } as never).not.toReach("TRUE"))).toMatch(
      /give it the path of a spec/
    )
  })
})
