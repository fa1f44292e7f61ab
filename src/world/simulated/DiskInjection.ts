/**
 * Injects and heals the faults of a disk.
 *
 * The one decision: pristine memory stays as it is. Damage is a patch over it; a file rolled back or cut at rest is
 * exchanged for other contents and keeps the pristine ones beside it until the next change makes the damage history.
 * Healing takes the patch away, puts the contents back, commits what a lying commit held, and lets go of what is held.
 */
import { type ActiveFault, release, strike } from "./DiskFaultPlan.ts"
import type { DiskFault } from "./DiskFaults.ts"
import { byteAt, matches } from "./DiskFaults.ts"
import type { DiskState } from "./DiskState.ts"
import { type FileNode, pathOf, reachable } from "./Inode.ts"
import type { Damage } from "./Medium.ts"
import type { PagedBytes } from "./PagedBytes.ts"
import { junk } from "./Pieces.ts"
import { makeFileDurable, makeNamesDurable } from "./WriteBack.ts"

/** A fault on a disk. */
export interface Injected {
  readonly id: number
  readonly fault: DiskFault
  /** Why it does nothing, where no file has what it damages; it is then not carried any further. */
  readonly refused: string | undefined
  /** How often it struck so far: operations met, or 1 for damage at rest. */
  readonly observed: () => number
  /** Calls the listener at each strike from here on. */
  readonly onStrike: (listener: () => void) => void
  /** Lets go of the commits it holds; later ones are held again while it has strikes left. */
  readonly release: () => void
  readonly heal: () => void
}

/** Adds a fault to a disk. */
export const injectFault = (state: DiskState, fault: DiskFault): Injected => {
  const entry = state.plan.add(fault)
  const refused = applyAtRest(state, entry)
  if (refused !== undefined) state.plan.remove(entry.id)
  state.mark(`inject ${JSON.stringify(fault)}`, entry.id)
  return {
    id: entry.id,
    fault,
    refused,
    observed: () => entry.struck,
    onStrike: (listener) => void entry.listeners.push(listener),
    release: () => release(entry),
    heal: () => healFault(state, entry.id)
  }
}

/** Takes one fault away, or all. */
export const healFault = (state: DiskState, id: number | undefined): void => {
  const healed = (fault: number): boolean => id === undefined || fault === id
  state.mark("heal", id ?? 0)
  for (const lie of state.lies) {
    if (!healed(lie.fault)) continue
    if (lie.node._tag === "File") makeFileDurable(lie.node, lie.extent)
    else makeNamesDurable(state, lie.node, lie.extent)
  }
  state.lies = state.lies.filter((lie) => !healed(lie.fault))
  for (const node of reachable(state.root)) {
    if (node._tag === "Directory") continue
    node.patches = node.patches.filter((patch) => !healed(patch.fault))
    node.pending = node.pending.map((change) => {
      return change.astray !== undefined && healed(change.astray.fault) ? { ...change, astray: undefined } : change
    })
    if (node.exchanged === undefined || !healed(node.exchanged.fault)) continue
    node.durable = node.exchanged.pristine
    node.volatile = node.durable.clone()
    node.exchanged = undefined
  }
  for (const entry of state.plan.faults.filter((active) => healed(active.id))) {
    state.plan.remove(entry.id)
    release(entry)
  }
}

/** Damages what is durable; answers why it cannot. Faults that meet operations wait for them. */
const applyAtRest = (state: DiskState, entry: ActiveFault): string | undefined => {
  const { fault } = entry
  switch (fault._tag) {
    case "CommitFails":
    case "CommitLies":
    case "CommitHeld":
    case "OperationFails":
    case "NoSpace":
    case "MisdirectedWrite":
    case "LostWrite":
    case "CrashAt":
      return undefined
    case "ReadFails": {
      const start = fault.block * fault.size
      return damage(state, entry, (file) => block(file, start, fault.size), () => ({ _tag: "Unreadable" }))
    }
    case "BitRot":
      return damage(
        state,
        entry,
        (file) => {
          const start = byteAt(fault.position, file.durable.size)
          return start === undefined ? undefined : { start, end: start + 1 }
        },
        () => ({ _tag: "Flipped", mask: 1 << fault.bit })
      )
    case "BlockLost":
      return damage(
        state,
        entry,
        (file) => {
          const at = byteAt(fault.position, file.durable.size)
          return at === undefined || fault.size === 0 ? undefined : block(file, at - at % fault.size, fault.size)
        },
        (start, end) => ({
          _tag: "Shows",
          bytes: fault.content === "zeros" ? new Uint8Array(end - start) : junk(fault.content.junk, start, end - start),
          at: start
        })
      )
    case "RolledBack":
      return exchange(state, entry, (file) => {
        const kept = state.versions.get(pathOf(file)) ?? []
        return fault.versions === 0 ? undefined : kept.at(-fault.versions)?.clone()
      })
    case "CutAtRest":
      return exchange(state, entry, (file) => {
        if (fault.bytes === 0 || fault.bytes > file.durable.size) return undefined
        const shorter = file.durable.clone()
        shorter.cut(shorter.size - fault.bytes)
        return shorter
      })
  }
}

const block = (file: FileNode, start: number, size: number): Range | undefined => {
  const end = Math.min(start + size, file.durable.size)
  return end > start ? { start, end } : undefined
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Lays damage over the first file that matches and has the place. */
const damage = (
  state: DiskState,
  entry: ActiveFault,
  range: (file: FileNode) => Range | undefined,
  of: (start: number, end: number) => Damage
): string | undefined => {
  for (const file of filesMatching(state, entry.fault.path)) {
    const place = range(file)
    if (place === undefined) continue
    file.patches = [...file.patches, { fault: entry.id, ...place, damage: of(place.start, place.end) }]
    strike(entry)
    return undefined
  }
  return `no file matches ${entry.fault.path} and has durable bytes at that place`
}

/** Shows other contents in the first file that matches, has nothing unsynced, and for which there are such contents. */
const exchange = (
  state: DiskState,
  entry: ActiveFault,
  contents: (file: FileNode) => PagedBytes | undefined
): string | undefined => {
  for (const file of filesMatching(state, entry.fault.path)) {
    if (file.pending.length > 0) continue
    const other = contents(file)
    if (other === undefined) continue
    file.exchanged = { fault: entry.id, pristine: file.exchanged?.pristine ?? file.durable }
    file.durable = other
    file.volatile = other.clone()
    strike(entry)
    return undefined
  }
  return `no file matches ${entry.fault.path}, is wholly durable and can be replaced in this way`
}

const filesMatching = (state: DiskState, pattern: string): ReadonlyArray<FileNode> =>
  reachable(state.root)
    .flatMap((node) => node._tag === "File" && matches(pattern, pathOf(node)) ? [node] : [])
    .sort((a, b) => pathOf(a) < pathOf(b) ? -1 : 1)
