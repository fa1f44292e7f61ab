/**
 * K14 to K18 and K20 to K22 on nodes: which schedule, which property of the model is seen to fall, and what clients see
 * (scenarios.md).
 *
 * The decision: metadata is judged on the nodes' state, by the model's properties; what clients see is judged by `history`
 * alone, from what they were told.
 */
import { check } from "../../history/Check.ts"
import type { ElectionGuards } from "../../kafka/nodes/BrokerMemory.ts"
import { type Choose, seeded } from "../../replay/Choose.ts"
import type { ScenarioSearch } from "../Search.ts"
import { drive, type Driven, guarded } from "./ElectionCluster.ts"
import { all as schedules, readAll } from "./ElectionSchedules.ts"

type Guard = {
  readonly [Name in keyof ElectionGuards]: ElectionGuards[Name] extends boolean ? Name : never
}[keyof ElectionGuards]

/** Plays a schedule; seen is that a property falls. */
const byProperty = (
  guard: Guard,
  property: string,
  schedule: (run: Driven, choose: Choose) => void
): ScenarioSearch => ({
  onNodes: property,
  play: (seed, isGuarded) => {
    let nodes = false
    drive({ ...guarded, [guard]: isGuarded }, seed, (run) => {
      schedule(run, seeded(seed))
      nodes = run.broken(property)
    })
    return { nodes, clients: false }
  }
})

/** Plays a schedule that clients can see something of, and lets them read everything in the end. */
const lostWrite = (
  guard: Guard,
  onNodes: string,
  schedule: (run: Driven, choose: Choose) => boolean
): ScenarioSearch => ({
  onNodes,
  anomaly: { name: "lost-write", guardEndsIt: true },
  play: (seed, isGuarded) => {
    let nodes = false
    const { operations } = drive({ ...guarded, [guard]: isGuarded }, seed, (run) => {
      nodes = schedule(run, seeded(seed))
      readAll(run)
    })
    return { nodes, clients: "lost-write" in check(operations, { smallest: 0 }).anomalies }
  }
})

/** How each scenario is looked for on nodes. */
export const electionSearches: Readonly<Record<string, ScenarioSearch>> = {
  K14: lostWrite(
    "CompareBrokerEpoch",
    "a replica that is in sync lacks what was acknowledged",
    schedules.bounced
  ),
  K15: lostWrite("RequestCarriesBrokerEpoch", "LeaderHoldsAcked", (run, choose) => {
    schedules.orderedAgain(run, choose)
    return run.broken("LeaderHoldsAcked")
  }),
  K16: byProperty("AtomicRegister", "ZombieNeverOutranks", schedules.stalledClaim),
  K17: byProperty("FenceControllerWrites", "NoZombieWrite", schedules.zombieWrites),
  K18: byProperty("BrokerChecksControllerEpoch", "MetadataNeverGoesBack", schedules.lateOrder),
  K20: byProperty("ZombieAlterCheck", "RefusedOnlyWhenBehind", schedules.staleVerdict),
  K21: byProperty("RegisterRetries", "GaveUpOnlyWhileRegistered", schedules.killed),
  K22: byProperty("AtomicBecomeFollower", "RoleFollowsEpoch", schedules.takenHalf)
}
