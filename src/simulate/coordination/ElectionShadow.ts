/**
 * The model ControllerElection walking along with a cluster of brokers: which of its actions each event was, and whether
 * everything that the nodes have is what the model has then.
 *
 *     nodes, world ── what happened ──▶ entries, in order ──▶ shadow: is it enabled? ─▶ step ─▶ properties ─▶ equal?
 *                                          └ the first waits while a read may still turn out to be lost
 *
 * The decision: the model's connection to ZooKeeper is coarser than the nodes', so three of its steps fall elsewhere. A
 * connection ends in the model when the next one is made, with all that was lost of it. A broker is back in its session
 * when the server has taken its watches over. A read whose reply is lost was not served: the watch that it left is gone
 * with the connection, and nothing else came of it. Between brokers a message that is lost is so when the next one goes.
 *
 * Authority: design.md, Grain 4; docs/coordination.md says why each of these is a run of the model.
 */
import { shadowOf } from "../../conform/Shadow.ts"
import type { Observed } from "../../kafka/models/ControllerElectionProperties.ts"
import type { State } from "../../kafka/models/ControllerElectionState.ts"
import { alterPort, brokerName, numberIn, ordersPort } from "../../kafka/nodes/ElectionMessages.ts"
import { zooKeeperName } from "../../kafka/nodes/ZooKeeperMessages.ts"
import { questionsOn } from "../../kafka/projections/ControllerElectionLinks.ts"
import { at, type Maybe } from "../../kafka/rules/Cluster.ts"
import type { ZkQuestion, ZnodeData } from "../../kafka/rules/CoordinationMessages.ts"
import type { ToServer } from "../../kafka/rules/ZooKeeperServer.ts"
import { type Label, label } from "../../machine/Machine.ts"
import type { Simulation } from "../../world/simulated/Simulation.ts"
import { type End, processOf, type WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { departures } from "./Departures.ts"
import { electionModel } from "./ElectionModel.ts"
import { betweenBrokers, toZooKeeper, zooKeeperEnd } from "./ElectionSight.ts"
import type { Followed } from "./Followed.ts"
import { type HeldMessages, heldMessages } from "./HeldMessages.ts"
import { lostMessages } from "./LostMessages.ts"

export interface ElectionShadow {
  readonly state: State
  readonly labels: ReadonlyArray<Label>
  readonly held: HeldMessages
  /** What happened and is not compared yet, since a read may still be lost. */
  readonly pending: number
  /** Before the world fires an event. */
  readonly before: (world: Simulation, event: WorldEvent) => void
  /** A node reports a step. */
  readonly did: (action: string, args: ReadonlyArray<number>) => void
  /** After an event; throws `Divergence` where the model goes another way, as soon as that is known. */
  readonly after: (world: Simulation, event: WorldEvent, observed: Observed) => void
}

/** Something that happened, once it is known what it was. */
interface Entry {
  readonly isKnown: () => boolean
  readonly play: () => void
}

/** A read that was served: whether its reply was heard, once that is known. */
interface Served {
  isHeard: boolean | undefined
}

const always = (): boolean => true

/** Properties that look at messages in flight: the rest is asked of the nodes themselves. */
const judged = ["InSyncHoldsAcked", "MetadataConverges"]
const judgedSteps = ["OrdersReachTheirIncarnation"]

export const electionShadow = (followed: Followed): ElectionShadow => {
  const { broke, cell, cluster, coordination, guards, minInSync, operator, server } = followed
  const { brokers } = cluster
  const machine = electionModel(cluster, guards, minInSync)
  const shadow = shadowOf(machine, [])
  const entries: Array<Entry> = []
  const isBroker = (process: string): boolean => process.startsWith("broker-")

  const push = (play: () => void, isKnown: () => boolean = always): void => void entries.push({ isKnown, play })
  const take = (action: string, ...args: ReadonlyArray<number>): void => {
    const [state, made] = [shadow.state, label(action, ...args)]
    shadow.did(made)
    for (const property of judgedSteps) {
      if (!machine.alwaysStep[property]!(state, made, shadow.state)) broke(property)
    }
  }

  const lost = lostMessages(() => shadow.state, take)

  // What is known at the moment of an event.
  let request: ToServer<ZnodeData> | undefined
  let controllerWas = false
  const reading = new Map<number, Served>()
  const askedBefore = new Map<number, Maybe<ZkQuestion>>()
  /** Brokers whose session is taken up again, and whose watches are not: whether `Connected` was heard. */
  const returning = new Map<number, { isConnected: boolean }>()
  /** Brokers that are gone, until they connect anew: what arrives of them was sent before. */
  const down = new Set<number>()
  const gone = departures()
  /** Who has just said that its session is over. */
  let terminating: number | undefined
  const held = heldMessages()
  /** Brokers whose read is not served in the model, as entries are played. */
  const unserved = new Set<number>()

  const decide = (broker: number, isHeard: boolean): void => {
    const served = reading.get(broker)
    if (served !== undefined) served.isHeard = isHeard
    reading.delete(broker)
  }

  /** The model lets a broker come back: its session is taken up, and it hears so. */
  const comeBack = (broker: number): void => {
    const [first] = at(shadow.state.toZk, broker)
    if (first?.message._tag !== "Connect") return
    take("Serve", broker)
    if (at(shadow.state.status, broker) === "up" && at(shadow.state.linked, broker)) take("Hear", broker)
  }

  const served = (broker: number): void => {
    if (broker === operator) {
      if (controllerWas && !server.server.tree.has("/controller")) push(() => take("DeleteController"))
      return
    }
    if (request === undefined) throw new Error(`nothing is delivered of broker ${broker}`)
    switch (request._tag) {
      case "SetWatches":
        if (returning.delete(broker)) push(() => comeBack(broker))
        return
      case "Connect": {
        const { attached } = at(server.server.clients, broker)
        const isResumed = request.session.length > 0 && attached.length > 0
        if (isResumed && !down.has(broker) && coordination(broker).own.registered.length > 0) {
          returning.set(broker, { isConnected: false })
          return
        }
        return push(() => take("Serve", broker))
      }
      case "Read":
      case "Collect": {
        // Who is gone hears of nothing, and loses nothing by it.
        if (down.has(broker)) return push(() => take("Serve", broker))
        const read: Served = { isHeard: undefined }
        reading.set(broker, read)
        return push(
          () => read.isHeard === true ? take("Serve", broker) : void unserved.add(broker),
          () => read.isHeard !== undefined
        )
      }
      case "Multi":
      case "Close":
        return push(() => take("Serve", broker))
    }
  }

  const heard = (broker: number): void => {
    const { asks, connecting, session } = cell(broker).own
    const back = returning.get(broker)
    if (back !== undefined && !back.isConnected && !connecting) {
      back.isConnected = true
      return
    }
    if (asks !== askedBefore.get(broker)) decide(broker, session.length > 0)
    push(() => take("Hear", broker))
  }

  const reconnected = (broker: number): void => {
    decide(broker, false)
    down.delete(broker)
    returning.delete(broker)
    push(() => {
      unserved.delete(broker)
      if (at(shadow.state.linked, broker)) take("Disconnect", broker)
      while (at(shadow.state.toZk, broker).length > 0) take("Serve", broker)
      take("Reconnect", broker)
    })
  }

  /** A process ends; of what it asked ZooKeeper so much is still in flight, and may be lost yet. */
  const stopped = (broker: number, action: "Kill" | "PowerLoss" | "Terminate", inFlight: number): void => {
    decide(broker, false)
    down.add(broker)
    const back = returning.get(broker)
    returning.delete(broker)
    held.stopped(broker)
    const departure = gone.begin(broker, inFlight)
    push(() => {
      unserved.delete(broker)
      const { linked, own, sessions, status } = shadow.state
      if (at(status, broker) === "up" && at(linked, broker)) {
        const isBack = back?.isConnected === true && at(sessions, broker).includes(at(own, broker).session[0]!)
        if (isBack) comeBack(broker)
        // What was served before it went, whose reply nobody heard.
        while (departure.isClosed && at(shadow.state.toZk, broker).length >= departure.arrived) take("Serve", broker)
        if (at(shadow.state.toZk, broker).length > departure.arrived) take("Disconnect", broker)
      }
      // Where nobody hears that its session is over, it is as if it were killed.
      take(action === "Terminate" && !departure.isClosed ? "Kill" : action, broker)
    }, () => departure.isKnown)
  }

  const dials = (controller: number, broker: number): void => {
    held.sent(controller, broker, at(cell(controller).own.queues, broker)[0]!)
    push(() => {
      if (at(shadow.state.status, broker) === "down") return
      lost.dropOrder(controller, broker)
      take("Dial", controller, broker)
    })
  }

  const fetches = (broker: number, partition: number): void =>
    push(() => {
      const leader = at(at(shadow.state.own, broker).parts, partition)[0]!.leader[0]!
      lost.dropFetches(broker, leader, partition)
      if (at(shadow.state.status, leader) === "up") take("SendFetch", broker, partition)
    })

  const proposes = (args: ReadonlyArray<number>): void =>
    push(() => {
      const broker = args[0]!
      lost.leaveAlters(broker)
      const to = at(shadow.state.channel, broker)[0] ?? at(shadow.state.own, broker).boss[0]
      if (to !== undefined) lost.dropAlters(broker, to)
      take("Propose", ...args)
    })

  const forgotten = (broker: number): void =>
    push(() => {
      lost.leaveAlters(broker)
      const [proposal] = at(shadow.state.own, broker).proposed
      if (proposal?.final === false) take("Forgotten", broker)
      else if (at(shadow.state.channel, broker).length > 0) take("LoseChannel", broker)
    })

  const did = (action: string, args: ReadonlyArray<number>): void => {
    const [first = 0, second = 0] = args
    if (first === operator && action !== "Serve") return
    switch (action) {
      case "Serve":
        return served(first)
      case "Hear":
        return heard(first)
      case "Disconnect":
        return decide(first, false)
      case "Reconnect":
        return reconnected(first)
      case "Dial":
        return dials(first, second)
      case "SendFetch":
        return fetches(first, second)
      case "Forgotten":
        return forgotten(first)
      case "Propose":
        return proposes(args)
      case "LoseClient":
        return
      case "Terminate":
        terminating = first
        return
      case "Obey":
      case "ObeyHalf":
        held.obeyed(second, first)
        return push(() => take(action, ...args))
      case "Judge":
        held.judged(second, first)
        return push(() => take(action, ...args))
      default:
        return push(() => take(action, ...args))
    }
  }

  const inFlightOf = (world: Simulation, broker: number): number => {
    const found = world.network.inspect(zooKeeperEnd(broker))
    return found === undefined ? 0 : questionsOn(found).length
  }

  /** A connection between brokers is made: what the last one had on the way is lost. */
  const connected = ({ dialer, listener, port }: End): void => {
    const [from, to] = [numberIn(dialer), numberIn(listener)]
    if (port === ordersPort) {
      push(() => lost.dropOrder(from, to))
    } else if (port === alterPort) push(() => lost.dropAlters(from, to))
    else {
      const partition = Number(port.slice(port.lastIndexOf(" ") + 1))
      push(() => lost.dropFetches(from, to, partition))
    }
  }

  const before = (world: Simulation, fired: WorldEvent): void => {
    const event = fired._tag === "During" ? fired.event : fired
    request = undefined
    controllerWas = server.server.tree.has("/controller")
    for (const broker of brokers) if (world.isUp(brokerName(broker))) askedBefore.set(broker, cell(broker).own.asks)
    switch (event._tag) {
      case "Deliver": {
        if (event.end.at !== event.end.listener) return
        const message = world.network.inspect(event.end)!.toListener[0]
        if (event.end.at !== zooKeeperName) return held.delivered(event.end, message)
        request = message as ToServer<ZnodeData>
        return gone.arrives(numberIn(event.end.dialer), request)
      }
      case "Connect":
        return isBroker(event.end.listener) ? connected(event.end) : undefined
      case "Start": {
        if (!isBroker(event.process)) return
        const broker = numberIn(event.process)
        return push(() => take("Restart", broker))
      }
      case "Kill":
      case "PowerLoss": {
        const broker = numberIn(event.process)
        return isBroker(event.process) ? stopped(broker, event._tag, inFlightOf(world, broker)) : undefined
      }
      default:
        return
    }
  }

  const after = (world: Simulation, event: WorldEvent, observed: Observed): void => {
    if (event._tag === "During" && isBroker(event.crash.process)) {
      const broker = numberIn(event.crash.process)
      stopped(broker, terminating === broker ? "Terminate" : event.crash._tag, inFlightOf(world, broker))
      terminating = undefined
    }
    gone.look((broker) => inFlightOf(world, broker))
    const process = processOf(event)
    const involved = isBroker(process) ? [numberIn(process)] : []
    const back = new Set(returning.keys())
    const isApart = (broker: number): boolean => back.has(broker) || unserved.has(broker)
    const links = toZooKeeper(world, followed, observed.own, involved.length > 0 ? involved : brokers, isApart)
    const slots = involved.map((broker) => betweenBrokers(world, followed, held, broker))
    const channel = brokers.map((broker) => world.isUp(brokerName(broker)) ? cell(broker).channel : [])
    const opened = brokers.map((broker) => at(server.server.clients, broker).opened)
    push(() => {
      const own = observed.own.map((each, i) => back.has(i + 1) ? { ...each, connecting: true } : each)
      const seen = slots.reduce((state, slot) => slot(state), links(shadow.state))
      shadow.check({ ...seen, ...observed, own, channel, opened })
      for (const property of judged) if (!machine.always[property]!(shadow.state)) broke(property)
    })
    while (entries[0]?.isKnown() === true) entries.shift()!.play()
  }

  return {
    get state() {
      return shadow.state
    },
    labels: shadow.labels,
    held,
    get pending() {
      return entries.length
    },
    before,
    did,
    after
  }
}
