/**
 * The configurations in which every guard is on: the constants of spec/rocketmq/MC*.cfg, which a test compares.
 *
 * The decision: small enough that a whole graph is explored in seconds, and each with another part of the cast.
 */
import { type Constants, type FaultKind, nameServerRouting } from "./NameServerRouting.ts"
import { nameServerRoutingTimed, type TimedConstants } from "./NameServerRoutingTimed.ts"
import { type ProducerConstants, producerRouting } from "./ProducerRouting.ts"

const guarded = {
  RecheckFreshnessOnUnregister: true,
  ChannelCloseDetected: true,
  TablesSurviveRestart: true,
  LinksHeal: true,
  MaxInFlight: 1
} as const
const brokerFaults: ReadonlyArray<FaultKind> = ["Expire", "WipeWritePerm", "Reset", "CutLink", "KillBroker"]

/** Constants by configuration. */
export const routingConstants: Readonly<Record<string, Constants>> = {
  MCNameServerRoutingBrokers: {
    ...guarded,
    NameServerCount: 1,
    MasterCount: 1,
    SlaveCount: 1,
    ClientCount: 0,
    MaxVersion: 2,
    MaxFaults: 2,
    FaultKinds: brokerFaults
  },
  MCNameServerRoutingServers: {
    ...guarded,
    NameServerCount: 2,
    MasterCount: 1,
    SlaveCount: 0,
    ClientCount: 1,
    MaxVersion: 1,
    MaxFaults: 1,
    FaultKinds: ["Expire", "KillBroker", "KillServer"]
  },
  MCNameServerRoutingClients: {
    ...guarded,
    NameServerCount: 1,
    MasterCount: 2,
    SlaveCount: 0,
    ClientCount: 1,
    MaxVersion: 1,
    MaxFaults: 1,
    FaultKinds: ["Expire", "WipeWritePerm", "KillBroker"]
  }
}

/** Constants of the timed module by configuration. */
export const timedRoutingConstants: Readonly<Record<string, TimedConstants>> = {
  MCNameServerRoutingTimed: {
    ChannelCloseDetected: true,
    RecheckFreshnessOnUnregister: true,
    NameServerCount: 2,
    BrokerCount: 2,
    ClientCount: 0,
    Heartbeat: 3,
    Expiry: 12,
    Poll: 3,
    MaxInFlight: 5,
    MaxFaults: 1,
    FaultKinds: ["Freeze", "Kill"]
  },
  MCNameServerRoutingTimedSmall: {
    ChannelCloseDetected: true,
    RecheckFreshnessOnUnregister: true,
    NameServerCount: 2,
    BrokerCount: 1,
    ClientCount: 1,
    Heartbeat: 1,
    Expiry: 3,
    Poll: 1,
    MaxInFlight: 3,
    MaxFaults: 1,
    FaultKinds: ["Freeze", "Kill", "CutLink", "PauseServer"]
  }
}

const producer = { MasterCount: 2, KeyHash: 0, MaxResends: 0, MaxFaults: 1, FaultKinds: ["Freeze", "Kill"] } as const

/** Constants of the producer's module by configuration. */
export const producerConstants: Readonly<Record<string, ProducerConstants>> = {
  MCProducerRoutingByKey: {
    ...producer,
    StaticOrderConf: true,
    ByKey: true,
    AvoidFaulty: false,
    MaxValues: 2,
    MaxTries: 1
  },
  MCProducerRoutingRoundRobin: {
    ...producer,
    StaticOrderConf: false,
    ByKey: false,
    AvoidFaulty: false,
    MaxValues: 2,
    MaxTries: 3
  },
  MCProducerRoutingFaulty: {
    ...producer,
    StaticOrderConf: false,
    ByKey: false,
    AvoidFaulty: true,
    MaxValues: 2,
    MaxTries: 3
  }
}

/**
 * What falls where a producer picks queues in turn, as it does in the real system: values of one key then go to any queue,
 * and what a master stored that was killed before it answered is stored as well where it was tried next.
 */
export const producerExpectedBroken: Readonly<Record<string, ReadonlyArray<string>>> = {
  MCProducerRoutingRoundRobin: ["KeyOrder", "StoredOnce"],
  MCProducerRoutingFaulty: ["KeyOrder", "StoredOnce"]
}

const machinesOf = <C, M>(constants: Readonly<Record<string, C>>, build: (constants: C) => M) =>
  Object.fromEntries(Object.entries(constants).map(([name, of]) => [name, () => build(of)]))

/** The machines of NameServerRouting, by configuration. */
export const routingMachines = machinesOf(routingConstants, nameServerRouting)

/** The machines of NameServerRoutingTimed, by configuration. */
export const timedRoutingMachines = machinesOf(timedRoutingConstants, nameServerRoutingTimed)

/** The machines of ProducerRouting, by configuration. */
export const producerMachines = machinesOf(producerConstants, producerRouting)
