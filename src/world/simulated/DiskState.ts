/**
 * The mutable heart of one simulated disk, shared by the modules that serve a process, end commits, crash and inject.
 *
 * The one decision: whatever happens to the disk passes through `did` or `mark`, so the running hash covers all of it
 * and a crash planned after the nth effect falls right behind that effect, with every handle already dead.
 */
import { type DiskEffect, mixBytes, mixEffect, mixNumber, mixText } from "./DiskEffect.ts"
import { DiskFaultPlan } from "./DiskFaultPlan.ts"
import type { Versions } from "./DiskImages.ts"
import { type DirectoryNode, directoryNode, type FileNode, type Node, pathOf } from "./Inode.ts"
import type { PagedBytes } from "./PagedBytes.ts"
import type { CrashModel } from "./Pieces.ts"
import type { Commit } from "./SimulatedCommit.ts"

/** Unwinds the process that crashed inside an operation; a defect, never an error of the disk. */
export class DiskCrashed extends Error {
  override readonly name = "DiskCrashed"
  constructor(effects: number) {
    super(`the process crashed after effect ${effects} of its disk`)
  }
}

/** Hears the running hash and the effect, right after each effect. */
export type Observe = (hash: number, effect: DiskEffect) => void

export class DiskState {
  root: DirectoryNode = directoryNode(0, undefined)
  readonly model: CrashModel
  readonly versionsKept: number
  readonly plan = new DiskFaultPlan()
  /** Durable contents that were replaced, oldest first, by path. */
  versions: Versions = new Map()
  /** What lying commits covered and nobody made durable since. */
  lies: ReadonlyArray<{ readonly fault: number; readonly node: Node; readonly extent: number }> = []
  readonly inFlight = new Set<Commit>()
  /** Incarnations so far; handles of an earlier one are dead. */
  incarnation = 0
  operation = 0
  effects = 0
  crashAfter = Infinity
  hash = 0x811c9dc5
  nextId = 1
  private readonly observe: Observe | undefined

  constructor(model: CrashModel, versionsKept: number, observe: Observe | undefined) {
    this.model = model
    this.versionsKept = versionsKept
    this.observe = observe
  }

  newId(): number {
    return this.nextId++
  }

  /** An effect happened: hash it, tell it, and crash behind it where that was asked for. */
  did(effect: DiskEffect): void {
    this.hash = mixEffect(this.hash, effect)
    this.effects++
    this.observe?.(this.hash >>> 0, effect)
    if (this.effects >= this.crashAfter) this.crash()
  }

  /** As `did`, for the effect there is most of: its path is put together only for somebody who listens. */
  didWrite(file: FileNode, position: number, bytes: Uint8Array): void {
    this.hash = mixBytes(mixNumber(mixNumber(this.hash, file.id), position), bytes)
    this.effects++
    this.observe?.(this.hash >>> 0, { _tag: "Write", path: pathOf(file), position, bytes })
    if (this.effects >= this.crashAfter) this.crash()
  }

  /** Something happened to the disk that no process did: a crash and what it kept, a fault and its healing. */
  mark(what: string, ...values: ReadonlyArray<number>): void {
    this.hash = values.reduce(mixNumber, mixText(this.hash, what))
  }

  /** Kills the incarnation and unwinds whatever runs. */
  crash(): never {
    this.endIncarnation()
    throw new DiskCrashed(this.effects)
  }

  endIncarnation(): void {
    this.incarnation++
    this.crashAfter = Infinity
  }

  /** Remembers what was durable at a path before it is replaced. */
  remember(path: string, content: PagedBytes): void {
    if (this.versionsKept === 0) return
    const kept = [...this.versions.get(path) ?? [], content.clone()].slice(-this.versionsKept)
    this.versions = new Map([...this.versions, [path, kept]])
  }

  /** What the page cache has at a path, and the errors of the way there. */
  find(segments: ReadonlyArray<string>): Node | "ENOENT" | "ENOTDIR" {
    let node: Node = this.root
    for (const name of segments) {
      if (node._tag === "File") return "ENOTDIR"
      const child = node.volatile.get(name)
      if (child === undefined) return "ENOENT"
      node = child
    }
    return node
  }
}

/** An open handle's view of its file: which failed write-backs it has heard of. */
export interface OpenFile {
  readonly file: FileNode
  readonly path: string
  closed: boolean
  heard: number
}
