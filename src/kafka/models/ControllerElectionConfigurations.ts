/**
 * The configurations of the model ControllerElection in which every guard is on: the constants of
 * spec/kafka/MCControllerElection*.cfg, which a test compares.
 *
 * The decision: each has the bounds in which one or two guards matter, so that what falls without a guard is seen to stand
 * with it within the same bounds; three brokers start where only an election is asked about.
 */
import { controllerElection } from "./ControllerElection.ts"
import { type AskKind, type Constants, guarded } from "./ControllerElectionState.ts"

const none: ReadonlyArray<AskKind> = []
const nobody: ReadonlyArray<number> = []
const two = {
  ...guarded,
  Brokers: 2,
  Partitions: 1,
  Replicas: 2,
  Cuts: false,
  Warm: true,
  WarmLeader: 1,
  ControllerStays: false,
  FaultsApart: false,
  Deaf: nobody,
  AskKinds: none,
  MinInSync: 2,
  MaxRecords: 0,
  MaxFaults: 0,
  MaxDeletes: 0,
  MaxAlters: 0,
  MaxAsked: 0,
  MaxSessions: 1,
  MaxQueue: 8
} as const
const bounces = { ...two, FaultsApart: true, MaxRecords: 1, MaxFaults: 1, MaxSessions: 2 } as const
const cuts = { ...two, Cuts: true, FaultsApart: true, WarmLeader: 2, MaxFaults: 1 } as const
const asked = { ...two, WarmLeader: 2, MaxAsked: 1 } as const

/** Constants by configuration. */
export const electionConstants: Readonly<Record<string, Constants>> = {
  MCControllerElection: { ...two, MaxFaults: 1, MaxSessions: 2 },
  MCControllerElection_Cold: { ...two, Warm: false },
  MCControllerElection_Deposed: { ...two, MaxDeletes: 1 },
  MCControllerElection_ColdDeposed: { ...two, Warm: false, MaxDeletes: 1 },
  MCControllerElection_Asked: { ...asked, AskKinds: ["PreferLeader"], MaxFaults: 1, MaxSessions: 2 },
  MCControllerElection_DeposedAsked: {
    ...asked,
    AskKinds: ["CreatePartition", "PreferLeader", "ShutDown"],
    MaxDeletes: 1
  },
  MCControllerElection_Data: { ...bounces, ControllerStays: true },
  MCControllerElection_ControllerBounces: bounces,
  MCControllerElection_Cuts: { ...cuts, MaxAlters: 1 },
  MCControllerElection_CutOrders: {
    ...two,
    Cuts: true,
    Brokers: 1,
    Replicas: 1,
    Warm: false,
    AskKinds: ["CreatePartition"],
    MaxFaults: 1,
    MaxAsked: 1
  },
  MCControllerElection_CutFetches: { ...cuts, MaxRecords: 1 },
  MCControllerElection_Three: { ...two, Brokers: 3, Warm: false, MaxQueue: 3 },
  MCControllerElection_Proposals: { ...asked, AskKinds: ["PreferLeader"], MaxDeletes: 1, MaxAlters: 1, MaxQueue: 3 },
  MCControllerElection_Created: { ...two, Warm: false, AskKinds: ["CreatePartition"], MaxAsked: 1, MaxQueue: 3 },
  MCControllerElection_AskedTwice: { ...asked, AskKinds: ["PreferLeader", "ShutDown"], MaxAsked: 2 },
  MCControllerElection_Fetched: { ...two, MaxRecords: 1, MaxAlters: 2 },
  MCControllerElection_FailedApart: { ...bounces, MaxSessions: 1 },
  MCControllerElection_OneInSync: { ...two, MaxRecords: 1, MaxAlters: 2, MinInSync: 1 },
  MCControllerElection_OneInSyncFails: { ...bounces, MaxSessions: 1, MaxAlters: 1, MinInSync: 1 },
  MCControllerElection_Forgotten: { ...two, WarmLeader: 2, MaxAlters: 1, MaxFaults: 1 },
  MCControllerElection_TwoPartitions: { ...two, Partitions: 2, FaultsApart: true, MaxFaults: 1 },
  MCControllerElection_ThreeReplicas: {
    ...two,
    Brokers: 3,
    Replicas: 3,
    AskKinds: ["ShutDown"],
    MaxAlters: 1,
    MaxAsked: 1
  },
  MCControllerElection_LeaderMoves: { ...asked, Brokers: 3, Replicas: 3, AskKinds: ["PreferLeader"], MaxRecords: 1 },
  MCControllerElection_DeafAsked: {
    ...asked,
    Deaf: [1],
    AskKinds: ["CreatePartition", "PreferLeader", "ShutDown"],
    MaxDeletes: 1,
    MaxAsked: 2
  },
  MCControllerElection_DeafProposals: { ...asked, Deaf: [1], AskKinds: ["PreferLeader"], MaxDeletes: 1, MaxAlters: 2 }
}

/** What the real controller loses too: a broker epoch is in its memory alone (KIP-966 keeps what it would need). */
export const electionExpectedBroken: Readonly<Record<string, ReadonlyArray<string>>> = {
  MCControllerElection_ControllerBounces: ["InSyncHoldsAcked", "LeaderHoldsAcked"]
}

/** The machines of ControllerElection, by configuration. */
export const electionMachines = Object.fromEntries(
  Object.entries(electionConstants).map(([name, constants]) => [name, () => controllerElection(constants)])
)
