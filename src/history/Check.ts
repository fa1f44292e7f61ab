/**
 * The judge: operations in, a report out.
 *
 * The one decision: three verdicts. `invalid` where something that is not allowed was found, `unknown` where nothing was
 * found but a search ended with its budget, `valid` otherwise. A send of unknown outcome never counts as lost, so `invalid`
 * is certain; `valid` says that these clients saw nothing wrong. Authority: jepsen.tests.kafka, checker.
 */
import { allowed, type Expectations, type FieldsOf, type Finding, type Name } from "./Anomaly.ts"
import { type Effort, findAll, names } from "./Checks.ts"
import { fail, info, ok, operationOf } from "./Columns.ts"
import { type ConsumeCounts, consumeCounts } from "./ConsumeCounts.ts"
import { bounds } from "./DataAnomalies.ts"
import { type Judged, judged, keyName } from "./Judged.ts"
import { type Lag, worstLag } from "./Lag.ts"
import type { Key, Operation, Value } from "./Operation.ts"
import { type Recovery, recovery } from "./Recovery.ts"
import { smallestOf } from "./Smallest.ts"

/** How to judge; everything may be left out. */
export interface Options extends Partial<Expectations> {
  /** Give upstream's reading, its weak points included. */
  readonly asUpstream?: boolean
  /** Edges of the graph of dependencies that may be looked at for each class of cycle. */
  readonly budget?: number
  /** For how many anomalies of one name there is a smallest sub-history; for all of them, where it is left out. */
  readonly smallest?: number
}

/** What every anomaly comes with, beside the fields of its name. */
export interface Evidence {
  readonly sentence: string
  /** The operations that prove it, in order. */
  readonly operations: ReadonlyArray<Operation>
  /**
   * The smallest sub-history found that still shows it: no operation can be left out, nor a send, a poll, a record or a key
   * of one, so its operations may hold less than those of the history. It is looked for when it is first read. Left out
   * beyond the first `smallest` of a name.
   */
  readonly smallest?: ReadonlyArray<Operation>
}

export type Verdict = "valid" | "invalid" | "unknown"

/** Where upstream ends with an exception instead of an answer. */
export interface Thrown {
  readonly type: "no-writer-of-value" | "IndexOutOfBoundsException"
  readonly key: Key
  readonly value?: Value
}

export interface Stats {
  /** Entries of the history; those of clients that completed, by outcome; sends and polls that nothing completed. */
  readonly operations: number
  readonly ok: number
  readonly fail: number
  readonly info: number
  readonly keys: number
  readonly values: number
  /** Names that were found, and those of them that are allowed. */
  readonly "error-types": ReadonlyArray<Name>
  readonly allowed: ReadonlyArray<Name>
  readonly "bad-error-types": ReadonlyArray<Name>
  readonly "worst-realtime-lag": Lag | { readonly time: 0; readonly lag: 0 }
  readonly "consume-counts": ConsumeCounts
  readonly recovery: Recovery
  /** Why sends and polls had unknown outcomes. */
  readonly "info-txn-causes": ReadonlyArray<string>
  /** Read as upstream: what it throws. */
  readonly throws?: Thrown
}

export type Anomalies = { readonly [N in Name]?: ReadonlyArray<FieldsOf[N] & Evidence> }

export interface Report {
  readonly verdict: Verdict
  readonly anomalies: Anomalies
  readonly stats: Stats
}

const defaults = { wwDeps: false, subscribe: false, asUpstream: false, budget: 50_000_000, smallest: Infinity }

/** Whether upstream ends with an exception: a polled value that nobody sent, or reads of a key that prove no index. */
const thrown = (history: Judged): Thrown | undefined => {
  const { columns, orders } = history
  const listed = new Uint8Array(columns.keys.length)
  for (let node = 0; node < columns.nodes; node++) {
    for (let i = columns.pollStart[node]!; i < columns.pollStart[node + 1]!; i++) {
      const value = columns.pollValue[i]!
      if (columns.outcome[node] === ok) listed[value < 0 ? ~value : columns.valueKey[value]!] = 1
      if (value < 0 || orders.writer[value]! >= 0) continue
      return { type: "no-writer-of-value", key: keyName(columns, value), value: columns.values[value]! }
    }
  }
  const key = bounds(history).findIndex((bound, at) => bound < 0 && listed[at] === 1)
  return key < 0 ? undefined : { type: "IndexOutOfBoundsException", key: columns.keys[key]! }
}

const count = ({ columns }: Judged, outcome: number): number => {
  let counted = 0
  for (let node = 0; node < columns.nodes; node++) if (columns.outcome[node] === outcome) counted++
  return counted
}

const causes = ({ columns }: Judged): Array<string> => {
  const found = new Set<string>()
  for (let node = 0; node < columns.nodes; node++) {
    const cause = columns.outcome[node] === info ? operationOf(columns, node).error : undefined
    if (cause !== undefined) found.add(cause)
  }
  return [...found].sort()
}

const verdictOf = (bad: ReadonlyArray<Name>, asUpstream: boolean): Verdict => {
  if (bad.length === 0) return "valid"
  return !asUpstream && bad.every((name) => name === "cycle-search-timeout") ? "unknown" : "invalid"
}

/** What a finding says, with its operations; the smallest history when it is asked for. */
const evidenceOf = (
  operations: ReadonlyArray<Operation>,
  { fields, proof, sentence }: Finding,
  smallest: (() => ReadonlyArray<Operation>) | undefined
): FieldsOf[Name] & Evidence => {
  const evidence = { ...fields, sentence, operations: proof.map((at) => operations[at]!) } as FieldsOf[Name] & Evidence
  if (smallest === undefined) return evidence
  let found: ReadonlyArray<Operation> | undefined
  return Object.defineProperty(evidence, "smallest", { enumerable: true, get: () => found ??= smallest() })
}

/** Judges a history as clients saw it. */
export const check = (operations: ReadonlyArray<Operation>, options: Options = {}): Report => {
  const { asUpstream, budget, smallest: limit, subscribe, wwDeps } = { ...defaults, ...options }
  const effort: Effort = { wwDeps, budget }
  const history = judged(operations, asUpstream)
  const throws = asUpstream ? thrown(history) : undefined
  const found = throws === undefined ? findAll(history, effort) : []
  const smallest = smallestOf(operations, effort, asUpstream)
  const anomalies: { [name in Name]?: Array<FieldsOf[Name] & Evidence> } = {}
  for (const finding of found) {
    const same = anomalies[finding.name] ??= []
    same.push(evidenceOf(operations, finding, same.length < limit ? () => smallest(finding) : undefined))
  }
  const types = names.filter((name) => anomalies[name] !== undefined)
  const expected = allowed({ wwDeps, subscribe })
  const bad = types.filter((name) => !expected.has(name))
  return {
    verdict: throws === undefined ? verdictOf(bad, asUpstream) : "unknown",
    anomalies: Object.fromEntries(types.map((name) => [name, anomalies[name]!])) as Anomalies,
    stats: {
      operations: operations.length,
      ok: count(history, ok),
      fail: count(history, fail),
      info: count(history, info),
      keys: history.columns.keys.length,
      values: history.columns.values.length,
      "error-types": types,
      allowed: types.filter((name) => expected.has(name)),
      "bad-error-types": bad,
      "worst-realtime-lag": worstLag(history),
      "consume-counts": consumeCounts(history),
      recovery: recovery(history.columns),
      "info-txn-causes": causes(history),
      ...(throws === undefined ? undefined : { throws })
    }
  }
}
