/**
 * Every action is taken in some small configuration, and every switch matters in one: with a guard on, the path that
 * breaks without it breaks no longer, and any other switch at least makes another graph.
 */
import { describe, expect, it } from "vitest"
import { type SpecModule, specModules, type SpecRow } from "../../src/cli/SpecFiles.ts"
import { type Twin, twins } from "../../src/cli/Twins.ts"
import { scenarios } from "../../src/conform/Scenario.ts"
import { kindOfProperty } from "../../src/conform/SpecText.ts"
import { explore } from "../../src/explore/Search.ts"
import { walker } from "../../src/explore/Walk.ts"
import { type Machine, type Named, step } from "../../src/machine/Machine.ts"
import { seeded } from "../../src/replay/Choose.ts"

/** Enough for the beginning of any graph, some two thousand states: searches that only compare end there. */
const limitBytes = 128 * 1024
/** Walks through a configuration, and steps of one. */
const [walks, steps] = [60, 120]

/** The most states of a configuration that is searched whole. */
const smallStates = 30_000

/** Configurations of seconds, the smallest first. */
const smallRows = (module: SpecModule): ReadonlyArray<SpecRow> =>
  module.rows.filter(({ distinct, tier }) => tier === "quick" && distinct <= smallStates)
    .toSorted((a, b) => a.distinct - b.distinct)

/** The shortest path that breaks a row's property, and no other one. */
const breaking = (twin: Twin, row: SpecRow, property: string) => {
  const machine = twin(row.config.constants)
  const only = <A>(named: Named<A>): Named<A> =>
    Object.fromEntries(Object.entries(named).filter(([name]) => name === property))
  return explore({ ...machine, always: only(machine.always), alwaysStep: only(machine.alwaysStep) }, {
    stopAtViolation: true
  }).violations.find((violation) => violation.property === property)
}

/** The twin of a row with a switch turned over. */
const turned = (twin: Twin, { config }: SpecRow, name: string): Machine<unknown> =>
  twin({ ...config.constants, [name]: config.constants[name] === false })

/** Whether the shortest path that breaks the row's property breaks it no longer once the switch is on. */
const isCured = (twin: Twin, row: SpecRow, name: string): boolean => {
  const property = row.expected.replace("violates ", "")
  const broken = breaking(twin, row, property)
  if (broken === undefined) return false
  const machine = turned(twin, row, name)
  const [always, alwaysStep] = [machine.always[property], machine.alwaysStep[property]]
  let state = broken.path.initial
  for (const { label } of broken.path.steps) {
    const after = step(machine, state, label)
    if (after === undefined) return true
    if (always?.(after) === false || alwaysStep?.(state, label, after) === false) return false
    state = after
  }
  return true
}

/** Whether the graph of a row, or the beginning of it, is another one once the switch is turned over. */
const isOther = (twin: Twin, row: SpecRow, name: string): boolean => {
  const [one, two] = [twin(row.config.constants), turned(twin, row, name)].map((machine) => {
    const { depth, end, states, taken } = explore(machine, { limitBytes })
    return JSON.stringify([depth, end._tag, states, taken])
  })
  return one !== two
}

/** A switch is a constant that is true or false. */
const switchesOf = (module: SpecModule): ReadonlyArray<string> =>
  module.text.constants.filter((name) => module.rows.some(({ config }) => typeof config.constants[name] === "boolean"))

/** Whether a switch is off in a row, and a property of states or steps falls. */
const falls = (module: SpecModule, name: string) => ({ config, expected }: SpecRow): boolean =>
  config.constants[name] === false && expected.startsWith("violates ") && !expected.startsWith("violates Never") &&
  kindOfProperty(module.text, expected.replace("violates ", "")) !== "behaviour"

const modules = specModules().filter(({ name }) => twins[name] !== undefined)

describe.each(modules.map((module) => [module.name, module] as const))("the configurations of %s", (_, module) => {
  const twin = twins[module.name]!

  it("take every action somewhere", () => {
    const left = new Set(module.text.actions.map(({ name }) => name))
    for (const row of smallRows(module)) {
      if (left.size === 0) break
      const walk = walker(twin(row.config.constants), { steps })
      for (let seed = 1; seed <= walks; seed++) {
        for (const { label } of walk(seeded(seed)).path.steps) left.delete(label.action)
      }
    }
    expect([...left]).toEqual([])
  })

  it.each(switchesOf(module))("notice %s", (name) => {
    const rows = smallRows(module)
    const falling = rows.filter(falls(module, name))
    // What falls with a property of whole behaviours, TLC alone sees, and switches that guard nothing need no property.
    const isVisible = scenarios.some(({ guard }) => guard === name) && falling.length > 0
    expect(isVisible ? falling.some((row) => isCured(twin, row, name)) : rows.some((row) => isOther(twin, row, name)))
      .toBe(true)
  })
})

describe("a switch that does nothing", () => {
  it("is noticed by no configuration", () => {
    const module = modules.find(({ name }) => name === "NameServerRouting")!
    const deaf: Twin = (constants) => twins[module.name]!({ ...constants, RecheckFreshnessOnUnregister: false })
    const rows = smallRows(module).filter(({ distinct }) => distinct <= 100)
    const name = "RecheckFreshnessOnUnregister"
    expect(rows.some((row) => isOther(deaf, row, name))).toBe(false)
    expect(rows.filter(falls(module, name)).map((row) => isCured(deaf, row, name))).toEqual([false, false])
  })
})
