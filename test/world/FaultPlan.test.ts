/** A fault plan written by hand: once, next n, until cleared, pause and release, observed. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Network } from "../../src/world/Network.ts"
import { FaultPlan } from "../../src/world/simulated/FaultPlan.ts"
import { Deadlock, simulate } from "../../src/world/simulated/Simulation.ts"

/** A server that answers each number with its successor, and a client that asks for as many as it takes to hear 5. */
const deployment = () => {
  const heard: Array<unknown> = []
  const server = Effect.gen(function*() {
    const network = yield* Network
    const listener = yield* network.listen("p")
    while (true) {
      const connection = yield* listener.accept
      yield* Effect.forever(
        Effect.map(connection.receive, (message) => connection.send(Number(message) + 1))
      ).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
    }
  })
  const client = Effect.gen(function*() {
    const network = yield* Network
    for (let next = 0; next < 5;) {
      const connection = yield* network.connect("server", "p")
      yield* Effect.gen(function*() {
        while (next < 5) {
          connection.send(next)
          next = Number(yield* connection.receive)
          heard.push(next)
        }
      }).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
      connection.close()
    }
  })
  return {
    heard,
    processes: [{ name: "server", boot: () => server }, { name: "client", boot: () => client }]
  }
}

const end = { dialer: "client", listener: "server", port: "p", at: "client" }
const reset = { _tag: "Reset", end, toDialer: 0, toListener: 0 } as const

const run = (test: (plan: FaultPlan, heard: ReadonlyArray<unknown>, finish: () => void) => void): void => {
  const { heard, processes } = deployment()
  simulate({ seed: 3, processes }, (world) => {
    const plan = new FaultPlan(world)
    test(plan, heard, () => plan.runUntil(() => world.exits.has("client")))
  })
}

const asked = /deliver .* at server/

describe("a rule of a fault plan", () => {
  it("observes what happens and changes nothing", () =>
    run((plan, heard, finish) => {
      const rule = plan.rule(asked, { _tag: "Observe" }, "untilCleared")
      finish()
      expect(heard).toEqual([1, 2, 3, 4, 5])
      expect(rule.struck).toBe(5)
    }))

  it("strikes once, and the event that it made impossible does not happen", () =>
    run((plan, heard, finish) => {
      const rule = plan.rule(asked, { _tag: "Before", faults: [reset] })
      finish()
      expect(rule.struck).toBe(1)
      expect(plan.events.filter(({ _tag }) => _tag === "Connect").length).toBe(2)
      expect(heard).toEqual([1, 2, 3, 4, 5])
    }))

  it("strikes the next n, then no more", () =>
    run((plan, _heard, finish) => {
      const rule = plan.rule(asked, { _tag: "Before", faults: [reset] }, 3)
      finish()
      expect(rule.struck).toBe(3)
      expect(plan.events.filter(({ _tag }) => _tag === "Connect").length).toBe(4)
    }))

  it("strikes until it is cleared", () =>
    run((plan, heard, finish) => {
      const rule = plan.rule(asked, { _tag: "Before", faults: [reset] }, "untilCleared")
      plan.runUntil(() => rule.struck === 20)
      expect(heard).toEqual([])
      rule.clear()
      finish()
      expect(rule.struck).toBe(20)
      expect(heard).toEqual([1, 2, 3, 4, 5])
    }))

  it("holds an event while everything else goes on, and lets it go when it is released", () =>
    run((plan, heard, finish) => {
      const rule = plan.rule(asked, { _tag: "Hold" })
      expect(() => finish()).toThrow(Deadlock)
      expect(heard).toEqual([])
      expect(rule.struck).toBe(1)
      rule.clear()
      finish()
      expect(heard).toEqual([1, 2, 3, 4, 5])
    }))

  it("leaves a run like any other: its events alone, without the plan, are the same run", () => {
    const { processes } = deployment()
    const [events, hash] = simulate({ seed: 3, processes }, (world) => {
      const plan = new FaultPlan(world)
      plan.rule(asked, { _tag: "Before", faults: [reset] }, 2)
      plan.runUntil(() => world.exits.has("client"))
      return [plan.events, world.trace.hash]
    })
    const again = deployment()
    simulate({ seed: 3, processes: again.processes }, (world) => {
      for (const event of events) world.fire(event)
      expect(world.trace.hash).toBe(hash)
      expect(again.heard).toEqual([1, 2, 3, 4, 5])
    })
  })
})
