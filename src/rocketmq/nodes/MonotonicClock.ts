/** The clock of a process that never jumps, for periods; what is written down is read from the one that may. */
import type { Clock } from "effect"

const nanosInMilli = 1e6

/** Milliseconds since some moment before the process began. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / nanosInMilli
