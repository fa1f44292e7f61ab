/**
 * The counts are TLC's for the same module and constants: distinct states, generated states and depth of its complete
 * search of bench/replication/Replication.tla's configurations, as TLC 2.18 prints them.
 */
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { showLabels } from "../../src/explore/Path.ts"
import { explore } from "../../src/explore/Search.ts"
import * as Story from "../../src/explore/Story.ts"
import * as Walk from "../../src/explore/Walk.ts"
import { action } from "../../src/machine/Machine.ts"
import { seeded } from "../../src/replay/Choose.ts"
import { configurations, replication, type State } from "./Replication.ts"

describe("the explorer counts what TLC counts", () => {
  it.each(
    [["S1", 10_597, 30_619, 26], ["M1", 68_128, 212_903, 31]] as const
  )("%s", (name, states, generated, depth) => {
    const found = explore(replication(configurations[name]))
    expect(found.end).toEqual({ _tag: "Complete" })
    expect([found.states, found.generated, found.depth]).toEqual([states, generated, depth])
    expect(found.violations).toEqual([])
  })

  it("an action that the bounds never allow is seen as never taken", () => {
    const { taken } = explore(replication(configurations.S1))
    // Without a session that expires on a live broker nobody is there to rejoin, and nothing is lost that was not flushed.
    expect(Object.entries(taken).filter(([, steps]) => steps === 0).map(([name]) => name)).toEqual(["Flush", "Rejoin"])
  })
})

describe("a search ends in a way that can be told apart", () => {
  it("it stops where its memory ends, and says how much was left", () => {
    const found = explore(replication(configurations.M1), { limitBytes: 1 << 20 })
    expect(found.end._tag).toBe("OutOfMemory")
    expect(found.bytes).toBeLessThanOrEqual(1 << 20)
    expect(found.states).toBeGreaterThan(20_000)
    if (found.end._tag === "OutOfMemory") expect(found.end.queue).toBeGreaterThan(0)
  })

  it("a step that leaves the schema is told with its behaviour", () => {
    const { Crash, ...actions } = replication(configurations.S1).actions
    const twice = action([[1]], (s: State, b) => Crash!.step(s, b as never) && { ...s, crashes: 2 })
    const machine = { ...replication(configurations.S1), actions: { Produce: actions["Produce"]!, Twice: twice } }
    const refused = Result.try(() => explore({ ...machine, initial: [{ ...machine.initial[0]!, crashes: 0 }] }))
    expect(Result.isFailure(refused) && refused.failure).toMatchObject({
      _tag: "OutsideSchema",
      path: "crashes",
      label: "Twice(1)",
      steps: "",
      message: "crashes is 2, outside 0..1: after Twice(1)"
    })
  })

  it("it hears of progress with states and queue", () => {
    const seen: Array<number> = []
    explore(replication(configurations.S1), { progress: ({ queue, states }) => seen.push(states, queue) })
    expect(seen.length).toBeGreaterThan(0)
  })
})

const lossy = replication({ MaxRecords: 2, MaxEpoch: 3, MaxCrash: 1, MaxExpire: 1, LoseUnflushed: true })

describe("an acknowledged record that was not flushed is lost with its leader", () => {
  const found = explore(lossy, { stopAtViolation: true, limitBytes: 1 << 28 })
  const violation = found.violations.find(({ property }) => property === "AckedInIsr")!

  it("by a path of six steps, the shortest that TLC finds too", () => {
    expect(found.end).toEqual({ _tag: "Violated" })
    expect(violation.path.steps).toHaveLength(6)
    expect(lossy.always["AckedInIsr"]!(violation.path.steps[5]!.state)).toBe(false)
  })

  it("the story names each action and what it changed, and nothing else", () => {
    const lines = Story.story(lossy, violation.path)
    const produced = lines.findIndex((line) => /^ ?\d+ {2}Produce\(1\)$/.test(line))
    expect(lines.slice(produced + 1, produced + 3)).toEqual([
      "      log[1]: <<>> -> <<<<1, 1>>>>",
      "      next: 1 -> 2"
    ])
    expect(/Crash\(\d\)/.test(showLabels(violation.path))).toBe(true)
  })

  it("the ITF trace holds every variable of every state", () => {
    const itf = Story.toItf(lossy, violation.path)
    expect(itf.states).toHaveLength(7)
    expect(itf.states.every((state) => itf.vars.every((name) => Object.hasOwn(state, name)))).toBe(true)
    expect(itf.states[0]).toMatchObject({
      "#meta": { index: 0 },
      session: { "#set": [1, 2, 3].map((b) => ({ "#bigint": String(b) })) }
    })
    expect(JSON.parse(JSON.stringify(Story.toJson(lossy, violation.path))).steps).toHaveLength(6)
  })

  it("a random walk that loses it shrinks to a path of which no step can be left out", () => {
    const walk = Walk.walker(lossy, { steps: 100, rare: ["Crash", "Expire"] })
    const broken = Array.from({ length: 400 }, (_, seed) => walk(seeded(seed)).broken).find((x) => x !== undefined)!
    const shrunk = Walk.shrinkWalk(lossy, broken)
    expect(shrunk.property).toBe(broken.property)
    expect(shrunk.path.steps.length).toBeLessThanOrEqual(broken.path.steps.length)
    const { length } = shrunk.path.steps
    for (let left = 0; left < length; left++) {
      const steps = shrunk.path.steps.filter((_, i) => i !== left)
      const again = Walk.untilBrokenBy(lossy, shrunk, steps.map(({ label }) => label))
      expect(again === undefined || again.steps.length >= length).toBe(true)
    }
  })
})
