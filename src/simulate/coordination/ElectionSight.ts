/**
 * What the nodes and the world show of a state of the model ControllerElection at one moment, laid over the model's own
 * later: the shadow may have to wait before it knows what became of a read.
 *
 * The decision: of a connection that is cut nothing is compared, since what was lost of it shows only in what happens next;
 * of every other one, every message.
 */
import type { Observed } from "../../kafka/models/ControllerElectionProperties.ts"
import type { State } from "../../kafka/models/ControllerElectionState.ts"
import { alterPort, brokerName, fetchPort, ordersPort } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeperName, zooKeeperPort } from "../../kafka/nodes/ZooKeeperMessages.ts"
import * as Links from "../../kafka/projections/ControllerElectionLinks.ts"
import { at, change, partitionsOf, put } from "../../kafka/rules/Cluster.ts"
import type { Knowledge } from "../../kafka/rules/Knowledge.ts"
import type { Simulation } from "../../world/simulated/Simulation.ts"
import type { End } from "../../world/simulated/WorldEvent.ts"
import type { Followed } from "./Followed.ts"
import type { HeldMessages } from "./HeldMessages.ts"

/** Replaces what was seen in a state of the model. */
export type Sight = (state: State) => State

/** The end of a broker's connection to ZooKeeper. */
export const zooKeeperEnd = (broker: number): End => ({
  dialer: brokerName(broker),
  listener: zooKeeperName,
  port: zooKeeperPort,
  at: zooKeeperName
})

const wireOf = (world: Simulation, end: End): Links.Wire | undefined => {
  const found = world.network.inspect(end)
  return found === undefined || found.cut ? undefined : found
}

const between = (world: Simulation, from: number, to: number, port: string): Links.Wire | undefined => {
  const listener = brokerName(to)
  return wireOf(world, { dialer: brokerName(from), listener, port, at: listener })
}

/** A broker's connection to ZooKeeper, where it is whole. */
const linkOf = (world: Simulation, { cell, cluster, server }: Followed, broker: number, own: Knowledge): Sight => {
  const wire = wireOf(world, zooKeeperEnd(broker))
  if (wire === undefined || !world.isUp(brokerName(broker)) || !cell(broker).linked) return (state) => state
  const toZk = Links.projectToZooKeeper(cluster, broker, own, wire)
  const { attached, watches } = at(server.server.clients, broker)
  // Before a session is taken up, the model has what it missed in the queue already.
  if (attached.length === 0) return (state) => ({ ...state, toZk: put(state.toZk, broker, toZk) })
  const fromZk = Links.projectFromZooKeeper(cluster, broker, own, wire)
  const watched = Links.projectWatches(watches)
  return (state) => ({
    ...state,
    toZk: put(state.toZk, broker, toZk),
    fromZk: put(state.fromZk, broker, fromZk),
    attached: put(state.attached, broker, attached),
    watches: put(state.watches, broker, watched),
    linked: put(state.linked, broker, true)
  })
}

const ordersOf = (
  world: Simulation,
  { cell }: Followed,
  held: HeldMessages,
  from: number,
  to: number
): ReadonlyArray<Sight> => {
  const wire = between(world, from, to, ordersPort)
  if (wire === undefined) return []
  const next = world.isUp(brokerName(from)) ? at(cell(from).own.queues, to)[0] : undefined
  const slot = Links.projectOrder(wire, held.order(from, to), held.dialed(from, to), next)
  return [(state) => ({ ...state, orders: change(state.orders, from, (row) => put(row, to, slot)) })]
}

/** Messages of a broker, with what there is for one other broker in its place. */
const laid = <Slot extends { readonly to: number }>(
  slots: ReadonlyArray<Slot>,
  to: number,
  seen: ReadonlyArray<Slot>
): ReadonlyArray<Slot> => {
  const place = slots.findIndex((slot) => slot.to === to)
  return place < 0 ? [...slots, ...seen] : [...slots.slice(0, place), ...seen, ...slots.slice(place + 1)]
}

const altersOf = (world: Simulation, held: HeldMessages, from: number, to: number): ReadonlyArray<Sight> => {
  const wire = between(world, from, to, alterPort)
  if (wire === undefined) return []
  const slot = Links.projectAlter(wire, held.alter(from, to), to)
  return [(state) => {
    // A controller that writes what a leader asked for shows nothing of it on the way.
    const isWriting = at(state.alter, from).some((each) => each.to === to && each.message._tag === "Judging")
    const isSilent = slot.length === 0 && isWriting
    return isSilent ? state : { ...state, alter: change(state.alter, from, (slots) => laid(slots, to, slot)) }
  }]
}

const fetchesOf = (world: Simulation, { cluster }: Followed, from: number, to: number): ReadonlyArray<Sight> =>
  partitionsOf(cluster).flatMap((partition): ReadonlyArray<Sight> => {
    const wire = between(world, from, to, fetchPort(partition))
    if (wire === undefined) return []
    const slot = Links.projectFetch(wire, to)
    return [(state) => ({
      ...state,
      fetch: change(state.fetch, from, (row) => change(row, partition, (slots) => laid(slots, to, slot)))
    })]
  })

/** What is on the way between a broker and each of the others, both ways. */
export const betweenBrokers = (world: Simulation, followed: Followed, held: HeldMessages, broker: number): Sight => {
  const sights = followed.cluster.brokers.flatMap((other) =>
    [[broker, other], ...broker === other ? [] : [[other, broker]]].flatMap(([from = 0, to = 0]) => [
      ...ordersOf(world, followed, held, from, to),
      ...altersOf(world, held, from, to),
      ...fetchesOf(world, followed, from, to)
    ])
  )
  return (state) => sights.reduce((seen, sight) => sight(seen), state)
}

/** Connections to ZooKeeper, but for those of brokers for which the model is elsewhere, which `isApart` says when asked. */
export const toZooKeeper = (
  world: Simulation,
  followed: Followed,
  own: State["own"],
  brokers: ReadonlyArray<number>,
  isApart: (broker: number) => boolean
): Sight => {
  const sights = brokers.map((broker) => [broker, linkOf(world, followed, broker, at(own, broker))] as const)
  return (state) => sights.reduce((seen, [broker, sight]) => isApart(broker) ? seen : sight(seen), state)
}

/** All that can be seen at this moment; of a broker whose link is elsewhere in the model, its connection is not asked. */
export const sightOf =
  (world: Simulation, followed: Followed, held: HeldMessages, observed: Observed): Sight => (state) => {
    const { brokers } = followed.cluster
    const links = toZooKeeper(world, followed, observed.own, brokers, () => false)
    const slots = brokers.map((broker) => betweenBrokers(world, followed, held, broker))
    const isUp = (broker: number) => world.isUp(brokerName(broker))
    return {
      ...slots.reduce((seen, slot) => slot(seen), links(state)),
      ...observed,
      channel: brokers.map((broker) => isUp(broker) ? followed.cell(broker).channel : []),
      opened: brokers.map((broker) => at(followed.server.server.clients, broker).opened)
    }
  }
