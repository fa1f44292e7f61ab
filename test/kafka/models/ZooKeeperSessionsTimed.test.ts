/** The timed model of sessions is the specification's twin, and a session ends early or wrongly without its guards. */
import { describe, expect, it } from "vitest"
import * as tools from "../../../packages/tla-tools-runner/src/index.ts"
import { compareConfiguration } from "../../../src/cli/Conform.ts"
import { specModules } from "../../../src/cli/SpecFiles.ts"
import { twins } from "../../../src/cli/Twins.ts"
import { explore } from "../../../src/explore/Search.ts"
import { sessionConstants } from "../../../src/kafka/models/ZooKeeperConfigurations.ts"
import { type SessionConstants, zooKeeperSessionsTimed } from "../../../src/kafka/models/ZooKeeperSessionsTimed.ts"
import { itTlc } from "../../Tlc.ts"

const module = specModules().find(({ name }) => name === "ZooKeeperSessionsTimed")!
const rowOf = (configuration: string) => module.rows.find((row) => row.configuration === configuration)!
const constantsOf = (configuration: string) => rowOf(configuration).config.constants as unknown as SessionConstants

describe("the timed model of ZooKeeper's sessions", () => {
  it.each(Object.entries(sessionConstants))("has the constants of spec/kafka: %s", (name, constants) => {
    expect(constantsOf(name)).toEqual(constants)
  })

  // The larger graphs are compared by `npx ackproof conform ZooKeeperSessionsTimed`.
  itTlc("has TLC's labelled graph where a session ends early", async () => {
    const row = rowOf("MCZooKeeperSessionsTimed_RoundsUp")
    const visit: Parameters<typeof compareConfiguration>[0] = (ask, visitor) =>
      tools.graph(module.file, { config: row.configFile, ...ask }).visit(visitor)
    const compared = await compareConfiguration(visit, module, row, twins["ZooKeeperSessionsTimed"])
    expect(compared).toMatchObject({ identical: true })
  })

  // Lengths are TLC's (states on the path): both search breadth first.
  it.each([
    ["MCZooKeeperSessionsTimed_RoundsUp", "LivesItsTimeout", 12],
    ["MCZooKeeperSessionsTimed_MessageExtends", "OnlyTheSilentExpire", 23]
  ])("breaks at TLC's length without a guard, and with it does not: %s", (configuration, property, length) => {
    const constants = constantsOf(configuration)
    const broken = explore(zooKeeperSessionsTimed(constants), { stopAtViolation: true }).violations
    expect(broken.find((one) => one.property === property)?.path.steps.length).toBe(length - 1)
    const guarded = { ...constants, RoundsUp: true, MessageExtends: true }
    expect(explore(zooKeeperSessionsTimed(guarded)).violations).toEqual([])
  })
})
