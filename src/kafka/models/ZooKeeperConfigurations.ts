/**
 * The configurations of the model ZooKeeper in which every guard is on: the constants of spec/kafka/MCZooKeeper*.cfg,
 * which a test compares.
 *
 * The decision: each has another part of what clients ask for, small enough that a whole graph is explored in seconds.
 */
import { type Constants, zooKeeper } from "./ZooKeeper.ts"

const guarded = {
  EphemeralsGoAtOnce: true,
  RefusesEndedSessions: true,
  WatchFiresOnce: true,
  EventsGoFirst: true,
  ChecksVersion: true,
  AtomicMulti: true,
  WatchesSetAgain: true,
  Clients: 2,
  MaxKept: 2
} as const

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

/** The machines of ZooKeeper, by configuration. */
export const zooKeeperMachines = Object.fromEntries(
  Object.entries(zooKeeperConstants).map(([name, constants]) => [name, () => zooKeeper(constants)])
)
