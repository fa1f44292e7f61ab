/**
 * The brokers of the model ControllerElection: they take orders, leaders propose in-sync replicas, followers fetch; and
 * what a process takes with it when it ends.
 *
 * The decision: a log is an end offset, and its epoch is the replica's: which records a follower has is another
 * mechanism's question; here it decides who is in sync and what a bounced broker lost (K14).
 *
 * Authority: ReplicaManager, Partition, ReplicaFetcherThread, DefaultAlterPartitionManager (3.9).
 */
import { action } from "../../machine/Machine.ts"
import { propose, settle } from "../rules/AlterPartition.ts"
import { isFenced, leads, obey, obeyHalf } from "../rules/BrokerOrders.ts"
import { at, change, type Cluster, type Maybe, partitionsOf, put } from "../rules/Cluster.ts"
import type { ControllerOrder } from "../rules/CoordinationMessages.ts"
import { acknowledgedAlone, acknowledges, sawFetch } from "../rules/FollowerFetch.ts"
import { type Knowledge, type ReplicaState, startOf } from "../rules/Knowledge.ts"
import { isFor, orphan, replied } from "./ControllerElectionController.ts"
import type { AlterSlot, Constants, FetchSlot, OrderSlot, State, ToZooKeeper } from "./ControllerElectionState.ts"
import { listens, mayFail } from "./ControllerElectionZooKeeper.ts"

const isUp = (s: State, b: number): boolean => at(s.status, b) === "up"

/** The order that a broker would take next from a controller. */
const taken = (s: State, b: number, controller: number): ControllerOrder | undefined => {
  const own = at(s.own, b)
  const message = at(at(s.orders, controller), b)[0]?.message
  const takes = isUp(s, b) && own.registered.length > 0 && own.phase !== "unregistered"
  return takes && message?._tag === "Order" ? message.order : undefined
}

const withOrder = (s: State, controller: number, b: number, slot: Maybe<OrderSlot>): State["orders"] =>
  change(s.orders, controller, (row) => put(row, b, slot))

/** What producers were told once a broker knows this: a leader that is alone in sync waits for nobody. */
const ackedAlone = (c: Constants, s: State, b: number, own: Knowledge, ends: ReadonlyArray<number>): State["acked"] =>
  acknowledgedAlone(own, b, c.MinInSync).reduce(
    (acked, p) => at(ends, p) > at(acked, p) ? put(acked, p, at(ends, p)) : acked,
    s.acked
  )

const orderActions = (c: Constants, { brokers }: Cluster) => ({
  Obey: action([brokers, brokers], (s: State, b, controller) => {
    const order = taken(s, b, controller)
    if (order === undefined) return undefined
    const [slot] = at(at(s.orders, controller), b)
    const before = at(s.own, b)
    const own = isFenced(c, before, order) ? before : obey(before, order)
    return {
      ...s,
      own: put(s.own, b, own),
      acked: ackedAlone(c, s, b, own, at(s.log, b)),
      orders: withOrder(s, controller, b, slot!.open ? [{ open: true, message: { _tag: "Answer" } }] : [])
    }
  }),
  ObeyHalf: action([brokers, brokers], (s: State, b, controller) => {
    const order = taken(s, b, controller)
    if (order === undefined || s.faults >= c.MaxFaults) return undefined
    const own = obeyHalf(c, at(s.own, b), order)
    return own && {
      ...s,
      own: put(s.own, b, own),
      orders: withOrder(s, controller, b, []),
      faults: s.faults + 1
    }
  })
})

/** Nobody waits; where connections may be cut, what was left may be on its way to others. */
const isFree = (c: Constants, slots: ReadonlyArray<AlterSlot>, to: number): boolean =>
  slots.length === 0 || (c.Cuts && slots.every((slot) => !slot.open && slot.to !== to))

/** What is left when a connection is cut: an answer is lost, a request may still arrive, or be lost too. */
const leftOf = <Slot extends AlterSlot | FetchSlot>(
  slots: ReadonlyArray<Slot>,
  to: number,
  request: "Alter" | "Fetch"
): ReadonlyArray<Slot> =>
  slots.flatMap((slot) => {
    if (slot.to !== to) return [slot]
    return slot.open && slot.message._tag === request ? [{ ...slot, open: false }] : []
  })

/** What a follower leaves to fetch from another leader: requests may still arrive, and nobody waits for an answer. */
const deserted = (slots: ReadonlyArray<FetchSlot>): ReadonlyArray<FetchSlot> =>
  slots.flatMap((slot) => slot.message._tag === "Fetch" ? [{ ...slot, open: false }] : [])

const leaderActions = (c: Constants, cluster: Cluster) => ({
  Propose: action([cluster.brokers, partitionsOf(cluster), cluster.brokers], (s: State, b, p, r) => {
    const own = at(s.own, b)
    const to = at(s.channel, b)[0] ?? own.boss[0]
    if (!isUp(s, b) || s.alters >= c.MaxAlters || to === undefined || !isFree(c, at(s.alter, b), to)) return undefined
    const proposed = isUp(s, to) || c.Cuts ? propose(cluster, own, b, p, r) : undefined
    if (proposed === undefined) return undefined
    const slot: AlterSlot = { open: true, to, message: { _tag: "Alter", ...proposed.request } }
    return {
      ...s,
      own: put(s.own, b, { ...own, proposed: [proposed.proposal] }),
      channel: put(s.channel, b, [to]),
      alter: isUp(s, to) ? change(s.alter, b, (slots) => [...slots, slot]) : s.alter,
      alters: s.alters + 1
    }
  }),
  Settled: action([cluster.brokers], (s: State, b) => {
    const slot = at(s.alter, b).find(({ message: { _tag }, open }) =>
      open && (_tag === "Altered" || _tag === "Refused")
    )
    const message = slot?.message
    if (!isUp(s, b) || (message?._tag !== "Altered" && message?._tag !== "Refused")) return undefined
    const isDeposed = message._tag === "Refused" && message.code === "NotController"
    const own = settle(at(s.own, b), message)
    return {
      ...s,
      own: put(s.own, b, own),
      acked: ackedAlone(c, s, b, own, at(s.log, b)),
      channel: isDeposed ? put(s.channel, b, []) : s.channel,
      alter: change(s.alter, b, (slots) => slots.filter((each) => each !== slot))
    }
  }),
  Forgotten: action([cluster.brokers], (s: State, b) => {
    const [proposal] = at(s.own, b).proposed
    const waits = at(s.alter, b).some(({ open }) => open)
    if (!isUp(s, b) || proposal === undefined || proposal.final || waits) return undefined
    const own = { ...at(s.own, b), proposed: [] }
    return {
      ...s,
      own: put(s.own, b, own),
      acked: ackedAlone(c, s, b, own, at(s.log, b)),
      channel: put(s.channel, b, [])
    }
  }),
  LoseAlter: action([cluster.brokers, cluster.brokers], (s: State, b, to) => {
    if (!c.Cuts || s.faults >= c.MaxFaults || at(s.alter, b).every((slot) => slot.to !== to)) return undefined
    return { ...s, alter: change(s.alter, b, (slots) => leftOf(slots, to, "Alter")), faults: s.faults + 1 }
  }),
  LoseChannel: action([cluster.brokers], (s: State, b) => {
    if (!c.Cuts || !isUp(s, b) || at(s.channel, b).length === 0) return undefined
    return { ...s, channel: put(s.channel, b, []) }
  })
})

/** Replaces a partition as one of its replicas has it. */
const withPart = (s: State, b: number, p: number, part: ReplicaState): State["own"] =>
  change(s.own, b, (own) => ({ ...own, parts: put(own.parts, p, [part]) }))

const serveFetch = (c: Constants) => (s: State, l: number, b: number, p: number): State | undefined => {
  const isIt = isFor(l, "Fetch")
  const slot = at(at(s.fetch, b), p).find(isIt)
  if (!isUp(s, l) || slot?.message._tag !== "Fetch") return undefined
  const { end, epoch } = slot.message
  const own = at(s.own, l)
  const [part] = at(own.parts, p)
  const logEnd = at(at(s.log, l), p)
  const answer = (message: FetchSlot["message"]) =>
    change(s.fetch, b, (row) => change(row, p, (slots) => replied(slots, isIt, message)))
  if (part === undefined || !leads(l, [part]) || part.epoch !== epoch) {
    return { ...s, fetch: answer({ _tag: "NotLeader" }) }
  }
  const after = sawFetch(part, b, end === logEnd)
  return {
    ...s,
    own: after === part ? s.own : withPart(s, l, p, after),
    fetch: answer({ _tag: "Fetched", epoch, end: logEnd }),
    acked: acknowledges(own, l, p, after, c.MinInSync) && logEnd > at(s.acked, p) ? put(s.acked, p, logEnd) : s.acked
  }
}

const logActions = (c: Constants, cluster: Cluster) => {
  const { brokers } = cluster
  const partitions = partitionsOf(cluster)
  return {
    Produce: action([brokers, partitions], (s: State, b, p) => {
      const [part] = at(at(s.own, b).parts, p)
      const end = at(at(s.log, b), p)
      if (!isUp(s, b) || part === undefined || !leads(b, [part]) || end >= c.MaxRecords) return undefined
      if (part.isr.length < c.MinInSync) return undefined
      const own = withPart(s, b, p, { ...part, synced: [] })
      const log = change(s.log, b, (row) => put(row, p, end + 1))
      return { ...s, log, own, acked: ackedAlone(c, s, b, at(own, b), at(log, b)) }
    }),
    SendFetch: action([brokers, partitions], (s: State, b, p) => {
      const [part] = at(at(s.own, b).parts, p)
      const leader = part?.leader[0]
      const slots = at(at(s.fetch, b), p)
      if (!isUp(s, b) || c.MaxRecords === 0) return undefined
      if (part === undefined || leader === undefined || leader === b || !isUp(s, leader)) return undefined
      if (slots.some(({ to }) => to === leader)) return undefined
      const message = { _tag: "Fetch", epoch: part.epoch, end: at(at(s.log, b), p) } as const
      const sent: FetchSlot = { open: true, to: leader, message }
      return { ...s, fetch: change(s.fetch, b, (row) => put(row, p, [...deserted(slots), sent])) }
    }),
    ServeFetch: action([brokers, brokers, partitions], serveFetch(c)),
    Fetched: action([brokers, partitions], (s: State, b, p) => {
      const slot = at(at(s.fetch, b), p).find(({ message, open }) => open && message._tag !== "Fetch")
      const message = slot?.message
      if (!isUp(s, b) || message === undefined || message._tag === "Fetch") return undefined
      const [part] = at(at(s.own, b).parts, p)
      const follows = message._tag === "Fetched" && part?.epoch === message.epoch
      return {
        ...s,
        log: follows ? change(s.log, b, (row) => put(row, p, message.end)) : s.log,
        fetch: change(s.fetch, b, (row) => change(row, p, (slots) => slots.filter((each) => each !== slot)))
      }
    }),
    LoseFetch: action([brokers, brokers, partitions], (s: State, b, l, p) => {
      if (!c.Cuts || s.faults >= c.MaxFaults || at(at(s.fetch, b), p).every(({ to }) => to !== l)) return undefined
      const fetch = change(s.fetch, b, (row) => change(row, p, (slots) => leftOf(slots, l, "Fetch")))
      return { ...s, fetch, faults: s.faults + 1 }
    })
  }
}

const answers = ["Altered", "Refused", "Fetched", "NotLeader"]

/** What is left of messages when a process ends: what it sent stays in flight, what was sent to it is gone. */
const severed = <Slot extends AlterSlot | FetchSlot>(
  slots: ReadonlyArray<Slot>,
  dialer: number,
  b: number
): ReadonlyArray<Slot> =>
  slots.flatMap((each) => {
    const isAnswer = answers.includes(each.message._tag)
    if (dialer === b) return isAnswer || each.message._tag === "Judging" ? [] : [{ ...each, open: false }]
    return each.to === b && !isAnswer ? [] : [each]
  })

const stopped = (c: Constants, cluster: Cluster, s: State, b: number): State => ({
  ...s,
  status: put(s.status, b, "down"),
  own: put(s.own, b, startOf(cluster)),
  linked: put(s.linked, b, false),
  channel: s.channel.map((to, i) => i + 1 === b || (to[0] === b && !c.Cuts) ? [] : to),
  attached: put(s.attached, b, []),
  watches: put(s.watches, b, []),
  fromZk: put(s.fromZk, b, []),
  orders: s.orders.map((row, i) =>
    row.map((slot, j) => {
      if (i + 1 === b) return j + 1 === b ? [] : orphan(slot)
      return j + 1 === b && slot[0]?.message._tag === "Order" ? [] : slot
    })
  ),
  alter: s.alter.map((slots, i) => severed(i + 1 === b ? slots.filter(({ to }) => to !== b) : slots, i + 1, b)),
  fetch: s.fetch.map((row, i) => row.map((slot) => severed(slot, i + 1, b)))
})

const processActions = (c: Constants, cluster: Cluster) => {
  return {
    Kill: action(
      [cluster.brokers],
      (s: State, b) => {
        if (!isUp(s, b) || !mayFail(c, cluster, s)) return undefined
        return { ...stopped(c, cluster, s, b), faults: s.faults + 1 }
      }
    ),
    PowerLoss: action([cluster.brokers], (s: State, b) => {
      if (!mayFail(c, cluster, s) || (c.ControllerStays && at(s.own, b).active)) return undefined
      return { ...stopped(c, cluster, s, b), log: change(s.log, b, (row) => row.map(() => 0)), faults: s.faults + 1 }
    }),
    Terminate: action([cluster.brokers], (s: State, b) => {
      const [session] = at(s.own, b).session
      if (!listens(s, b) || !mayFail(c, cluster, s) || session === undefined) return undefined
      const close: ToZooKeeper = { session, message: { _tag: "Close" } }
      return {
        ...stopped(c, cluster, s, b),
        toZk: change(s.toZk, b, (queue) => [...queue, close]),
        faults: s.faults + 1
      }
    }),
    Restart: action(
      [cluster.brokers],
      (s: State, b) => isUp(s, b) ? undefined : { ...s, status: put(s.status, b, "up") }
    )
  }
}

/** Actions of the brokers. */
export const brokerActions = (c: Constants, cluster: Cluster) => ({
  ...orderActions(c, cluster),
  ...leaderActions(c, cluster),
  ...logActions(c, cluster),
  ...processActions(c, cluster)
})
