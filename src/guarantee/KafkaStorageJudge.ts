/**
 * Holds what a reader finds in a Kafka log to the reference model.
 *
 * The one decision: after a stop the log may say what is left, and is held to what it promised; while it runs there is
 * nothing to excuse, so the log is the model: every record to the byte, committed data, epochs and times.
 */
import * as LeaderEpochs from "../kafka/storage/LeaderEpochCheckpoint.ts"
import * as LogRead from "../kafka/storage/LogRead.ts"
import type { PartitionLog } from "../kafka/storage/PartitionLog.ts"
import * as Reference from "../kafka/storage/ReferenceLog.ts"
import { type readAll, readCommitted } from "./KafkaLogUnderTest.ts"
import type { Finding } from "./KafkaStorageCommand.ts"

type View = ReturnType<typeof readAll>

interface Promised {
  /** What stopped the log, in words. */
  readonly what: string
  readonly model: Reference.ReferenceLog
  /** Offsets below were acknowledged as flushed. */
  readonly flushed: number
  /** Whether this value was ever appended, or tried to be, at this offset. */
  readonly isKnown: (offset: number, value: string) => boolean
  /** Whether an append of this offset was acknowledged. */
  readonly isOwed: (offset: number) => boolean
}

/** What a stop broke. */
export const afterStop = (log: PartitionLog, view: View, promised: Promised): ReadonlyArray<Finding> => {
  const { flushed, isKnown, isOwed, model, what } = promised
  const found: Array<Finding> = []
  for (const [offset, value] of view.records) {
    if (isKnown(offset, value)) continue
    found.push({ kind: "bytes", sentence: `after ${what} offset ${offset} holds what nobody appended` })
  }
  const values = new Map(view.records)
  const missing = Reference.records(model)
    .flatMap(([offset, value]) => isOwed(offset) && values.get(offset) !== value ? [offset] : [])
  if (missing.length > 0) {
    const sentence = `after ${what} offset ${missing[0]} is gone, which was acknowledged`
    found.push({ kind: "acknowledged", sentence })
    if (missing[0]! < flushed) found.push({ kind: "flushed", sentence: `${sentence} as flushed` })
  }
  const { batches } = view
  const behind = view.records.find(([offset]) => missing.length > 0 && offset > missing[0]!)
  if (behind !== undefined) {
    found.push({ kind: "hole", sentence: `after ${what} offset ${missing[0]} is gone, and ${behind[0]} is there` })
  }
  const gap = batches.findIndex((batch, index) =>
    index > 0 && batch.firstOffset !== Reference.lastOffset(batches[index - 1]!) + 1
  )
  if (gap > 0) {
    const [before, behind] = [Reference.lastOffset(batches[gap - 1]!), batches[gap]!.firstOffset]
    // A deletion that is half durable leaves a hole as well, but in what was to go; and it stays there.
    const isExcused = behind <= model.logStartOffset ||
      model.batches.some((batch, index) =>
        batch.firstOffset === behind && index > 0 && Reference.lastOffset(model.batches[index - 1]!) === before
      )
    if (!isExcused) found.push({ kind: "hole", sentence: `after ${what} offset ${behind} follows ${before}` })
  }
  const end = batches.length === 0 ? log.logStartOffset : Reference.lastOffset(batches.at(-1)!) + 1
  if (log.logEndOffset !== end && log.logEndOffset > model.logStartOffset) {
    found.push({ kind: "hole", sentence: `after ${what} the log ends at ${log.logEndOffset}, its records at ${end}` })
  }
  return found
}

const recordsDiffer = (
  read: View["records"],
  expected: View["records"]
): Finding | undefined => {
  const at = expected.findIndex(([offset, value], index) => read[index]?.[0] !== offset || read[index][1] !== value)
  if (at >= 0) {
    const [offset] = expected[at]!
    if (at >= read.length) return { kind: "stuck", sentence: `a reader finds the end of the log at ${offset}` }
    return read[at]![0] === offset
      ? { kind: "bytes", sentence: `offset ${offset} is not read as it was appended` }
      : { kind: "hole", sentence: `a reader is shown ${read[at]![0]} where ${offset} is next` }
  }
  if (read.length <= expected.length) return undefined
  return { kind: "answer", sentence: `offset ${read[expected.length]![0]} is read, which is not there` }
}

const epochDiffers = (log: PartitionLog, model: Reference.ReferenceLog, leaderEpoch: number): Finding | undefined => {
  const { endOffset } = LeaderEpochs.endOffsetFor(log.epochs, leaderEpoch, log.logEndOffset)
  const own = Reference.endOfEpoch(model, leaderEpoch)
  if (endOffset === own) return undefined
  return { kind: "answer", sentence: `leader epoch ${leaderEpoch} ends at ${endOffset}, where ${own} is right` }
}

const timeDiffers = (log: PartitionLog, model: Reference.ReferenceLog, timestamp: number): Finding | undefined => {
  const offset = LogRead.findByTimestamp(log, timestamp)?.offset
  const own = Reference.findByTimestamp(model, timestamp)
  if (offset === own) return undefined
  return { kind: "answer", sentence: `time ${timestamp} is found at ${offset}, where ${own} is right` }
}

const committedDiffers = (log: PartitionLog, model: Reference.ReferenceLog): Finding | undefined => {
  // What an open transaction wrote below the log start is forgotten by whoever reads the log anew, so its beginning is not known.
  if (Reference.undecided(model).some(({ firstOffset }) => firstOffset < model.logStartOffset)) return undefined
  const [read, expected] = [readCommitted(log), Reference.committed(model)]
  const at = Array.from({ length: Math.max(read.length, expected.length) }, (_, index) => index)
    .find((index) => read[index]?.[0] !== expected[index]?.[0])
  if (at === undefined) return undefined
  const sentence = `a reader of committed data is shown ${read[at]?.[0] ?? "no more"} where ` +
    `${expected[at]?.[0] ?? "no more"} is next`
  return { kind: "isolation", sentence }
}

/** What is known for sure of a log that runs. */
interface Sure {
  readonly epochs: boolean
  readonly transactions: boolean
  readonly times: (batch: Reference.ReferenceBatch) => boolean
}

/** Where a log that runs is not the model, and what was looked at. */
export const whileRunning = (
  log: PartitionLog,
  view: View,
  model: Reference.ReferenceLog,
  sure: Sure
): { readonly finding: Finding | undefined; readonly looked: ReadonlyArray<string> } => {
  const looked: Array<string> = []
  const kept = model.batches.filter((batch) => Reference.lastOffset(batch) >= model.logStartOffset).slice(-2)
  let finding = recordsDiffer(view.records, Reference.records(model))
  if (sure.transactions && model.batches.some(({ transaction }) => transaction !== "none")) {
    looked.push("committed data read")
    finding ??= committedDiffers(log, model)
  }
  for (const batch of kept) {
    if (sure.epochs) finding ??= epochDiffers(log, model, batch.leaderEpoch)
    if (!sure.times(batch)) continue
    looked.push("a time looked up")
    finding ??= timeDiffers(log, model, batch.timestamp)
  }
  return { finding, looked }
}
