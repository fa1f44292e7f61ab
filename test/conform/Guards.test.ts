/**
 * Every action is taken in some small configuration, and every switch matters in one: with a guard on, the path that
 * breaks without it breaks no longer, and any other switch at least makes another graph.
 */
import { describe, expect, it } from "vitest"
import { type SpecModule, specModules, type SpecRow } from "../../src/cli/SpecFiles.ts"
import { type Twin, twins } from "../../src/cli/Twins.ts"
import { scenarios } from "../../src/conform/Scenario.ts"
import { kindOfProperty } from "../../src/conform/SpecText.ts"
import type { Path } from "../../src/explore/Path.ts"
import { explore } from "../../src/explore/Search.ts"
import { walker } from "../../src/explore/Walk.ts"
import { type Machine, type Named, step } from "../../src/machine/Machine.ts"
import { seeded } from "../../src/replay/Choose.ts"

/** Enough for the beginning of any graph, some two thousand states, and for all of a small one. */
const [beginningBytes, wholeBytes] = [128 * 1024, 16 * 1024 * 1024]
/** Walks through a configuration, and steps of one. */
const [walks, steps] = [60, 120]

/** The most states of a configuration that is searched up to where it breaks. */
const smallStates = 30_000

/** Configurations of seconds, the smallest first. */
const quickRows = (module: SpecModule): ReadonlyArray<SpecRow> =>
  module.rows.filter(({ tier }) => tier === "quick").toSorted((a, b) => a.distinct - b.distinct)

/** The shortest path that breaks a row's property, and no other one; searched for once. */
const broken = new Map<string, Path<unknown> | undefined>()
const breaking = (twin: Twin, { config, configuration }: SpecRow, property: string): Path<unknown> | undefined => {
  const machine = twin(config.constants)
  const only = <A>(named: Named<A>): Named<A> =>
    Object.fromEntries(Object.entries(named).filter(([name]) => name === property))
  const judged = { ...machine, always: only(machine.always), alwaysStep: only(machine.alwaysStep) }
  if (!broken.has(configuration)) {
    const { violations } = explore(judged, { stopAtViolation: true })
    broken.set(configuration, violations.find((violation) => violation.property === property)?.path)
  }
  return broken.get(configuration)
}

/** The twin of a row with a switch turned over. */
const turned = (twin: Twin, { config }: SpecRow, name: string): Machine<unknown> =>
  twin({ ...config.constants, [name]: config.constants[name] === false })

/** Whether the shortest path that breaks the row's property breaks it no longer once the switch is on. */
const isCured = (twin: Twin, row: SpecRow, name: string): boolean => {
  const property = row.expected.replace("violates ", "")
  const path = breaking(twin, row, property)
  if (path === undefined) return false
  const machine = turned(twin, row, name)
  const [always, alwaysStep] = [machine.always[property], machine.alwaysStep[property]]
  let state = path.initial
  for (const { label } of path.steps) {
    const after = step(machine, state, label)
    if (after === undefined) return true
    if (always?.(after) === false || alwaysStep?.(state, label, after) === false) return false
    state = after
  }
  return true
}

/** Whether the graph of a row, as far as it is searched, is another one once the switch is turned over. */
const isOther = (twin: Twin, row: SpecRow, name: string, mostBytes: number): boolean => {
  const [one, two] = [twin(row.config.constants), turned(twin, row, name)].map((machine) => {
    const { depth, end, states, taken } = explore(machine, { limitBytes: mostBytes })
    return JSON.stringify([depth, end._tag, states, taken])
  })
  return one !== two
}

/** A switch is a constant that is true or false. */
const switchesOf = (module: SpecModule): ReadonlyArray<string> =>
  module.text.constants.filter((name) => module.rows.some(({ config }) => typeof config.constants[name] === "boolean"))

/** The small configurations in which a switch stands as it does in few: those are there for its sake. */
const rare = (rows: ReadonlyArray<SpecRow>, name: string): ReadonlyArray<SpecRow> => {
  const on = rows.filter(({ config }) => config.constants[name] === true)
  const off = rows.filter(({ config }) => config.constants[name] === false)
  return (on.length < off.length ? on : off).filter(({ distinct }) => distinct <= smallStates)
}

/** Whether a property of states or steps falls in a row, after few states. */
const isShown = (module: SpecModule, { distinct, expected }: SpecRow): boolean =>
  distinct <= smallStates && expected.startsWith("violates ") && !expected.startsWith("violates Never") &&
  kindOfProperty(module.text, expected.replace("violates ", "")) !== "behaviour"

/** Whether a switch is off in a row in which something falls. */
const falls = (module: SpecModule, name: string) => (row: SpecRow): boolean =>
  row.config.constants[name] === false && isShown(module, row)

const modules = specModules().filter(({ name }) => twins[name] !== undefined)

describe.each(modules.map((module) => [module.name, module] as const))("the configurations of %s", (_, module) => {
  const twin = twins[module.name]!
  const switches = switchesOf(module)

  it("take every action somewhere", () => {
    const left = new Set(module.text.actions.map(({ name }) => name))
    const take = (path: Path<unknown> | undefined): void => {
      for (const { label } of path?.steps ?? []) left.delete(label.action)
    }
    for (const row of quickRows(module)) {
      if (left.size === 0) break
      const walk = walker(twin(row.config.constants), { steps })
      for (let seed = 1; seed <= walks; seed++) take(walk(seeded(seed)).path)
    }
    for (const row of quickRows(module)) {
      if (left.size === 0) break
      const property = row.expected.replace("violates ", "")
      if (isShown(module, row)) take(breaking(twin, row, property))
      const { taken } = explore(twin(row.config.constants), { limitBytes: beginningBytes })
      for (const [name, count] of Object.entries(taken)) if (count > 0) left.delete(name)
    }
    expect([...left]).toEqual([])
  })

  it.each(switches)("notice %s", (name) => {
    const rows = quickRows(module)
    const falling = rows.filter(falls(module, name))
    const own = falling.filter(({ configuration }) => configuration.endsWith(`_${name}`))
    // What falls with a property of whole behaviours, TLC alone sees, and switches that guard nothing need no property.
    const isVisible = scenarios.some(({ guard }) => guard === name) && falling.length > 0
    const isNoticed = [...new Set([...own, ...isVisible ? falling : []])].some((row) => isCured(twin, row, name)) ||
      (!isVisible && (rare(rows, name).some((row) => isOther(twin, row, name, beginningBytes)) ||
        rare(rows, name).some((row) => isOther(twin, row, name, wholeBytes)) ||
        rows.some((row) => isOther(twin, row, name, beginningBytes))))
    expect(isNoticed).toBe(true)
  })
})

describe("a switch that does nothing", () => {
  it("is noticed by no configuration", () => {
    const module = modules.find(({ name }) => name === "NameServerRouting")!
    const deaf: Twin = (constants) => twins[module.name]!({ ...constants, RecheckFreshnessOnUnregister: false })
    const rows = quickRows(module).filter(({ distinct }) => distinct <= 100)
    const name = "RecheckFreshnessOnUnregister"
    expect(rows.some((row) => isOther(deaf, row, name, beginningBytes))).toBe(false)
    expect(rows.filter(falls(module, name)).map((row) => isCured(deaf, row, name))).toEqual([false, false])
  })
})
