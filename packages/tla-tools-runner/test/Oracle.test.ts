import { expect, it } from "vitest"
import { graph, modelValue, oracle, type OracleOptions, type OracleStep, setOf } from "../src/index.ts"
import { processes } from "./EveryKind.ts"
import { describeTlc, spec } from "./support.ts"

const withOracle = async <A>(
  name: string,
  options: OracleOptions,
  use: (running: Awaited<ReturnType<typeof oracle>>) => Promise<A>
): Promise<A> => {
  const running = await oracle(spec(name), options)
  try {
    return await use(running)
  } finally {
    await running.close()
  }
}

const [p1, p2] = [modelValue("p1"), modelValue("p2")]

describeTlc("oracle", () => {
  it("says whether a state follows by an action with these parameters, and whether the invariants hold there", () =>
    withOracle("Letters", { constants: { Most: 3 }, invariants: ["InOrder"] }, async (running) => {
      expect(running.variables.toSorted()).toEqual(["read", "sent"])
      expect(running.invariants).toEqual(["InOrder"])
      expect(running.actions).toHaveLength(6)
      expect(await running.step({ action: "Send", parameters: [1] })).toMatchObject({
        ok: false,
        reason: "not-started"
      })
      expect(await running.reset({ sent: setOf(), read: setOf() })).toEqual({ ok: true, violated: [] })
      const good = { action: "Send", parameters: [2], state: { sent: setOf(2), read: setOf() } }
      expect(await running.step(good)).toEqual({ ok: true, violated: [] })
      // Letter 2 was sent already: the action with this parameter is not enabled any more.
      expect(await running.step(good)).toMatchObject({ ok: false, reason: "not-enabled" })
      expect(await running.step({ ...good, parameters: [3] })).toMatchObject({
        ok: false,
        reason: "other-state",
        possible: [{ sent: setOf(2, 3), read: setOf() }]
      })
      expect(await running.step({ action: "Send", parameters: [4] })).toMatchObject({ reason: "unknown-parameters" })
      expect(await running.step({ action: "Burn" })).toMatchObject({ reason: "unknown-action" })
      expect(await running.step({ state: { burnt: 1 } })).toMatchObject({ reason: "unknown-variable" })
      // A refused step changes nothing: letter 2 can be read, before letter 1, which the invariant forbids.
      expect(await running.step({ action: "Read", parameters: [2] })).toEqual({ ok: true, violated: ["InOrder"] })
    }))

  it("takes a set in any order and a function in any form", () =>
    withOracle(
      "Lock",
      { constants: { Processes: processes, Guarded: true }, invariants: ["Exclusion"] },
      async (running) => {
        const state = (one: string, two: string) => ({
          state: { _tag: "Function" as const, entries: [[p2, two], [p1, one]] as const }
        })
        expect(
          await running.trace(state("idle", "idle"), [
            { action: "Request", parameters: [p1], state: state("waiting", "idle") },
            { action: "Request", parameters: [p2], state: state("waiting", "waiting") },
            { action: "Enter", parameters: [p2], state: state("waiting", "critical") }
          ])
        ).toEqual({ ok: true, accepted: 3, refused: undefined, violated: undefined })
        const broken = await running.trace(state("idle", "idle"), [
          { action: "Request", parameters: [p1] },
          { action: "Request", parameters: [p2] },
          { action: "Enter", parameters: [p2] },
          { action: "Enter", parameters: [p1] }
        ])
        expect(broken).toMatchObject({ ok: false, accepted: 3, refused: { reason: "not-enabled" } })
      }
    ))

  it("tells after which step of a trace an invariant first did not hold", () =>
    withOracle(
      "Lock",
      { constants: { Processes: processes, Guarded: false }, invariants: ["Exclusion"] },
      async (running) => {
        const steps = [["Request", p1], ["Request", p2], ["Enter", p1], ["Enter", p2], ["Leave", p1]] as const
        expect(await running.trace(undefined, steps.map(([action, p]) => ({ action, parameters: [p] }))))
          .toEqual({ ok: false, accepted: 5, refused: undefined, violated: { step: 4, invariants: ["Exclusion"] } })
      }
    ))

  it("keeps every state that fits while a trace leaves things open, and drops those that turn out wrong", () =>
    withOracle("Letters", { constants: { Most: 3 }, invariants: ["read = {}", "sent # {3}"] }, async (running) => {
      expect((await running.reset()).ok).toBe(true)
      // Some letter was sent, then some was read: it must have been the one that was sent.
      expect(await running.step({})).toEqual({ ok: true, violated: [] })
      expect(await running.step({ action: "Read" })).toEqual({ ok: true, violated: ["read = {}"] })
      expect(await running.step({ action: "Send", parameters: [1], state: { sent: setOf(1, 3) } }))
        .toEqual({ ok: true, violated: ["read = {}"] })
      // What was left open has been decided: letter 3 was read, and only 1 is left to be.
      expect(await running.step({ state: { read: setOf(2, 3) } })).toMatchObject({ ok: false, reason: "other-state" })
      expect(await running.step({ state: { read: setOf(1, 3) } })).toMatchObject({ ok: true })
    }))

  it("accepts each edge of the state graph, and refuses it with another end", async () => {
    const options = { constants: { Processes: processes, Guarded: true } }
    const states = new Map<number, OracleStep["state"]>()
    const steps = new Map<number, Array<OracleStep>>()
    const way = new Map<number, ReadonlyArray<OracleStep>>([[0, []]])
    for await (const part of graph(spec("Lock"), options)) {
      if (part._tag === "State") states.set(part.id, part.values)
      else {
        const step = { action: part.action, parameters: part.parameters, state: states.get(part.to) }
        steps.set(part.from, [...steps.get(part.from) ?? [], step])
        if (!way.has(part.to)) way.set(part.to, [...way.get(part.from)!, step])
      }
    }
    await withOracle("Lock", options, async (running) => {
      let tried = 0
      for (const [from, outgoing] of steps) {
        for (const step of outgoing) {
          expect(await running.trace(states.get(0), [...way.get(from)!, step])).toMatchObject({ ok: true })
          expect(await running.trace(states.get(0), [...way.get(from)!, { ...step, state: states.get(from) }]))
            .toMatchObject({ ok: false, accepted: way.get(from)!.length, refused: { reason: "other-state" } })
          tried++
        }
      }
      // Two processes, 2^2 + 2 * 2 states. Idle and critical have one step each; waiting has one unless the other is critical.
      expect(states.size).toBe(8)
      expect(tried).toBe(14)
    })
  })

  it("answers where TLC cannot evaluate, and goes on", () =>
    withOracle("Faults", { constants: { Kind: "head" } }, async (running) => {
      await running.reset()
      expect(await running.step({ action: "Begin" })).toMatchObject({ ok: true })
      const found = await running.step({ action: "HeadOfEmpty" })
      expect(found).toMatchObject({ ok: false, reason: "not-evaluated" })
      expect(await running.reset({ step: 0 })).toMatchObject({ ok: true })
    }))

  it("fails with the place where the spec cannot be parsed, and when it was closed", async () => {
    await expect(oracle(spec("malformed/NoElse"), { init: "Init", next: "Next" })).rejects.toMatchObject({
      reason: "bad-spec",
      message: `${spec("malformed/NoElse")}:5:1: found ==== after "1"`
    })
    await expect(oracle(spec("Counter"), { constants: { Max: 1 } })).rejects.toThrow(/CanReset is not assigned/)
    const running = await oracle(spec("Counter"), { constants: { Max: 1, CanReset: true } })
    await running.close()
    await expect(running.reset()).rejects.toMatchObject({ reason: "aborted" })
  })
})
