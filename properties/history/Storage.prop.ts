/**
 * The Kafka storage engine, as one broker alone, under a client that records what it saw: the checker finds the loss that a
 * power cut brings where nothing is flushed before the acknowledgement, and nothing where everything is, or where only the
 * process is killed (the page cache outlives it).
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { check } from "../../src/history/Check.ts"
import type { Operation, Pair } from "../../src/history/Operation.ts"
import * as Durably from "../../src/kafka/storage/Durably.ts"
import type { Environment } from "../../src/kafka/storage/Environment.ts"
import * as LogAppend from "../../src/kafka/storage/LogAppend.ts"
import { behaviour39, defaults } from "../../src/kafka/storage/LogConfig.ts"
import { online } from "../../src/kafka/storage/LogDirectory.ts"
import * as LogRead from "../../src/kafka/storage/LogRead.ts"
import * as PartitionLog from "../../src/kafka/storage/PartitionLog.ts"
import * as RecordBatch from "../../src/kafka/storage/RecordBatch.ts"
import { SimulatedDisk } from "../../src/world/simulated/SimulatedDisk.ts"

const batchOf = (value: number) =>
  RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression: "none",
    timestampType: "CreateTime",
    isTransactional: false,
    isControl: false,
    baseTimestamp: 1,
    maxTimestamp: 1,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastOffsetDelta: 0,
    records: [{
      offsetDelta: 0,
      timestampDelta: 0,
      key: null,
      value: new TextEncoder().encode(String(value)),
      headers: []
    }]
  })

/** Sends, with a crash after some of them, and a re-read from the beginning at the end. */
const record = (crashes: ReadonlyArray<boolean>, flushes: boolean, crash: "kill" | "power loss") => {
  const disk = SimulatedDisk.fromImage(new Map([["/logs/p-0/", new Uint8Array(0)]]))
  const operations: Array<Operation> = []
  const note = (process: number, type: "invoke" | "ok", f: string, value: unknown, more = {}) =>
    operations.push(
      { index: operations.length, time: operations.length, process, type, f, value, ...more } as Operation
    )
  const environmentOf = (): Environment => ({
    logDirectory: online("/logs"),
    disk: disk.operations(),
    now: () => 1,
    behaviour: behaviour39,
    schedule: () => {}
  })
  let environment = environmentOf()
  const run = <A>(step: () => Durably.Durably<A>): A => Effect.runSync(Durably.run(environment.disk, step))
  const open = (recoveryPoint: number) => {
    environment = environmentOf()
    const log = run(() =>
      PartitionLog.open(environment, "/logs/p-0", defaults, {
        hadCleanShutdown: false,
        recoveryPoint,
        logStartOffset: 0
      })
    )
    PartitionLog.updateHighWatermark(log, log.logEndOffset)
    return log
  }
  let log = open(0)
  let lost = 0
  crashes.forEach((crashed, value) => {
    note(0, "invoke", "send", [["send", 0, value]])
    const { firstOffset } = run(() => LogAppend.appendAsLeader(log, batchOf(value), 0))
    if (flushes) run(() => PartitionLog.flush(log))
    PartitionLog.updateHighWatermark(log, log.logEndOffset)
    note(0, "ok", "send", [["send", 0, [firstOffset, value]]])
    if (!crashed) return
    const { logEndOffset, recoveryPoint } = log
    if (crash === "kill") disk.kill()
    else disk.powerLoss()
    log = open(recoveryPoint)
    lost += logEndOffset - log.logEndOffset
  })
  const pairs: Array<Pair> = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const { next, records } = LogRead.visible(LogRead.read(log, offset, 150, "log end", true), offset)
    for (const { offset, value } of records) pairs.push([offset, Number(new TextDecoder().decode(value!))])
    if (next === offset) break
    offset = next
  }
  note(1, "invoke", "assign", [0], { seekToBeginning: true })
  note(1, "ok", "assign", [0], { seekToBeginning: true })
  note(1, "invoke", "poll", [["poll"]])
  note(1, "ok", "poll", [["poll", { 0: pairs }]])
  return { operations, lost }
}

const crashes = fc.array(fc.boolean(), { minLength: 2, maxLength: 8 })

it("nothing acknowledged after a flush is lost to a power cut, and nothing at all to a kill", () => {
  fc.assert(
    fc.property(crashes, fc.boolean(), (crashes, flushes) => {
      const { lost, operations } = record(crashes, flushes, flushes ? "power loss" : "kill")
      expect(lost).toBe(0)
      expect(check(operations).verdict).toBe("valid")
    }),
    { numRuns: 30 }
  )
})

it("what was acknowledged before it was flushed is lost to a power cut, and the checker says so", () => {
  const named = new Set<string>()
  let losses = 0
  fc.assert(
    fc.property(crashes, (crashes) => {
      const { lost, operations } = record(crashes, false, "power loss")
      const { anomalies, verdict } = check(operations)
      expect(verdict).toBe(lost > 0 ? "invalid" : "valid")
      if (lost > 0) losses++
      for (const name of Object.keys(anomalies)) named.add(name)
    }),
    { numRuns: 30 }
  )
  expect(losses).toBeGreaterThan(3)
  for (const name of ["lost-write", "inconsistent-offsets", "unseen"]) expect(named).toContain(name)
})
