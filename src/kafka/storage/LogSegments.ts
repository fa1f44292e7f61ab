/** The segments of a partition by base offset, and how they are found (LogSegments). */
import type { LogSegment } from "./LogSegment.ts"
import { fail } from "./StorageError.ts"

/** Ascending by base offset. */
export interface LogSegments {
  all: ReadonlyArray<LogSegment>
}

export const empty = (): LogSegments => ({ all: [] })

/** Puts a segment in, in the place of one with the same base. */
export const add = (segments: LogSegments, segment: LogSegment): void => {
  segments.all = [...segments.all.filter(({ baseOffset }) => baseOffset !== segment.baseOffset), segment]
    .sort((one, other) => one.baseOffset - other.baseOffset)
}

export const remove = (segments: LogSegments, baseOffset: number): void => {
  segments.all = segments.all.filter((segment) => segment.baseOffset !== baseOffset)
}

export const get = (segments: LogSegments, baseOffset: number): LogSegment | undefined =>
  segments.all.find((segment) => segment.baseOffset === baseOffset)

export const last = (segments: LogSegments): LogSegment | undefined => segments.all.at(-1)

/** The segment that holds `offset`: the last one that begins at it or below. */
export const floor = (segments: LogSegments, offset: number): LogSegment | undefined =>
  segments.all.findLast(({ baseOffset }) => baseOffset <= offset)

export const higher = (segments: LogSegments, offset: number): LogSegment | undefined =>
  segments.all.find(({ baseOffset }) => baseOffset > offset)

export const lower = (segments: LogSegments, offset: number): LogSegment | undefined =>
  segments.all.findLast(({ baseOffset }) => baseOffset < offset)

/** The segments that hold offsets from `from` to before `to`: from the one that holds `from` on. */
export const between = (segments: LogSegments, from: number, to: number): ReadonlyArray<LogSegment> => {
  if (from === to) return []
  if (to < from) {
    return fail("IllegalArgument", `Invalid log segment range: from offset ${from}, which is greater than ${to}`)
  }
  const first = floor(segments, from)?.baseOffset ?? -Infinity
  return segments.all.filter(({ baseOffset }) => baseOffset >= first && baseOffset < to)
}

/** Bytes of all logs. */
export const sizeInBytes = (segments: LogSegments): number =>
  segments.all.reduce((sum, segment) => sum + segment.log.size, 0)
