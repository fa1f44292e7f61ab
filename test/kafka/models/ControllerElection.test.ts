/** The model of the controller's election is the specification's twin, and what a guard keeps out is there without it. */
import { describe, expect, it } from "vitest"
import * as tools from "../../../packages/tla-tools-runner/src/index.ts"
import { compareConfiguration } from "../../../src/cli/Conform.ts"
import { specModules } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import { explore } from "../../../src/explore/Search.ts"
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import { electionConstants } from "../../../src/kafka/models/ControllerElectionConfigurations.ts"
import { type Constants, guarded } from "../../../src/kafka/models/ControllerElectionState.ts"
import { byTier } from "../../Tier.ts"
import { itTlc } from "../../Tlc.ts"

const module = specModules().find(({ name }) => name === "ControllerElection")!
const rowOf = (configuration: string) => module.rows.find((row) => row.configuration === configuration)!
const constantsOf = (configuration: string) => rowOf(configuration).config.constants as unknown as Constants
/** Scenarios whose guarded graph is searched in a second or two; the others are configurations of `explore`. */
const small = ["K17", "K20", "K21", "K22"]
const scenarios = module.rows.filter(({ configuration }) => /_K\d\d_/.test(configuration))
const quick = scenarios.filter(({ tier }) => tier === "quick")

describe("the model of the controller's election", () => {
  it.each(Object.entries(electionConstants))("has the constants of spec/kafka: %s", (name, constants) => {
    expect(constantsOf(name)).toEqual(constants)
  })

  // The larger graphs are compared by `npx ackproof conform ControllerElection`.
  itTlc("has TLC's labelled graph: MCControllerElection_Cold", async () => {
    const row = rowOf("MCControllerElection_Cold")
    const visit: Parameters<typeof compareConfiguration>[0] = (ask, visitor) =>
      tools.graph(module.file, { config: row.configFile, ...ask }).visit(visitor)
    const compared = await compareConfiguration(visit, module, row, twins["ControllerElection"])
    expect(compared.firstDifference).toBeUndefined()
    expect(compared).toMatchObject({ identical: true, states: 4_104 })
  })

  // Lengths are TLC's (states on the path): both search breadth first.
  it.each(byTier({ quick, deep: scenarios }))(
    "breaks at TLC's length without a guard: $configuration",
    ({ config, configuration, depth, expected }) => {
      const property = expected.replace("violates ", "")
      const off = Object.entries(guarded).flatMap(([guard, isOn]) =>
        isOn && config.constants[guard] === false ? [guard] : []
      )
      expect(configuration.endsWith(`_${off.join()}`)).toBe(true)
      // What else falls earlier without the guard ends no search for the property that must fall.
      const machine = controllerElection(config.constants as unknown as Constants)
      const only = <A>(all: Readonly<Record<string, A>>): Record<string, A> =>
        Object.fromEntries(Object.entries(all).filter(([name]) => name === property))
      const judged = { ...machine, always: only(machine.always), alwaysStep: only(machine.alwaysStep) }
      const [broken] = explore(judged, { stopAtViolation: true }).violations
      expect(broken?.property).toBe(property)
      expect(broken!.path.steps.length).toBe(depth! - 1)
    }
  )

  it.each(
    quick.filter(({ configuration }) =>
      byTier({ quick: small.some((id) => configuration.includes(id)), ci: true, deep: true })
    )
  )(
    "keeps every property with the guard, within the same bounds: $configuration",
    ({ config }) => {
      const { end, violations } = explore(
        controllerElection({ ...config.constants as unknown as Constants, ...guarded })
      )
      expect(end._tag).toBe("Complete")
      expect(violations).toEqual([])
    }
  )
})
