/**
 * What is expected of one Kafka broker's log under each flush policy and class of faults, written from sources before
 * any run. Nothing here is computed: a cell that differs from its line fails the run.
 */
import type { Expectation } from "./Cell.ts"
import type { FaultClass } from "./KafkaStorageHistories.ts"
import type { Kind } from "./KafkaStorageRun.ts"

export interface StorageExpectation extends Expectation {
  readonly kind: Exclude<Kind, "answer">
  readonly isFlushed: boolean
  readonly hardened: boolean
  readonly faults: FaultClass
}

type Row = Exclude<Kind, "answer">

/** The rows. */
const guarantees: { readonly [K in Row]: { readonly guarantee: string; readonly promise: string } } = {
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
  }
}

const faultNames: { readonly [F in FaultClass]?: string } = {
  F1: "process kill (F1)",
  F2: "power cut, all unsynced data lost (F2)",
  F3: "power cut, any subset of unsynced pieces kept (F3)",
  F4: "power cut, torn append (F4)",
  F5: "power cut, torn append with zeros or garbage behind it (F5)",
  F7: "power cut, names not durable (F7)",
  F10: "fsync fails and says so, then power cut (F10)",
  "F10 late": "fsync fails and says so only the next time, then power cut (F10)",
  F11: "fsync lies, then power cut (F11)",
  F13: "write fails with EIO (F13)",
  F14: "disk full (F14)",
  F15: "one bit flipped in a log at rest (F15)",
  "F15 mid": "one bit flipped in a record that has others behind it (F15)",
  F22: "power cut inside recovery, any subset of unsynced pieces kept (F22)"
}

const kip166 = "Kafka documentation, 4.3 Design, Replication and 6.4 Application vs. OS Flush Management: " +
  "acknowledged records are in the page cache, durability comes from replicas or log.flush.interval.messages"
const recover =
  "LogSegment.recover, LogLoader.recoverLog of 3.9: the first batch that is partial or fails its checksum is cut"
const offline =
  "KIP-112, LogDirFailureChannel: an I/O error takes the log directory offline, nothing is acknowledged after it"
const gap =
  "real/ images, \"an empty segment after a gap\": an empty segment's base is the log end (LogSegment.readNextOffset)"
const cords =
  "CORDS (FAST'17) p. 155: Kafka drops the damaged entry and all entries after it; LogSegment.recover of 3.9"
const fsyncgate =
  "Rebello et al., ATC'20, section 3: with data=journal ext4 reports a failed write-back at the next fsync"
const alice = "Pillai et al., OSDI'14, section 4.7: nothing is durable on a disk whose flush lies"
const crcCover =
  "DefaultRecordBatch of 3.9: the checksum covers from the attributes on, base offset and epoch are outside it"

type Verdicts = { readonly [K in Row]?: readonly [expected: "kept" | "broken", source: string] }
interface Column {
  readonly faults: FaultClass
  readonly isFlushed: boolean
  readonly hardened?: boolean
  readonly verdicts: Verdicts
}

const all = (source: string): Verdicts => ({
  acknowledged: ["kept", source],
  flushed: ["kept", source],
  hole: ["kept", source],
  bytes: ["kept", source]
})
const unflushedLost: Verdicts = { ...all(recover), acknowledged: ["broken", kip166] }

const ctrl =
  "Alagappan et al., FAST'18: a valid entry behind a damaged one tells corruption from a torn tail; our own switch"

const columns: ReadonlyArray<Column> = [
  { faults: "F1", isFlushed: true, verdicts: all(kip166) },
  { faults: "F2", isFlushed: true, verdicts: all(kip166) },
  { faults: "F3", isFlushed: true, verdicts: all(kip166) },
  { faults: "F4", isFlushed: true, verdicts: all(recover) },
  { faults: "F5", isFlushed: true, verdicts: all(recover) },
  {
    faults: "F7",
    isFlushed: true,
    verdicts: all(
      "LogSegments, UnifiedLog.flush of 3.9: the directory is synced when a segment may have been made since; KAFKA-13070"
    )
  },
  {
    faults: "F22",
    isFlushed: true,
    verdicts: { acknowledged: ["kept", recover], flushed: ["kept", recover], bytes: ["kept", recover] }
  },
  { faults: "F10", isFlushed: true, verdicts: all(offline) },
  {
    faults: "F10 late",
    isFlushed: true,
    verdicts: { acknowledged: ["broken", fsyncgate], flushed: ["broken", fsyncgate] }
  },
  { faults: "F11", isFlushed: true, verdicts: { acknowledged: ["broken", alice], flushed: ["broken", alice] } },
  { faults: "F13", isFlushed: true, verdicts: all(offline) },
  { faults: "F14", isFlushed: true, verdicts: all(offline) },
  {
    faults: "F15",
    isFlushed: true,
    verdicts: { acknowledged: ["broken", cords], flushed: ["broken", cords], bytes: ["broken", crcCover] }
  },
  {
    faults: "F15 mid",
    isFlushed: true,
    verdicts: { acknowledged: ["broken", cords], flushed: ["broken", cords], bytes: ["kept", recover] }
  },
  {
    faults: "F15 mid",
    isFlushed: true,
    hardened: true,
    verdicts: { acknowledged: ["kept", ctrl], flushed: ["kept", ctrl], hole: ["kept", ctrl], bytes: ["kept", ctrl] }
  },
  { faults: "F1", isFlushed: false, verdicts: all(kip166) },
  { faults: "F2", isFlushed: false, verdicts: { ...unflushedLost, hole: ["broken", gap] } },
  {
    faults: "F3",
    isFlushed: false,
    verdicts: { acknowledged: ["broken", kip166], hole: ["broken", gap], flushed: ["kept", recover] }
  },
  { faults: "F4", isFlushed: false, verdicts: unflushedLost },
  { faults: "F5", isFlushed: false, verdicts: unflushedLost },
  { faults: "F7", isFlushed: false, verdicts: unflushedLost },
  { faults: "F13", isFlushed: false, verdicts: all(offline) },
  { faults: "F14", isFlushed: false, verdicts: all(offline) }
]

const kinds = Object.keys(guarantees) as ReadonlyArray<Row>
const noSource = "no source says"

/** Every cell; one without a source is not checked. */
export const expectations: ReadonlyArray<StorageExpectation> = columns.flatMap((column) =>
  kinds.map((kind) => {
    const [expected, source] = column.verdicts[kind] ?? ["kept", noSource] as const
    const policy = column.isFlushed ? "flush.messages=1" : "no flush of its own (the default)"
    return {
      ...guarantees[kind],
      kind,
      isFlushed: column.isFlushed,
      hardened: column.hardened ?? false,
      faults: column.faults,
      deployment: `${policy}${column.hardened === true ? ", hardened recovery" : ""}; ${faultNames[column.faults]}`,
      expected,
      source
    }
  })
)

/** Whether a source says what to expect. */
export const isSourced = ({ source }: Expectation): boolean => source !== noSource
