/**
 * The engine and the reference model side by side through random histories of appends, stops and crashes, with segments
 * of two to four batches so that every kind of file is rolled, indexed, snapshotted and deleted.
 *
 * A power cut here loses everything that was not committed (F2). A history that cut the log since its last clean stop is
 * killed instead: the real log makes no truncation durable, so a power cut may bring back what was cut.
 */
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { batchOf, readAll, root, smallSegments, surroundings } from "../../../src/guarantee/KafkaLogUnderTest.ts"
import * as Durably from "../../../src/kafka/storage/Durably.ts"
import type { Environment, Task } from "../../../src/kafka/storage/Environment.ts"
import * as LeaderEpochs from "../../../src/kafka/storage/LeaderEpochCheckpoint.ts"
import * as LogAppend from "../../../src/kafka/storage/LogAppend.ts"
import { behaviour39, behaviour44, defaults } from "../../../src/kafka/storage/LogConfig.ts"
import * as LogRead from "../../../src/kafka/storage/LogRead.ts"
import { runDue } from "../../../src/kafka/storage/LogReport.ts"
import * as LogRetention from "../../../src/kafka/storage/LogRetention.ts"
import * as PartitionLog from "../../../src/kafka/storage/PartitionLog.ts"
import * as Reference from "../../../src/kafka/storage/ReferenceLog.ts"
import { StorageError } from "../../../src/kafka/storage/StorageError.ts"
import { SimulatedDisk } from "../../../src/world/simulated/SimulatedDisk.ts"

const directory = `${root}/p-0`
const config = { ...defaults, ...smallSegments }

const scale = (share: number, count: number): number => Math.floor(share / 0x10000 * count)
const share = fc.nat(0xffff)

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("Append" as const),
      producerId: fc.constantFrom(-1, 7, 8),
      sequence: fc.constantFrom(
        "next" as const,
        "next" as const,
        "next" as const,
        "repeated" as const,
        "skipped" as const
      ),
      values: fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 3 }),
      newEpoch: fc.boolean()
    })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Background" as const) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Flush" as const) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Roll" as const) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Truncate" as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("DeleteRecords" as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Kill" as const), fromZero: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("PowerLoss" as const), fromZero: fc.boolean() }) }
)
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

class World {
  readonly disk = SimulatedDisk.fromImage(new Map([[`${directory}/`, new Uint8Array(0)]]))
  tasks: Array<Task> = []
  readonly reached: Set<string>
  now = 1_000_000
  epoch = 0
  isCut = false
  /**
   * False once a power cut may have undone what a close wrote into a time index: closing makes only the log durable, and
   * below the recovery point nothing is rebuilt. Then times are looked up in preallocated zeros (LogSegment.close).
   */
  areTimesSure = true
  /** True once the log end lies above what a power cut left: the epochs of what is gone are still known then. */
  hasHole = false
  environment!: Environment
  log!: PartitionLog.PartitionLog
  reference = Reference.empty
  readonly is44: boolean

  constructor(reached: Set<string>, is44: boolean) {
    this.reached = reached
    this.is44 = is44
    this.open({ hadCleanShutdown: false, recoveryPoint: 0, logStartOffset: 0 })
  }

  run<A>(step: () => Durably.Durably<A>): A {
    return Effect.runSync(Durably.run(this.environment.disk, step))
  }

  open(options: PartitionLog.OpenOptions): void {
    const behaviour = this.is44 ? behaviour44 : behaviour39
    const { environment, tasks } = surroundings({ disk: this.disk.operations(), now: () => this.now, behaviour })
    this.environment = environment
    this.tasks = tasks
    this.log = this.run(() => PartitionLog.open(this.environment, directory, config, options))
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
  }

  /** Starts again on what the disk has; `recoveryPoint` is what a checkpoint would say. */
  reopen(hadCleanShutdown: boolean, recoveryPoint: number): void {
    this.open({ hadCleanShutdown, recoveryPoint, logStartOffset: this.reference.logStartOffset })
  }

  append({ newEpoch, producerId, sequence, values }: Command & { readonly _tag: "Append" }): void {
    const last = Reference.lastOf(this.reference, producerId)
    const unknown = producerId === -1 || last === undefined
    // Without a batch in the log the producer may or may not be remembered: then only a first sequence is sure to fit.
    if (unknown && sequence !== "next") return
    const firstSequence = producerId === -1
      ? -1
      : sequence === "repeated"
      ? last!.firstSequence
      : (this.nextSequence.get(producerId) ?? 0) + (sequence === "skipped" ? 1 : 0)
    const batch = sequence === "repeated" ? last!.values : values
    if (newEpoch) this.epoch++
    this.now += 10
    const bytes = batchOf({ values: batch, timestamp: this.now, producerId, firstSequence })
    const before = this.log.segments.all.length
    const answer = Effect.runSync(
      Effect.result(Durably.run(this.environment.disk, () => LogAppend.appendAsLeader(this.log, bytes, this.epoch)))
    )
    if (this.log.segments.all.length > before) this.reached.add("a roll")
    if (sequence === "skipped") {
      expect(Result.isFailure(answer) && answer.failure instanceof StorageError && answer.failure.reason).toBe(
        "OutOfOrderSequence"
      )
      this.reached.add("a sequence out of order")
      return
    }
    const { firstOffset, isDuplicate } = Result.getOrThrow(answer)
    expect(isDuplicate).toBe(sequence === "repeated")
    if (isDuplicate) {
      expect(firstOffset).toBe(last!.firstOffset)
      this.reached.add("a duplicate")
      return
    }
    expect(firstOffset).toBe(this.reference.logEndOffset)
    this.reference = Reference.append(this.reference, {
      leaderEpoch: this.epoch,
      values,
      timestamp: this.now,
      producerId,
      firstSequence,
      transaction: "none"
    })
    if (producerId !== -1) this.nextSequence.set(producerId, firstSequence + values.length)
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
  }

  readonly nextSequence = new Map<number, number>()

  /** After records went a producer goes on from its last batch that is left, or from anywhere. */
  resetSequences(): void {
    for (const producerId of [7, 8]) {
      const last = this.reference.batches.findLast((batch) => batch.producerId === producerId)
      if (last === undefined) this.nextSequence.delete(producerId)
      else this.nextSequence.set(producerId, last.firstSequence + last.values.length)
    }
  }

  /** Offset and value of every record that can be read. */
  read(): ReadonlyArray<readonly [number, string]> {
    return readAll(this.log).records
  }

  /**
   * What a power cut may leave: all that was flushed, and of the rest a front part.
   *
   * The log end may lie above it. Names become durable with every leader epoch, contents only with a flush: so an empty
   * segment can be all that is left, and its base is the log end (LogSegment.readNextOffset). The real log has this hole
   * as well (test/real, "an empty segment after a gap").
   */
  afterPowerLoss(flushed: number): void {
    const { logEndOffset } = this.log
    const { logStartOffset } = this.reference
    const last = this.read().at(-1)
    const kept = last === undefined ? logStartOffset : last[0] + 1
    // Above a hole the flushed end lies above the records that there were; only those are owed.
    const owed = this.reference.batches.filter((batch) => Reference.lastOffset(batch) < flushed).at(-1)
    expect(kept).toBeGreaterThanOrEqual(owed === undefined ? logStartOffset : Reference.lastOffset(owed) + 1)
    expect(logEndOffset).toBeGreaterThanOrEqual(kept)
    expect(logEndOffset).toBeLessThanOrEqual(this.reference.logEndOffset)
    if (kept < this.reference.logEndOffset) this.reached.add("a lost suffix")
    if (kept < logEndOffset) this.hasHole = true
    if (flushed > logStartOffset) this.reached.add("flushed records after a power cut")
    const batches = this.reference.batches.filter((batch) => Reference.lastOffset(batch) < kept)
    this.reference = { logStartOffset, logEndOffset, batches }
    this.resetSequences()
  }

  step(each: Command): void {
    this.reached.add(each._tag)
    switch (each._tag) {
      case "Append":
        return this.append(each)
      case "Background":
        return this.run(() => runDue(this.tasks))
      case "Flush":
        this.run(() => PartitionLog.flush(this.log))
        expect(this.log.recoveryPoint).toBe(this.log.logEndOffset)
        return
      case "Roll":
        this.run(() => PartitionLog.roll(this.log))
        return
      case "Truncate": {
        const places = [...this.reference.batches.map(({ firstOffset }) => firstOffset), this.reference.logEndOffset]
        const at = places[scale(each.at, places.length)]!
        if (at < this.reference.logEndOffset) {
          this.isCut = true
          this.reached.add("a cut")
        }
        // A flush that a roll scheduled comes first: afterwards it would lift the recovery point above the log end, as it
        // does in the real log (UnifiedLog.flush asks for the recovery point only).
        this.run(() => runDue(this.tasks))
        this.run(() => PartitionLog.truncateTo(this.log, at))
        this.reference = Reference.truncateTo(this.reference, at)
        this.resetSequences()
        return
      }
      case "DeleteRecords": {
        const { logEndOffset, logStartOffset } = this.reference
        const at = logStartOffset + scale(each.at, logEndOffset - logStartOffset + 1)
        PartitionLog.incrementLogStartOffset(this.log, at)
        this.reference = Reference.deleteRecordsBefore(this.reference, at)
        if (this.run(() => LogRetention.deleteOldSegments(this.log)) > 0) this.reached.add("a deleted segment")
        return
      }
      case "Restart":
        this.run(function*(this: World) {
          yield* runDue(this.tasks)
          yield* PartitionLog.flush(this.log, true)
          yield* PartitionLog.close(this.log)
        }.bind(this))
        this.isCut = false
        return this.reopen(true, this.log.recoveryPoint)
      case "Kill":
        this.disk.kill()
        this.areTimesSure ||= each.fromZero
        return this.reopen(false, each.fromZero ? 0 : this.log.recoveryPoint)
      case "PowerLoss": {
        const flushed = this.log.recoveryPoint
        if (this.isCut) this.disk.kill()
        else this.disk.powerLoss()
        this.areTimesSure = each.fromZero || (this.areTimesSure && this.isCut)
        this.reopen(false, each.fromZero ? 0 : flushed)
        this.afterPowerLoss(flushed)
        return
      }
    }
  }

  check(): void {
    const { log, reference } = this
    expect([log.logStartOffset, log.logEndOffset]).toEqual([reference.logStartOffset, reference.logEndOffset])
    expect(this.read()).toEqual(Reference.records(reference))
    const kept = reference.batches.filter((batch) => Reference.lastOffset(batch) >= reference.logStartOffset)
    for (const { leaderEpoch, timestamp } of kept.slice(-3)) {
      // Below a hole an empty segment may be left, which answers for times by the age of its file (LogSegment.largestTimestamp).
      if (this.areTimesSure && !this.hasHole) {
        expect(LogRead.findByTimestamp(log, timestamp)?.offset).toBe(Reference.findByTimestamp(reference, timestamp))
        this.reached.add("a time looked up")
      }
      if (this.hasHole) continue
      expect(LeaderEpochs.endOffsetFor(log.epochs, leaderEpoch, log.logEndOffset)).toEqual({
        epoch: leaderEpoch,
        endOffset: Reference.endOfEpoch(reference, leaderEpoch)
      })
    }
  }
}

const one: Command = { _tag: "Append", producerId: -1, sequence: "next", values: [""], newEpoch: false }
const inNewEpoch: Command = { ...one, newEpoch: true }
const cut = (fromZero: boolean): Command => ({ _tag: "PowerLoss", fromZero })

/** Histories with a hole that once misled this property: what lies above it is no record that was flushed. */
const holes: Array<[Array<Command>, boolean]> = [
  [[one, { _tag: "Roll" }, inNewEpoch, cut(true), one, { _tag: "Restart" }], false],
  [[one, { _tag: "Roll" }, inNewEpoch, cut(false), { _tag: "Restart" }, cut(false)], false]
]

it("is what the reference model says through appends, rolls, cuts, deletions, restarts and crashes", () => {
  const reached = new Set<string>()
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), fc.boolean(), (commands, is44) => {
      const world = new World(reached, is44)
      for (const each of commands) {
        world.step(each)
        world.check()
      }
    }),
    { numRuns: 3000, examples: holes }
  )
  expect([...reached].sort()).toEqual([
    "Append",
    "Background",
    "DeleteRecords",
    "Flush",
    "Kill",
    "PowerLoss",
    "Restart",
    "Roll",
    "Truncate",
    "a cut",
    "a deleted segment",
    "a duplicate",
    "a lost suffix",
    "a roll",
    "a sequence out of order",
    "a time looked up",
    "flushed records after a power cut"
  ])
}, 120_000)
