/** The model of NameServer routing is the specification's twin: the same graph, and the same things go wrong. */
import { describe, expect, it } from "vitest"
import { explore } from "../../../src/explore/Search.ts"
import { routingConstants, timedRoutingConstants } from "../../../src/rocketmq/models/Configurations.ts"
import { type Constants, nameServerRouting } from "../../../src/rocketmq/models/NameServerRouting.ts"
import { itTlc } from "../../Tlc.ts"
import { compare, constantsOf, propertiesOf } from "./SpecGraph.ts"

const machineOf = (configuration: string) => nameServerRouting(constantsOf(configuration) as unknown as Constants)

describe("the configurations that the command line knows", () => {
  it.each(Object.entries({ ...routingConstants, ...timedRoutingConstants }))(
    "are those of spec/rocketmq: %s",
    (name, constants) => {
      expect(constantsOf(name)).toEqual(constants)
    }
  )
})

describe("the routes of RocketMQ's NameServers", () => {
  itTlc.each(["MCNameServerRoutingBrokers", "MCNameServerRoutingServers", "MCNameServerRoutingClients"])(
    "have the same labelled graph in specification and model: %s",
    async (configuration) => {
      const { differences, states } = await compare("NameServerRouting", configuration, machineOf(configuration))
      expect(differences).toEqual([])
      expect(states).toBeGreaterThan(1_000)
    }
  )

  // Lengths are TLC's (states on the path, the initial one included): the search of both is breadth-first.
  it.each([
    ["MCNameServerRouting_R10_ChannelCloseDetected", "ClosedChannelIsDecided", 5],
    ["MCNameServerRouting_R12_RecheckFreshness", "OpenChannelIsRouted", 8],
    ["MCNameServerRouting_R12_ByChannelClose", "OpenChannelIsRouted", 9],
    ["MCNameServerRouting_R13_TablesSurviveRestart", "NobodyIsForgotten", 5]
  ])("break without their guard, and with it they do not: %s", (configuration, property, length) => {
    expect(propertiesOf(configuration)).toEqual([property])
    const machine = machineOf(configuration)
    const broken = explore(machine).violations.find((violation) => violation.property === property)
    expect(broken?.path.steps.length).toBe(length - 1)
    const guarded = nameServerRouting({
      ...constantsOf(configuration) as unknown as Constants,
      RecheckFreshnessOnUnregister: true,
      ChannelCloseDetected: true,
      TablesSurviveRestart: true
    })
    expect(explore(guarded).violations).toEqual([])
  })
})
