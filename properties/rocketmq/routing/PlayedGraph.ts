/**
 * The graph that nodes play (MCNameServerRoutingPlayed): its moves as schedules, with the state that each leads to.
 *
 * The decision: this is the model as it is, whoever plays it; a node with a mutated rule is held to it.
 */
import { specModules, type SpecRow } from "../../../src/cli/SpecFiles.ts"
import { type Cover, cover, type CoverStep, delayable } from "../../../src/conform/Cover.ts"
import { explore } from "../../../src/explore/Search.ts"
import { type Constants, nameServerRouting, type State } from "../../../src/rocketmq/models/NameServerRouting.ts"
import type { Cast } from "../../../src/simulate/routing/RoutingCluster.ts"
import { grain } from "./Schedule.ts"

const constantsOf = (row: SpecRow) => row.config.constants as unknown as Constants

/** Who takes part in a configuration. */
export const castOf = (row: SpecRow): Cast => {
  const { ClientCount, MasterCount, NameServerCount, SlaveCount } = constantsOf(row)
  return {
    deployment: { masters: MasterCount, slaves: SlaveCount },
    nameServers: NameServerCount,
    clients: ClientCount
  }
}

export interface PlayedGraph {
  readonly cast: Cast
  readonly covered: Cover
  readonly commuting: { readonly checked: number; readonly broken: ReadonlyArray<string> }
  readonly stateAfter: (step: CoverStep) => State
}

/** The graph and its cover. */
export const playedGraph = (): PlayedGraph => {
  const { rows } = specModules().find(({ name }) => name === "NameServerRouting")!
  const row = rows.find(({ configuration }) => configuration === "MCNameServerRoutingPlayed")!
  const machine = nameServerRouting(constantsOf(row))
  const { graph } = explore(machine)
  return {
    cast: castOf(row),
    covered: cover(machine, graph, grain),
    commuting: delayable(graph, grain),
    stateAfter: ({ to }) => graph.stateAt(to)
  }
}
