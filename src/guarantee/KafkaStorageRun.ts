/**
 * One history of a Kafka log directory: commands as data, run on a simulated disk beside the reference model.
 *
 *     command ─▶ engine on the disk ─┐
 *             └▶ reference model ────┴─ compare: equal while it runs; after a crash what may be missing is said in `judge`
 *
 * The one decision: commands are total, so any list of them is a history and a failing one shrinks by leaving some out.
 * What a broker says by itself, an error or a directory that is offline, is no silent loss and ends the history.
 */
import { Cause, Effect, Exit } from "effect"
import type { Commit, Durably } from "../kafka/storage/Durably.ts"
import type { Task } from "../kafka/storage/Environment.ts"
import { allGuards, type Guards } from "../kafka/storage/Guards.ts"
import * as LeaderEpochs from "../kafka/storage/LeaderEpochCheckpoint.ts"
import * as LogAppend from "../kafka/storage/LogAppend.ts"
import { behaviour39, defaults } from "../kafka/storage/LogConfig.ts"
import { online } from "../kafka/storage/LogDirectory.ts"
import * as LogManager from "../kafka/storage/LogManager.ts"
import * as LogRead from "../kafka/storage/LogRead.ts"
import * as LogRetention from "../kafka/storage/LogRetention.ts"
import * as PartitionLog from "../kafka/storage/PartitionLog.ts"
import * as RecordBatch from "../kafka/storage/RecordBatch.ts"
import * as Reference from "../kafka/storage/ReferenceLog.ts"
import { isReason, StorageError } from "../kafka/storage/StorageError.ts"
import { Malformed } from "../message/Malformed.ts"
import { recorded } from "../replay/Choose.ts"
import { DiskError } from "../world/Disk.ts"
import { type CrashProfile, type CrashSearch, crashStates } from "../world/simulated/CrashStates.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import type { Survival } from "../world/simulated/Pieces.ts"
import { type DiskView, SimulatedDisk } from "../world/simulated/SimulatedDisk.ts"

export type Command =
  | {
    readonly _tag: "Append"
    /** -1 for none. */
    readonly producerId: number
    readonly sequence: "next" | "repeated" | "skipped"
    readonly records: number
    /** Bytes of each value. */
    readonly size: number
    readonly newEpoch: boolean
  }
  | { readonly _tag: "Flush" | "Roll" | "Background" | "Checkpoint" | "Restart" | "Kill" }
  /** `at` in 65,536ths of what there is. */
  | { readonly _tag: "Truncate" | "DeleteRecords"; readonly at: number }
  | { readonly _tag: "PowerLoss"; readonly profile: CrashProfile; readonly choices: ReadonlyArray<number> }
  /** The power goes inside what comes next, after so many effects of it on the disk. */
  | {
    readonly _tag: "PowerLossIn"
    readonly effects: number
    readonly profile: CrashProfile
    readonly choices: ReadonlyArray<number>
  }
  | { readonly _tag: "Fault"; readonly fault: DiskFault }

export interface Settings {
  /** `flush.messages=1`: an append is acknowledged when it is flushed. Otherwise when it is in the page cache. */
  readonly isFlushed: boolean
  readonly guards: Guards
  readonly hardened: boolean
}

/**
 * What may be broken: a record that was acknowledged is lost, or one that was acknowledged as flushed; what is lost is no
 * suffix; bytes are read that nobody appended; a wrong answer of a log that runs.
 */
export type Kind = "acknowledged" | "flushed" | "hole" | "bytes" | "answer"

export interface Finding {
  readonly kind: Kind
  readonly sentence: string
}

export interface Outcome {
  readonly findings: ReadonlyArray<Finding>
  /** The log said that it cannot go on. */
  readonly declared: string | undefined
  /** What the history reached. */
  readonly tags: ReadonlySet<string>
  readonly commands: number
}

const root = "/logs"
const partition = { topic: "p", partition: 0 }

const config = (isFlushed: boolean) => ({
  ...defaults,
  segmentBytes: 420,
  indexIntervalBytes: 90,
  segmentIndexBytes: 120,
  retentionMillis: -1,
  ...isFlushed ? { flushMessages: 1 } : {}
})

/** Runs a step to its end; a crash inside it passes through. */
const carry = <A>(
  disk: { readonly commit: (commit: Commit) => Effect.Effect<void, DiskError> },
  step: () => Durably<A>
) => {
  const steps = step()
  let next = steps.next()
  while (next.done !== true) {
    const exit = Effect.runSyncExit(disk.commit(next.value))
    if (Exit.isSuccess(exit)) next = steps.next()
    else {
      const error = Cause.squash(exit.cause)
      if (!(error instanceof DiskError)) throw error
      next = steps.throw(error)
    }
  }
  return next.value
}

export class World {
  readonly settings: Settings
  readonly disk: SimulatedDisk
  readonly findings: Array<Finding> = []
  readonly tags = new Set<string>()
  declared: string | undefined
  model = Reference.empty
  /** Every offset below was acknowledged as flushed. */
  flushed = 0
  private readonly ever = new Map<number, Set<string>>()
  private readonly tasks: Array<Task> = []
  private readonly sequences = new Map<number, number>()
  private planned: (Command & { readonly _tag: "PowerLossIn" }) | undefined
  /**
   * False once a crash put the log start back: its checkpoint is written now and then, the epochs are cut at once, and
   * what is cut at the start is not found again (LeaderEpochFileCache.truncateFromStartAsyncFlush).
   */
  private areEpochsSure = true
  private isDamaged = false
  private now = 1_000_000
  private epoch = 0
  private serial = 0
  private manager!: LogManager.LogManager
  private log!: PartitionLog.PartitionLog

  constructor(settings: Settings) {
    this.settings = settings
    this.disk = SimulatedDisk.fromImage(new Map([[`${root}/p-0/`, new Uint8Array(0)]]), {
      pieceSize: 64,
      renames: "atomic",
      versions: 2
    })
    this.open()
  }

  private carry<A>(step: () => Durably<A>): A {
    return carry(this.manager.environment.disk, step)
  }

  /** Opens the log directory as a broker's start does. */
  open(): void {
    this.tasks.length = 0
    const { guards, hardened } = this.settings
    const environment = {
      logDirectory: online(root, guards.GoOffline),
      disk: this.disk.operations(),
      now: () => this.now,
      behaviour: { ...behaviour39, guards, hardened },
      schedule: (task: Task) => void this.tasks.push(task)
    }
    this.manager = carry(environment.disk, () => LogManager.open(environment, () => config(this.settings.isFlushed)))
    if (environment.logDirectory.isOffline) {
      throw new StorageError({ reason: "KafkaStorage", message: "offline at start" })
    }
    this.log = this.carry(() => LogManager.getOrCreate(this.manager, partition))
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
  }

  /** A broken promise or a log that said that it cannot go on; what was never flushed may be lost and the history goes on. */
  get isOver(): boolean {
    return this.declared !== undefined || this.findings.some(({ kind }) => kind !== "acknowledged")
  }

  /** Carries out one command, and holds the log to the model. */
  step(command: Command): void {
    if (this.isOver) return
    this.tags.add(command._tag)
    try {
      this.carryOut(command)
      if (command._tag !== "Fault") this.compare()
    } catch (error) {
      if (error instanceof DiskCrashed && this.planned !== undefined) this.cutPower(this.planned)
      else this.refused(error, command)
    }
  }

  private cutPower({ choices, profile }: Command & { readonly _tag: "PowerLossIn" }): void {
    this.planned = undefined
    this.tags.add("a power cut inside a step")
    this.disk.powerLoss(recorded(choices), profile)
    this.recover("a power cut")
  }

  /** What an error means: said by the log where something was damaged, a wrong answer where nothing was. */
  private refused(error: unknown, command: Command): void {
    const isKnown = error instanceof StorageError || error instanceof DiskError || error instanceof Malformed
    const isDefect = !isKnown && !(error instanceof RangeError)
    if (isDefect) throw error
    const sentence = `${command._tag} failed: ${(error as Error).message}`
    const isServed = !this.manager.environment.logDirectory.isOffline
    if (this.isDamaged && isServed && command._tag === "Append" && error instanceof DiskError) {
      // The client hears of the error and the log is asked again: what failed may be in it.
      return this.rebase()
    }
    if (this.isDamaged) {
      this.declared = sentence
      this.tags.add("said so")
    } else this.found("answer", sentence)
  }

  private found(kind: Kind, sentence: string): void {
    this.findings.push({ kind, sentence })
  }

  private carryOut(command: Command): void {
    switch (command._tag) {
      case "Append":
        return this.append(command)
      case "Flush":
        this.carry(() => PartitionLog.flush(this.log))
        this.flushed = this.log.logEndOffset
        return
      case "Roll":
        this.carry(() => PartitionLog.roll(this.log))
        return
      case "Background":
        return this.background()
      case "Checkpoint":
        this.carry(() => LogManager.checkpointRecoveryPoints(this.manager))
        this.carry(() => LogManager.checkpointLogStartOffsets(this.manager))
        return
      case "Truncate": {
        // A flush that a roll scheduled comes first; later it would lift the recovery point above the log end.
        this.background()
        const places = [...this.model.batches.map(({ firstOffset }) => firstOffset), this.model.logEndOffset]
        const at = places[Math.floor(command.at / 0x10000 * places.length)]!
        this.carry(() => PartitionLog.truncateTo(this.log, at))
        this.model = Reference.truncateTo(this.model, at)
        this.flushed = Math.min(this.flushed, at)
        return this.resume()
      }
      case "DeleteRecords": {
        const { logEndOffset, logStartOffset } = this.model
        const at = logStartOffset + Math.floor(command.at / 0x10000 * (logEndOffset - logStartOffset + 1))
        PartitionLog.incrementLogStartOffset(this.log, at)
        this.model = Reference.deleteRecordsBefore(this.model, at)
        if (this.carry(() => LogRetention.deleteOldSegments(this.log)) > 0) this.tags.add("a segment went")
        return
      }
      case "Restart":
        this.background()
        this.carry(() => LogManager.close(this.manager, -1))
        this.flushed = this.model.logEndOffset
        return this.reopen("a clean stop")
      case "Kill":
        this.disk.kill()
        return this.reopen("a kill")
      case "PowerLoss":
        this.disk.powerLoss(recorded(command.choices), command.profile)
        this.tags.add(command.profile._tag)
        return this.reopen("a power cut")
      case "PowerLossIn":
        this.planned = command
        this.disk.crashAfter(command.effects)
        return
      case "Fault": {
        const { refused } = this.disk.inject(command.fault)
        if (refused !== undefined) return
        this.isDamaged = true
        this.tags.add(command.fault._tag)
      }
    }
  }

  private background(): void {
    for (const task of this.tasks.splice(0)) this.carry(task.run)
  }

  private append({ newEpoch, producerId, records, sequence, size }: Command & { readonly _tag: "Append" }): void {
    const last = Reference.lastOf(this.model, producerId)
    if ((producerId === -1 || last === undefined) && sequence !== "next") return
    const isRepeated = sequence === "repeated"
    const next = (this.sequences.get(producerId) ?? 0) + (sequence === "skipped" ? 1 : 0)
    const firstSequence = producerId === -1 ? -1 : isRepeated ? last!.firstSequence : next
    const values = isRepeated ? last!.values : Array.from(
      { length: records },
      () => `${this.serial++}:`.padEnd(size, "x")
    )
    if (newEpoch) this.epoch++
    this.now += 10
    const bytes = batchOf(values, this.now, producerId, firstSequence)
    try {
      const appended = this.carry(() => LogAppend.appendAsLeader(this.log, bytes, this.epoch))
      if (sequence === "skipped") return this.found("answer", "a batch out of sequence was taken")
      if (appended.isDuplicate !== isRepeated) return this.found("answer", "a repeated batch was taken again")
      const expected = isRepeated ? last!.firstOffset : this.model.logEndOffset
      if (appended.firstOffset !== expected) {
        return this.found("hole", `an append got offset ${appended.firstOffset}, where ${expected} was next`)
      }
    } catch (error) {
      if (sequence === "skipped" && isReason(error, "OutOfOrderSequence")) return
      // It may be in the log or not: nothing was acknowledged, and after a restart the log says.
      for (const [index, value] of values.entries()) this.note(this.model.logEndOffset + index, value)
      throw error
    }
    if (isRepeated) return
    for (const [index, value] of values.entries()) this.note(this.model.logEndOffset + index, value)
    const batch = { leaderEpoch: this.epoch, values, timestamp: this.now, producerId, firstSequence }
    this.model = Reference.append(this.model, batch)
    if (producerId !== -1) this.sequences.set(producerId, firstSequence + values.length)
    if (this.settings.isFlushed) this.flushed = this.model.logEndOffset
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
  }

  private note(offset: number, value: string): void {
    this.ever.set(offset, (this.ever.get(offset) ?? new Set()).add(value))
  }

  /** After records went a producer goes on from its last batch that is left. */
  private resume(): void {
    this.sequences.clear()
    for (const { firstSequence, producerId, values } of this.model.batches) {
      if (producerId !== -1) this.sequences.set(producerId, firstSequence + values.length)
    }
  }

  /** Offset and value of every record that can be read. */
  private read(): ReadonlyArray<readonly [number, string]> {
    const { log } = this
    const read: Array<readonly [number, string]> = []
    for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
      const fetched = LogRead.read(log, offset, 150, "log end", true)
      // As a consumer does, with check.crcs.
      for (const { position } of LogRead.wholeBatches(fetched.bytes)) RecordBatch.decode(fetched.bytes, position)
      const { next, records } = LogRead.visible(fetched, offset)
      for (const record of records) read.push([record.offset, new TextDecoder().decode(record.value!)])
      if (next === offset) break
      offset = next
    }
    return read
  }

  private reopen(what: string): void {
    this.open()
    this.judge(what)
  }

  /** Opens what a crash left, and judges it: for crash states that somebody else made. */
  recover(what: string): void {
    try {
      this.reopen(what)
    } catch (error) {
      this.refused(error, { _tag: "Kill" })
    }
  }

  /**
   * Judges every state that a power cut may leave at this moment, all sets of up to ten unsynced pieces and samples
   * beyond; `hear` is told the findings of each. Answers the number of states.
   */
  everyPowerLoss(search: CrashSearch, hear: (survival: Survival, findings: ReadonlyArray<Finding>) => void): number {
    const { flushed, model } = this
    const snapshot = this.disk.snapshot()
    let states = 0
    for (const survival of crashStates(this.disk.unsynced(), search)) {
      this.disk.restore(snapshot)
      this.disk.survive(survival)
      Object.assign(this, { model, flushed, declared: undefined })
      this.findings.length = 0
      this.recover("a power cut")
      states++
      hear(survival, this.findings)
    }
    return states
  }

  /** Holds what is left after a stop to what was promised, and goes on from it. */
  private judge(what: string): void {
    const left = this.read()
    if (this.log.logStartOffset < this.model.logStartOffset) this.areEpochsSure = false
    const values = new Map(left)
    for (const [offset, value] of left) {
      if (this.ever.get(offset)?.has(value) !== true) {
        this.found("bytes", `after ${what} offset ${offset} holds what nobody appended`)
      }
    }
    const missing = Reference.records(this.model).find(([offset, value]) => values.get(offset) !== value)
    if (missing !== undefined) {
      const isFlushed = missing[0] < this.flushed
      this.tags.add(isFlushed ? "a flushed record went" : "an unflushed record went")
      this.found("acknowledged", `after ${what} offset ${missing[0]} is gone, which was acknowledged`)
      if (isFlushed) {
        this.found("flushed", `after ${what} offset ${missing[0]} is gone, which was acknowledged as flushed`)
      }
    } else if (this.model.logEndOffset > 0) this.tags.add(`all is there after ${what}`)
    const gap = left.findIndex(([offset], index) => index > 0 && offset !== left[index - 1]![0] + 1)
    if (gap > 0) this.found("hole", `after ${what} offset ${left[gap]![0]} follows ${left[gap - 1]![0]}`)
    const end = left.length === 0 ? this.log.logStartOffset : left.at(-1)![0] + 1
    if (this.log.logEndOffset !== end) {
      this.found("hole", `after ${what} the log ends at ${this.log.logEndOffset}, its records at ${end}`)
    }
    if (!this.isOver) this.rebase()
  }

  /** Takes what is left for the log; a damaged one is not followed further than to its own word. */
  private rebase(): void {
    const { logEndOffset, logStartOffset } = this.log
    const first = this.batches()[0]?.firstOffset ?? logStartOffset
    const below = this.model.batches.filter((batch) => Reference.lastOffset(batch) < first)
    this.model = { logStartOffset, logEndOffset, batches: [...below, ...this.batches()] }
    this.flushed = Math.min(this.flushed, logEndOffset)
    this.resume()
  }

  private batches(): ReadonlyArray<Reference.ReferenceBatch> {
    const { log } = this
    const found: Array<Reference.ReferenceBatch> = []
    for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
      const { bytes } = LogRead.read(log, offset, 150, "log end", true)
      const [first] = LogRead.wholeBatches(bytes)
      if (first === undefined) break
      const { header, position } = first
      found.push({
        firstOffset: header.baseOffset,
        leaderEpoch: header.partitionLeaderEpoch,
        values: RecordBatch.records(bytes, header, position).map(({ value }) => new TextDecoder().decode(value!)),
        timestamp: header.maxTimestamp,
        producerId: header.producerId,
        firstSequence: header.baseSequence
      })
      offset = RecordBatch.lastOffset(header) + 1
    }
    return found
  }

  /** While it runs the log is the model, to the byte. */
  private compare(): void {
    if (this.isOver) return
    const [read, expected] = [this.read(), Reference.records(this.model)]
    const at = expected.findIndex(([offset, value], index) => read[index]?.[0] !== offset || read[index][1] !== value)
    if (at >= 0) this.found("answer", `offset ${expected[at]![0]} is not read as it was appended`)
    else if (read.length > expected.length) {
      this.found("answer", `offset ${read[expected.length]![0]} is read, which is not there`)
    }
    if (!this.areEpochsSure) return
    const kept = this.model.batches.filter((batch) => Reference.lastOffset(batch) >= this.model.logStartOffset)
    for (const { leaderEpoch } of kept.slice(-2)) {
      const { endOffset } = LeaderEpochs.endOffsetFor(this.log.epochs, leaderEpoch, this.log.logEndOffset)
      const own = Reference.endOfEpoch(this.model, leaderEpoch)
      if (endOffset !== own) {
        this.found("answer", `leader epoch ${leaderEpoch} ends at ${endOffset}, where ${own} is right`)
      }
    }
  }

  describe(): DiskView {
    return this.disk.describe()
  }
}

const batchOf = (values: ReadonlyArray<string>, time: number, producerId: number, firstSequence: number): Uint8Array =>
  RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression: "none",
    timestampType: "CreateTime",
    isTransactional: false,
    isControl: false,
    baseTimestamp: time,
    maxTimestamp: time,
    producerId,
    producerEpoch: producerId === -1 ? -1 : 0,
    baseSequence: firstSequence,
    lastOffsetDelta: values.length - 1,
    records: values.map((value, offsetDelta) => ({
      offsetDelta,
      timestampDelta: 0,
      key: null,
      value: new TextEncoder().encode(value),
      headers: []
    }))
  })

export const real: Settings = { isFlushed: false, guards: allGuards, hardened: false }

/** Runs a history; `hear` is told the world after each command. */
export const run = (
  settings: Settings,
  commands: ReadonlyArray<Command>,
  hear: (world: World, command: Command) => void = () => {}
): Outcome => {
  const world = new World(settings)
  let done = 0
  for (const command of commands) {
    if (world.isOver) break
    world.step(command)
    done++
    hear(world, command)
  }
  return { findings: world.findings, declared: world.declared, tags: world.tags, commands: done }
}
