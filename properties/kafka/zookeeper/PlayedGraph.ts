/**
 * Graphs of the model ZooKeeper that nodes play whole: their moves as schedules, and the state that each move leads to.
 *
 *     two clients    compete and watch each other, a session each (MCZooKeeperPlayed)
 *     one client     ends and begins sessions, and loses connections in every way
 *
 * The decision: sessions of one client expire in their order, since the node heard of an earlier one earlier. The model,
 * which has no time, lets them expire in any; edges after an expiry out of order are none of the second graph.
 */
import { specModules } from "../../../src/cli/SpecFiles.ts"
import { type Cover, cover, type CoverStep, delayable } from "../../../src/conform/Cover.ts"
import { explore } from "../../../src/explore/Search.ts"
import { type Constants, type State, zooKeeper } from "../../../src/kafka/models/ZooKeeper.ts"
import { action, type Machine } from "../../../src/machine/Machine.ts"
import { grain } from "./Schedule.ts"
import { guarded } from "./ZooKeeperRun.ts"

export interface PlayedGraph {
  readonly clients: number
  readonly covered: Cover
  readonly commuting: { readonly checked: number; readonly broken: ReadonlyArray<string> }
  readonly stateAfter: (step: CoverStep) => State
}

const played = (clients: number, machine: Machine<State>): PlayedGraph => {
  const { graph } = explore(machine)
  return {
    clients,
    covered: cover(machine, graph, grain),
    commuting: delayable(graph, grain),
    stateAfter: ({ to }) => graph.stateAt(to)
  }
}

/** The graph of a configuration of the specification. */
export const twoClients = (): PlayedGraph => {
  const { rows } = specModules().find(({ name }) => name === "ZooKeeper")!
  const { config } = rows.find(({ configuration }) => configuration === "MCZooKeeperPlayed")!
  const constants = config.constants as unknown as Constants
  return played(constants.Clients, zooKeeper(constants))
}

const inOrder = (machine: Machine<State>): Machine<State> => {
  const { over, step } = machine.actions["Expire"]!
  const ordered = action(over, (state: State, ...args) => {
    const [client, session] = args as ReadonlyArray<number>
    const earlier = state.sessions[client! - 1]!.some((live) => live < session!)
    return earlier ? undefined : step(state, ...args as ReadonlyArray<never>)
  })
  return { ...machine, actions: { ...machine.actions, Expire: ordered } }
}

/** With how many edges the model's graph has that this one lacks. */
export const oneClient = (): PlayedGraph & { readonly outOfOrder: number } => {
  const machine = zooKeeper({
    ...guarded,
    Clients: 1,
    Kinds: ["Take", "Look"],
    MaxAsks: 2,
    MaxSessions: 2,
    MaxFaults: 1,
    FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
    MaxKept: 3
  })
  const graph = played(1, inOrder(machine))
  return { ...graph, outOfOrder: explore(machine).transitions - graph.covered.edges }
}
