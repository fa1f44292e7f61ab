import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import {
  check,
  type CheckEvent,
  type CheckOptions,
  expression,
  functionOf,
  modelValue,
  recordOf,
  setOf,
  simulate
} from "../src/index.ts"
import { describeTlc, spec, temporaryFolder } from "./support.ts"

const counter = (max: number, canReset: boolean, more: CheckOptions = {}) =>
  check(spec("Counter"), { constants: { Max: max, CanReset: canReset }, ...more })

const processes = (count: number) => setOf(...Array.from({ length: count }, (_, i) => modelValue(`p${i + 1}`)))
const lock = (count: number, guarded: boolean, more: CheckOptions) =>
  check(spec("Lock"), { constants: { Processes: processes(count), Guarded: guarded }, ...more }).result

const eventsOf = async (run: AsyncIterable<CheckEvent>): Promise<ReadonlyArray<CheckEvent>> => {
  const events: Array<CheckEvent> = []
  for await (const event of run) events.push(event)
  return events
}

describeTlc("check", () => {
  it("says what holds, with the size of the state space", async () => {
    const result = await counter(5, true, { invariants: ["TypeOK"] }).result
    // 0 to 5; one initial state, five steps up, one reset; the longest way without a detour has six states.
    expect(result).toMatchObject({ verdict: "success", exitCode: 0, distinct: 6, generated: 7, depth: 6, queue: 0 })
    expect(result.violated).toBeUndefined()
    expect(result.trace).toBeUndefined()
  })

  it("tells events in order while it runs, the result last", async () => {
    const run = counter(5, true, { invariants: ["BelowThree"], coverage: true })
    const events = await eventsOf(run)
    const tags = events.map(({ _tag }) => _tag).filter((tag, i, all) => tag !== all[i - 1])
    expect(tags).toEqual(["Parsed", "InitialStates", "Violation", "Coverage", "Progress", "Done"])
    expect(events[0]).toMatchObject({ modules: ["Counter", "Naturals"] })
    expect(events[1]).toEqual({ _tag: "InitialStates", distinct: 1, generated: 1 })
    expect(events.find(({ _tag }) => _tag === "Progress")).toMatchObject({
      depth: 4,
      generated: 4,
      distinct: 4,
      queue: 0
    })
    expect(events.at(-1)).toEqual({ _tag: "Done", result: await run.result })
  })

  it("gives a broken invariant with the behaviour: action, place and values", async () => {
    const result = await counter(5, true, { invariants: ["TypeOK", "BelowThree"] }).result
    expect(result).toMatchObject({ verdict: "safety", violated: "BelowThree", exitCode: 12, distinct: 4 })
    expect(result.trace!.loop).toBeUndefined()
    expect(result.trace!.states.map(({ values }) => values)).toEqual([{ x: 0 }, { x: 1 }, { x: 2 }, { x: 3 }])
    expect(result.trace!.states.map(({ action }) => action)).toEqual([undefined, "Up", "Up", "Up"])
    // `Up == x < Max /\ x' = x + 1` is line 14 of the module.
    expect(result.trace!.states[1]!.location)
      .toEqual({ module: "Counter", line: 14, column: 7, endLine: 14, endColumn: 27 })
  })

  it("calls a broken [][A]_v safety and names it", async () => {
    const result = await counter(2, true, { properties: ["NeverDown"] }).result
    expect(result).toMatchObject({ verdict: "safety", violated: "NeverDown" })
    expect(result.trace!.states.map(({ action }) => action)).toEqual([undefined, "Up", "Up", "Reset"])
  })

  it("gives an invariant that the initial state breaks with that state", async () => {
    const result = await counter(2, true, { invariants: ["x # 0"] }).result
    expect(result).toMatchObject({ verdict: "safety", violated: "x # 0" })
    expect(result.trace!.states).toEqual([{ action: undefined, location: undefined, values: { x: 0 } }])
  })

  it("looks for deadlocks unless told not to", async () => {
    const result = await counter(2, false).result
    expect(result).toMatchObject({ verdict: "deadlock", exitCode: 11, violated: undefined })
    expect(result.trace!.states.at(-1)!.values).toEqual({ x: 2 })
    expect((await counter(2, false, { deadlock: false }).result).verdict).toBe("success")
  })

  it("keeps the loop of a lasso, and a fair spec has fewer of them", async () => {
    const unfair = await counter(2, true, { properties: ["ReachesMax"] }).result
    expect(unfair).toMatchObject({ verdict: "liveness", violated: "ReachesMax", exitCode: 13 })
    expect(unfair.trace!.loop).toEqual({ to: unfair.trace!.states.length - 1, action: undefined, location: undefined })

    const fair = { specification: "FairSpec" }
    expect((await counter(2, true, { ...fair, properties: ["ReachesMax"] }).result).verdict).toBe("success")

    const circle = await counter(2, true, { ...fair, properties: ["StaysAtMax"] }).result
    expect(circle).toMatchObject({ verdict: "liveness", violated: "StaysAtMax" })
    expect(circle.trace!.states.map(({ values }) => values["x"])).toEqual([0, 1, 2])
    expect(circle.trace!.loop).toMatchObject({ to: 0, action: "Reset", location: { module: "Counter", line: 16 } })
  })

  it("names the liveness property that is broken among several, which TLC does not", async () => {
    const result = await counter(2, true, {
      specification: "FairSpec",
      properties: ["ReachesMax", "StaysAtMax", "ComesBack"]
    }).result
    expect(result).toMatchObject({ verdict: "liveness", violated: "StaysAtMax" })
  })

  it("names an assumption that does not hold", async () => {
    expect(await counter(0, true).result).toMatchObject({
      verdict: "assumption",
      violated: "MaxIsPositive",
      exitCode: 10
    })
  })

  it("checks liveness with strong fairness on a spec with parameters", async () => {
    const served = { properties: ["Served"] }
    expect((await lock(2, true, { ...served, specification: "Fair" })).verdict).toBe("success")
    expect(await lock(2, true, served)).toMatchObject({ verdict: "liveness", violated: "Served" })
  })

  it("leaves properties out, and keeps invariants, where liveness is not wanted", async () => {
    const options = { properties: ["Served"], invariants: ["Exclusion"], liveness: false }
    expect((await lock(2, true, options)).verdict).toBe("success")
    expect(await lock(2, false, options)).toMatchObject({ verdict: "safety", violated: "Exclusion" })
  })

  it("finds all states before it looks at liveness, where that is wanted", async () => {
    const options = { specification: "FairSpec", properties: ["StaysAtMax"], liveness: "at the end" } as const
    const result = await counter(2, true, options).result
    // x counts from 0 to 2.
    expect(result).toMatchObject({ verdict: "liveness", violated: "StaysAtMax", distinct: 3 })
  })

  it("visits one state of each orbit under symmetry", async () => {
    // Idle or waiting each, and one of n may be critical: 2^3 + 3 * 2^2. Up to renaming only the numbers count: 4 + 3.
    expect((await lock(3, true, {})).distinct).toBe(20)
    expect((await lock(3, true, { symmetry: "Interchangeable" })).distinct).toBe(7)
    expect((await lock(3, true, { symmetry: "Permutations(Processes)" })).distinct).toBe(7)
  })

  it("tells states apart by a view only", async () => {
    const clock = (more: CheckOptions) =>
      check(spec("Clock"), { constants: { Ticks: 20 }, deadlock: false, ...more }).result
    expect((await clock({})).distinct).toBe(21)
    expect((await clock({ view: "Hand" })).distinct).toBe(5)
  })

  it("finds modules beside the spec and in libraries", async () => {
    const shop = (more: CheckOptions) =>
      check(spec("Shop"), { constants: { Size: 3 }, library: [join(spec("Shop"), "..", "library")], ...more }).result
    // From 0 to 3 items. TLC calls an action of an instance by the name that it has in the spec.
    expect(await shop({ invariants: ["Fits"] })).toMatchObject({ verdict: "success", distinct: 4 })
    const full = await shop({ invariants: ["NeverFull"] })
    expect(full).toMatchObject({ verdict: "safety", violated: "NeverFull" })
    expect(full.trace!.states.at(-1)).toMatchObject({
      action: "Store!Put",
      location: { module: "Shop", line: 9 },
      values: { shelf: 3 }
    })
  })

  it("takes constants of every kind, and expressions", async () => {
    const free = (max: CheckOptions["constants"]) =>
      check(spec("Counter"), { constants: { CanReset: true, ...max }, invariants: ["x <= 3"] }).result
    expect((await free({ Max: expression("1 + 2") })).distinct).toBe(4)
    const values = await check(spec("Constant"), {
      constants: {
        Given: recordOf({
          negative: -3,
          nested: functionOf([[[1, 2], setOf(modelValue("a"), modelValue("b"))], [[2, 1], setOf()]]),
          text: "a \"quoted\" one"
        })
      },
      deadlock: false
    }).result
    expect(values).toMatchObject({ verdict: "success", distinct: 1 })
  })

  it("bounds the depth: behaviours of more states are not looked at", async () => {
    expect((await counter(9, true, { invariants: ["BelowThree"], depth: 3 }).result).verdict).toBe("success")
    expect((await counter(9, true, { invariants: ["BelowThree"], depth: 4 }).result).trace!.states).toHaveLength(4)
  })

  it("simulates: random behaviours with a seed, as many and as long as wanted", async () => {
    const options = { constants: { Max: 4, CanReset: true }, traces: 10, depth: 7, seed: 42 }
    const result = await simulate(spec("Counter"), options).result

    expect(result).toMatchObject({ verdict: "success" })
    expect(result.generated).toBeGreaterThanOrEqual(10 * 6)
    const broken = await simulate(spec("Counter"), { ...options, invariants: ["BelowThree"] }).result
    expect(broken).toMatchObject({ verdict: "safety", violated: "BelowThree" })
    expect(broken.trace!.states).toHaveLength(4)
  })

  it("counts how often each action was taken", async () => {
    const { coverage } = await counter(3, false, { coverage: true, deadlock: false }).result
    expect(coverage.map(({ action, distinct }) => [action, distinct])).toEqual([["Up", 3], ["Reset", 0], ["Never", 0]])
    expect(coverage.map(({ generated }) => generated > 0)).toEqual([true, false, false])
    expect(coverage.map(({ location }) => location?.line)).toEqual([14, 16, 18])
  })

  it("passes on what a spec prints", async () => {
    const events = await eventsOf(check(spec("Faults"), { constants: { Kind: "print" }, deadlock: false }))
    expect(events).toContainEqual({ _tag: "Output", text: "<<\"step\", 1>>" })
  })

  it("uses the .cfg file beside the spec, what it says of deadlocks included, and replaces parts of it", async () => {
    const folder = temporaryFolder()
    copyFileSync(spec("Counter"), join(folder, "Counter.tla"))
    writeFileSync(
      join(folder, "Counter.cfg"),
      "\\* A comment with INVARIANT Nothing\nSPECIFICATION Spec\nCONSTANTS\n  Max = 4 \\* five states\n  CanReset = FALSE\n" +
        "INVARIANTS TypeOK\n  BelowMax\nCHECK_DEADLOCK FALSE\n(* PROPERTY Nothing *)\n"
    )
    const file = join(folder, "Counter.tla")
    expect(await check(file).result).toMatchObject({ verdict: "safety", violated: "BelowMax", distinct: 5 })
    expect(await check(file, { constants: { Max: 2 }, invariants: ["TypeOK"] }).result)
      .toMatchObject({ verdict: "success", distinct: 3 })
    expect(readdirSync(folder).sort()).toEqual(["Counter.cfg", "Counter.tla"])
  })

  it("works in folders with spaces", async () => {
    const folder = join(temporaryFolder(), "a folder  with spaces")
    mkdirSync(folder)
    copyFileSync(spec("Counter"), join(folder, "Counter.tla"))
    const result = await check(join(folder, "Counter.tla"), {
      constants: { Max: 4, CanReset: true },
      invariants: ["x < 3"]
    }).result
    expect(result).toMatchObject({ verdict: "safety", violated: "x < 3" })
  })

  it("uses several workers where they are wanted", async () => {
    const result = await check(spec("Dials"), { constants: { Count: 3, Top: 4 }, deadlock: false, workers: 2 }).result
    expect(result).toMatchObject({ verdict: "success", distinct: 125 })
  })

  it("refuses options that make no sense before anything is started", async () => {
    await expect(counter(1, true, { depth: 0 }).result).rejects.toMatchObject({ reason: "bad-options" })
    await expect(counter(1, true, { heap: "much" }).result).rejects.toThrow("heap is much")
    await expect(check(spec("Nowhere")).result).rejects.toMatchObject({ reason: "bad-options" })
    await expect(check(spec("Counter")).result).rejects.toThrow("there is no configuration")
    await expect(check(spec("Counter"), { config: "none.cfg" }).result).rejects.toThrow("there is no configuration")
  })
})
