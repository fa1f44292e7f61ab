/**
 * The bounded schemas of what the model ControllerElection is made of.
 *
 * The decision: epochs and versions have no bound of their own in the specification, since faults and requests bound them;
 * here they have room for as many as a bounded graph holds, and a value beyond that is an error of its own.
 */
import { integers } from "../../machine/Domain.ts"
import * as S from "../../machine/StateSchema.ts"
import { type Cluster, type Maybe, partitionsOf } from "../rules/Cluster.ts"
import type * as Messages from "../rules/CoordinationMessages.ts"
import type { Knowledge } from "../rules/Knowledge.ts"
import type { AlterSlot, Constants, FetchSlot, OrderSlot, ToZooKeeper, Znode } from "./ControllerElectionState.ts"

/** The largest leader epoch and znode version of a bounded graph; controller epochs stay below half of it. */
const maxEpoch = 31
const maxControllerEpoch = 15
/** What a broker has asked ZooKeeper: one question of the thread, a connection, a close. */
const questions = 3
/** What ZooKeeper has told a broker: a reply, the session's fate, events of watches. */
const tidings = 5
/** A multi has a check, two operations at the most. */
const maxOps = 2

/** The schemas under a choice of the constants. */
export const schemasOf = (c: Constants, cluster: Cluster) => {
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  const maybe = <A>(of: S.StateSchema<A>): S.StateSchema<Maybe<A>> => S.sequence(1, of)
  const perBroker = <A>(of: S.StateSchema<A>) => S.functionOver(brokers, of)
  const perPartition = <A>(of: S.StateSchema<A>) => S.functionOver(partitions, of)
  const broker = S.range(1, brokers.length)
  const partition = S.range(1, partitions.length)
  const session = S.range(1, c.MaxSessions)
  const epoch = S.range(0, maxEpoch)
  const version = S.range(0, maxEpoch)
  const controllerEpoch = S.range(0, maxControllerEpoch)
  const offset = S.range(0, c.MaxRecords)
  const set = S.subset(brokers)
  const isr = S.sequence(brokers.length, broker)
  const state = { leader: maybe(broker), epoch, isr, controllerEpoch }
  const versionedState = S.record({ ...state, version })
  const view = S.record({ epoch: controllerEpoch, version: controllerEpoch })
  const path = S.tuple(
    S.oneOf("controller", "controller_epoch", "ids", "state"),
    S.range(0, brokers.length + partitions.length)
  )
  const data = S.union({
    None: {},
    Broker: {},
    Controller: { broker },
    Epoch: { value: controllerEpoch },
    State: state
  })
  const operation = S.union({
    Create: { path, data, ephemeral: S.boolean },
    SetData: { path, data, version },
    Check: { path, version }
  })
  const reads = S.oneOf("controller", "epoch", "id", "brokers", "states")
  const multi = { ops: S.sequence(maxOps, operation) }
  const question: S.StateSchema<Messages.ZkQuestion> = S.union({ Read: { what: reads }, Multi: multi })
  const watch = S.oneOf("ControllerChange", "BrokerChange")
  const leaderView = S.record({ leader: maybe(broker), epoch })
  const order: S.StateSchema<Messages.ControllerOrder> = S.record({
    controller: broker,
    controllerEpoch,
    brokerEpoch: session,
    content: S.union({
      LeaderAndIsr: { partition, state: versionedState },
      UpdateMetadata: { live: set, leaders: perPartition(maybe(leaderView)) },
      StopReplica: { partition, epoch }
    })
  })
  const altered = { state: versionedState }
  const refused = {
    code: S.oneOf(
      "NotController",
      "StaleBrokerEpoch",
      "Unknown",
      "FencedLeaderEpoch",
      "InvalidUpdateVersion",
      "IneligibleReplica"
    )
  }
  const partitionTask = { partition }
  const replicaTask = { partition, replica: broker }
  const knowledge: S.StateSchema<Knowledge> = S.record({
    session: maybe(session),
    connecting: S.boolean,
    asks: maybe(question),
    phase: S.oneOf(
      "starting",
      "registering",
      "checking",
      "unregistered",
      "electing",
      "reading",
      "creating",
      "claiming",
      "verifying",
      "recounting",
      "counting",
      "raising",
      "loading",
      "loadingStates",
      "idle",
      "changing",
      "writing",
      "refreshing"
    ),
    events: S.sequence(tidings, S.union({ ControllerChange: {}, BrokerChange: {} })),
    registered: maybe(session),
    view: maybe(view),
    active: S.boolean,
    live: perBroker(maybe(session)),
    states: perPartition(maybe(versionedState)),
    shutting: set,
    todo: S.sequence(
      3 * brokers.length * (partitions.length + 1),
      S.union({
        New: partitionTask,
        Offline: partitionTask,
        Preferred: partitionTask,
        Shutdown: partitionTask,
        Drop: replicaTask,
        Retire: replicaTask,
        Alter: { partition, isr },
        Remove: { replica: broker },
        Add: { replica: broker, epoch: session }
      })
    ),
    judging: maybe(broker),
    queues: perBroker(S.sequence(c.MaxQueue, order)),
    known: controllerEpoch,
    boss: maybe(broker),
    alive: set,
    meta: perPartition(maybe(leaderView)),
    parts: perPartition(maybe(S.record({ epoch, role: epoch, leader: maybe(broker), isr, version, synced: set }))),
    proposed: maybe(S.record({ partition, isr, final: S.boolean }))
  })
  const znode: S.StateSchema<Znode> = S.record({
    data,
    version,
    owner: S.sequence(2, S.range(1, Math.max(brokers.length, c.MaxSessions)))
  })
  const toZooKeeper: S.StateSchema<ToZooKeeper> = S.record({
    session: S.range(0, c.MaxSessions),
    message: S.union({ Connect: { session: maybe(session) }, Close: {}, Read: { what: reads }, Multi: multi })
  })
  const reply: S.StateSchema<Messages.ZkReply> = S.union({
    Connected: { session },
    Expired: {},
    Event: { kind: watch },
    Done: {},
    Failed: { code: S.oneOf("NodeExists", "NoNode", "BadVersion"), at: S.range(1, maxOps) },
    Controller: { controller: maybe(broker) },
    Epoch: { epoch: maybe(view) },
    Owner: { owner: maybe(session) },
    Brokers: { brokers: perBroker(maybe(session)) },
    States: { states: perPartition(maybe(versionedState)) }
  })
  const orderSlot: S.StateSchema<OrderSlot> = S.record({
    open: S.boolean,
    message: S.union({ Order: { order }, Answer: {} })
  })
  const alterSlot: S.StateSchema<AlterSlot> = S.record({
    open: S.boolean,
    to: broker,
    message: S.union({
      Alter: { partition, epoch, version, isr, brokerEpoch: session },
      Judging: {},
      Altered: altered,
      Refused: refused
    })
  })
  const fetchSlot: S.StateSchema<FetchSlot> = S.record({
    open: S.boolean,
    to: broker,
    message: S.union({ Fetch: { epoch, end: offset }, Fetched: { epoch, end: offset }, NotLeader: {} })
  })
  return {
    maybe,
    broker,
    session,
    sessionNumbers: integers(1, c.MaxSessions),
    questions,
    tidings,
    watches: S.subset(["ControllerChange", "BrokerChange"]),
    znode,
    toZooKeeper,
    reply,
    knowledge,
    orderSlot,
    alterSlot,
    fetchSlot
  }
}
