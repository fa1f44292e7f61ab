/**
 * One history of a Kafka log directory: commands as data, run on a simulated disk beside the reference model.
 *
 *     command ─▶ engine on the disk ─┐
 *             └▶ reference model ────┴─ compare: equal while it runs; after a stop it is held to what it promised
 *
 * The one decision: what a broker says by itself, an error or a directory that is offline, is no silent loss. Then nothing
 * more is asked of it until the next stop, and what the start after it finds is judged like any other.
 */
import type { Task } from "../kafka/storage/Environment.ts"
import { behaviour39, defaults } from "../kafka/storage/LogConfig.ts"
import * as LogManager from "../kafka/storage/LogManager.ts"
import * as LogRetention from "../kafka/storage/LogRetention.ts"
import * as PartitionLog from "../kafka/storage/PartitionLog.ts"
import * as Reference from "../kafka/storage/ReferenceLog.ts"
import { StorageError } from "../kafka/storage/StorageError.ts"
import { Malformed } from "../message/Malformed.ts"
import { recorded } from "../replay/Choose.ts"
import { DiskError } from "../world/Disk.ts"
import type { DiskFault } from "../world/simulated/DiskFaults.ts"
import type { Injected } from "../world/simulated/DiskInjection.ts"
import { DiskCrashed } from "../world/simulated/DiskState.ts"
import { type DiskView, SimulatedDisk } from "../world/simulated/SimulatedDisk.ts"
import { carry, doScheduled, openDirectory, readAll, root, smallSegments } from "./KafkaLogUnderTest.ts"
import { append, end, isParted, pieceSize } from "./KafkaStorageClients.ts"
import type { Command, Finding, Kind, Place, Settings, Tagged } from "./KafkaStorageCommand.ts"
import { afterStop, whileRunning } from "./KafkaStorageJudge.ts"
import * as Ledger from "./KafkaStorageLedger.ts"
import { placeOf } from "./KafkaStoragePlace.ts"
import * as Times from "./KafkaStorageTimes.ts"
import type { Opening } from "./StorageRow.ts"

const partition = { topic: "p", partition: 0 }
/** Where its files are. */
export const directory = `${root}/p-0`
/** Settings of the topic. */
export const configOf = ({ isFlushed }: Settings) => ({
  ...defaults,
  ...smallSegments,
  ...isFlushed ? { flushMessages: 1 } : {}
})

export class World {
  readonly settings: Settings
  readonly disk: SimulatedDisk
  readonly findings: Array<Finding> = []
  readonly tags = new Set<string>()
  model = Reference.empty
  /** Every offset below was acknowledged as flushed. */
  flushed = 0
  /** What the log first said when it could not go on. */
  declared: string | undefined
  /** Nothing is asked of a log that said that it cannot serve, until the next stop. */
  isDown = false
  /** Whether the last start came to an end. */
  hasStarted = false
  private readonly opening: Opening
  readonly ledger = Ledger.empty()
  private readonly faults: Array<Injected> = []
  place: Place | undefined
  private planned: Tagged<"PowerLossIn"> | undefined
  /**
   * True once a crash put the log start back: its checkpoint is written now and then. The epochs are cut at once, and
   * what is cut at the start is not found again (LeaderEpochFileCache.truncateFromStartAsyncFlush).
   */
  private wasStartPutBack = false
  /**
   * False once a log whose start had moved was recovered: a snapshot below the start may know of a transaction that a
   * segment ended which went, and then it stays open (LogLoader.recoverSegment reads the checkpointed start, which is none
   * where a segment begins at the start).
   */
  private areTransactionsSure = true
  /** Whether times are found there: of segments from this offset on (KafkaStorageTimes.ts). */
  private timesFrom = 0
  /** Where the last batch began in its segment, unless it made the log roll. */
  begins = 0
  now = 1_000_000
  epoch = 0
  private manager!: LogManager.LogManager
  private tasks: Array<Task> = []
  log!: PartitionLog.PartitionLog

  constructor(settings: Settings, opening: Opening = () => {}) {
    this.settings = settings
    this.opening = opening
    this.disk = SimulatedDisk.fromImage(new Map([[`${directory}/`, new Uint8Array(0)]]), {
      pieceSize,
      renames: "atomic",
      versions: 2
    })
    this.open()
  }

  carry<A>(step: Parameters<typeof carry<A>>[1]): A {
    return carry(this.manager.environment.disk, step)
  }

  /** Opens the log directory as a broker's start does. */
  private open(): void {
    this.hasStarted = false
    this.opening(this.disk, this.faults)
    const { guards, hardened } = this.settings
    const behaviour = { ...behaviour39, guards, hardened }
    const opened = openDirectory(
      { disk: this.disk.operations(), behaviour, now: () => this.now },
      configOf(this.settings)
    )
    this.manager = opened.manager
    this.tasks = opened.tasks
    this.log = this.carry(() => LogManager.getOrCreate(this.manager, partition))
    PartitionLog.updateHighWatermark(this.log, this.log.logEndOffset)
    this.hasStarted = true
  }

  private get isDamaged(): boolean {
    return this.faults.length > 0
  }

  /** A promise is broken, and nothing can be said of what comes after. What was never flushed may be lost, and it goes on. */
  get isOver(): boolean {
    return this.findings.some(({ kind }) => kind !== "acknowledged")
  }

  /** Carries out one command, and holds the log to the model. */
  step(command: Command): void {
    if (this.isOver) return
    const isStop = command._tag === "Kill" || command._tag === "PowerLoss" || command._tag === "Restart"
    if (this.isDown && !isStop && command._tag !== "Heal" && command._tag !== "PowerLossIn") return
    this.tags.add(command._tag)
    try {
      this.carryOut(command)
      if (command._tag !== "Fault" && command._tag !== "Heal") this.compare()
    } catch (error) {
      if (error instanceof DiskCrashed && this.planned !== undefined) this.cutPower(this.planned)
      else this.refused(error, command)
    }
  }

  private cutPower({ choices, profile }: Tagged<"PowerLossIn">): void {
    this.planned = undefined
    if (this.hasStarted && isParted(this.begins)) this.tags.add("a header in two pieces")
    this.tags.add(this.hasStarted ? "a power cut inside a step" : "a power cut inside recovery").add(profile._tag)
    this.disk.powerLoss(recorded(choices), profile)
    this.recover("a power cut")
  }

  /** What an error means: said by the log where something was damaged, a broken promise where nothing was. */
  private refused(error: unknown, command: Command): void {
    const isKnown = error instanceof StorageError || error instanceof DiskError || error instanceof Malformed ||
      error instanceof RangeError
    if (!isKnown) throw error
    const sentence = `${command._tag} failed: ${error.message}`
    // The real log goes on with an offset that nobody gave (LogFileNames.followed).
    if (error.message.includes("beyond 2^53")) return this.found("bytes", sentence)
    if (!this.isDamaged) {
      return this.found(error instanceof Malformed || !this.hasStarted ? "stuck" : "answer", sentence)
    }
    this.declared ??= sentence
    this.tags.add("said so")
    const isServed = !this.manager.environment.logDirectory.isOffline && !this.isDown
    // The client hears of the error and the log is asked again: what failed may be in it.
    if (isServed && command._tag === "Append" && error instanceof DiskError && this.canRebase()) return
    this.isDown = true
  }

  private canRebase(): boolean {
    try {
      this.rebase(readAll(this.log).batches)
      return true
    } catch {
      return false
    }
  }

  found(kind: Kind, sentence: string): void {
    this.findings.push({ kind, sentence })
  }

  private carryOut(command: Command): void {
    switch (command._tag) {
      case "Append":
        return append(this, command)
      case "End":
        return end(this, command)
      case "Flush":
        this.carry(() => PartitionLog.flush(this.log))
        this.flushed = this.log.logEndOffset
        return
      case "Roll":
        this.carry(() => PartitionLog.roll(this.log))
        return
      case "Background":
        return doScheduled(this.manager.environment.disk, this.tasks)
      case "Checkpoint":
        this.carry(() => LogManager.checkpointRecoveryPoints(this.manager))
        return this.carry(() => LogManager.checkpointLogStartOffsets(this.manager))
      case "Truncate":
        return this.truncate(command)
      case "DeleteRecords":
        return this.deleteRecords(command)
      case "Restart":
        if (!this.isDown) this.stopCleanly()
        return this.reopen("a clean stop")
      case "Kill":
        this.disk.kill()
        // A kill disarms the crash that was planned for what comes next.
        if (this.planned !== undefined) this.disk.crashAfter(this.planned.effects)
        return this.reopen("a kill")
      case "PowerLoss":
        this.disk.powerLoss(recorded(command.choices), command.profile)
        this.tags.add(command.profile._tag)
        return this.reopen("a power cut")
      case "PowerLossIn":
        this.planned = command
        this.disk.crashAfter(command.effects)
        return
      case "Fault":
        return this.inject(command.fault)
      case "Heal":
        for (const { fault, heal } of this.faults) if (meetsOperations(fault)) heal()
    }
  }

  private truncate({ at: share }: { readonly at: number }): void {
    // What a roll scheduled comes first; later it would lift the recovery point above the log end.
    doScheduled(this.manager.environment.disk, this.tasks)
    const places = [...this.model.batches.map(({ firstOffset }) => firstOffset), this.model.logEndOffset]
    const at = places[Math.floor(share / 0x10000 * places.length)]!
    this.carry(() => PartitionLog.truncateTo(this.log, at))
    this.model = Reference.truncateTo(this.model, at)
    this.flushed = Math.min(this.flushed, at)
    Ledger.resume(this.ledger, this.model)
  }

  private deleteRecords({ at: share }: { readonly at: number }): void {
    const { logEndOffset, logStartOffset } = this.model
    const at = logStartOffset + Math.floor(share / 0x10000 * (logEndOffset - logStartOffset + 1))
    PartitionLog.incrementLogStartOffset(this.log, at)
    this.model = Reference.deleteRecordsBefore(this.model, at)
    if (this.carry(() => LogRetention.deleteOldSegments(this.log)) > 0) this.tags.add("a segment went")
  }

  private stopCleanly(): void {
    doScheduled(this.manager.environment.disk, this.tasks)
    this.carry(() => LogManager.close(this.manager, -1))
    this.flushed = this.model.logEndOffset
  }

  private inject(fault: DiskFault): void {
    const place = placeOf(this.log, fault)
    const injected = this.disk.inject(fault)
    if (injected.refused !== undefined) return
    this.faults.push(injected)
    injected.onStrike(() => this.tags.add("a fault struck"))
    if (injected.observed() > 0) this.tags.add("a fault struck")
    this.tags.add(fault._tag)
    if (place !== undefined) this.place = place
  }

  private reopen(what: string): void {
    if (what === "a power cut") this.timesFrom = Infinity
    this.open()
    this.isDown = false
    if (what === "a power cut") this.timesFrom = Times.rebuiltFrom(this.log, this.manager.hadCleanShutdown)
    this.judge(what)
  }

  /** Opens what a crash left, and judges it: for crash states that somebody else made. */
  recover(what: string): void {
    try {
      this.reopen(what)
      this.compare()
    } catch (error) {
      this.refused(error, { _tag: "Kill" })
    }
  }

  /** Holds what is left after a stop to what was promised, and goes on from it. */
  private judge(what: string): void {
    const view = readAll(this.log)
    if (this.log.logStartOffset < this.model.logStartOffset) this.wasStartPutBack = true
    if (what !== "a clean stop" && this.model.logStartOffset > 0) this.areTransactionsSure = false
    const { flushed, model } = this
    const isKnown = (offset: number, value: string) => this.ledger.ever.get(offset)?.has(value) === true
    const isOwed = (offset: number) => !this.ledger.unacknowledged.has(offset)
    const found = afterStop(this.log, view, { what, model, flushed, isKnown, isOwed })
    this.findings.push(...found)
    if (found.some(({ kind }) => kind === "flushed")) this.tags.add("a flushed record went")
    else if (found.some(({ kind }) => kind === "acknowledged")) this.tags.add("an unflushed record went")
    else if (model.logEndOffset > 0) this.tags.add(`all is there after ${what}`)
    if (!this.isOver) this.rebase(view.batches)
  }

  /** Takes what is left for the log; of what lies below its start, only what is known already. */
  private rebase(batches: ReadonlyArray<Reference.ReferenceBatch>): void {
    const { logEndOffset, logStartOffset } = this.log
    const below = this.model.batches.filter((batch) => Reference.lastOffset(batch) < logStartOffset)
    this.model = { logStartOffset, logEndOffset, batches: [...below, ...batches] }
    this.flushed = Math.min(this.flushed, logEndOffset)
    Ledger.resume(this.ledger, this.model)
  }

  /** Holds a log that runs to the model. */
  private compare(): void {
    if (this.isOver || this.isDown) return
    const sure = {
      epochs: !this.wasStartPutBack,
      transactions: this.areTransactionsSure,
      // An empty segment before others answers for times by the age of its file (LogSegment.largestTimestamp).
      times: (batch: Reference.ReferenceBatch) => {
        const isWhole = this.log.segments.all.slice(0, -1).every(({ log }) => log.size > 0)
        const isSure = isWhole && Times.isSure(this.log, this.timesFrom, batch)
        if (isSure && this.timesFrom > 0) this.tags.add("a time looked up above a recovery point")
        return isSure
      }
    }
    const { finding, looked } = whileRunning(this.log, readAll(this.log), this.model, sure)
    for (const tag of looked) this.tags.add(tag)
    if (finding !== undefined) this.findings.push(finding)
  }

  describe(): DiskView {
    return this.disk.describe()
  }
}

/** Whether a fault meets what a process does, rather than lying on the medium. */
const meetsOperations = ({ _tag }: DiskFault): boolean =>
  _tag === "NoSpace" || _tag === "OperationFails" || _tag === "CommitFails"
