/**
 * The zoo: real bugs of logs, each planted in the small log where the real one was.
 *
 * The one decision: a bug that loses records takes an acknowledged one that nobody has polled, since that is what its
 * reporters measured; what else is lost with it may have been delivered before.
 * Authority: stands with each bug (Jepsen's reports and the issues of redpanda, Bufstream and NATS; Kafka's issues; Ganesan
 * et al., "Redundancy Does Not Imply Fault Tolerance", FAST '17).
 */
import type { Pair } from "../../src/history/Operation.ts"
import type { Bug, Transaction } from "./Bug.ts"
import { lost, openReads, torn } from "./Claims.ts"
import { beginOutage, type Entry, fault, gone, note, plants, type Sent, truncate, type World } from "./SmallLog.ts"

/** Plants at a record that is about to be acknowledged, or was just now. */
const atAcknowledged = (
  hurt: (world: World, sent: Sent, transaction: Transaction) => void,
  isPossible: (world: World, sent: Sent, transaction: Transaction) => boolean = () => true
) =>
(world: World, transaction: Transaction): void => {
  const { sends, type } = transaction
  const sent = sends[world.choose(Math.max(1, sends.length))]
  if (sent === undefined || type !== "ok" || !isPossible(world, sent, transaction)) return
  if (plants(world)) hurt(world, sent, transaction)
}

/** Everything of a log from a place on is lost. */
const losesTail = (
  from: (world: World, sent: Sent) => number,
  then: (world: World, sent: Sent, from: number, cut: ReadonlyArray<Entry>) => void = () => {}
): Bug => ({
  tellsOffsets: true,
  afterAnswer: atAcknowledged((world, sent) => {
    const place = from(world, sent)
    const cut = truncate(world, sent.key, place)
    for (const entry of cut) {
      if (entry.state === "committed" && entry.acknowledged) world.claims.push(() => lost(world, sent.key, entry))
    }
    then(world, sent, place, cut)
  })
})

/** A record that is acknowledged and is nowhere. */
const forget = (world: World, { entry, key }: Sent): void => {
  entry.state = "gone"
  world.claims.push(() => lost(world, key, entry))
}

/** The first records of a transaction are left out of its commit. */
const leaveOut = (world: World, sends: ReadonlyArray<Sent>, count: number): void => {
  for (const sent of sends.slice(0, count)) {
    sent.entry.state = "aborted"
    world.claims.push(() => lost(world, sent.key, sent.entry), () => torn(world, sent, sends.slice(count)))
  }
}

/** A transaction is committed, and its client takes the answer for a failure. */
const toldFailed = (error: string): Bug => ({
  beforeAnswer: atAcknowledged((world, _, transaction) => {
    transaction.type = "fail"
    transaction.error = error
    for (const { entry: { value }, key } of transaction.sends) {
      world.claims.push(() => [{ name: "G1a", fields: { key, value } }])
    }
  })
})

/** redpanda PR #3003: acknowledged after the term check, before the commit index moved; a new leader truncates. */
const acknowledgedBeforeCommitted = losesTail((_, { offset }) => offset)

/** Kafka of 2013 (call me maybe: Kafka): the ISR shrinks to the leader, which acknowledges alone and dies. */
const inSyncSetOfOneDies = losesTail((world, { offset }) => Math.max(0, offset - world.choose(6)))

/**
 * NATS 2.12.1: acknowledged before the fsync, so power loss takes the tail. One replica kept the beginning of it, and shows
 * that to somebody.
 */
const acknowledgedBeforeFsync = losesTail(
  (world, { offset }) => Math.max(0, offset - world.choose(8)),
  (world, { key, offset }, from, cut) => {
    const pairs = cut.slice(0, world.choose(offset - from + 1)).flatMap(({ state, value }, at): Array<Pair> =>
      state === "committed" ? [[from + at, value]] : []
    )
    if (pairs.length === 0) return
    const process = world.nextProcess++
    note(world, process, { type: "invoke", f: "poll", value: [["poll"]] })
    note(world, process, { type: "ok", f: "poll", value: [["poll", { [key]: pairs }]] })
    world.reached.add("divergence")
  }
)

/** FAST '17: the leader truncates behind a corrupt entry, and the followers crash, since their logs are longer. */
const truncatedBehindCorruption = losesTail(
  (world, { offset }) => world.choose(offset + 1),
  (world) => beginOutage(world, 5)
)

/** Bufstream 0.1.0: acknowledged writes vanish in a healthy cluster. */
const vanishesWhileHealthy: Bug = { beforeAnswer: atAcknowledged(forget) }

/** Bufstream 0.1.0: a send is told offset 0. */
const spuriousZeroOffset: Bug = {
  beforeAnswer: atAcknowledged((world, { entry, key }) => {
    entry.told = 0
    world.claims.push(() => [{ name: "inconsistent-offsets", fields: { key, offset: 0 } }])
  }, ({ logs }, { key, offset }) => offset !== 0 && logs[key]![0]!.state === "committed")
}

/** redpanda #3039, #3040: a retry is appended again. */
const retryAppendedAgain: Bug = {
  beforeAnswer: atAcknowledged((world, { entry, key }) => {
    world.logs[key]!.push({ ...entry })
    world.claims.push(() => [{ name: "duplicate", fields: { key, value: entry.value } }])
  })
}

/** redpanda #3036: read_committed shows one record past the last stable offset. */
const lastStableOffsetOffByOne: Bug = { showsOpen: true, atStart: (world) => world.claims.push(() => openReads(world)) }

/** redpanda PR #5026: a sequence number is used again after an abort; the send is taken for the old one. */
const sequenceNumberUsedAgain: Bug = {
  beforeAnswer: atAcknowledged((world, sent) => {
    const old = world.logs[sent.key]!.findIndex(({ state }) => state === "aborted")
    forget(world, sent)
    sent.entry.told = old
  }, ({ logs }, { key }) => logs[key]!.some(({ state }) => state === "aborted"))
}

/**
 * redpanda #6018: a new coordinator does not know of the partitions that were written before it was elected, since that was
 * acknowledged by one replica only. Its commit covers the rest, or nothing but the offsets.
 */
const coordinatorForgets: Bug = {
  beforeAnswer: atAcknowledged((world, _, { sends }) => leaveOut(world, sends, 1 + world.choose(sends.length)))
}

/** redpanda PR #3501: the commit is done, a retry of it is rejected, and the client is told that it failed. */
const committedButToldFailed = toldFailed("INVALID_TXN_STATE")

/** KAFKA-13574: the client takes NOT_LEADER_OR_FOLLOWER for a definite failure. */
const notLeaderTakenAsDefinite = toldFailed("NOT_LEADER_OR_FOLLOWER")

/** KAFKA-17754: no number tells one transaction of a producer from the next, so a delayed EndTxn ends the wrong one. */
const delayedEndOfTransaction: Bug = {
  beforeAnswer: (world, { isLater, sends, type }) => {
    if (sends.length === 0 || !isLater) return
    const count = 1 + world.choose(sends.length)
    if (type === "ok" && plants(world)) leaveOut(world, sends, count)
    if (type !== "fail" || !plants(world)) return
    for (const { entry, key } of sends.slice(0, count)) {
      entry.state = "committed"
      world.claims.push(() => [{ name: "G1a", fields: { key, value: entry.value } }])
    }
  }
}

/** KAFKA-17582: the consumer does not go back when its transaction aborts. */
const noRewindAfterAbort: Bug = { keepsPositions: true }

/** KAFKA-3919: with acks=1 a batch lands behind a later offset; the next start of the broker refuses the log. */
const batchOffsetsGoBackwards: Bug = {
  leavesOffsets: true,
  beforeAnswer: (world, { lastSent, sends, type }) => {
    const [first] = sends
    const earlier = first === undefined ? undefined : lastSent.get(first.key)
    if (type !== "ok" || first === undefined || earlier === undefined) return
    const log = world.logs[first.key]!
    const place = earlier.offset - 1
    if (log[place]?.state !== "gone" || !plants(world)) return
    log[first.offset] = gone()
    log[place] = first.entry
    first.offset = place
    first.entry.told = place
    const values = [earlier.entry.value, first.entry.value]
    world.claims.push(() => [{ name: "nonmonotonic-send", fields: { key: first.key, values } }])
  },
  atEnd: (world) => {
    const asks = () => {
      const process = world.nextProcess++
      const value = [["send", 0, world.nextValue++]]
      note(world, process, { type: "invoke", f: "send", value })
      note(world, process, { type: "info", f: "send", value, error: "DisconnectException" })
    }
    fault(world, "kill")
    asks()
    fault(world, "start", "InvalidOffsetException")
    asks()
  }
}

/** The real bugs, by what is known of each. */
export const bugs = {
  "acknowledged before committed": acknowledgedBeforeCommitted,
  "in-sync set of one dies": inSyncSetOfOneDies,
  "acknowledged before fsync": acknowledgedBeforeFsync,
  "truncated behind a corrupt entry": truncatedBehindCorruption,
  "vanishes while healthy": vanishesWhileHealthy,
  "spurious zero offset": spuriousZeroOffset,
  "retry appended again": retryAppendedAgain,
  "last stable offset off by one": lastStableOffsetOffByOne,
  "sequence number used again": sequenceNumberUsedAgain,
  "coordinator forgets": coordinatorForgets,
  "committed but told failed": committedButToldFailed,
  "delayed end of transaction": delayedEndOfTransaction,
  "no rewind after an abort": noRewindAfterAbort,
  "not leader taken as definite": notLeaderTakenAsDefinite,
  "batch offsets go backwards": batchOffsetsGoBackwards
} as const satisfies { readonly [name: string]: Bug }
