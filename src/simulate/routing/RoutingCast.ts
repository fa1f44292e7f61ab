/**
 * Who takes part in a run of routing, what clients do, and what the guards of its NameServers promise.
 *
 * The decision: a cast is plain data, so a run is a cast, guards, a seed and what is told to happen.
 */
import type { NameServerGuards } from "../../rocketmq/nodes/NameServer.ts"
import type { Selection } from "../../rocketmq/nodes/Producer.ts"
import type { Deployment } from "../../rocketmq/rules/Deployment.ts"

/** Who takes part in a run. */
export interface Cast {
  readonly deployment: Deployment
  readonly nameServers: number
  readonly clients: number
  /** When the first unit of NameServerRoutingTimed ends, milliseconds; without it nobody counts units. */
  readonly firstUnitMillis?: number
  /** What clients do besides asking for routes: they send in turn where nothing else is said, and read nothing. */
  readonly workload?: Workload
}

/** How every client sends, and how long it takes to work on what it pulled; without that it pulls nothing. */
export interface Workload {
  readonly selection: Selection
  readonly resends: number
  readonly pullMillis?: number
}

/** What a client does that nobody told otherwise. */
export const inTurn: Workload = { selection: { _tag: "InTurn", avoidsFaulty: false }, resends: 0 }

/** What the guards promise. */
export const promised = (guards: NameServerGuards): ReadonlyArray<string> => [
  "TypeOK",
  "EntryIsLastRegistration",
  "QueuesHaveAddresses",
  "NoWriteToSlave",
  "VersionGrows",
  ...(guards.RecheckFreshnessOnUnregister ? ["OpenChannelIsRouted"] : []),
  ...(guards.ChannelCloseDetected ? ["ClosedChannelIsDecided"] : []),
  ...(guards.TablesSurviveRestart === true ? ["NobodyIsForgotten"] : [])
]
