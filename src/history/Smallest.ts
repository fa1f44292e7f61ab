/**
 * The smallest sub-history that still shows one anomaly: delta debugging, over whole operations first and then over all that
 * they are made of (Parts.ts).
 *
 * The one decision: where to begin. The operations that prove an anomaly nearly always show it alone, and a handful of
 * operations is shrunk in microseconds; only where they do not, everything that touches their keys is added, and then the
 * whole history. What is left must be about the same: a poll without one of its records could seem to have skipped it, so
 * inside operations the anomaly has to stay one of the same operations.
 */
import { shrink } from "../replay/DeltaDebugging.ts"
import type { Finding } from "./Anomaly.ts"
import { type Effort, findNamed } from "./Checks.ts"
import { judged } from "./Judged.ts"
import { isClient, isData, type Key, keyOf, type Operation } from "./Operation.ts"
import { historyOf, type Part, partsOf, rooted, type Unit } from "./Parts.ts"

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

/** The operations that an anomaly is told with, by their indices. */
const about = (fields: object): string =>
  Object.entries(fields).flatMap(([name, field]: [string, unknown]) =>
    (Array.isArray(field) ? field : [field]).flatMap((one: unknown) =>
      typeof one === "object" && one !== null && "index" in one ? [`${name} ${String(one.index)}`] : []
    )
  ).join()

/** Of reports of unseen messages, whether one tells of a message of the other. */
const overlap = (one: Finding, other: Finding): boolean => {
  if (!("messages" in one.fields) || !("messages" in other.fields)) return true
  const { messages } = other.fields
  return Object.entries(one.fields.messages).some(([key, values]) => {
    const known = new Set(messages[key])
    return values.some((value) => known.has(value))
  })
}

/** Runs of the checks on more entries than this, taken together, end a search. */
const maximumWork = 400_000

/** Finds sub-histories of one history; what all searches share is made once. */
export const smallestOf = (operations: ReadonlyArray<Operation>, effort: Effort, asUpstream: boolean) => {
  let partner: Int32Array | undefined
  const partnerOf = (at: number): number => (partner ??= unitsOf(operations))[at]!

  /** The same anomaly in a part of the history, where it shows. */
  const same = (part: ReadonlyArray<Operation>, finding: Finding): Finding | undefined =>
    findNamed(judged(part, asUpstream), effort, finding.name)
      .find((found) => found.identity === finding.identity && overlap(found, finding))

  const at = (places: ReadonlyArray<number>) => places.map((place) => operations[place]!)

  const whole = (places: Iterable<number>): Array<number> => {
    const both = new Set<number>()
    for (const place of places) both.add(place).add(partnerOf(place))
    return [...both].sort((a, b) => a - b)
  }

  const touching = (places: ReadonlyArray<number>): Array<number> => {
    const keys = new Set(places.flatMap((place) => [...keysOf(operations[place]!)]))
    const related = [...operations.keys()].filter((place) => {
      for (const key of keysOf(operations[place]!)) if (keys.has(key)) return true
      return false
    })
    return whole([...places, ...related])
  }

  const runsOn = (entries: number) => ({ maximumRuns: Math.max(20, Math.floor(maximumWork / Math.max(1, entries))) })

  /** Drops whole operations. */
  const fewer = (places: ReadonlyArray<number>, finding: Finding): ReadonlyArray<Unit> => {
    const units = [...new Set(places.map((place) => Math.max(place, partnerOf(place))))]
      .map((place): Unit => ({ places: whole([place]) }))
    const flat = (kept: ReadonlyArray<Unit>) => kept.flatMap((unit) => unit.places).sort((a, b) => a - b)
    const shows = (kept: ReadonlyArray<Unit>) => same(at(flat(kept)), finding) === undefined ? undefined : kept
    return shrink(units, shows, runsOn(places.length)).steps
  }

  /** Drops operations, sends, polls, records and keys. */
  const smaller = (units: ReadonlyArray<Unit>, finding: Finding): ReadonlyArray<Operation> => {
    const parts = units.map((unit) => partsOf(operations, unit))
    const counts = new Map(units.map((unit, place) => [unit, parts[place]!.length]))
    const history = (kept: ReadonlyArray<Part>) => historyOf(operations, kept, (unit) => counts.get(unit)!)
    const all = parts.flat()
    const first = same(history(all), finding)
    if (first === undefined) return history(all)
    const named = about(first.fields)
    const shows = (kept: ReadonlyArray<Part>) => {
      const left = rooted(kept)
      const found = same(history(left), finding)
      return found === undefined || about(found.fields) !== named ? undefined : left
    }
    return history(shrink(all, shows, runsOn(all.length)).steps)
  }

  /** The smallest sub-history found in which the anomaly is still there; none for what no operation proves. */
  return (finding: Finding): ReadonlyArray<Operation> => {
    if (finding.proof.length === 0) return []
    const proof = whole(finding.proof)
    if (same(at(proof), finding) !== undefined) return smaller(fewer(proof, finding), finding)
    const related = touching(proof)
    if (same(at(related), finding) !== undefined) return smaller(fewer(related, finding), finding)
    return smaller(fewer([...operations.keys()], finding), finding)
  }
}
