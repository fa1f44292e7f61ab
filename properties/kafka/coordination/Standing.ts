/**
 * The way from brokers that have just started to a cluster that stands, as the configurations of ControllerElection with
 * `Warm` begin with it: a path of the model.
 *
 *     start ─▶ broker 1 is the controller ─▶ the partition is made: broker 1 leads            WarmLeader 1
 *        ─▶ broker 1's session is over: broker 2 leads, and is the controller
 *        ─▶ /controller is deleted: broker 1 is the controller, and stores that it is in sync again      WarmLeader 2
 *
 * The decision: whatever can be done is done, broker after broker, so that who becomes controller is the order's choice;
 * where leaders propose, broker 1 has done so before it leads no more, so that both channels stand to broker 1.
 */
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import { type Constants, type State, unbounded } from "../../../src/kafka/models/ControllerElectionState.ts"
import { type Label, label, type Machine, showLabel, step } from "../../../src/machine/Machine.ts"

/** The machine that a cluster is from its start on, whatever a configuration bounds. */
export const fromTheStart = (c: Constants): Machine<State> =>
  controllerElection({ ...c, ...unbounded, Cuts: c.Cuts, WarmLeader: c.WarmLeader })

/** What is done of itself, the first that is possible first; faults, requests and fetches are not. */
const hidden = (brokers: ReadonlyArray<number>): ReadonlyArray<Label> =>
  brokers.flatMap((broker) => [
    ...["Hear", "Serve", "Reconnect", "Settled"].map((action) => label(action, broker)),
    ...brokers.flatMap((other) => ["Answered", "Obey", "Dial", "Judge"].map((action) => label(action, broker, other)))
  ])

/** The labels that lead to a cluster that stands, from its start. */
export const standing = (c: Constants): ReadonlyArray<Label> => {
  if (!c.Warm) return []
  const machine = fromTheStart(c)
  const path: Array<Label> = []
  let state = machine.initial[0]!
  const take = (made: Label): void => {
    const after = step(machine, state, made)
    if (after === undefined) throw new Error(`${showLabel(made)} is not possible on the way to a cluster that stands`)
    path.push(made)
    state = after
  }
  const settle = (...brokers: ReadonlyArray<number>): void => {
    const all = hidden(brokers)
    for (;;) {
      const next = all.find((made) => step(machine, state, made) !== undefined)
      if (next === undefined) return
      take(next)
    }
  }
  const fetch = (follower: number, leader: number): void => {
    take(label("SendFetch", follower, 1))
    take(label("ServeFetch", leader, follower, 1))
    take(label("Fetched", follower, 1))
  }
  settle(1, 2)
  take(label("CreatePartition", 1, 1))
  settle(1, 2)
  if (c.WarmLeader === 1) return path
  if (c.MaxAlters > 0) {
    take(label("Propose", 1, 1, 2))
    settle(1, 2)
    fetch(2, 1)
    take(label("Propose", 1, 1, 2))
    settle(1, 2)
  }
  take(label("Expire", 1, 1))
  settle(2)
  take(label("DeleteController"))
  // Broker 1 registers while broker 2 still watches who does: a broker that is no controller watches only for one.
  settle(1)
  settle(1, 2)
  fetch(1, 2)
  take(label("Propose", 2, 1, 1))
  settle(1, 2)
  return path
}
