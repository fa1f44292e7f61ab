/**
 * Graphs that nodes play: their moves as schedules, crashes inside handlers too, each path from the start of the nodes.
 *
 *     standing   two brokers of a cluster that stands (MCControllerElection): one fault, and all that follows
 *     alone      one broker from its first start, asked for a partition, with two faults: a crash inside each handler
 *
 * The decision: a graph begins in the state in which the nodes' cluster stands, which is the configuration's own but for
 * the channels of leaders, and nobody proposes here; so nothing of it is renamed.
 */
import { type Cover, cover, type CoverStep, delayable, type Grain } from "../../../src/conform/Cover.ts"
import { explore } from "../../../src/explore/Search.ts"
import { controllerElection } from "../../../src/kafka/models/ControllerElection.ts"
import { electionConstants } from "../../../src/kafka/models/ControllerElectionConfigurations.ts"
import { type Constants, guarded, type State } from "../../../src/kafka/models/ControllerElectionState.ts"
import { label, showLabel, step } from "../../../src/machine/Machine.ts"
import { drive } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { deploymentOf, playerOf } from "./Schedule.ts"
import { fromTheStart, standing } from "./Standing.ts"

const two = electionConstants["MCControllerElection"]!

/** Constants of the graphs. */
export const played: Readonly<Record<"standing" | "alone", Constants>> = {
  standing: two,
  alone: {
    ...two,
    Brokers: 1,
    Replicas: 1,
    Warm: false,
    AskKinds: ["CreatePartition"],
    MaxAsked: 1,
    MaxFaults: 2,
    MaxSessions: 3
  }
}

/** Nothing is eager: each label has an event. The first argument is the process whose handler takes it. */
const grain: Grain = {
  isEager: () => false,
  ownCrash: ({ action, args }) =>
    ["Answered", "CreatePartition", "Dial", "Hear", "Obey", "Reconnect"].includes(action)
      ? label("Kill", args[0]!)
      : undefined
}

export interface PlayedGraph {
  readonly covered: Cover
  readonly states: number
  readonly commuting: { readonly checked: number; readonly broken: ReadonlyArray<string> }
  /** Plays one path; throws where nodes do anything else, or are in another state after a move. */
  readonly play: (path: ReadonlyArray<CoverStep>) => void
}

/** The graph and its cover. */
export const playedGraph = (constants: Constants): PlayedGraph => {
  const fromStart = fromTheStart(constants)
  const way = standing(constants)
  const states = way.reduce<ReadonlyArray<State>>(
    (all, made) => [...all, step(fromStart, all.at(-1)!, made)!],
    [fromStart.initial[0]!]
  )
  const whole = controllerElection(constants)
  // Alone, connections to ZooKeeper stay: where the nodes' are finer than the model's, ZooKeeper's own graph is played.
  const actions = constants.Warm
    ? whole.actions
    : Object.fromEntries(Object.entries(whole.actions).filter(([name]) => name !== "Disconnect"))
  const machine = { ...whole, actions, initial: [{ ...states.at(-1)!, asked: 0 }] }
  const { graph, states: count } = explore(machine)
  const covered = cover(machine, graph, grain, "near")
  const play = (path: ReadonlyArray<CoverStep>): void => {
    const expiries = path.flatMap(({ labels }) => labels).filter(({ action }) => action === "Expire")
    drive(guarded, 1, (run) => {
      const player = playerOf(run, machine, expiries.map(({ args }) => args.join(" ")))
      way.forEach((made, i) => player.take(made, states[i]!, states[i + 1]!))
      let before: State = machine.initial[0]!
      for (const { crashes, labels, to } of path) {
        const after = graph.stateAt(to)
        player.take(labels[0]!, before, after, crashes)
        before = after
      }
    }, deploymentOf(constants, guarded))
  }
  return { covered, states: count, commuting: delayable(graph, grain), play }
}

/** A path in words. */
export const showPath = (path: ReadonlyArray<CoverStep>): string =>
  path.flatMap(({ labels }) => labels).map(showLabel).join(" ")
