/**
 * The periods of routing in units of 10 s, and what an age in units says of one in seconds.
 *
 * The decision: an age of k units is a time between 10 (k - 1) and 10 (k + 1) seconds, since both of its ends fall
 * somewhere within a unit. So a scan, one a unit, may find an entry of `expiry` units too old, and must find one of
 * `expiry + 1`.
 *
 * Authority: registerNameServerPeriod 30 s, BROKER_CHANNEL_EXPIRED_TIME 120 s, scanNotActiveBroker every 10 s,
 * pollNameServerInterval 30 s of RocketMQ 4.9.7.
 */

/** Periods in units. */
export interface Periods {
  readonly Heartbeat: number
  readonly Expiry: number
  readonly Poll: number
}

/** A unit, milliseconds: the period of the scan. */
export const unitMillis = 10_000

/** The real periods. */
export const periods: Periods = { Heartbeat: 3, Expiry: 12, Poll: 3 }

/** Whether a scan may find an entry of this age too old. */
export const mayBeTooOld = ({ Expiry }: Periods, age: number): boolean => age >= Expiry

/** Whether a scan finds an entry of this age too old before the unit ends. */
export const mustBeTooOld = ({ Expiry }: Periods, age: number): boolean => age > Expiry

/** An age one unit later; beyond the expiry it makes no difference. */
export const older = (of: Periods, age: number): number => mustBeTooOld(of, age) ? age : age + 1

/** Units left until something is due, one unit later. */
export const less = (units: number): number => Math.max(0, units - 1)
