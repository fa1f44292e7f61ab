/**
 * The controller's work between two replies of ZooKeeper: tasks are taken in turn, up to the first that has something to
 * write; what was written is told to the brokers.
 *
 * The decision: every write is one transaction with a check of the version of `/controller_epoch` that the controller
 * holds, so that the write of a controller that was deposed fails; and a write is conditional on the version of the znode
 * that it replaces.
 *
 * Authority: KafkaZkClient.updateLeaderAndIsr, createTopicPartitionStates; PartitionStateMachine,
 * ControllerBrokerRequestBatch, ControllerChannelManager.addBroker (3.9); KAFKA-6082.
 */
import * as Changes from "./BrokerChange.ts"
import { at, change, type Cluster, partitionsOf, put } from "./Cluster.ts"
import type { ControllerTask, PartitionTask } from "./ControllerTask.ts"
import type { OrderContent, VersionedState, ZkOperation, ZkQuestion } from "./CoordinationMessages.ts"
import { decide, type ElectionGuards, type PartitionState } from "./Election.ts"
import { type Knowledge, liveBrokers, type Phase } from "./Knowledge.ts"

/** Guards of the controller, named as in scenarios.md. */
export interface ControllerGuards extends ElectionGuards, Changes.BrokerChangeGuards {
  /** K16: `/controller` and its epoch are one transaction. */
  readonly AtomicRegister: boolean
  /** K17: a write checks the version of `/controller_epoch`. */
  readonly FenceControllerWrites: boolean
  /** K21: a broker registers again while an earlier session's znode is there. */
  readonly RegisterRetries: boolean
}

/** Who the process is: a broker of a cluster, with its guards. */
export interface Member {
  readonly cluster: Cluster
  readonly guards: ControllerGuards
  readonly broker: number
}

/** What happened that the controller has to deal with: a watch event, or what an operator or client asks for. */
export type ControllerEvent =
  | { readonly _tag: "ControllerChange" }
  | { readonly _tag: "BrokerChange" }
  | { readonly _tag: "TopicChange"; readonly partition: number }
  | { readonly _tag: "PreferredElection"; readonly partition: number }
  | { readonly _tag: "ControlledShutdown"; readonly broker: number }

/** The thread asks, and waits for the reply. */
export const ask = (own: Knowledge, phase: Phase, question: ZkQuestion): Knowledge => ({
  ...own,
  phase,
  asks: [question]
})

const epochOf = (own: Knowledge): number => own.view[0]!.epoch

/** Queues an order for those of `to` that are alive. */
const tell = (
  { broker: controller }: Member,
  own: Knowledge,
  to: ReadonlyArray<number>,
  content: OrderContent
): Knowledge => ({
  ...own,
  queues: own.queues.map((queue, i) => {
    const brokerEpoch = own.live[i]![0]
    if (brokerEpoch === undefined || !to.includes(i + 1)) return queue
    return [...queue, { controller, controllerEpoch: epochOf(own), brokerEpoch, content }]
  })
})

const updateMetadata = (own: Knowledge): OrderContent => ({
  _tag: "UpdateMetadata",
  live: liveBrokers(own),
  leaders: own.states.map((state) => state.map(({ epoch, leader }) => ({ leader, epoch })))
})

/** Tells brokers the state of each partition of which they are replicas. */
const tellStates = (member: Member, own: Knowledge, to: ReadonlyArray<number>): Knowledge =>
  partitionsOf(member.cluster).reduce((told, partition) => {
    const replicas = at(member.cluster.assignment, partition).filter((replica) => to.includes(replica))
    const [state] = at(own.states, partition)
    return state === undefined ? told : tell(member, told, replicas, { _tag: "LeaderAndIsr", partition, state })
  }, own)

const decision = ({ cluster, guards }: Member, own: Knowledge, task: PartitionTask): PartitionState | undefined =>
  decide(guards, task, at(own.states, task.partition)[0], {
    replicas: at(cluster.assignment, task.partition),
    live: new Set(liveBrokers(own)),
    shutting: new Set(own.shutting),
    controllerEpoch: epochOf(own)
  })

const write = ({ guards }: Member, own: Knowledge, task: PartitionTask, state: PartitionState): ZkQuestion => {
  const path = ["state", task.partition] as const
  const data = { _tag: "State", ...state } as const
  const [known] = at(own.states, task.partition)
  const fence: ReadonlyArray<ZkOperation> = guards.FenceControllerWrites
    ? [{ _tag: "Check", path: ["controller_epoch", 0], version: own.view[0]!.version }]
    : []
  const operation: ZkOperation = known === undefined
    ? { _tag: "Create", path, data, ephemeral: false }
    : { _tag: "SetData", path, data, version: known.version }
  return { _tag: "Multi", ops: [...fence, operation] }
}

const removeBroker = (own: Knowledge, replica: number): Knowledge => ({
  ...own,
  live: put(own.live, replica, []),
  queues: put(own.queues, replica, []),
  shutting: own.shutting.filter((broker) => broker !== replica)
})

const addBroker = (member: Member, own: Knowledge, replica: number, epoch: number): Knowledge => {
  const joined = { ...own, live: put(own.live, replica, [epoch]) }
  return tellStates(member, tell(member, joined, member.cluster.brokers, updateMetadata(joined)), [replica])
}

/** Takes the tasks in turn, up to the first that has something to write; after the last, the next event. */
export const proceed = (member: Member, before: Knowledge): Knowledge => {
  let own = before
  for (let [task, ...todo] = own.todo; task !== undefined; [task, ...todo] = own.todo) {
    const rest = { ...own, todo }
    switch (task._tag) {
      case "Remove":
        own = removeBroker(rest, task.replica)
        break
      case "Add":
        own = addBroker(member, rest, task.replica, task.epoch)
        break
      case "New":
      case "Offline":
      case "Preferred":
      case "Shutdown":
      case "Drop":
      case "Retire":
      case "Alter": {
        const state = decision(member, own, task)
        if (state !== undefined) return ask(own, "writing", write(member, own, task, state))
        own = rest
      }
    }
  }
  return finish(member, own)
}

const ascending = (brokers: ReadonlyArray<number>): ReadonlyArray<number> => [...new Set(brokers)].sort((a, b) => a - b)

/** Begins with an event; one for a controller is nothing to a broker that is none. */
export const begin = (member: Member, own: Knowledge, event: ControllerEvent): Knowledge => {
  const doing = (todo: ReadonlyArray<ControllerTask>, shutting = own.shutting) =>
    proceed(member, { ...own, todo, shutting })
  if (event._tag === "ControllerChange") return ask(own, "electing", { _tag: "Read", what: "controller" })
  if (!own.active) return finish(member, own)
  switch (event._tag) {
    case "BrokerChange":
      return ask(own, "changing", { _tag: "Read", what: "brokers" })
    case "TopicChange":
      return doing([{ _tag: "New", partition: event.partition }])
    case "PreferredElection":
      return doing([{ _tag: "Preferred", partition: event.partition }])
    case "ControlledShutdown":
      return at(own.live, event.broker).length === 0
        ? finish(member, own)
        : doing(Changes.onControlledShutdown(member.cluster, event.broker), ascending([...own.shutting, event.broker]))
  }
}

/** The next event that waits, or rest. */
export const finish = (member: Member, own: Knowledge): Knowledge => {
  const [event, ...events] = own.events
  return event === undefined ? { ...own, phase: "idle" } : begin(member, { ...own, events }, event)
}

const mapOf = (live: Knowledge["live"]): Changes.LiveBrokers =>
  new Map(live.flatMap(([epoch], i) => epoch === undefined ? [] : [[i + 1, epoch] as const]))

/** What another look at the brokers gives to do. A controller that does not compare takes the later epochs as they are. */
export const sawBrokers = (member: Member, own: Knowledge, brokers: Knowledge["live"]): Knowledge => {
  const now = mapOf(brokers)
  const todo = Changes.onBrokerChange(
    member.cluster,
    Changes.brokerChanges(member.guards, mapOf(own.live), now),
    now
  )
  const live = member.guards.CompareBrokerEpoch
    ? own.live
    : own.live.map((epoch, i) => epoch.length > 0 && brokers[i]!.length > 0 ? brokers[i]! : epoch)
  return proceed(member, { ...own, live, todo })
}

/** A controller that took over has read everything: it tells everybody, and sets right what its predecessor left. */
export const loaded = (member: Member, own: Knowledge, states: Knowledge["states"]): Knowledge => {
  const known = { ...own, states }
  const { brokers } = member.cluster
  const told = tellStates(member, tell(member, known, brokers, updateMetadata(known)), brokers)
  const absent = brokers.filter((broker) => at(own.live, broker).length === 0)
  return proceed(member, { ...told, todo: Changes.onControllerFailover(member.cluster, absent) })
}

/** A partition stands as a task wanted it: its replicas hear of it, then everybody. */
const tellOutcome = (member: Member, own: Knowledge, task: PartitionTask): Knowledge => {
  const { partition } = task
  const state = at(own.states, partition)[0]!
  const leaving = task._tag === "Drop" || task._tag === "Retire" ? task.replica : undefined
  const replicas = at(member.cluster.assignment, partition).filter((replica) => replica !== leaving)
  const order: OrderContent = { _tag: "LeaderAndIsr", partition, state }
  const told = task._tag === "Alter" ? own : tell(member, own, replicas, order)
  const all = tell(member, told, member.cluster.brokers, updateMetadata(own))
  return task._tag === "Retire"
    ? tell(member, all, [task.replica], { _tag: "StopReplica", partition, epoch: state.epoch })
    : all
}

/** A write went through. */
export const wrote = (member: Member, own: Knowledge, task: PartitionTask): Knowledge => {
  const { partition } = task
  const version = at(own.states, partition).map((before) => before.version + 1)[0] ?? 0
  const state: VersionedState = { ...decision(member, own, task)!, version }
  return tellOutcome(
    member,
    { ...own, states: change(own.states, partition, () => [state]), todo: own.todo.slice(1) },
    task
  )
}

const sameState = (a: VersionedState | undefined, b: VersionedState): boolean => a?.version === b.version

/**
 * States were read again because a write was refused. A znode that a later controller wrote is left alone; where this
 * controller's own write went through, though its reply was lost, the brokers are told of it. The real one elects and
 * writes once more then, which raises the leader epoch again.
 */
export const refreshed = (member: Member, own: Knowledge, states: Knowledge["states"]): Knowledge => {
  const task = own.todo[0] as PartitionTask
  const [state] = at(states, task.partition)
  const seen: Knowledge = { ...own, states }
  const rest: Knowledge = { ...seen, todo: own.todo.slice(1) }
  if (state === undefined) return proceed(member, seen)
  if (state.controllerEpoch > epochOf(own)) return proceed(member, rest)
  const isMine = state.controllerEpoch === epochOf(own) && !sameState(at(own.states, task.partition)[0], state)
  return isMine && decision(member, seen, task) === undefined
    ? proceed(member, tellOutcome(member, rest, task))
    : proceed(member, seen)
}
