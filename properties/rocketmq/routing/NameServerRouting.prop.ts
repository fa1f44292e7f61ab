/** Runs of NameServers, brokers and clients refine the model, whatever fails; without a guard they break as it says. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { explore } from "../../../src/explore/Search.ts"
import { type Constants, nameServerRouting } from "../../../src/rocketmq/models/NameServerRouting.ts"
import { constantsOf } from "../../../test/rocketmq/models/SpecGraph.ts"
import { type Command, drive, play } from "./RoutingRun.ts"
import { follow } from "./Schedule.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }

const pick = fc.nat(0xffff)
const other = pick
/** Faults are one command in about ten. */
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Due" as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 30, arbitrary: fc.record({ _tag: fc.constant("Any" as const), pick }) },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constantFrom("KillBroker" as const, "KillServer", "Freeze", "Thaw", "Thaw", "Configure"),
      pick
    })
  },
  {
    weight: 6,
    arbitrary: fc.record({
      _tag: fc.constantFrom("CutLink" as const, "HealLink", "HealLink", "Reset", "Wipe", "Allow"),
      pick,
      other
    })
  },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("During" as const), pick }) }
)
const commands = fc.array(command, { minLength: 10, maxLength: 60, size: "max" })

/** Every action of the model, and what a run must have been about. */
const everything = [
  "AddWritePerm",
  "AnswerRoute",
  "ChannelClosed",
  "Configure",
  "Connect",
  "CutLink",
  "Expire",
  "HealLink",
  "Heartbeat",
  "KillBroker",
  "KillServer",
  "Learn",
  "Notice",
  "Poll",
  "Register",
  "Reset",
  "StartBroker",
  "StartServer",
  "SwitchServer",
  "Unregister",
  "WipeWritePerm",
  "route",
  "two routes"
]

describe("NameServers, brokers and clients on the simulated world", () => {
  it("do only what the model does, in every order and under every fault, and reach all of it", () => {
    const reached = new Set<string>()
    let events = 0
    let telling = 0
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffff }), commands, (seed, list) => {
        const run = play(guarded, seed, list)
        run.reached.forEach((tag) => reached.add(tag))
        events += run.events
        telling += run.telling
      }),
      { numRuns: 200 }
    )
    expect([...reached].sort()).toEqual(everything)
    // A scan that finds nothing, a connection that is refused: most events say something.
    expect(telling / events).toBeGreaterThan(0.3)
  })
})

/** The shortest path of the model that breaks a property, and the guards of its configuration. */
const counterexample = (configuration: string, property: string) => {
  const constants = constantsOf(configuration) as unknown as Constants
  const broken = explore(nameServerRouting(constants)).violations.find((violation) => violation.property === property)!
  const cast = {
    deployment: { masters: constants.MasterCount, slaves: constants.SlaveCount },
    nameServers: constants.NameServerCount,
    clients: constants.ClientCount
  }
  return { cast, guards: constants, labels: broken.path.steps.map((step) => step.label) }
}

describe("a counterexample of the model", () => {
  it.each([
    ["MCNameServerRouting_R10_ChannelCloseDetected", "ClosedChannelIsDecided"],
    ["MCNameServerRouting_R12_RecheckFreshness", "OpenChannelIsRouted"],
    ["MCNameServerRouting_R12_ByChannelClose", "OpenChannelIsRouted"],
    ["MCNameServerRouting_R13_TablesSurviveRestart", "NobodyIsForgotten"]
  ])("is a schedule of the nodes, step by step, and breaks the same property: %s %s", (configuration, property) => {
    const { cast, guards, labels } = counterexample(configuration, property)
    const run = drive(cast, guards, 1, (deployed) => follow(deployed, labels), [])
    expect(run.labels).toEqual(labels)
    const judged = () => drive(cast, guards, 1, (deployed) => follow(deployed, labels), [property])
    expect(judged).toThrow(`${property} is broken`)
  })

  it.each([
    ["MCNameServerRouting_R10_ChannelCloseDetected", "ClosedChannelIsDecided"],
    ["MCNameServerRouting_R12_RecheckFreshness", "OpenChannelIsRouted"],
    ["MCNameServerRouting_R12_ByChannelClose", "OpenChannelIsRouted"]
  ])("breaks nothing on nodes whose guard is on, under the same schedule: %s %s", (configuration, property) => {
    const { cast, labels } = counterexample(configuration, property)
    const run = drive(cast, guarded, 1, (deployed) => follow(deployed, labels), [property])
    expect(run.labels).toEqual(labels)
  })
})
