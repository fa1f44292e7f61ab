/**
 * The thread of controller events of each broker in the model ControllerElection: it hears from ZooKeeper, is asked by
 * operators, judges the proposals of leaders and sends its orders.
 *
 * The decision: a turn of the thread is one action; what it asks goes to ZooKeeper's queue, and orders of which the
 * controller forgot that it sent them stay in flight, though nobody waits for their answers.
 *
 * Authority: KafkaController, ControllerEventManager, RequestSendThread (3.9).
 */
import { action } from "../../machine/Machine.ts"
import { judge } from "../rules/AlterPartition.ts"
import { at, change, type Cluster, type Maybe, partitionsOf, put } from "../rules/Cluster.ts"
import { hear } from "../rules/ControllerThread.ts"
import { begin, type ControllerEvent, type Member, proceed } from "../rules/ControllerTurn.ts"
import type { Verdict } from "../rules/CoordinationMessages.ts"
import type { Knowledge } from "../rules/Knowledge.ts"
import type { AlterSlot, AskKind, Constants, FetchSlot, OrderSlot, State } from "./ControllerElectionState.ts"
import { listens } from "./ControllerElectionZooKeeper.ts"

const queuesFit = (c: Constants, own: Knowledge): boolean => own.queues.every((queue) => queue.length <= c.MaxQueue)

/** An order for whose answer nobody waits: a request in flight still arrives, an answer does not. */
export const orphan = (slot: Maybe<OrderSlot>): Maybe<OrderSlot> =>
  slot.flatMap(({ message }) => message._tag === "Answer" ? [] : [{ open: false, message }])

/** The orders in flight of a controller that gave some of its queues up. */
const closedOrders = (before: Knowledge, after: Knowledge, row: ReadonlyArray<Maybe<OrderSlot>>) =>
  before.queues === after.queues ? row : row.map((slot, i) => {
    const isKept = after.queues[i]!.length > 0 && after.queues[i]![0] === before.queues[i]![0]
    return slot[0]?.open === true && !isKept ? orphan(slot) : slot
  })

interface Slot {
  readonly open: boolean
  readonly to: number
  readonly message: { readonly _tag: string }
}

/** A message of this kind that a broker has to deal with. */
export const isFor = (b: number, tag: AlterSlot["message"]["_tag"] | FetchSlot["message"]["_tag"]) => (slot: Slot) =>
  slot.to === b && slot.message._tag === tag

/** Who waits is answered, whoever has left is not. */
export const replied = <S extends Slot>(
  slots: ReadonlyArray<S>,
  isIt: (slot: S) => boolean,
  message: S["message"]
): ReadonlyArray<S> => slots.flatMap((slot) => !isIt(slot) ? [slot] : slot.open ? [{ ...slot, message }] : [])

/** The verdict of controller `b`; nothing to a leader that does not wait for one any more. */
const withVerdict = (
  s: State,
  b: number,
  [leader]: Maybe<number>,
  [verdict]: ReadonlyArray<Verdict>
): State["alter"] => {
  if (leader === undefined || verdict === undefined) return s.alter
  return change(s.alter, leader, (slots) => replied(slots, isFor(b, "Judging"), verdict))
}

/** What the thread asks, where there is a connection to ask over. */
const asked = (s: State, b: number, own: Knowledge): State["toZk"] => {
  const [message] = own.asks
  if (message === undefined || !at(s.linked, b) || at(s.own, b).connecting) return s.toZk
  return change(s.toZk, b, (queue) => [...queue, { session: own.session[0]!, message }])
}

const hears = (c: Constants, member: Member, s: State, b: number): State | undefined => {
  const [message, ...fromZk] = at(s.fromZk, b)
  if (message === undefined || !listens(s, b) || c.Deaf.includes(b)) return undefined
  const before = at(s.own, b)
  if (before.connecting && message._tag !== "Connected" && message._tag !== "Expired") return undefined
  const { own, verdict } = hear(member, before, message)
  if (!queuesFit(c, own)) return undefined
  const isHeldBack = message._tag === "Event" && before.phase !== "idle"
  const question = message._tag === "Expired"
    ? [{ session: 0, message: { _tag: "Connect" as const, session: [] } }]
    : isHeldBack
    ? []
    : own.asks.map((each) => ({ session: own.session[0]!, message: each }))
  return {
    ...s,
    own: put(s.own, b, own),
    fromZk: put(s.fromZk, b, fromZk),
    toZk: question.length === 0 ? s.toZk : change(s.toZk, b, (queue) => [...queue, ...question]),
    orders: change(s.orders, b, (row) => closedOrders(before, own, row)),
    alter: withVerdict(s, b, before.judging, verdict)
  }
}

const judges = (c: Constants, member: Member, s: State, b: number): State | undefined => {
  const controller = member.broker
  const own = at(s.own, controller)
  const isIt = isFor(controller, "Alter")
  const slot = at(s.alter, b).find(isIt)
  if (at(s.status, controller) !== "up" || slot?.message._tag !== "Alter") return undefined
  if (own.active && own.phase !== "idle") return undefined
  const request = slot.message
  const code = judge(c, own, b, request)
  const answer = (message: AlterSlot["message"]) => change(s.alter, b, (slots) => replied(slots, isIt, message))
  switch (code) {
    case "Write": {
      const { isr, partition } = request
      const after = proceed(member, { ...own, judging: [b], todo: [{ _tag: "Alter", partition, isr }] })
      return {
        ...s,
        own: put(s.own, controller, after),
        toZk: asked(s, controller, after),
        alter: answer({ _tag: "Judging" })
      }
    }
    case "Same": {
      const [state] = at(own.states, request.partition)
      const version = Math.max(request.version, state!.version)
      return { ...s, alter: answer({ _tag: "Altered", state: { ...state!, version } }) }
    }
    case "NotController":
    case "StaleBrokerEpoch":
    case "Unknown":
    case "FencedLeaderEpoch":
    case "InvalidUpdateVersion":
    case "IneligibleReplica":
      return { ...s, alter: answer({ _tag: "Refused", code }) }
  }
}

/** Actions of the threads of controller events. */
export const controllerActions = (c: Constants, cluster: Cluster) => {
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  const memberOf = (broker: number): Member => ({ cluster, guards: c, broker })
  const members = brokers.map(memberOf)
  const askFor = (s: State, kind: AskKind, b: number, event: ControllerEvent): State | undefined => {
    const own = at(s.own, b)
    if (!c.AskKinds.includes(kind)) return undefined
    if (at(s.status, b) !== "up" || !own.active || s.asked >= c.MaxAsked || own.phase !== "idle") return undefined
    const after = begin(at(members, b), own, event)
    if (!queuesFit(c, after)) return undefined
    return { ...s, own: put(s.own, b, after), toZk: asked(s, b, after), asked: s.asked + 1 }
  }
  return {
    Hear: action([brokers], (s: State, b) => hears(c, at(members, b), s, b)),
    CreatePartition: action(
      [brokers, partitions],
      (s: State, b, partition) => askFor(s, "CreatePartition", b, { _tag: "TopicChange", partition })
    ),
    PreferLeader: action(
      [brokers, partitions],
      (s: State, b, partition) => askFor(s, "PreferLeader", b, { _tag: "PreferredElection", partition })
    ),
    ShutDown: action(
      [brokers, brokers],
      (s: State, b, broker) => askFor(s, "ShutDown", b, { _tag: "ControlledShutdown", broker })
    ),
    Dial: action([brokers, brokers], (s: State, controller, b) => {
      const [order] = at(at(s.own, controller).queues, b)
      const isFree = at(at(s.orders, controller), b).length === 0
      if (at(s.status, controller) !== "up" || at(s.status, b) !== "up" || order === undefined || !isFree) {
        return undefined
      }
      const slot: OrderSlot = { open: true, message: { _tag: "Order", order } }
      return { ...s, orders: change(s.orders, controller, (row) => put(row, b, [slot])) }
    }),
    Answered: action([brokers, brokers], (s: State, controller, b) => {
      const [slot] = at(at(s.orders, controller), b)
      if (at(s.status, controller) !== "up" || slot?.open !== true || slot.message._tag !== "Answer") return undefined
      return {
        ...s,
        own: change(s.own, controller, (own) => ({ ...own, queues: change(own.queues, b, (queue) => queue.slice(1)) })),
        orders: change(s.orders, controller, (row) => put(row, b, []))
      }
    }),
    LoseOrder: action([brokers, brokers], (s: State, controller, b) => {
      const isThere = at(at(s.orders, controller), b).length > 0
      if (!c.Cuts || s.faults >= c.MaxFaults || !isThere) return undefined
      return { ...s, orders: change(s.orders, controller, (row) => put(row, b, [])), faults: s.faults + 1 }
    }),
    Judge: action([brokers, brokers], (s: State, controller, b) => judges(c, at(members, controller), s, b))
  }
}
