/** Failovers of real clusters and of the nodes are behaviours of the timed model; changed ones are not. */
import { describe, expect, it } from "vitest"
import { recordingOf } from "../../../src/conform/Accepts.ts"
import { explore } from "../../../src/explore/Search.ts"
import { nameServerRoutingTimed, type TimedConstants } from "../../../src/rocketmq/models/NameServerRoutingTimed.ts"
import { itTlc } from "../../Tlc.ts"
import { compare, constantsOf, propertiesOf } from "../models/SpecGraph.ts"
import { accepted, type Failover, judged, observed, recorded } from "./Failover.ts"
import { boundsMillis, nodeFailover } from "./NodeFailover.ts"

const machineOf = (configuration: string) =>
  nameServerRoutingTimed(constantsOf(configuration) as unknown as TimedConstants)

describe("the timed model of NameServer routing", () => {
  itTlc.each([
    "MCNameServerRoutingTimedSmall",
    "MCNameServerRoutingTimed_R12_Bound",
    "MCNameServerRoutingTimed_R10_Bound"
  ])(
    "has the same labelled graph in specification and model: %s",
    async (configuration) => {
      const { differences, states } = await compare("NameServerRoutingTimed", configuration, machineOf(configuration))
      expect(differences).toEqual([])
      expect(states).toBeGreaterThan(2_000)
    }
  )

  // Lengths are TLC's, in states; TLC takes any of the initial states, so does our search.
  it.each([
    ["MCNameServerRoutingTimed_R10_ChannelCloseDetected", "KilledLeavesRoute", 4],
    ["MCNameServerRoutingTimed_R10_Cache", "KilledLeavesCache", 12],
    ["MCNameServerRoutingTimed_R12_RecheckFreshness", "FreshIsKept", 22]
  ])("breaks without its guard, at TLC's length: %s", (configuration, property, length) => {
    expect(propertiesOf(configuration)).toEqual([property])
    const broken = explore(machineOf(configuration)).violations.find((violation) => violation.property === property)
    expect(broken?.path.steps.length).toBe(length - 1)
    const guarded = {
      ...machineOf(configuration).constants,
      ChannelCloseDetected: true,
      RecheckFreshnessOnUnregister: true
    }
    expect(explore(nameServerRoutingTimed(guarded as unknown as TimedConstants)).violations).toEqual([])
  })
})

const names = ["rocketmq-4.9.7-kill9-master", "rocketmq-5.5.0-kill9-master", "rocketmq-5.5.0-insync2-stop-master"]

describe("a failover of a real cluster", () => {
  it.each(names)("is a behaviour of the timed model: %s", (name) => {
    const failover = recorded(name)
    expect([failover.routeLost, failover.cacheLost].every((moment) => moment !== undefined)).toBe(true)
    expect(judged(failover)._tag).toBe("Accepted")
  })

  it.each(names)("is none once a moment is moved: %s", (name) => {
    const failover = recorded(name)
    const wrong: ReadonlyArray<Failover> = failover.how === "Kill"
      ? [
        // A killed process leaves the route in the same unit, and the cache at most a poll later.
        { ...failover, routeLost: failover.routeLost! + 20_000 },
        { ...failover, cacheLost: failover.cacheLost! + 20_000 }
      ]
      : [
        // A frozen one is neither found out early nor kept for ever, and a cache loses it after the route.
        { ...failover, routeLost: failover.routeLost! - 60_000 },
        { ...failover, routeLost: failover.routeLost! + 30_000, cacheLost: failover.cacheLost! + 30_000 },
        { ...failover, cacheLost: failover.routeLost! - 10_000 }
      ]
    expect(wrong.map((moved) => judged(moved)._tag)).toEqual(wrong.map(() => "Refused"))
  })

  it.each(names)("is none once the loss from the route is taken out: %s", (name) => {
    const { routeLost: _, ...without } = recorded(name)
    expect(judged(without)).toMatchObject({ _tag: "Refused" })
  })
})

type Observed = ReturnType<typeof observed>["observations"]

/** Observations with one turned into its opposite: who was in is not, and the fault is another broker's. */
const changed = (trace: Observed, index: number): Observed => {
  const one = trace[index]!
  return trace.with(
    index,
    one._tag === "State"
      ? { ...one, holds: (state) => !one.holds(state) }
      : { ...one, is: ({ action, args }) => ["Kill", "Freeze"].includes(action) && args[0] === 2 }
  )
}

describe("a recorded trace, observation by observation", () => {
  it.each(names)("is refused with any one of them changed: %s", (name) => {
    const recording = observed(recorded(name))
    const { observations: trace } = recording
    expect(accepted(recording)._tag).toBe("Accepted")
    // In the unit of a loss the broker is there before and not after: either may be changed alone, both not.
    const isPair = (index: number, next: number) =>
      trace[next]?._tag === "State" && trace[index]!.what === trace[next].what.replace("not in", "in") &&
      trace[index]!.what !== trace[next].what
    const all = trace.map((_, index) =>
      isPair(index, index + 1)
        ? changed(changed(trace, index), index + 1)
        : isPair(index - 1, index)
        ? changed(changed(trace, index - 1), index)
        : changed(trace, index)
    )
    expect(all.map((observations) => accepted({ ...recording, observations })._tag)).toEqual(all.map(() => "Refused"))
  })

  it.each(names)("is refused with any one of them removed, at the place where it was: %s", (name) => {
    const recording = observed(recorded(name))
    const { count, observations } = recording
    expect(count).toBeGreaterThan(5)
    const all = observations.map((_, index) =>
      accepted({ ...recording, observations: observations.toSpliced(index, 1) })
    )
    expect(all).toEqual(
      observations.map((_, index) =>
        expect.objectContaining({
          _tag: "Refused",
          prefix: index,
          what: `observation ${index + 1} of ${count} is missing`
        })
      )
    )
  })

  it.each(names)("is refused without the fault, whoever counted: %s", (name) => {
    const [fault, ...others] = observed(recorded(name)).observations
    expect(fault!.what).toBe(recorded(name).how)
    expect(accepted(recordingOf(others))).toMatchObject({ _tag: "Refused" })
  })

  // Frozen: 120 s after a registration that is at most 30 s old, so 9 units are the least, and 11 were seen. Here nobody
  // counted, and what is left is judged by the model alone.
  it("is refused with so many units taken out that the loss comes too early, and not with one", () => {
    const { observations: trace } = observed(recorded("rocketmq-5.5.0-insync2-stop-master"))
    const without = (count: number) => {
      const left = trace.map((one, index) => ({ one, index }))
        .filter(({ one }) => one.what.startsWith("unit ")).slice(0, count).map(({ index }) => index)
      return recordingOf(trace.filter((_, index) => !left.includes(index)))
    }
    expect([1, 4].map((count) => accepted(without(count))._tag)).toEqual(["Accepted", "Refused"])
  })
})

describe("the nodes under the same events", () => {
  it.each(["Kill", "Freeze"] as const)("stay within what the timed model allows: %s", (how) => {
    const all = Array.from({ length: 12 }, (_, i) => nodeFailover(how, i + 1))
    expect(all.every(({ cacheLost, routeLost }) => routeLost !== undefined && cacheLost !== undefined)).toBe(true)
    expect(all.filter((failover) => judged(failover)._tag !== "Accepted").map((f) => ({ ...f, j: judged(f) }))).toEqual(
      []
    )
    const [least, most] = boundsMillis(how)
    expect(all.every(({ routeLost }) => routeLost! >= least && routeLost! <= most)).toBe(true)
  })
})
