/**
 * The part of a broker that holds replicas: it takes a controller's orders, leads and follows partitions, and watches who
 * is in sync with it.
 *
 *     controller ── Order ──▶ takes ── Answer ──▶             once it is registered, in the order of the connection
 *     follower ──── Fetch ──▶ leader ── Fetched ─▶            the follower's log becomes the leader's
 *     leader ────── Alter ──▶ whom its channel stands to      one proposal at a time
 *
 * The decision: a leader counts a follower as in sync by what it fetched and when, and changes nothing before the
 * controller has stored it; a channel is kept until its connection is gone or says that it is no controller.
 *
 * Authority: ReplicaManager.becomeLeaderOrFollower, Partition.maybeShrinkIsr, maybeExpandIsr, updateFollowerFetchState;
 * BrokerToControllerChannelManager; ReplicaFetcherThread, removeFetcherForPartitions of makeLeaders, makeFollowers (3.9).
 */
import { Clock, Effect } from "effect"
import { type Connection, Network } from "../../world/Network.ts"
import { propose, settle } from "../rules/AlterPartition.ts"
import { isFenced, leads, obey, obeyHalf } from "../rules/BrokerOrders.ts"
import { at, partitionsOf, put } from "../rules/Cluster.ts"
import type { Verdict } from "../rules/CoordinationMessages.ts"
import { acknowledgedAlone, acknowledges, sawFetch } from "../rules/FollowerFetch.ts"
import { type BrokerMemory, moveLog, recordsOf } from "./BrokerMemory.ts"
import {
  type AlterMessage,
  alterPort,
  brokerName,
  type FetchAnswer,
  type FetchMessage,
  fetchPort,
  numberIn,
  type OrderMessage,
  ordersPort
} from "./ElectionMessages.ts"

const accepting = (port: string, serve: (connection: Connection) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    const network = yield* Network
    const listener = yield* network.listen(port)
    while (true) yield* Effect.forkScoped(serve(yield* listener.accept), { startImmediately: true })
  })

/** A leader that is alone in sync waits for nobody. */
const acknowledgeAlone = ({ broker, cell, minInSync, observe }: BrokerMemory): void => {
  for (const partition of acknowledgedAlone(cell.own, broker, minInSync)) {
    observe({ _tag: "Acknowledged", partition, end: at(cell.log, partition) })
  }
}

const caughtUpName = (partition: number, follower: number): string => `${partition} ${follower}`

const takingOrders = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const { broker, caughtUp, cell, guards, interrupted, process } = memory
    /** A leader takes every member for caught up when it begins: none has had the time to fetch from it. */
    const began = (partition: number, isr: ReadonlyArray<number>): void => {
      for (const member of isr) caughtUp.set(caughtUpName(partition, member), clock.currentTimeMillisUnsafe())
    }
    /** The handler fails midway: nobody answers, and the order is sent again. */
    const takeHalf = (controller: number, connection: Connection, { order }: OrderMessage): boolean => {
      const own = interrupted() ? obeyHalf(guards, cell.own, order) : undefined
      if (own === undefined) return false
      cell.own = own
      connection.close()
      process.did("ObeyHalf", broker, controller)
      return true
    }
    const take = (controller: number, connection: Connection, { order }: OrderMessage): void => {
      const before = cell.own.parts
      if (!isFenced(guards, cell.own, order)) cell.own = obey(cell.own, order)
      cell.own.parts.forEach(([part], i) => {
        if (part !== undefined && part.epoch !== before[i]![0]?.epoch && leads(broker, [part])) began(i + 1, part.isr)
      })
      acknowledgeAlone(memory)
      connection.send({ _tag: "Answer" })
      process.did("Obey", broker, controller)
    }
    const isReady = () => cell.own.registered.length > 0 && cell.own.phase !== "unregistered"
    yield* accepting(ordersPort, (connection) =>
      Effect.forever(Effect.gen(function*() {
        const message = (yield* connection.receive) as OrderMessage
        const controller = numberIn(connection.peer)
        yield* process.until(`obey ${controller}`, isReady)
        if (!takeHalf(controller, connection, message)) take(controller, connection, message)
      })).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void)))
  })

const servingFetches = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const { broker, caughtUp, cell, cluster, disk, minInSync, observe, process } = memory
    const answer = (follower: number, { end, epoch, partition }: FetchMessage): FetchAnswer => {
      const part = at(cell.own.parts, partition)
      if (!leads(broker, part) || part[0]!.epoch !== epoch) return { _tag: "NotLeader" }
      const logEnd = at(cell.log, partition)
      const after = sawFetch(part[0]!, follower, end === logEnd)
      if (end === logEnd) caughtUp.set(caughtUpName(partition, follower), clock.currentTimeMillisUnsafe())
      cell.own = { ...cell.own, parts: put(cell.own.parts, partition, [after]) }
      if (acknowledges(cell.own, broker, partition, after, minInSync)) {
        observe({ _tag: "Acknowledged", partition, end: logEnd })
      }
      return { _tag: "Fetched", epoch, end: logEnd, records: recordsOf(disk, partition) }
    }
    const serve = (connection: Connection) =>
      Effect.forever(Effect.map(connection.receive, (message) => {
        const follower = numberIn(connection.peer)
        connection.send(answer(follower, message as FetchMessage))
        process.did("ServeFetch", broker, follower, (message as FetchMessage).partition)
      })).pipe(Effect.catchTag("ConnectionClosed", () => Effect.void))
    yield* Effect.all(partitionsOf(cluster).map((partition) => accepting(fetchPort(partition), serve)), {
      concurrency: "unbounded"
    })
  })

/** Follows the leader of one partition, whoever that is; whom an order names next, it asks without waiting for the last. */
const following = (memory: BrokerMemory, partition: number) =>
  Effect.gen(function*() {
    const network = yield* Network
    const { broker, cell, process, times } = memory
    const leader = () => at(cell.own.parts, partition)[0]?.leader[0]
    const source = () => {
      const [part] = at(cell.own.parts, partition)
      const [from] = part?.leader ?? []
      return from === undefined || from === broker ? undefined : { leader: from, epoch: part!.epoch }
    }
    /** What a leader has to say, or nothing once another one is named: the real one removes the fetcher of the last. */
    const whileLeading = <A>(named: number, answer: Effect.Effect<A>) => {
      const isDeposed = () => leader() !== undefined && leader() !== named
      return Effect.raceFirst(answer, Effect.as(process.until(`leave ${partition}`, isDeposed), "deposed" as const))
    }
    let open: { readonly leader: number; readonly connection: Connection } | undefined
    const close = (): void => {
      open?.connection.close()
      open = undefined
    }
    const fetched = (message: FetchAnswer): void => {
      const [part] = at(cell.own.parts, partition)
      if (message._tag === "Fetched" && part?.epoch === message.epoch) moveLog(memory, partition, message.records)
      process.did("Fetched", broker, partition)
    }
    while (true) {
      yield* process.until(`fetch ${partition}`, () => source() !== undefined)
      const from = source()
      if (from === undefined) continue
      if (open !== undefined && open.leader !== from.leader) close()
      if (open === undefined) {
        const dialed = network.tryConnect(brokerName(from.leader), fetchPort(partition))
        const made = yield* whileLeading(from.leader, Effect.option(dialed))
        if (made === "deposed") continue
        if (made._tag === "Some") open = { leader: from.leader, connection: made.value }
      } else {
        const end = at(cell.log, partition)
        open.connection.send({ _tag: "Fetch", partition, epoch: from.epoch, end } satisfies FetchMessage)
        process.did("SendFetch", broker, partition)
        const answer = yield* whileLeading(from.leader, Effect.option(open.connection.receive))
        if (answer === "deposed") {
          close()
          continue
        }
        if (answer._tag === "Some") fetched(answer.value as FetchAnswer)
        else close()
      }
      yield* Effect.sleep(times.fetchMillis)
    }
  })

/** Looks through the in-sync replicas of what it leads, and asks the controller for others where it should. */
const proposing = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const network = yield* Network
    const clock = yield* Clock.Clock
    const { broker, caughtUp, cell, cluster, process, times } = memory
    const isLate = (partition: number, follower: number): boolean => {
      const last = caughtUp.get(caughtUpName(partition, follower)) ?? -Infinity
      return clock.currentTimeMillisUnsafe() - last > times.lagMillis
    }
    const wish = () =>
      partitionsOf(cluster).flatMap((partition) => {
        const [part] = at(cell.own.parts, partition)
        if (part?.leader[0] !== broker) return []
        return at(cluster.assignment, partition).filter((replica) =>
          replica !== broker && isLate(partition, replica) === part.isr.includes(replica)
        ).flatMap((replica) => {
          const proposed = propose(cluster, cell.own, broker, partition, replica)
          return proposed === undefined ? [] : [{ ...proposed, replica }]
        })
      })[0]
    const verdictOf = (message: Verdict | undefined): void => {
      const isOver = message === undefined || (message._tag === "Refused" && message.code === "NotController")
      if (isOver) cell.channel = []
      if (message !== undefined) cell.own = settle(cell.own, message)
      else if (cell.own.proposed[0]?.final === false) cell.own = { ...cell.own, proposed: [] }
      acknowledgeAlone(memory)
      process.did(message === undefined ? "Forgotten" : "Settled", broker)
    }
    let open: { readonly to: number; readonly connection: Connection } | undefined
    while (true) {
      yield* Effect.sleep(times.lagMillis / 2)
      const to = cell.channel[0] ?? cell.own.boss[0]
      if (to === undefined) continue
      if (open?.to !== to) {
        open?.connection.close()
        const made = yield* Effect.option(network.tryConnect(brokerName(to), alterPort))
        open = made._tag === "Some" ? { to, connection: made.value } : undefined
        if (open === undefined && cell.channel.length > 0) {
          cell.channel = []
          process.did("LoseChannel", broker)
        }
      }
      const proposed = wish()
      // Orders of another controller may have come while it connected: its channel is looked for again.
      const isOutdated = open?.to !== (cell.channel[0] ?? cell.own.boss[0])
      if (open === undefined || isOutdated || proposed === undefined) continue
      cell.own = { ...cell.own, proposed: [proposed.proposal] }
      cell.channel = [open.to]
      open.connection.send({ _tag: "Alter", ...proposed.request } satisfies AlterMessage)
      process.did("Propose", broker, proposed.proposal.partition, proposed.replica)
      const answer = yield* Effect.option(open.connection.receive)
      if (answer._tag === "None") open = undefined
      verdictOf(answer._tag === "Some" ? answer.value as Verdict : undefined)
    }
  })

const producing = (memory: BrokerMemory) =>
  Effect.gen(function*() {
    const { broker, cell, disk, minInSync, observe, process, produces } = memory
    const next = () => {
      const wanted = produces()
      if (wanted === undefined) return undefined
      const part = at(cell.own.parts, wanted.partition)
      return leads(broker, part) && part[0]!.isr.length >= minInSync ? wanted : undefined
    }
    while (true) {
      yield* process.until("produce", () => next() !== undefined)
      const wanted = next()
      if (wanted === undefined) continue
      const { partition, value } = wanted
      moveLog(memory, partition, Uint8Array.of(...recordsOf(disk, partition), value))
      const part = at(cell.own.parts, partition)[0]!
      cell.own = { ...cell.own, parts: put(cell.own.parts, partition, [{ ...part, synced: [] }]) }
      observe({ _tag: "Written", partition, end: at(cell.log, partition) })
      acknowledgeAlone(memory)
      process.did("Produce", broker, partition)
    }
  })

/** The replicas of a broker. */
export const replicaManager = (memory: BrokerMemory) =>
  Effect.all([
    takingOrders(memory),
    servingFetches(memory),
    proposing(memory),
    producing(memory),
    ...partitionsOf(memory.cluster).map((partition) => following(memory, partition))
  ], { concurrency: "unbounded" })
