/**
 * Paths of the model ControllerElection as schedules of the nodes: which events make a node report a label.
 *
 *     label ─▶ events that may lead to it, in order ─▶ fired, again and again, until a node reports it ─▶ all is equal?
 *
 * The decision: what lies between is silent (a ping, an answer that nobody waits for, a close, a retry), and a node that
 * reports anything else than the label fails. Where the model's connection to ZooKeeper is coarser, the finer steps are
 * done at once: a session that is taken up again hands its watches over before anything else happens, and hearing that a
 * session is over is a close, a connection and the answer on it. A session expires when the server's clock says so, so
 * that clock stands where the path wants it, in each look and whenever the server hears of a session.
 *
 * Authority: design.md, Grain 8; docs/coordination.md.
 */
import { isDeepStrictEqual } from "node:util"
import type { State } from "../../../src/kafka/models/ControllerElectionState.ts"
import { alterPort, brokerName, fetchPort, ordersPort } from "../../../src/kafka/nodes/ElectionMessages.ts"
import { isPing, zooKeeperName, zooKeeperPort } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import { at, change, put, ringOf } from "../../../src/kafka/rules/Cluster.ts"
import { twoInSync } from "../../../src/kafka/rules/FollowerFetch.ts"
import { type Label, label, type Machine, showLabel, step } from "../../../src/machine/Machine.ts"
import type { Deployment, Driven } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { isWakening, type WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"

type Guards = NonNullable<Deployment["model"]>

/** So long that nothing is due by itself: pings come after everything else, and no connection is given up. */
const times = { tickMillis: 10_000_000, timeoutMillis: 200_000_000 }
const lagMillis = 1_000_000

/** What is deployed for a configuration, with a model walking along; nothing has happened yet. */
export const deploymentOf = (
  { Brokers, Partitions, Replicas }: {
    readonly Brokers: number
    readonly Partitions: number
    readonly Replicas: number
  },
  model: Guards
): Deployment => ({
  cluster: ringOf(Brokers, Partitions, Replicas),
  times,
  lagMillis,
  minInSync: twoInSync,
  startMillis: 0,
  model
})

/** How often something silent may come before a label. */
const mostSilent = 60

/** Events on both ends of a connection. */
const linkOf = (from: string, to: string, port: string) => {
  const end = { dialer: from, listener: to, port }
  const [dialer, listener] = [{ ...end, at: from }, { ...end, at: to }]
  return {
    dialer,
    connect: { _tag: "Connect", end: dialer },
    toDialer: { _tag: "Deliver", end: dialer },
    toListener: { _tag: "Deliver", end: listener },
    closed: [{ _tag: "SeeClosed", end: dialer }, { _tag: "SeeClosed", end: listener }]
  } as const
}

const toZooKeeper = (broker: number) => linkOf(brokerName(broker), zooKeeperName, zooKeeperPort)
const between = (from: number, to: number, port: string) => linkOf(brokerName(from), brokerName(to), port)
const wake = (broker: number, point: string) => ({ _tag: "Wake", process: brokerName(broker), point }) as const
const timer = (broker: number) => ({ _tag: "Timer", process: brokerName(broker) }) as const

/** What may lead to a label, the first that is possible first. */
const waysTo = ({ action, args }: Label, { alter, channel, own }: State): ReadonlyArray<WorldEvent> => {
  const [one, two, three] = args as readonly [number, number, number]
  switch (action) {
    case "Serve":
      return [toZooKeeper(one).toListener]
    case "Hear":
      return [toZooKeeper(one).toDialer]
    case "Reconnect": {
      const { closed, connect, toListener } = toZooKeeper(one)
      return [connect, ...closed, toListener]
    }
    case "Disconnect":
      return toZooKeeper(one).closed
    case "CreatePartition":
    case "PreferLeader":
    case "ShutDown":
      return [wake(one, "operator")]
    case "Dial": {
      const { closed, connect, toDialer } = between(one, two, ordersPort)
      return [
        wake(one, `order to ${two}`),
        connect,
        wake(one, `give up order to ${two}`),
        toDialer,
        ...closed,
        timer(one)
      ]
    }
    case "Obey":
    case "ObeyHalf":
      return [between(two, one, ordersPort).toListener, wake(one, `obey ${two}`)]
    case "Answered":
      return [between(one, two, ordersPort).toDialer]
    case "Judge":
      return [between(two, one, alterPort).toListener, wake(one, `judge ${two}`)]
    case "Propose": {
      const { closed, connect } = between(one, at(channel, one)[0] ?? at(own, one).boss[0] ?? one, alterPort)
      return [connect, ...closed, timer(one)]
    }
    case "Settled":
    case "Forgotten": {
      const { closed, toDialer } = between(one, at(alter, one)[0]?.to ?? at(channel, one)[0]!, alterPort)
      return [toDialer, closed[0]]
    }
    case "Produce":
      return [wake(one, "produce")]
    case "SendFetch": {
      const leader = at(at(own, one).parts, two)[0]!.leader[0]!
      const { closed, connect } = between(one, leader, fetchPort(two))
      return [wake(one, `fetch ${two}`), connect, ...closed, timer(one)]
    }
    case "ServeFetch":
      return [between(two, one, fetchPort(three)).toListener]
    case "Fetched":
      return [between(one, at(at(own, one).parts, two)[0]!.leader[0]!, fetchPort(two)).toDialer]
    case "Kill":
      return [{ _tag: "Kill", process: brokerName(one) }]
    case "PowerLoss":
      return [{ _tag: "PowerLoss", process: brokerName(one), choices: [] }]
    case "Restart":
      return [{ _tag: "Start", process: brokerName(one) }]
    case "Expire":
      return [{ _tag: "Timer", process: zooKeeperName }]
    default:
      throw new RangeError(`${showLabel({ action, args })} has no schedule`)
  }
}

/** Labels that no node reports: the world did them. */
const worldly = ["Kill", "PowerLoss", "Restart", "Terminate"]
/** Labels that nodes report and that are no step of the model by themselves. */
const silent = ["LoseClient", "Disconnect", "LoseChannel"]

/** A path that is played, step after step. */
export interface Player {
  /**
   * Plays a label that leads the model from one state to another; throws where nodes do anything else. With `crashes` its
   * broker is killed inside the handler that reports the label, and the second state is the one after that.
   */
  readonly take: (label: Label, before: State, after: State, crashes?: boolean) => void
}

/** A player of paths in which sessions expire in this order: `BROKER SESSION` each. */
export const playerOf = (run: Driven, machine: Machine<State>, expiries: ReadonlyArray<string>): Player => {
  const { fire, followed, world } = run
  const { operator, server } = followed
  const { brokers } = followed.cluster
  /** Brokers that are back in their session already, which the model has them hear later. */
  const back = new Set<number>()
  let skewMillis = 0
  let expired = 0

  const setClock = (millis: number): void => {
    const jump = millis - Math.floor(world.nowMicros / 1000) - skewMillis
    skewMillis += jump
    fire({ _tag: "Jump", process: zooKeeperName, millis: jump })
  }
  /** The server hears of a session at a time that makes it expire when the path says, or never. */
  const isHeardOf = (broker: number): void => {
    const { attached, opened } = at(server.server.clients, broker)
    const first = world.network.inspect(toZooKeeper(broker).dialer)?.toListener[0] as
      | { readonly _tag: string; readonly session?: ReadonlyArray<number> }
      | undefined
    const session = first?._tag === "Connect" ? first.session?.[0] ?? opened + 1 : attached[0]
    const place = expiries.indexOf(`${broker} ${session}`)
    setClock(10 * times.timeoutMillis * (1 + (place < 0 ? expiries.length : place)))
  }
  const happen = (event: WorldEvent): void => {
    if (event._tag === "Deliver" && event.end.at === zooKeeperName) {
      const isOperator = event.end.dialer === `operator-${operator}`
      if (isOperator) setClock(10 * times.timeoutMillis * (1 + expiries.length))
      else isHeardOf(Number(event.end.dialer.slice("broker-".length)))
    }
    fire(event)
  }

  /** The broker that is killed when it has reported the label that is being played, and whether that takes an order. */
  let dying: number | undefined
  let isOrder = false
  /** Whether the handler of an event reports something of a path: what comes before is silent. */
  const isLast = (event: WorldEvent): boolean => {
    switch (event._tag) {
      case "Wake": {
        // A controller leaves a connection on which it waits for nothing, and makes another one first.
        if (event.point.startsWith("give up ")) return false
        const [, to] = /^order to (\d+)$/.exec(event.point) ?? []
        const link = to === undefined ? undefined : between(dying!, Number(to), ordersPort).dialer
        return link === undefined || world.network.inspect(link)?.cut === false
      }
      // An order waits until its broker is registered; a ping says nothing.
      case "Deliver":
        return event.end.port === ordersPort
          ? !isOrder
          : !isPing(world.network.inspect(event.end)?.toDialer[0] as never)
      default:
        return event._tag === "Connect"
    }
  }

  /** Fires what leads there until nodes have reported just this. */
  const until = (wanted: ReadonlyArray<string>, ways: ReadonlyArray<WorldEvent>, crashes = false): void => {
    const from = run.did.length
    const told = () =>
      run.did.slice(from).filter(({ action, args }) =>
        !(silent.includes(action) && !wanted.includes(showLabel({ action, args }))) && args[0] !== operator
      ).map(showLabel)
    for (let tries = 0; tries < mostSilent && told().length < wanted.length; tries++) {
      const event = ways.find((each) => world.canHappen(each))
      if (event === undefined) break
      if (crashes && isWakening(event) && isLast(event)) {
        fire({ _tag: "During", event, steps: 1, crash: { _tag: "Kill", process: brokerName(dying!) } })
      } else happen(event)
    }
    if (!isDeepStrictEqual(told(), wanted)) {
      throw new Error(`${wanted.join(" ")} was played, and the nodes did ${told().join(" ") || "nothing"}`)
    }
  }

  const pings = (broker: number): void => {
    const { toListener, dialer } = toZooKeeper(broker)
    while (isPing(world.network.inspect(dialer)?.toListener[0] as never)) happen(toListener)
  }

  const operatorLink = linkOf(`operator-${operator}`, zooKeeperName, zooKeeperPort)
  const deleteController = (): void => {
    for (const event of [operatorLink.connect, operatorLink.toListener, operatorLink.toDialer]) {
      if (world.canHappen(event)) happen(event)
    }
    run.deleteController()
    happen({ _tag: "Wake", process: `operator-${operator}`, point: "ask" })
    happen(operatorLink.toListener)
    happen(operatorLink.toDialer)
  }

  const serve = (broker: number, before: State): void => {
    const { message, session } = at(before.toZk, broker)[0]!
    // Whose session is over is not listened to: its connection is closed.
    if (message._tag !== "Connect" && !at(before.sessions, broker).includes(session)) return
    const { toDialer, toListener } = toZooKeeper(broker)
    const isUp = at(before.status, broker) === "up"
    const isResumed = message._tag === "Connect" && message.session.length > 0 &&
      at(before.sessions, broker).includes(message.session[0]!) && isUp &&
      followed.coordination(broker).own.registered.length > 0
    pings(broker)
    until([showLabel(label("Serve", broker))], [toListener])
    if (!isResumed) return
    until([showLabel(label("Hear", broker))], [toDialer])
    until([showLabel(label("Serve", broker))], [toListener])
    back.add(broker)
  }

  const hear = (broker: number, before: State): void => {
    const { closed, connect, toDialer, toListener } = toZooKeeper(broker)
    if (back.delete(broker)) return
    const wanted = showLabel(label("Hear", broker))
    const isCrash = dying !== undefined
    if (at(before.fromZk, broker)[0]!._tag !== "Expired" || world.canHappen(toDialer)) {
      return until([wanted], [toDialer], isCrash)
    }
    until([showLabel(label("Reconnect", broker))], [connect, ...closed])
    until([showLabel(label("Serve", broker))], [toListener])
    until([wanted], [toDialer], isCrash)
  }

  /** A sender that had nothing to say has not noticed that its connection is gone: its first order is lost with it. */
  const dial = (made: Label, before: State): void => {
    const [controller, broker] = made.args as readonly [number, number]
    const send = () => until([showLabel(made)], waysTo(made, before), dying !== undefined)
    send()
    const { dialer } = between(controller, broker, ordersPort)
    if (world.isUp(brokerName(controller)) && world.network.inspect(dialer)?.cut !== false) send()
  }

  const ask = ({ action, args }: Label): void => {
    const [, two] = args as readonly [number, number]
    if (action === "PreferLeader") run.request({ _tag: "PreferredElection", partition: two })
    if (action === "ShutDown") run.request({ _tag: "ControlledShutdown", broker: two })
    if (action === "Produce") run.produce(two)
    if (action === "ObeyHalf") run.interrupt(args[0] as number)
  }

  const act = (made: Label, before: State): void => {
    const [broker] = made.args as readonly [number]
    switch (made.action) {
      case "Serve":
        return serve(broker, before)
      case "Hear":
        return hear(broker, before)
      case "Dial":
        return dial(made, before)
      case "DeleteController":
        return deleteController()
      case "Terminate":
        return run.stop(broker)
      case "Disconnect": {
        const { closed, dialer } = toZooKeeper(broker)
        back.delete(broker)
        fire({ _tag: "Reset", end: dialer, toDialer: 0, toListener: 0 })
        for (const event of closed) fire(event)
        return
      }
      case "Expire":
        expired = expiries.indexOf(`${broker} ${made.args[1]}`, expired)
        setClock(10 * times.timeoutMillis * (1 + expired) + 2 * times.timeoutMillis)
    }
    ask(made)
    if (["Kill", "PowerLoss", "Terminate"].includes(made.action)) back.delete(broker)
    if (worldly.includes(made.action)) return fire(waysTo(made, before)[0]!)
    until([showLabel(made)], waysTo(made, before), dying !== undefined)
  }

  /** The model's state as the nodes' finer steps leave it. */
  const finer = (state: State): State => {
    const heard = [...back].reduce((all, broker) => step(machine, all, label("Hear", broker)) ?? all, state)
    return brokers.reduce((all, broker) => ({
      ...all,
      // What was asked in a session that is over went with its connection.
      toZk: change(
        all.toZk,
        broker,
        (queue) =>
          queue.filter(({ message, session }) =>
            message._tag === "Connect" || at(all.sessions, broker).includes(session)
          )
      ),
      // Who has no connection is to take its session up again, whatever it was doing.
      own: at(all.linked, broker) ? all.own : put(all.own, broker, { ...at(all.own, broker), connecting: false })
    }), heard)
  }

  const compare = (made: Label, state: State): void => {
    const model = finer(state)
    const nodes = finer(run.sees(model))
    for (const variable of Object.keys(model) as ReadonlyArray<keyof State>) {
      if (isDeepStrictEqual(nodes[variable], model[variable])) continue
      throw new Error(
        `after ${showLabel(made)}, ${variable}: nodes ${JSON.stringify(nodes[variable])}, model ${
          JSON.stringify(model[variable])
        }`
      )
    }
  }

  return {
    take: (made, before, after, crashes = false) => {
      dying = crashes ? made.args[0] as number : undefined
      isOrder = made.action === "Obey"
      const wasBack = crashes && made.action === "Hear" && back.has(dying!)
      act(made, before)
      // It has heard that it is back in its session already.
      if (wasBack) fire({ _tag: "Kill", process: brokerName(dying!) })
      if (crashes) back.delete(dying!)
      compare(made, after)
    }
  }
}
