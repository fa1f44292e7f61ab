/**
 * What is expected of one Kafka broker's log under each flush policy and class of faults, written from sources before
 * any run. Nothing here is computed: a cell that differs from its line fails the run.
 *
 * A promise that no source speaks of for a class of faults is not checked there, and shown as such.
 */
import type { Expectation } from "./Cell.ts"
import type { Kind } from "./KafkaStorageCommand.ts"
import { type FaultClass, faultClasses } from "./KafkaStorageHistories.ts"
import * as Source from "./KafkaStorageSources.ts"

export interface StorageExpectation extends Expectation {
  readonly kind: Kind
  readonly isFlushed: boolean
  readonly hardened: boolean
  readonly faults: FaultClass
}

/** The rows. */
const guarantees: { readonly [K in Kind]: { readonly guarantee: string; readonly promise: string } } = {
  acknowledged: {
    guarantee: "Kafka log: no acknowledged record is lost in silence",
    promise: "a record that was acknowledged is read after every restart, or the log says that it cannot serve"
  },
  flushed: {
    guarantee: "Kafka log: no flushed record is lost in silence",
    promise:
      "a record below a flush that was answered is read after every restart, or the log says that it cannot serve"
  },
  hole: {
    guarantee: "Kafka log: what is lost is a suffix",
    promise:
      "offsets stay dense: the records that are left after a crash are the first ones, and the next one follows them"
  },
  bytes: {
    guarantee: "Kafka log: what is read is what was appended",
    promise: "every record that is read carries the bytes that were appended at its offset"
  },
  isolation: {
    guarantee: "Kafka log: committed data is what a reader of it sees",
    promise: "a reader of committed data sees every record of committed transactions, and none of aborted or open ones"
  },
  stuck: {
    guarantee: "Kafka log: no reader is stuck",
    promise: "a reader gets on to the end of the log, or hears why not"
  },
  answer: {
    guarantee: "Kafka log: what it says of its records is right",
    promise: "where a leader epoch ends, which sequence comes next, at which offset a time is: as the records have it"
  }
}

const faultNames: { readonly [F in FaultClass]: string } = {
  F1: "process kill (F1)",
  F2: "power cut, all unsynced data lost (F2)",
  F3: "power cut, any subset of unsynced pieces kept (F3)",
  "F3 header": "power cut, any subset of unsynced pieces kept, a batch's header in two of them (F3)",
  "F3 marker": "power cut soon after a clean stop, any subset of unsynced pieces kept (F3)",
  F4: "power cut, torn append (F4)",
  F5: "power cut, torn append with zeros or garbage behind it (F5)",
  F6: "power cut, torn group of writes (F6)",
  F7: "power cut, names not durable (F7)",
  F8: "power cut, renames not durable (F8)",
  F9: "power cut, removals and cuts before writes (F9)",
  F10: "fsync fails and says so, then power cut (F10)",
  "F10 late": "fsync fails and says so only the next time, then power cut (F10)",
  F11: "fsync lies, then power cut (F11)",
  F12: "EIO on read (F12)",
  F13: "EIO on write (F13)",
  F14: "disk full (F14)",
  F15: "one bit flipped in a log at rest (F15)",
  "F15 mid": "one bit flipped in a record that has others behind it (F15)",
  F16: "zeroed or junk block in a log (F16)",
  F17: "one bit flipped in an index, snapshot or checkpoint (F17)",
  F18: "misdirected write (F18)",
  F19: "lost write, then power cut (F19)",
  F20: "a checkpoint rolled back (F20)",
  F21: "a log cut at rest (F21)",
  F22: "power cut inside recovery, up to three times (F22)"
}

type Verdict = readonly [expected: "kept" | "broken", source: string]
type Verdicts = { readonly [K in Kind]?: Verdict | undefined }

const kept = (source: string): Verdict => ["kept", source]
const broken = (source: string): Verdict => ["broken", source]

/** Nothing breaks: records for this reason, the rest because it is built from them. */
const all = (source: string): Verdicts => ({
  acknowledged: kept(source),
  flushed: kept(source),
  hole: kept(source),
  bytes: kept(source),
  isolation: kept(Source.isolation),
  stuck: kept(Source.allConsumed),
  answer: kept(Source.answers)
})
/** As above, but for what was acknowledged from the page cache. */
const unflushed = (hole: Verdict = kept(Source.recover)): Verdicts => ({
  ...all(Source.recover),
  acknowledged: broken(Source.pageCache),
  hole
})
const lost = (source: string): Verdicts => ({ acknowledged: broken(source), flushed: broken(source) })
const gap = broken(Source.emptySegment)

/** Of the records alone: nobody says what several power cuts in a row make of the rest, where any piece may survive. */
const records = ({ acknowledged, bytes, flushed, hole }: Verdicts): Verdicts => ({ acknowledged, bytes, flushed, hole })

/** What a marker that came back breaks. */
const comeBack: Verdicts = { isolation: broken(Source.marker), answer: broken(Source.marker) }

/** `flush.messages=1`: acknowledged is flushed. */
const flushedLog: { readonly [F in FaultClass]: Verdicts } = {
  F1: all(Source.pageCache),
  F2: all(Source.pageCache),
  F3: records(all(Source.pageCache)),
  "F3 header": { ...lost(Source.header), stuck: broken(Source.header) },
  "F3 marker": { bytes: kept(Source.recover), ...comeBack },
  F4: all(Source.recover),
  F5: all(Source.recover),
  F6: all(Source.pageCache),
  F7: all(Source.names),
  F8: all(Source.pageCache),
  F9: all(Source.pageCache),
  F10: { ...lost(Source.cleanPages), bytes: kept(Source.recover) },
  "F10 late": { ...lost(Source.lateReport), bytes: kept(Source.recover) },
  F11: { ...lost(Source.lies), hole: broken(Source.lies), bytes: kept(Source.recover) },
  F12: all(Source.offline),
  F13: all(Source.offline),
  F14: all(Source.offline),
  F15: { ...lost(Source.cords), bytes: broken(Source.outsideChecksum) },
  "F15 mid": { ...lost(Source.cords), bytes: kept(Source.recover), hole: kept(Source.cords) },
  F16: lost(Source.cords),
  F17: { bytes: kept(Source.recover), answer: broken(Source.noChecksum) },
  F18: { ...lost(Source.cords), bytes: kept(Source.recover), stuck: broken(Source.endOfSlice) },
  F19: { ...lost(Source.cords), bytes: kept(Source.recover) },
  F20: { ...all(Source.rolledBack), answer: broken(Source.rolledBack) },
  F21: { ...lost(Source.recover), bytes: kept(Source.recover), hole: gap },
  F22: all(Source.recover)
}

/** The default: records are flushed when the operating system likes. */
const unflushedLog: { readonly [F in FaultClass]: Verdicts } = {
  F1: all(Source.pageCache),
  F2: { ...unflushed(gap), flushed: broken(Source.namesForgotten) },
  F3: { ...records(unflushed(gap)), flushed: undefined },
  "F3 header": { acknowledged: broken(Source.pageCache), stuck: broken(Source.header) },
  "F3 marker": { acknowledged: broken(Source.pageCache), bytes: kept(Source.recover), ...comeBack },
  F4: unflushed(),
  F5: unflushed(),
  F6: { ...unflushed(gap), stuck: broken(Source.rebuiltTooSoon) },
  F7: { ...unflushed(), flushed: broken(Source.namesForgotten) },
  F8: { acknowledged: broken(Source.pageCache), hole: gap, bytes: kept(Source.recover) },
  F9: { ...unflushed(gap) },
  F10: { acknowledged: broken(Source.pageCache), hole: gap, bytes: kept(Source.recover) },
  "F10 late": { ...lost(Source.lateReport), hole: gap, bytes: kept(Source.recover) },
  F11: { ...lost(Source.lies), hole: broken(Source.lies), bytes: kept(Source.recover) },
  F12: all(Source.offline),
  F13: all(Source.offline),
  F14: all(Source.offline),
  F15: { ...lost(Source.cords), bytes: broken(Source.outsideChecksum) },
  "F15 mid": { ...lost(Source.cords), bytes: kept(Source.recover), hole: kept(Source.cords) },
  F16: lost(Source.cords),
  F17: { bytes: kept(Source.recover), answer: broken(Source.noChecksum) },
  F18: { ...lost(Source.cords), bytes: kept(Source.recover) },
  F19: { acknowledged: broken(Source.pageCache), hole: gap, bytes: kept(Source.recover) },
  F20: all(Source.rolledBack),
  F21: { ...lost(Source.recover), hole: gap, bytes: kept(Source.recover) },
  F22: { acknowledged: broken(Source.pageCache), hole: gap, bytes: kept(Source.recover) }
}

/** `flush.messages=1` and a recovery that tells damage from a torn tail where it can. */
const hardenedLog: { readonly [F in FaultClass]?: Verdicts } = {
  F1: all(Source.pageCache),
  F2: all(Source.pageCache),
  F3: records(all(Source.pageCache)),
  F5: all(Source.recover),
  "F15 mid": all(Source.ctrl),
  F15: lost(Source.ctrlTail),
  F16: lost(Source.ctrlTail),
  F21: lost(Source.ctrlTail)
}

interface Deployment {
  readonly name: string
  readonly isFlushed: boolean
  readonly hardened: boolean
  readonly verdicts: { readonly [F in FaultClass]?: Verdicts }
}

const deployments: ReadonlyArray<Deployment> = [
  { name: "flush.messages=1", isFlushed: true, hardened: false, verdicts: flushedLog },
  { name: "no flush of its own (the default)", isFlushed: false, hardened: false, verdicts: unflushedLog },
  { name: "flush.messages=1, hardened recovery", isFlushed: true, hardened: true, verdicts: hardenedLog }
]

const kinds = Object.keys(guarantees) as ReadonlyArray<Kind>
const noSource = "no source says"

/** Every cell; one without a source is not checked. */
export const expectations: ReadonlyArray<StorageExpectation> = deployments.flatMap((deployment) =>
  faultClasses.flatMap((faults) => {
    const verdicts = deployment.verdicts[faults]
    if (verdicts === undefined) return []
    return kinds.map((kind) => {
      const [expected, source] = verdicts[kind] ?? kept(noSource)
      const { hardened, isFlushed, name } = deployment
      return {
        ...guarantees[kind],
        kind,
        isFlushed,
        hardened,
        faults,
        deployment: `${name}; ${faultNames[faults]}`,
        expected,
        source
      }
    })
  })
)

/** Whether a source says what to expect. */
export const isSourced = ({ source }: Expectation): boolean => source !== noSource
