/**
 * A leader changes the in-sync replicas of its partition through the controller: what it asks for, what the controller
 * makes of that, what the leader makes of the answer.
 *
 *     leader: propose ──Alter──▶ controller: judge ──▶ refused, or "Same", or a conditional write ──▶ leader: settle
 *
 * The decision: a leader that knows a later leader epoch or znode version than the controller speaks to a controller that
 * was deposed, so it is told NotController, which makes it look for the controller again. Any other refusal would be the last word to
 * it, and it would wait for an order that nobody sends (K20).
 *
 * Authority: Partition.maybeExpandIsr, maybeShrinkIsr, handleAlterPartitionUpdate; KafkaController.processAlterPartition,
 * tryProcessAlterPartition (3.9); KIP-497, KAFKA-14154.
 */
import { at, type Cluster, put } from "./Cluster.ts"
import type { AlterPartition, RefusalCode, Verdict } from "./CoordinationMessages.ts"
import { type Knowledge, liveBrokers, type Proposal } from "./Knowledge.ts"

/** Guards of a proposal. */
export interface AlterGuards {
  /** K20: a leader that is ahead of the controller is told so. */
  readonly ZombieAlterCheck: boolean
}

/** What a leader asks for when it wants replica `r` out, or in where it is out; nothing where it may not. */
export const propose = (
  { assignment }: Cluster,
  own: Knowledge,
  broker: number,
  partition: number,
  replica: number
): { readonly proposal: Proposal; readonly request: AlterPartition } | undefined => {
  const [part] = at(own.parts, partition)
  if (part === undefined || part.leader[0] !== broker || own.proposed.length > 0) return undefined
  if (replica === broker || !at(assignment, partition).includes(replica)) return undefined
  const isMember = part.isr.includes(replica)
  if (!isMember && !(part.synced.includes(replica) && own.alive.includes(replica))) return undefined
  const isr = isMember ? part.isr.filter((member) => member !== replica) : [...part.isr, replica]
  const { epoch, version } = part
  return {
    proposal: { partition, isr, final: false },
    request: { partition, epoch, version, isr, brokerEpoch: own.registered[0]! }
  }
}

const sameBrokers = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((broker, i) => broker === b[i])

/** A code to refuse with, `Same` where it stands so already, or `Write`. */
export const judge = (
  guards: AlterGuards,
  own: Knowledge,
  leader: number,
  request: AlterPartition
): RefusalCode | "Same" | "Write" => {
  if (!own.active) return "NotController"
  if (at(own.live, leader)[0] !== request.brokerEpoch) return "StaleBrokerEpoch"
  const [state] = at(own.states, request.partition)
  if (state === undefined) return "Unknown"
  if (guards.ZombieAlterCheck && (request.epoch > state.epoch || request.version > state.version)) {
    return "NotController"
  }
  if (request.epoch !== state.epoch) return "FencedLeaderEpoch"
  if (state.leader[0] === leader && sameBrokers(state.isr, request.isr)) return "Same"
  if (request.version !== state.version) return "InvalidUpdateVersion"
  const live = liveBrokers(own)
  return request.isr.every((replica) => live.includes(replica)) ? "Write" : "IneligibleReplica"
}

/** Refusals that a leader takes for the last word: it waits for a later order then. */
const finalCodes: ReadonlyArray<RefusalCode> = ["FencedLeaderEpoch", "InvalidUpdateVersion", "Unknown"]

/** What a leader makes of the answer; to a proposal that a later order overtook, nothing. */
export const settle = (own: Knowledge, verdict: Verdict): Knowledge => {
  const [proposal] = own.proposed
  if (proposal === undefined) return own
  const settled: Knowledge = { ...own, proposed: [] }
  if (verdict._tag === "Refused") {
    return finalCodes.includes(verdict.code) ? { ...own, proposed: [{ ...proposal, final: true }] } : settled
  }
  const [part] = at(own.parts, proposal.partition)
  const { epoch, isr, version } = verdict.state
  if (part === undefined || epoch !== part.epoch || version < part.version) return settled
  return { ...settled, parts: put(own.parts, proposal.partition, [{ ...part, isr, version }]) }
}
