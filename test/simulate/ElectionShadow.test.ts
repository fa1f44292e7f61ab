/**
 * The schedules that find K14 to K18 and K20 to K22 on nodes are paths of the model: with the guard off in both, the model
 * is in the nodes' state after every event, and the property of the row falls on the path. A model whose guard is on does
 * not go that way.
 */
import { expect, it } from "vitest"
import { Divergence } from "../../src/conform/Shadow.ts"
import type { State } from "../../src/kafka/models/ControllerElectionState.ts"
import type { ElectionGuards } from "../../src/kafka/nodes/BrokerMemory.ts"
import { type Label, type Machine, step } from "../../src/machine/Machine.ts"
import { type Choose, seeded } from "../../src/replay/Choose.ts"
import { cluster, drive, type Driven, followedBy, guarded } from "../../src/simulate/coordination/ElectionCluster.ts"
import { electionModel } from "../../src/simulate/coordination/ElectionModel.ts"
import { all as schedules } from "../../src/simulate/coordination/ElectionSchedules.ts"

type Schedule = (run: Driven, choose: Choose) => unknown

/** Properties as the configurations MCControllerElection_K* have them. */
const rows: ReadonlyArray<readonly [id: string, guard: keyof ElectionGuards, property: string, Schedule]> = [
  ["K14", "CompareBrokerEpoch", "InSyncHoldsAcked", schedules.bounced],
  ["K15", "RequestCarriesBrokerEpoch", "OrdersReachTheirIncarnation", schedules.orderedAgain],
  ["K16", "AtomicRegister", "ZombieNeverOutranks", schedules.stalledClaim],
  ["K17", "FenceControllerWrites", "NoZombieWrite", schedules.zombieWrites],
  ["K18", "BrokerChecksControllerEpoch", "MetadataNeverGoesBack", schedules.lateOrder],
  ["K20", "ZombieAlterCheck", "RefusedOnlyWhenBehind", schedules.staleVerdict],
  ["K21", "RegisterRetries", "GaveUpOnlyWhileRegistered", schedules.killed],
  ["K22", "AtomicBecomeFollower", "RoleFollowsEpoch", schedules.takenHalf]
]

/** Whether a property falls on a path of the model; throws where it is none. */
const fallsOn = (machine: Machine<State>, property: string, labels: ReadonlyArray<Label>): boolean => {
  let state = machine.initial[0]!
  for (const label of labels) {
    const after = step(machine, state, label)
    if (after === undefined) throw new Error(`${label.action} is not enabled`)
    if (machine.always[property]?.(after) === false) return true
    if (machine.alwaysStep[property]?.(state, label, after) === false) return true
    state = after
  }
  return false
}

const seeds = Array.from({ length: 30 }, (_, i) => i + 1)

it.each(rows)(
  "is a path of the model on which the property falls: %s without %s, %s",
  (_, guard, property, schedule) => {
    const guards = { ...guarded, [guard]: false }
    const machine = electionModel(cluster, guards)
    expect(Object.hasOwn(machine.always, property) || Object.hasOwn(machine.alwaysStep, property)).toBe(true)
    const play = (seed: number, model: ElectionGuards) =>
      drive(guards, seed, (run) => void schedule(run, seeded(seed)), followedBy(model))
    const found = seeds.find((seed) => fallsOn(machine, property, play(seed, guards).labels))
    expect(found).toBeDefined()
    // The same run, next to a model that has the guard.
    expect(() => play(found!, guarded)).toThrow(Divergence)
  }
)
