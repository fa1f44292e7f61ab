/** Where producers write: the model is the specification's twin, and what breaks is what a history checker sees. */
import { describe, expect, it } from "vitest"
import { specModules } from "../../../src/cli/SpecFiles.ts"
import type { Path } from "../../../src/explore/Path.ts"
import { explore } from "../../../src/explore/Search.ts"
import { check } from "../../../src/history/Check.ts"
import type { Operation } from "../../../src/history/Operation.ts"
import { producerConstants, producerExpectedBroken } from "../../../src/rocketmq/models/Configurations.ts"
import {
  type ProducerConstants,
  producerRouting,
  type ProducerState
} from "../../../src/rocketmq/models/ProducerRouting.ts"
import { itTlc } from "../../Tlc.ts"
import { compare, constantsOf, propertiesOf } from "./SpecGraph.ts"

const machineOf = (configuration: string) => producerRouting(constantsOf(configuration) as unknown as ProducerConstants)
const brokenIn = (configuration: string, property: string) =>
  explore(machineOf(configuration)).violations.find((violation) => violation.property === property)!

describe("where RocketMQ's producers write", () => {
  itTlc.each(["MCProducerRoutingByKey", "MCProducerRoutingRoundRobin", "MCProducerRoutingFaulty"])(
    "has the same labelled graph in specification and model: %s",
    async (configuration) => {
      const { differences, states } = await compare("ProducerRouting", configuration, machineOf(configuration))
      expect(differences).toEqual([])
      expect(states).toBeGreaterThan(1_000)
    }
  )

  it.each(Object.entries(producerConstants))("has the constants of spec/rocketmq: %s", (name, constants) => {
    expect(constantsOf(name)).toEqual(constants)
  })

  it("breaks without a guard what the manifest says that it breaks, and nothing else", () => {
    const module = specModules().find(({ name }) => name === "ProducerRouting")!
    const stated = module.rows.filter(({ configuration }) => configuration in producerConstants)
    expect(stated.length).toBe(Object.keys(producerConstants).length)
    for (const { breaks = [], config, configuration } of stated) {
      expect(producerExpectedBroken[configuration] ?? []).toEqual(breaks)
      const broken = explore(machineOf(configuration)).violations.map(({ property }) => property)
      expect(broken.sort()).toEqual([...breaks].sort())
      // What a configuration asks holds in it; what falls in it is asked of another one, where it must fall.
      expect(breaks.filter((property) => config.invariants.includes(property))).toEqual([])
      const asked = module.rows.map(({ expected }) => expected)
      expect(breaks.filter((property) => !asked.includes(`violates ${property}`))).toEqual([])
    }
  })

  // Lengths are TLC's, in states.
  it.each([
    ["MCProducerRouting_R18_StaticOrderConf", "KeyOrder", 14],
    ["MCProducerRouting_R10_Duplicate", "StoredOnce", 9],
    ["MCProducerRouting_R10_Unanswered", "StoredOnce", 8]
  ])("breaks at TLC's length: %s", (configuration, property, length) => {
    expect(propertiesOf(configuration)).toEqual([property])
    expect(brokenIn(configuration, property).path.steps.length).toBe(length - 1)
  })

  it("keeps the order of a key with a static order configuration", () => {
    const guarded = { ...constantsOf("MCProducerRouting_R18_StaticOrderConf"), StaticOrderConf: true }
    const { violations } = explore(producerRouting(guarded as unknown as ProducerConstants))
    expect(violations.map(({ property }) => property)).not.toContain("KeyOrder")
  })
})

/** The shortest path on which what was acknowledged is read out of order: a judge compares what a producer was told. */
const acknowledgedOutOfOrder = (configuration: string): Path<ProducerState> => {
  const machine = machineOf(configuration)
  const property = "AcknowledgedKeyOrder"
  const holds = (state: ProducerState): boolean =>
    machine.always["KeyOrder"]!(state) || !state.delivered.every((value) => state.acked.includes(value))
  const { violations } = explore({ ...machine, always: { [property]: holds } })
  return violations.find((violation) => violation.property === property)!.path
}

/** A path as its clients would tell it: one producer, one consumer, one record key, a queue a master. */
const historyOf = (path: Path<ProducerState>): ReadonlyArray<Operation> => {
  const operations: Array<Operation> = []
  const common = () => ({ index: operations.length, time: operations.length })
  const recordKey = "k"
  path.steps.forEach(({ label, state }, i) => {
    const before = i === 0 ? path.initial : path.steps[i - 1]!.state
    switch (label.action) {
      case "Send":
        operations.push({
          ...common(),
          process: 0,
          type: "invoke",
          f: "send",
          recordKey,
          value: [["send", state.sending[0]!.to, state.sending[0]!.value]]
        })
        return
      case "Acknowledged": {
        const { to, value } = before.sending[0]!
        const offset = before.stored[to - 1]!.indexOf(value)
        operations.push({
          ...common(),
          process: 0,
          type: "ok",
          f: "send",
          recordKey,
          value: [["send", to, [offset, value]]]
        })
        return
      }
      case "Consume": {
        const m = label.args[0] as number
        const offset = before.consumed[m - 1]!
        const records = { [m]: [[offset, before.stored[m - 1]![offset]!] as const] }
        operations.push({ ...common(), process: 1, type: "invoke", f: "poll", value: [["poll"]] })
        operations.push({ ...common(), process: 1, type: "ok", f: "poll", value: [["poll", records]] })
      }
    }
  })
  return operations
}

describe("a key that moves to another queue", () => {
  it("is a broken order of the key to the judge of histories (R18)", () => {
    const { anomalies } = check(historyOf(acknowledgedOutOfOrder("MCProducerRouting_R18_StaticOrderConf")))
    expect(Object.keys(anomalies)).toEqual(["key-order"])
  })
})
