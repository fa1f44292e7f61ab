/**
 * When a session expires, and how its client keeps it alive.
 *
 *     tick        |-----------|-----------|-----------|
 *     heard of         x
 *     + timeout                         x
 *     expires                                         |      the first tick boundary after it
 *
 * The decision: sessions expire in buckets, so a session lives at least its timeout after it was last heard of and less
 * than one tick longer; only the server says so. A client that hears nothing leaves its connection after two thirds of
 * the timeout, which leaves it a third for another one.
 *
 * Authority: ExpiryQueue.roundToNextInterval, SessionTrackerImpl, ZooKeeperServer.getMinSessionTimeout and -Max-;
 * ClientCnxn.onConnected (readTimeout), SendThread.run (pings) of ZooKeeper 3.8; zookeeper.session.timeout.ms of
 * Kafka 3.9.
 */

/** What a server is configured with, milliseconds. */
export interface SessionTimes {
  readonly tickMillis: number
  /** What clients ask for; the server gives between 2 and 20 ticks. */
  readonly timeoutMillis: number
}

/** tickTime of the sample configuration, zookeeper.session.timeout.ms since 2.5 (KIP-537). */
export const sessionTimes: SessionTimes = { tickMillis: 2_000, timeoutMillis: 18_000 }

/** What the server gives. */
export const grantedMillis = ({ tickMillis, timeoutMillis }: SessionTimes): number =>
  Math.min(Math.max(timeoutMillis, 2 * tickMillis), 20 * tickMillis)

export interface BucketGuards {
  /** A bucket is the tick boundary after the timeout, not the one before. */
  readonly RoundsUp: boolean
}

/** The bucket in which a session expires that was heard of at a moment. */
export const bucketOf = (
  times: SessionTimes,
  heardMillis: number,
  guards: BucketGuards = { RoundsUp: true }
): number => {
  const boundary = Math.floor((heardMillis + grantedMillis(times)) / times.tickMillis)
  return (guards.RoundsUp ? boundary + 1 : boundary) * times.tickMillis
}

/** How long a client waits for any message before it leaves its connection. */
export const readTimeoutMillis = (times: SessionTimes): number => Math.floor(grantedMillis(times) * 2 / 3)

/** How often a client that has nothing to ask says that it is there. */
export const pingMillis = (times: SessionTimes): number => Math.floor(readTimeoutMillis(times) / 2)
