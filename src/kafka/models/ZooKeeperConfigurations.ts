/**
 * The configurations of the models ZooKeeper and ZooKeeperSessionsTimed in which every guard is on: the constants of spec/kafka/MCZooKeeper*.cfg,
 * which a test compares.
 *
 * The decision: each has another part of what clients ask for, small enough that a whole graph is explored in seconds.
 */
import { type Constants, zooKeeper } from "./ZooKeeper.ts"
import { type SessionConstants, zooKeeperSessionsTimed } from "./ZooKeeperSessionsTimed.ts"

/** Every guard is on. */
export const zooKeeperGuards = {
  EphemeralsGoAtOnce: true,
  RefusesEndedSessions: true,
  WatchFiresOnce: true,
  EventsGoFirst: true,
  ChecksVersion: true,
  AtomicMulti: true,
  WatchesSetAgain: true
}

const guarded = { ...zooKeeperGuards, Clients: 2, MaxKept: 2 } as const

/** Constants by configuration. */
export const zooKeeperConstants: Readonly<Record<string, Constants>> = {
  MCZooKeeper: {
    ...guarded,
    Kinds: ["Take", "Look"],
    MaxAsks: 2,
    MaxSessions: 1,
    MaxFaults: 1,
    FaultKinds: ["Reset", "Kill", "Expire"]
  },
  MCZooKeeperWrites: {
    ...guarded,
    Kinds: ["Count", "Claim", "Get"],
    MaxAsks: 3,
    MaxSessions: 1,
    MaxFaults: 0,
    FaultKinds: []
  },
  MCZooKeeperTree: {
    ...guarded,
    Kinds: ["Take", "Leave", "Make", "Remove", "Fenced", "List"],
    MaxAsks: 3,
    MaxSessions: 1,
    MaxFaults: 0,
    FaultKinds: ["Reset"]
  },
  MCZooKeeperSessions: {
    ...guarded,
    Kinds: ["Take", "Close", "List"],
    MaxAsks: 1,
    MaxSessions: 2,
    MaxFaults: 1,
    FaultKinds: ["Kill", "Expire", "GiveUp"]
  }
}

const timed = {
  RoundsUp: true,
  MessageExtends: true,
  Clients: 2,
  Delay: 1,
  MaxFaults: 2,
  FaultKinds: ["Kill", "Freeze"]
} as const

/** Constants of the timed module by configuration. */
export const sessionConstants: Readonly<Record<string, SessionConstants>> = {
  MCZooKeeperSessionsTimed: { ...timed, TickTime: 3, Timeout: 12, Ping: 4 },
  MCZooKeeperSessionsTimedDefault: { ...timed, TickTime: 1, Timeout: 9, Ping: 3 }
}

/** The machines of ZooKeeperSessionsTimed, by configuration. */
export const sessionMachines = Object.fromEntries(
  Object.entries(sessionConstants).map(([name, constants]) => [name, () => zooKeeperSessionsTimed(constants)])
)

/** The machines of ZooKeeper, by configuration. */
export const zooKeeperMachines = Object.fromEntries(
  Object.entries(zooKeeperConstants).map(([name, constants]) => [name, () => zooKeeper(constants)])
)
