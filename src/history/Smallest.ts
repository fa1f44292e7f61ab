/**
 * The smallest sub-history that still shows one anomaly: delta debugging over whole operations.
 *
 * The one decision: where to begin. The operations that prove an anomaly nearly always show it alone, and a handful of
 * operations is shrunk in microseconds; only where they do not, everything that touches their keys is added, and then the
 * whole history. A step is an operation with its invocation and its completion, so what is left is a history again.
 */
import { shrink } from "../replay/DeltaDebugging.ts"
import type { Finding } from "./Anomaly.ts"
import { type Effort, findNamed } from "./Checks.ts"
import { judged } from "./Judged.ts"
import { isClient, isData, type Key, keyOf, type Operation } from "./Operation.ts"

/** The places of the invocation and the completion of each operation: one entry for both. */
const unitsOf = (operations: ReadonlyArray<Operation>): Int32Array => {
  const partner = Int32Array.from({ length: operations.length }, (_, at) => at)
  const open = new Map<number, number>()
  operations.forEach((operation, at) => {
    if (!isClient(operation)) return
    if (operation.type === "invoke") {
      open.set(operation.process, at)
      return
    }
    const invoked = open.get(operation.process)
    open.delete(operation.process)
    if (invoked === undefined) return
    partner[invoked] = at
    partner[at] = invoked
  })
  return partner
}

const keysOf = (operation: Operation): ReadonlySet<Key> => {
  const keys = new Set<Key>()
  if (!isData(operation)) return keys
  for (const step of operation.value) {
    if (step[0] === "send") keys.add(keyOf(step[1]))
    else if (step.length === 2) { for (const name in step[1]) keys.add(keyOf(name)) }
  }
  return keys
}

/** Runs of the checks on more operations than this, taken together, end a search. */
const maximumWork = 400_000

/** Finds sub-histories of one history; what all searches share is made once. */
export const smallestOf = (operations: ReadonlyArray<Operation>, effort: Effort, asUpstream: boolean) => {
  let partner: Int32Array | undefined
  const partnerOf = (at: number): number => (partner ??= unitsOf(operations))[at]!

  const shows = (places: ReadonlyArray<number>, { identity, name }: Finding): boolean => {
    const part = places.map((at) => operations[at]!)
    return findNamed(judged(part, asUpstream), effort, name).some((found) => found.identity === identity)
  }

  const whole = (places: Iterable<number>): Array<number> => {
    const both = new Set<number>()
    for (const at of places) both.add(at).add(partnerOf(at))
    return [...both].sort((a, b) => a - b)
  }

  const touching = (places: ReadonlyArray<number>): Array<number> => {
    const keys = new Set(places.flatMap((at) => [...keysOf(operations[at]!)]))
    const related = [...operations.keys()].filter((at) => {
      for (const key of keysOf(operations[at]!)) if (keys.has(key)) return true
      return false
    })
    return whole([...places, ...related])
  }

  const reduce = (places: ReadonlyArray<number>, finding: Finding): ReadonlyArray<Operation> => {
    const units = [...new Set(places.map((at) => Math.max(at, partnerOf(at))))].map((at) => whole([at]))
    const flat = (kept: ReadonlyArray<ReadonlyArray<number>>) => kept.flat().sort((a, b) => a - b)
    const runs = Math.max(20, Math.floor(maximumWork / Math.max(1, places.length)))
    const { steps } = shrink(units, (kept) => shows(flat(kept), finding) ? kept : undefined, { maximumRuns: runs })
    return flat(steps).map((at) => operations[at]!)
  }

  /** The smallest sub-history found in which the anomaly is still there. */
  return (finding: Finding): ReadonlyArray<Operation> => {
    const proof = whole(finding.proof)
    if (shows(proof, finding)) return reduce(proof, finding)
    const related = touching(proof)
    if (shows(related, finding)) return reduce(related, finding)
    return reduce([...operations.keys()], finding)
  }
}
