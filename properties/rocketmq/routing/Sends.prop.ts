/**
 * Sends while a master is dead or frozen, as the real client made them (real clusters: a killed master gave no failed
 * sends, a frozen one failed about every other send, since the hung first try eats the whole budget of 3 s).
 */
import { describe, expect, it } from "vitest"
import { check } from "../../../src/history/Check.ts"
import { isData, type Operation } from "../../../src/history/Operation.ts"
import type { Fault } from "../../../src/world/simulated/WorldEvent.ts"
import { drive } from "./RoutingRun.ts"

const guards = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
const cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 1, clients: 1 }
const sends = 20

const ended = (operations: ReadonlyArray<Operation>, type: Operation["type"]): number =>
  operations.filter((operation) => operation.f === "send" && operation.type === type).length

/** One send after the other, from the moment of a fault on, which is within a poll of the last one. */
const during = (fault: Fault, seed: number): ReadonlyArray<Operation> =>
  drive(cast, guards, seed, ({ fire, send, state, world }) => {
    while (world.nowMicros < 65_000_000) fire(world.enabled()[0]!)
    expect(state().cache[0]![0]!.addrs).toEqual([1, 2])
    fire(fault)
    for (let count = 0; count < sends; count++) send(1)
    const end = world.nowMicros + 60_000_000
    while (world.nowMicros < end) fire(world.enabled().find((event) => event._tag !== "Start")!)
  }).operations

describe("a producer with two masters", () => {
  it("fails no send when one of them is killed: it writes to the other", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const operations = during({ _tag: "Kill", process: "broker-1" }, seed)
      expect(ended(operations, "ok")).toBe(sends)
      expect(check(operations).anomalies).toEqual({})
    }
  })

  it("fails about every other send while one is frozen and still in its route", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const operations = during({ _tag: "Pause", process: "broker-1" }, seed)
      expect(Math.abs(ended(operations, "ok") - ended(operations, "info"))).toBeLessThanOrEqual(1)
      expect(ended(operations, "ok") + ended(operations, "info")).toBe(sends)
      expect(check(operations).anomalies).toEqual({})
    }
  })

  it("is caught when a value that it was told to be stored is not there", () => {
    const operations = during({ _tag: "Kill", process: "broker-1" }, 1)
    // Of the read of the master that lives, the second last value is left out.
    const without = (operation: Operation): Operation => {
      const [step] = isData(operation) && operation.type === "ok" && operation.f === "poll" ? operation.value : []
      const records = step?.[0] === "poll" ? step[1]?.["2"] : undefined
      if (!isData(operation) || records === undefined) return operation
      return { ...operation, value: [["poll", { 2: [...records.slice(0, -2), ...records.slice(-1)] }]] }
    }
    const emptied = operations.map(without)
    expect(Object.keys(check(emptied).anomalies)).toContain("lost-write")
  })
})
