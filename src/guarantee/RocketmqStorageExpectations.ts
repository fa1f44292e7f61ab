/**
 * What is expected of one RocketMQ store under each version, flush policy and class of faults, written from sources before
 * any run. Nothing here is computed: a cell that differs from its line fails the run.
 *
 * A promise that no source speaks of for a class of faults is not checked there, and shown as such.
 */
import type { Expectation } from "./Cell.ts"
import type { Kind, Settings } from "./RocketmqStorageCommand.ts"
import { type FaultClass, faultClasses } from "./RocketmqStorageHistories.ts"
import * as Source from "./RocketmqStorageSources.ts"

export interface StorageExpectation extends Expectation {
  readonly kind: Kind
  readonly settings: Settings
  readonly faults: FaultClass
}

/** The rows. */
const guarantees: { readonly [K in Kind]: { readonly guarantee: string; readonly promise: string } } = {
  acknowledged: {
    guarantee: "RocketMQ store: no acknowledged message is lost in silence",
    promise: "a message that was answered with PUT_OK is in the log after every start"
  },
  flushed: {
    guarantee: "RocketMQ store: no flushed message is lost in silence",
    promise: "a message below the position that the store counts as flushed is in the log after every start"
  },
  hole: {
    guarantee: "RocketMQ store: what is lost is a suffix",
    promise: "the messages that are left in the log are the first ones, and the log ends behind the last of them"
  },
  bytes: {
    guarantee: "RocketMQ store: what is read is what was put",
    promise: "every message of the log has the topic, queue, number, body and key that it was put with"
  },
  delivered: {
    guarantee: "RocketMQ store: every message of the log is delivered",
    promise: "a consumer that asks a queue number by number is given every message of it that the log has"
  },
  answer: {
    guarantee: "RocketMQ store: a number is one message",
    promise: "a queue gives under a number the message that has it, and the next one gets the next number"
  },
  keys: {
    guarantee: "RocketMQ store: a key finds its message",
    promise: "a query by each of its keys finds every message that is in the log and dispatched"
  },
  query: {
    guarantee: "RocketMQ store: a query by key gives what was put with it",
    promise: "a query by a topic and a key gives messages that were put with both, each once"
  },
  starts: {
    guarantee: "RocketMQ store: it starts again",
    promise: "a store whose process or power went loads and starts again"
  }
}

const faultNames: { readonly [F in FaultClass]: string } = {
  F1: "process kill, inside a step too (F1)",
  F2: "power cut, all unsynced data lost (F2)",
  F3: "power cut, any subset of unsynced pieces kept (F3)",
  F4: "power cut, torn append (F4)",
  F5: "power cut, torn append, new files full of zeros or garbage (F5)",
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
  "F15 body": "one bit flipped in a body (F15)",
  "F15 head": "one bit flipped in the head of a message (F15)",
  F16: "zeroed or junk block in the log (F16)",
  F17: "one bit flipped in a queue (F17)",
  "F17 index": "one bit flipped in the index (F17)",
  "F17 checkpoint": "one bit flipped in the checkpoint (F17)",
  F18: "misdirected write (F18)",
  F19: "lost write, then power cut (F19)",
  F20: "the checkpoint rolled back (F20)",
  F21: "a log file cut at rest (F21)",
  F22: "power cut inside recovery, up to three times (F22)"
}

type Verdict = readonly [expected: "kept" | "broken", source: string]
type Verdicts = { readonly [K in Kind]?: Verdict }
type Deployed = { readonly [F in FaultClass]?: Verdicts }

const kept = (source: string): Verdict => ["kept", source]
const broken = (source: string): Verdict => ["broken", source]
const both = (verdict: Verdict): Verdicts => ({ acknowledged: verdict, flushed: verdict })

/** Nothing is left where no name is durable: what is lost is all of it, and an empty store starts. */
const nothingLeft: Verdicts = {
  ...both(broken(Source.names)),
  hole: kept(Source.names),
  bytes: kept(Source.names),
  keys: kept(Source.names),
  query: broken(Source.indexedTwice),
  starts: kept(Source.names)
}
/**
 * What a start does to the index. After a crash what is not known to be durable goes, and not all of it comes back; what is
 * dispatched again, after a clean stop too, may be indexed once more.
 */
const unsafe: Verdicts = { keys: broken(Source.unsafeIndex), query: broken(Source.indexedTwice) }
/** The log itself, where nothing touched it. */
const untouched = (source: string): Verdicts => ({ ...both(kept(source)), hole: kept(source), bytes: kept(source) })

/** What 4.9.7 and 5.5.0 have in common with SYNC_FLUSH: acknowledged is flushed. */
const synchronous: Deployed = {
  F1: {
    ...untouched(Source.pageCache),
    delivered: kept(Source.pageCache),
    answer: kept(Source.pageCache),
    ...unsafe
  },
  F2: nothingLeft,
  F3: {
    ...both(broken(Source.names)),
    hole: broken(Source.firstFileGone),
    bytes: broken(Source.bodyChecksum),
    ...unsafe,
    starts: broken(Source.wholeFiles)
  },
  F4: {
    ...both(kept(Source.groupCommit)),
    hole: kept(Source.tornTail),
    bytes: broken(Source.bodyChecksum),
    ...unsafe,
    starts: kept(Source.tornTail)
  },
  F5: {
    ...both(kept(Source.groupCommit)),
    hole: kept(Source.tornTail),
    bytes: broken(Source.bodyChecksum),
    ...unsafe,
    starts: kept(Source.tornTail)
  },
  F6: { acknowledged: kept(Source.groupCommit), ...unsafe, starts: broken(Source.wholeFiles) },
  F7: nothingLeft,
  F8: { acknowledged: kept(Source.groupCommit), ...unsafe, starts: broken(Source.wholeFiles) },
  F9: nothingLeft,
  F10: both(broken(Source.retriedForce)),
  "F10 late": both(broken(Source.lateReport)),
  F11: both(broken(Source.lies)),
  F12: both(kept(Source.mapping)),
  F13: { ...both(kept(Source.mapping)), ...unsafe },
  F14: {
    ...both(kept(Source.mapping)),
    hole: kept(Source.noNextFile),
    bytes: kept(Source.noNextFile),
    ...unsafe,
    delivered: kept(Source.queueNotWritten)
  },
  "F15 body": { ...both(broken(Source.firstBad)), bytes: broken(Source.newestFiles) },
  "F15 head": { ...both(broken(Source.firstBad)), bytes: broken(Source.bodyChecksum) },
  F16: both(broken(Source.zeroedFile)),
  F17: {
    ...untouched(Source.derived),
    ...unsafe,
    delivered: broken(Source.noQueueChecksum),
    answer: broken(Source.noQueueChecksum)
  },
  "F17 index": { ...untouched(Source.derived), keys: broken(Source.noIndexChecksum) },
  "F17 checkpoint": { ...untouched(Source.checkpointIsAHint), ...unsafe, starts: kept(Source.checkpointIsAHint) },
  F18: both(broken(Source.inPlace)),
  F19: both(broken(Source.zerosEnd)),
  F20: { ...untouched(Source.checkpointIsAHint), ...unsafe, starts: kept(Source.checkpointIsAHint) },
  F21: { ...both(kept(Source.wholeFiles)), starts: broken(Source.wholeFiles) },
  F22: { ...both(broken(Source.names)), ...unsafe, starts: broken(Source.wholeFiles) }
}

/** The same where a put is answered from the page cache: a power cut takes what was acknowledged. */
const asynchronous: Deployed = {
  ...synchronous,
  F4: { ...synchronous.F4, acknowledged: broken(Source.asyncFlush) },
  F5: { ...synchronous.F5, acknowledged: broken(Source.asyncFlush) },
  F6: { ...synchronous.F6, acknowledged: broken(Source.asyncFlush) },
  F8: { ...synchronous.F8, acknowledged: broken(Source.asyncFlush) },
  F10: { ...synchronous.F10, acknowledged: broken(Source.asyncFlush) }
}

const of497 = (deployed: Deployed): Deployed => ({
  ...deployed,
  F1: { ...deployed.F1, starts: broken(Source.queueFiles) },
  F10: { ...deployed.F10, flushed: broken(Source.failedForce) }
})
const of550 = (deployed: Deployed): Deployed => ({
  ...deployed,
  F1: { ...deployed.F1, starts: kept(Source.emptyQueueFile) }
})

/** Only what the pool changes. */
const pooled: Deployed = {
  F1: { acknowledged: broken(Source.pool), flushed: kept(Source.pageCache), bytes: kept(Source.pageCache) },
  F2: both(broken(Source.names)),
  F4: { acknowledged: broken(Source.pool) }
}

const everything: Verdicts = {
  ...untouched(Source.hardenedStore),
  delivered: kept(Source.hardenedStore),
  answer: kept(Source.hardenedStore),
  keys: kept(Source.hardenedStore),
  query: kept(Source.hardenedStore),
  starts: kept(Source.hardenedStore)
}

/** 5.5.0 with SYNC_FLUSH and every hardened habit: it meets each power cut, and no fault of the medium. */
const hardened: Deployed = {
  F1: everything,
  F2: everything,
  F3: everything,
  F4: everything,
  F5: everything,
  F6: everything,
  F7: everything,
  F8: everything,
  F9: everything,
  F10: both(broken(Source.retriedForce)),
  F11: both(broken(Source.lies)),
  F13: both(kept(Source.mapping)),
  F14: both(kept(Source.mapping)),
  "F15 body": both(broken(Source.firstBad)),
  "F15 head": both(broken(Source.firstBad)),
  "F17 checkpoint": everything,
  F22: everything
}

interface Deployment {
  readonly name: string
  readonly settings: Settings
  readonly verdicts: Deployed
}

const settings = (version: Settings["version"], flush: Settings["flush"], pool = false): Settings => ({
  version,
  flush,
  pool,
  off: []
})

const deployments: ReadonlyArray<Deployment> = [
  { name: "4.9.7, SYNC_FLUSH", settings: settings("4.9.7", "SYNC_FLUSH"), verdicts: of497(synchronous) },
  {
    name: "4.9.7, ASYNC_FLUSH (the default)",
    settings: settings("4.9.7", "ASYNC_FLUSH"),
    verdicts: of497(asynchronous)
  },
  {
    name: "4.9.7, ASYNC_FLUSH, transientStorePoolEnable=true",
    settings: settings("4.9.7", "ASYNC_FLUSH", true),
    verdicts: pooled
  },
  { name: "5.5.0, SYNC_FLUSH", settings: settings("5.5.0", "SYNC_FLUSH"), verdicts: of550(synchronous) },
  {
    name: "5.5.0, ASYNC_FLUSH (the default)",
    settings: settings("5.5.0", "ASYNC_FLUSH"),
    verdicts: of550(asynchronous)
  },
  { name: "hardened, SYNC_FLUSH", settings: settings("hardened", "SYNC_FLUSH"), verdicts: hardened }
]

const kinds = Object.keys(guarantees) as ReadonlyArray<Kind>
const noSource = "no source says"

/** Every cell; one without a source is not checked. */
export const expectations: ReadonlyArray<StorageExpectation> = deployments.flatMap(({ name, settings, verdicts }) =>
  faultClasses.flatMap((faults) => {
    const stated = verdicts[faults]
    if (stated === undefined) return []
    return kinds.map((kind) => {
      const [expected, source] = stated[kind] ?? kept(noSource)
      const deployment = `${name}; ${faultNames[faults]}`
      return { ...guarantees[kind], kind, settings, faults, deployment, expected, source }
    })
  })
)

/** Whether a source says what to expect. */
export const isSourced = ({ source }: Expectation): boolean => source !== noSource
