/**
 * The disk of one simulated host: memory that knows what is durable, crashes on request and carries faults as data.
 *
 *     process ──Operations──▶ page cache (volatile) ──commit──▶ durable
 *                                   │ kill: kept                 │ power loss: durable plus the surviving pieces
 *
 * The one decision: time is not in here. A commit fixes its extent when it begins and becomes durable when whoever
 * runs the world lets it end; between the two a crash finds its pieces unsynced like any other. Handles belong to an
 * incarnation of a process and are dead as soon as it is: then every call throws EBADF and changes nothing.
 */
import { type Choose, inOrder } from "../../replay/Choose.ts"
import type { Operations } from "../Disk.ts"
import { type CrashProfile, survivalOf } from "./CrashStates.ts"
import type { DiskFault } from "./DiskFaults.ts"
import { copyTree, copyVersions, type DiskSnapshot, type Image, imageOf, treeOf } from "./DiskImages.ts"
import { healFault, type Injected, injectFault } from "./DiskInjection.ts"
import { DiskState, type Observe } from "./DiskState.ts"
import { type CrashModel, losePower, type Piece, pieces, type Survival } from "./Pieces.ts"
import { immediately, processOperations, type Schedule } from "./ProcessOperations.ts"

/** How a simulated disk is built; pieces of 512 bytes, any subset of them, renames in two halves where absent. */
export interface Options extends Partial<CrashModel> {
  readonly observe?: Observe
  /** Durable versions kept of each path, so that a file can be rolled back (F20); none if absent. */
  readonly versions?: number
}

/** What a disk holds, as plain data for a picture of it: pristine contents, what is unsynced, what it suffers from. */
export interface DiskView {
  readonly volatile: Image
  readonly durable: Image
  readonly unsynced: ReadonlyArray<Piece>
  readonly faults: ReadonlyArray<{ readonly id: number; readonly fault: DiskFault; readonly struck: number }>
  readonly commitsInFlight: ReadonlyArray<ReadonlyArray<string>>
}

export class SimulatedDisk {
  private readonly state: DiskState

  constructor(options: Options = {}) {
    const { pieceSize = 512, renames = "split", sectors = "free" } = options
    if (!Number.isSafeInteger(pieceSize) || pieceSize < 1) {
      throw new RangeError(`pieces have a size of 1 byte or more, not ${pieceSize}`)
    }
    this.state = new DiskState({ pieceSize, renames, sectors }, options.versions ?? 0, options.observe)
  }

  /** A disk that holds these files, all of them durable. */
  static fromImage(image: Image, options?: Options): SimulatedDisk {
    const disk = new SimulatedDisk(options)
    disk.state.root = treeOf(image, () => disk.state.newId())
    return disk
  }

  /** A disk at the moment of a snapshot, with no process on it and no fault but the damage already done. */
  static fromSnapshot(snapshot: DiskSnapshot, observe?: Observe): SimulatedDisk {
    const disk = new SimulatedDisk({
      ...snapshot.model,
      versions: snapshot.versionsKept,
      ...observe === undefined ? {} : { observe }
    })
    disk.restore(snapshot)
    return disk
  }

  /** The disk as one run of a process sees it; `alive` is asked at every call. */
  operations(alive: () => boolean = () => true, schedule: Schedule = immediately): Operations {
    return processOperations(this.state, alive, schedule)
  }

  /**
   * The process dies: every handle is dead, the page cache stays. Of the commits in flight some end after all, as
   * `choose` says (index 1 of 2); none if absent.
   */
  kill(choose: Choose = inOrder): void {
    const inFlight = [...this.state.inFlight]
    this.state.endIncarnation()
    for (const commit of inFlight) if (choose(2) === 1) commit.complete()
    this.state.inFlight.clear()
    this.state.mark("kill")
  }

  /**
   * The power goes: every handle is dead, the page cache is gone, and of what is not durable the profile decides what
   * survives; a `Subset` if absent, so that a choice of 0 loses a piece. Answers what survived.
   */
  powerLoss(choose: Choose = inOrder, profile: CrashProfile = { _tag: "Subset", fill: "zeros" }): Survival {
    return this.survive(survivalOf(profile, this.unsynced(), choose))
  }

  /** The power goes, and exactly this survives. */
  survive(survival: Survival): Survival {
    this.state.endIncarnation()
    this.state.inFlight.clear()
    this.state.lies = []
    losePower(this.state.root, this.state.model, survival)
    this.state.mark(`power loss ${JSON.stringify(survival)}`)
    return survival
  }

  /** Every independent piece that is not durable, oldest first. */
  unsynced(): ReadonlyArray<Piece> {
    return pieces(this.state.root, this.state.model)
  }

  /** Kills the process right after the nth effect from here on, by a `DiskCrashed` thrown through whatever runs. */
  crashAfter(effects: number): void {
    if (!(effects >= 1)) throw new RangeError(`a crash falls after effect 1 or later, not after ${effects}`)
    this.state.crashAfter = this.state.effects + effects
  }

  /** Effects of processes so far. */
  get effects(): number {
    return this.state.effects
  }

  /** 32 bits over every effect, crash, fault and healing so far. */
  get hash(): number {
    return this.state.hash >>> 0
  }

  inject(fault: DiskFault): Injected {
    return injectFault(this.state, fault)
  }

  /** Takes one fault away, by its id, or all. */
  heal(id?: number): void {
    healFault(this.state, id)
  }

  /** The pristine contents by path: what the page cache has, or what is durable. Damage shows only in `operations`. */
  image(which: "volatile" | "durable" = "volatile"): Image {
    return imageOf(this.state.root, which)
  }

  /** All of it, unsynced pieces and damage too, but no handles, no commits in flight, no faults still to strike. */
  snapshot(): DiskSnapshot {
    const { model, nextId, operation, plan, root, versions, versionsKept } = this.state
    return {
      model,
      versionsKept,
      root: copyTree(root),
      operation,
      nextId,
      nextFault: plan.nextId,
      versions: copyVersions(versions)
    }
  }

  /** Goes back to a snapshot; every handle is dead. */
  restore(snapshot: DiskSnapshot): void {
    this.state.endIncarnation()
    this.state.inFlight.clear()
    this.state.lies = []
    this.state.root = copyTree(snapshot.root)
    this.state.operation = snapshot.operation
    this.state.nextId = snapshot.nextId
    this.state.plan.nextId = Math.max(this.state.plan.nextId, snapshot.nextFault)
    this.state.versions = copyVersions(snapshot.versions)
    this.state.mark("restore")
  }

  /** What it holds, as plain data. */
  describe(): DiskView {
    return {
      volatile: this.image("volatile"),
      durable: this.image("durable"),
      unsynced: this.unsynced(),
      faults: this.state.plan.faults.map(({ fault, id, struck }) => ({ id, fault, struck })),
      commitsInFlight: [...this.state.inFlight].map((commit) => commit.paths)
    }
  }
}
