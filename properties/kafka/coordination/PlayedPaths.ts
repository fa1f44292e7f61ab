/**
 * Paths of the model ControllerElection played on nodes from their start: first the way to a cluster that stands, then
 * the path, with the nodes' state compared after every step.
 *
 * The decision: a configuration that begins in a cluster that stands counts sessions, epochs and versions from there, and
 * nodes count from their start. So its path is renamed by the sessions that broker 1 has had, and the states of both are
 * compared but for their numbers, along with what is enabled in them and which properties hold.
 */
import { isDeepStrictEqual } from "node:util"
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import type { Constants, State } from "../../../src/kafka/models/ControllerElectionState.ts"
import type { ElectionGuards } from "../../../src/kafka/nodes/BrokerMemory.ts"
import { type Label, label, labelsOf, type Machine, showLabel, step } from "../../../src/machine/Machine.ts"
import { drive, type Run } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { deploymentOf, playerOf } from "./Schedule.ts"
import { fromTheStart, standing } from "./Standing.ts"

/** Sessions that broker 1 has had before a cluster stands in which it does not lead. */
const sessionsBefore = (c: Constants): number => c.Warm && c.WarmLeader === 2 ? 1 : 0

/** A label of a configuration as nodes have it, or the other way round. */
const renamed = ({ action, args }: Label, by: number): Label =>
  action === "Expire" && args[0] === 1 ? label(action, 1, args[1] as number + by) : { action, args }

/** The guards of a configuration. */
export const guardsOf = (c: Constants): ElectionGuards => ({
  CompareBrokerEpoch: c.CompareBrokerEpoch,
  RequestCarriesBrokerEpoch: c.RequestCarriesBrokerEpoch,
  AtomicRegister: c.AtomicRegister,
  FenceControllerWrites: c.FenceControllerWrites,
  BrokerChecksControllerEpoch: c.BrokerChecksControllerEpoch,
  ZombieAlterCheck: c.ZombieAlterCheck,
  RegisterRetries: c.RegisterRetries,
  AtomicBecomeFollower: c.AtomicBecomeFollower,
  UncleanElection: c.UncleanElection
})

/** Whether a property falls with a step. */
const falls = (machine: Machine<State>, property: string, before: State, made: Label, after: State): boolean =>
  machine.always[property]?.(after) === false || machine.alwaysStep[property]?.(before, made, after) === false

/** Fields whose numbers are brokers, partitions or places, which have the same names everywhere. */
const sameNumbers = ["alive", "at", "boss", "broker", "controller", "judging", "leader", "partition", "replica", "to"]

/** Budgets count what was done on the way too. */
const budgets = ["alters", "asked", "deletes", "faults"]
/** A follower keeps in-sync replicas and version of the order that made it one, and uses neither. */
const leadersAlone = ["isr", "synced", "version"]

const without = (fields: ReadonlyArray<string>, value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !fields.includes(name)))

/** A state but for its numbers, and for what nothing in the configuration reads. */
const shapeOf = (c: Constants, state: State): unknown => {
  // Who proposes nothing needs no channel, and where nobody fetches nobody is seen to have all of a log.
  const unread = [...c.MaxAlters > 0 ? [] : ["channel"], ...c.MaxRecords > 0 ? [] : ["acked", "log"], ...budgets]
  const unseen = c.MaxRecords > 0 ? [] : ["synced"]
  const own = state.own.map((each, i) => ({
    ...each,
    parts: each.parts.map((parts) =>
      parts.map((part) => without(part.leader[0] === i + 1 ? unseen : leadersAlone, part))
    )
  }))
  const text = JSON.stringify(without(unread, { ...state, own }), (key, value: unknown) => {
    if (sameNumbers.includes(key)) return JSON.stringify(value)
    // In-sync replicas are a set here: they joined in another order.
    if (key === "isr" && Array.isArray(value)) return JSON.stringify(value.toSorted())
    return typeof value === "number" ? 0 : value
  })
  return JSON.parse(text)
}

const propertiesIn = (machine: Machine<State>, state: State) =>
  Object.entries(machine.always).map(([name, holds]) => [name, holds(state)])

/** What differs between a state of the configuration and the nodes' own, if anything does. */
const differsFrom = (c: Constants) => {
  const by = sessionsBefore(c)
  const theirs = controllerElection(c)
  const ours = controllerElection({ ...c, MaxSessions: c.MaxSessions + by })
  const [theirLabels, ourLabels] = [labelsOf(theirs), labelsOf(ours)]
  const enabled = (machine: Machine<State>, labels: ReadonlyArray<Label>, state: State) =>
    labels.filter((each) => step(machine, state, each) !== undefined)
  return (model: State, nodes: State): string | undefined => {
    const { alters, asked, deletes, faults } = model
    const counted = { ...nodes, alters, asked, deletes, faults }
    const pairs: Readonly<Record<string, readonly [unknown, unknown]>> = {
      "another shape": [shapeOf(c, model), shapeOf(c, nodes)],
      "other properties": [propertiesIn(theirs, model), propertiesIn(ours, nodes)],
      "other steps": [
        enabled(theirs, theirLabels, model).map(showLabel),
        enabled(ours, ourLabels, counted).map((each) => showLabel(renamed(each, -by)))
      ]
    }
    const found = Object.entries(pairs).find(([, [one, two]]) => !isDeepStrictEqual(one, two))
    return found && `${found[0]}: model ${JSON.stringify(found[1][0])}, nodes ${JSON.stringify(found[1][1])}`
  }
}

export interface PlayedPath {
  readonly run: Run
  /** Where a property fell, counted in steps of the path; nothing where it stood. */
  readonly fell: number | undefined
  /** Steps of the path that were taken. */
  readonly taken: number
}

/**
 * Plays a path of a configuration on nodes with these guards; throws where nodes do anything else than the model with the
 * same guards does. Stops before a step that such a model does not have. `states` are the configuration's, to compare
 * with; `nodes` are guards that only the nodes have.
 */
export const playPath = (
  c: Constants,
  guards: ElectionGuards,
  path: ReadonlyArray<Label>,
  property: string,
  states: ReadonlyArray<State> = [],
  nodes: ElectionGuards = guards
): PlayedPath => {
  const constants = { ...c, ...guards }
  const machine = fromTheStart(constants)
  const way = standing(constants)
  const labels = [...way, ...path.map((each) => renamed(each, sessionsBefore(c)))]
  const expiries = labels.filter(({ action }) => action === "Expire").map(({ args }) => args.join(" "))
  const differs = differsFrom(c)
  let [fell, taken]: [number | undefined, number] = [undefined, 0]
  const run = drive(nodes, 1, (driven) => {
    const player = playerOf(driven, machine, expiries)
    let state = machine.initial[0]!
    const compare = (place: number): void => {
      const model = states[place]
      const what = model && differs(model, state)
      if (what !== undefined) throw new Error(`after ${place} steps, ${what}`)
    }
    for (const [place, made] of labels.entries()) {
      const index = place - way.length
      if (index === 0) compare(0)
      const after = step(machine, state, made)
      if (after === undefined) return
      player.take(made, state, after)
      if (index >= 0 && falls(machine, property, state, made, after)) fell ??= index + 1
      state = after
      taken = index + 1
      if (index >= 0) compare(index + 1)
    }
  }, deploymentOf(c, guards))
  return { run, fell, taken }
}
