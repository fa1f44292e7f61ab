/**
 * Commits of a simulated disk: begun with a fixed extent, ended by the world.
 *
 *     begun ──complete──▶ durable | failed              a verdict of the fault plan, taken when it began
 *       │ └──(held)──▶ waits for release ──▶ durable | failed
 *       └──crash──▶ abandoned: whatever completes it later changes nothing and tells nobody
 *
 * The one decision: a commit is not atomic. Until it ends its pieces are unsynced like all others, so a crash during
 * it keeps any subset of them.
 */
import { type Code, DiskError } from "../Disk.ts"
import type { ActiveFault } from "./DiskFaultPlan.ts"
import type { DiskState, OpenFile } from "./DiskState.ts"
import { type DirectoryNode, pathOf } from "./Inode.ts"
import { failWriteBack, makeFileDurable, makeNamesDurable, type Verdict } from "./WriteBack.ts"

export type CommitTarget = OpenFile | DirectoryNode

/** Hears how a commit ended: once, and never when a crash came first. */
type Settled = (failure: DiskError | undefined) => void

/** A commit that has begun. */
export interface Commit {
  readonly paths: ReadonlyArray<string>
  /**
   * Ends it: what it covers is durable, or has failed, when this returns, unless it is held (then once it is
   * released) or a crash came first (then nothing happens). Completing it again does nothing.
   */
  readonly complete: () => void
  /** Calls the listener when it has ended: at once where it has, never where a crash comes first. */
  readonly settled: (listener: Settled) => void
}

/** Begins to make targets durable; the extent is every operation up to now. */
export const beginCommit = (state: DiskState, targets: ReadonlyArray<CommitTarget>): Commit => {
  const extent = state.operation
  const { incarnation } = state
  const parts = [...new Set(targets)].map((target) => {
    const path = pathOf("file" in target ? target.file : target)
    return { target, path, strikes: state.plan.strikes("commit", path) }
  })
  const paths = parts.map((part) => part.path)
  const crashes = (moment: "before" | "after"): boolean =>
    parts.some(({ strikes }) => strikes.some(({ fault }) => fault._tag === "CrashAt" && fault.moment === moment))
  if (crashes("before")) state.crash()
  const holds = new Set(parts.flatMap((part) => part.strikes.filter((entry) => entry.fault._tag === "CommitHeld")))
  const listeners: Array<Settled> = []
  let asked = false
  let outcome: { readonly failure: DiskError | undefined } | undefined

  const finish = (): void => {
    if (!asked || holds.size > 0 || !state.inFlight.delete(commit)) return
    const failures = parts.flatMap(({ path, strikes, target }) => {
      const code = endPart(state, target, extent, verdictOf(strikes))
      return code === undefined ? [] : [new DiskError({ operation: "commit", path, code })]
    })
    state.did({ _tag: failures.length === 0 ? "Commit" : "CommitFailed", paths })
    if (incarnation === state.incarnation && crashes("after")) state.crash()
    outcome = { failure: failures[0] }
    for (const listener of listeners) listener(outcome.failure)
  }
  const commit: Commit = {
    paths,
    complete: () => {
      asked = true
      finish()
    },
    settled: (listener) => {
      if (outcome === undefined) listeners.push(listener)
      else listener(outcome.failure)
    }
  }
  for (const hold of holds) {
    hold.released.push(() => {
      holds.delete(hold)
      finish()
    })
  }
  state.inFlight.add(commit)
  return commit
}

const verdictOf = (strikes: ReadonlyArray<ActiveFault>): Verdict => {
  for (const { fault, id } of strikes) {
    if (fault._tag === "CommitFails") return { _tag: "Fails", pages: fault.pages, code: "EIO" }
    if (fault._tag === "OperationFails") return { _tag: "Fails", pages: "ext4-ordered", code: fault.code }
    if (fault._tag === "CommitLies") return { _tag: "Lies", fault: id }
  }
  return { _tag: "Works" }
}

/** Ends the commit of one target; answers the error that the caller hears, if any. */
const endPart = (state: DiskState, target: CommitTarget, extent: number, verdict: Verdict): Code | undefined => {
  if (!("file" in target)) return endNames(state, target, extent, verdict)
  const { file } = target
  const failedBefore = file.failedUnheard
  file.failedUnheard = false
  switch (verdict._tag) {
    case "Works":
      if (file.pending.length > 0) state.remember(pathOf(file), file.durable)
      makeFileDurable(file, extent)
      break
    case "Lies":
      state.lies = [...state.lies, { fault: verdict.fault, node: file, extent }]
      break
    case "Fails":
      failWriteBack(file, extent, verdict.pages)
  }
  const failed = failedBefore || target.heard < file.failures
  target.heard = file.failures
  return !failed ? undefined : verdict._tag === "Fails" ? verdict.code : "EIO"
}

const endNames = (
  state: DiskState,
  directory: DirectoryNode,
  extent: number,
  verdict: Verdict
): Code | undefined => {
  switch (verdict._tag) {
    case "Works":
      makeNamesDurable(state, directory, extent)
      return undefined
    case "Lies":
      state.lies = [...state.lies, { fault: verdict.fault, node: directory, extent }]
      return undefined
    case "Fails":
      return verdict.code
  }
}
