/**
 * Is a partition's log what a log has to be: offsets that rise without a hole, leader epochs that rise?
 *
 * A hole is right where compaction took records away, so the reason counts: a log is taken for compacted where a batch
 * spans more offsets than it has records, or an empty batch or segment keeps a place. A control batch uses up an offset
 * too, so it is counted among the records here.
 */
import type { BatchDescription, SegmentDescription } from "./Describe.ts"

/** Two neighbouring batches that do not follow each other: the last offset of the one, the first of the next. */
interface Step {
  readonly after: number
  readonly next: number
}

export interface Judgement {
  readonly segments: number
  readonly batches: number
  readonly records: number
  /** First and last offset that the batches cover. */
  readonly offsets?: readonly [number, number]
  /** Each leader epoch and the first offset of it. */
  readonly leaderEpochs: ReadonlyArray<readonly [number, number]>
  /** The first hole between two batches. */
  readonly gap?: Step
  /** The first place where offsets go back. */
  readonly disorder?: Step
  /** The first place where the leader epoch goes back: after which offset, from which epoch to which. */
  readonly epochDisorder?: { readonly at: number; readonly from: number; readonly to: number }
  readonly compacted: boolean
}

const spansMore = (batch: BatchDescription): boolean => batch.lastOffset - batch.baseOffset + 1 !== batch.count

/** Follows the batches of a log from its first segment to its last. */
export const judge = (segments: ReadonlyArray<SegmentDescription>): Judgement => {
  const batches = segments.flatMap((segment) => segment.batches)
  const leaderEpochs: Array<readonly [number, number]> = []
  let gap: Step | undefined
  let disorder: Step | undefined
  let epochDisorder: Judgement["epochDisorder"]
  let previous: BatchDescription | undefined
  for (const batch of batches) {
    const epoch = batch.leaderEpoch
    if (previous === undefined || epoch > previous.leaderEpoch) leaderEpochs.push([epoch, batch.baseOffset])
    else if (epoch < previous.leaderEpoch) {
      epochDisorder ??= { at: batch.baseOffset, from: previous.leaderEpoch, to: epoch }
    }
    if (previous !== undefined) {
      const step = { after: previous.lastOffset, next: batch.baseOffset }
      if (step.next <= step.after) disorder ??= step
      else if (step.next > step.after + 1) gap ??= step
    }
    previous = batch
  }
  const isEmptyAndClosed = (segment: SegmentDescription, index: number) =>
    segment.batches.length === 0 && index < segments.length - 1
  return {
    segments: segments.length,
    batches: batches.length,
    records: batches.reduce((sum, batch) => sum + batch.count, 0),
    ...(previous === undefined ? {} : { offsets: [batches[0]!.baseOffset, previous.lastOffset] as const }),
    leaderEpochs,
    ...(gap === undefined ? {} : { gap }),
    ...(disorder === undefined ? {} : { disorder }),
    ...(epochDisorder === undefined ? {} : { epochDisorder }),
    compacted: batches.some(spansMore) || segments.some(isEmptyAndClosed)
  }
}

/** Is every offset accounted for, and does every epoch stay or rise? */
export const isSound = (judgement: Judgement): boolean =>
  judgement.disorder === undefined && judgement.epochDisorder === undefined &&
  (judgement.gap === undefined || judgement.compacted)
