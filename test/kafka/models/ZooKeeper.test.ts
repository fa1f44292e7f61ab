/** The model of ZooKeeper is the specification's twin, and what a guard keeps out is there without it. */
import { describe, expect, it } from "vitest"
import * as tools from "../../../packages/tla-tools-runner/src/index.ts"
import { guarded } from "../../../properties/kafka/zookeeper/ZooKeeperRun.ts"
import { compareConfiguration } from "../../../src/cli/Conform.ts"
import { specModules } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import { explore } from "../../../src/explore/Search.ts"
import { type Constants, zooKeeper } from "../../../src/kafka/models/ZooKeeper.ts"
import { zooKeeperConstants } from "../../../src/kafka/models/ZooKeeperConfigurations.ts"
import { itTlc } from "../../Tlc.ts"

const module = specModules().find(({ name }) => name === "ZooKeeper")!
const rowOf = (configuration: string) => module.rows.find((row) => row.configuration === configuration)!
const constantsOf = (configuration: string) => rowOf(configuration).config.constants as unknown as Constants

describe("the model of a ZooKeeper server and its clients", () => {
  it.each(Object.entries(zooKeeperConstants))("has the constants of spec/kafka: %s", (name, constants) => {
    expect(constantsOf(name)).toEqual(constants)
  })

  // The larger graphs are compared by `npx ackproof conform ZooKeeper`.
  itTlc.each(["MCZooKeeper_AtomicMulti", "MCZooKeeper_RefusesEndedSessions"])(
    "has TLC's labelled graph: %s",
    async (configuration) => {
      const row = rowOf(configuration)
      const visit: Parameters<typeof compareConfiguration>[0] = (ask, visitor) =>
        tools.graph(module.file, { config: row.configFile, ...ask }).visit(visitor)
      const compared = await compareConfiguration(visit, module, row, twins["ZooKeeper"])
      expect(compared.firstDifference).toBeUndefined()
      expect(compared).toMatchObject({ identical: true })
    }
  )

  // Lengths are TLC's (states on the path): both search breadth first.
  it.each(module.rows.filter(({ expected }) => expected.startsWith("violates") && !expected.includes("Never")))(
    "breaks at TLC's length without a guard, and with it does not: $configuration",
    ({ config, configuration, depth, expected }) => {
      const property = expected.replace("violates ", "")
      const constants = config.constants as unknown as Constants
      const off = Object.keys(guarded).filter((guard) => config.constants[guard] === false)
      expect(configuration).toBe(`MCZooKeeper_${off.join()}`)
      const broken = explore(zooKeeper(constants), { stopAtViolation: true }).violations
      expect(broken.map((one) => one.property)).toContain(property)
      expect(broken.find((one) => one.property === property)!.path.steps.length).toBe(depth! - 1)
      expect(explore(zooKeeper({ ...constants, ...guarded })).violations).toEqual([])
    }
  )
})
