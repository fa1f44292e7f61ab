/**
 * Paths of the model ZooKeeper that nodes are to play, with the state that each leads to, and the shortest paths that break
 * a property where a guard is off.
 *
 * The decision: this is the model as it is, whoever plays its paths; a node with a mutated rule is held to it.
 */
import { specModules } from "../../../src/cli/SpecFiles.ts"
import { explore } from "../../../src/explore/Search.ts"
import { type Constants, type State, zooKeeper } from "../../../src/kafka/models/ZooKeeper.ts"
import { zooKeeperGuards } from "../../../src/kafka/models/ZooKeeperConfigurations.ts"
import type { Label } from "../../../src/machine/Machine.ts"

type Guards = typeof zooKeeperGuards

interface PlayedPath {
  readonly guards: Guards
  readonly labels: ReadonlyArray<Label>
  readonly state: State
}

/** Shortest paths to one state in so many of a small graph with one client, who may ask these. */
const pathsOf = (guards: Guards, Kinds: Constants["Kinds"], oneIn: number): ReadonlyArray<PlayedPath> => {
  const { graph } = explore(zooKeeper({
    ...guards,
    Clients: 1,
    Kinds,
    MaxAsks: 2,
    MaxSessions: 1,
    MaxFaults: 1,
    FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
    MaxKept: 3
  }))
  const ids: Array<number> = []
  graph.eachId((id) => ids.push(id))
  return ids.filter((_, i) => i % oneIn === 0).map((id) => ({
    guards,
    labels: graph.pathTo(id).steps.map(({ label }) => label),
    state: graph.stateAt(id)
  }))
}

/**
 * Paths on which a client is in one session, loses it, or is lost; where ephemerals outlive their session, and where events
 * take another way, with what is done about them later.
 */
export const playedPaths = (): ReadonlyArray<PlayedPath> => [
  ...pathsOf(zooKeeperGuards, ["Take", "Look"], 3),
  ...pathsOf(zooKeeperGuards, ["List", "Close"], 3),
  ...pathsOf({ ...zooKeeperGuards, EphemeralsGoAtOnce: false }, ["Take", "Close"], 3),
  ...pathsOf({ ...zooKeeperGuards, EventsGoFirst: false }, ["Take", "Look"], 3)
]

/** A configuration that lacks a guard, and the shortest path that breaks what that guard promises. */
export interface Counterexample {
  readonly configuration: string
  readonly property: string
  readonly guards: Guards
  readonly clients: number
  readonly labels: ReadonlyArray<Label>
}

/** One for each guard of the module. */
export const counterexamples = (): ReadonlyArray<Counterexample> =>
  specModules().find(({ name }) => name === "ZooKeeper")!.rows
    .filter(({ expected }) => expected.startsWith("violates") && !expected.includes("Never"))
    .map(({ config, configuration, expected }) => {
      const constants = config.constants as unknown as Constants
      const property = expected.replace("violates ", "")
      const { violations } = explore(zooKeeper(constants), { stopAtViolation: true })
      const { path } = violations.find((violation) => violation.property === property)!
      const guards = Object.fromEntries(
        Object.keys(zooKeeperGuards).map((name) => [name, config.constants[name]])
      ) as Guards
      return {
        configuration,
        property,
        guards,
        clients: constants.Clients,
        labels: path.steps.map(({ label }) => label)
      }
    })
