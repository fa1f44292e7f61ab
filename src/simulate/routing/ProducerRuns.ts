/**
 * Rounds of sends while masters freeze or are killed, and go on or start again; ProducerRouting may follow them.
 *
 * The decision: events come in the order in which they are due, but for those that ProducerRouting takes in one step with
 * others: a client's route, a reader's pull and a removal are not half done while a master's state changes, and a broker
 * that goes on is heard before the next scan. Every other order is NameServerRouting's, which follows every run.
 */
import { type Choose, seeded } from "../../replay/Choose.ts"
import {
  brokerName,
  brokerPort,
  clientName,
  nameServerName,
  numberIn,
  pullPort,
  routePort,
  sendPort
} from "../../rocketmq/nodes/RoutingMessages.ts"
import { upTo } from "../../rocketmq/rules/Deployment.ts"
import type { Wakening, WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { type Cast, type Deployed, drive, type Run, type Workload } from "./RoutingCluster.ts"

/** Long enough for every broker to be in every route, and for every client to have one. */
export const settledSeconds = 65
/** A dead broker has left every route, and a live one is in every route: expiry, scan, poll, and a heartbeat. */
export const boundSeconds = 120 + 10 + 30 + 30

const micros = 1_000_000

const isDelivery = (event: WorldEvent, at: string, port: string): boolean =>
  event._tag === "Deliver" && event.end.at === at && event.end.port === port

/** What happens next: a route that is on its way, else what is due first; nobody starts by itself. */
const nextOf = ({ world }: Deployed) => {
  const all = world.enabledWithTimes().filter(({ event }) => event._tag !== "Start")
  return all.find(({ event }) => isDelivery(event, clientName(1), routePort)) ?? all[0]
}

/** Fires what is due within so many seconds of the last event. */
export const wait = (deployed: Deployed, seconds: number): void => {
  const end = deployed.world.nowMicros + seconds * micros
  for (let next = nextOf(deployed); next !== undefined && next.at <= end; next = nextOf(deployed)) {
    deployed.fire(next.event)
  }
}

/** Lets in what is on its way to the client of a pull or a route, and from a broker to the NameServer. */
const arrive = ({ fire, world }: Deployed, broker: string): void => {
  const isNear = (event: WorldEvent): boolean =>
    isDelivery(event, clientName(1), routePort) || isDelivery(event, clientName(1), pullPort) ||
    (isDelivery(event, nameServerName(1), brokerPort) && "end" in event && event.end.dialer === broker)
  for (let next = world.enabled().find(isNear); next !== undefined; next = world.enabled().find(isNear)) fire(next)
}

/** What strikes a master. */
type Strike = "Pause" | "Kill"

/** A master freezes, or is killed: between events, or inside the handler of a send, after it stored and before it answered. */
const strike = (deployed: Deployed, choose: Choose, process: string, how: Strike): void => {
  const { fire, world } = deployed
  const request = () => world.enabled().find((event) => isDelivery(event, process, sendPort))
  const isDuring = how === "Kill" && choose(2) === 0
  for (let left = 12; isDuring && left > 0 && request() === undefined; left--) fire(nextOf(deployed)!.event)
  arrive(deployed, process)
  if (!world.canHappen({ _tag: how, process })) return
  const asked = request()
  if (!isDuring || asked === undefined) return fire({ _tag: how, process })
  fire({ _tag: "During", event: asked as Wakening, steps: 1, crash: { _tag: "Kill", process } })
}

/** A frozen master goes on, or a dead one starts, once its removal is not half done. */
const goOn = (deployed: Deployed, process: string): void => {
  const { fire, state, waitedFor, world } = deployed
  const master = numberIn(process)
  const isPaused = world.isPaused(process)
  if (!isPaused && world.isUp(process)) return
  const isScanned = (): boolean =>
    world.enabledWithTimes().some(({ at, event }) =>
      event._tag === "Timer" && event.process === nameServerName(1) && at <= world.nowMicros + micros
    )
  // A process is not up again before its peers have seen that it was gone.
  const isDown = (): boolean =>
    world.enabledWithTimes().some(({ at, event }) =>
      event._tag === "Start" && event.process === process && at > world.nowMicros
    )
  const isTooEarly = (): boolean =>
    isPaused
      ? state().pending[0]!.includes(master) || isScanned()
      : state().addrs[0]!.includes(master) || waitedFor() === master || isDown()
  while (isTooEarly()) fire(nextOf(deployed)!.event)
  fire(isPaused ? { _tag: "Resume", process } : { _tag: "Start", process })
}

/**
 * A run of one producer and two masters; held to these properties of ProducerRouting where any are given. Throws where
 * nodes and models differ, or a property breaks.
 */
export const producerRun = (
  seed: number,
  workload: Workload,
  strikes: ReadonlyArray<Strike>,
  promises?: ReadonlyArray<string>
): Run => {
  const choose = seeded(seed)
  const oneOf = <A>(all: ReadonlyArray<A>): A => all[choose(all.length)]!
  const cast: Cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 1, clients: 1, workload }
  const guards = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
  return drive(cast, guards, seed, (deployed) => {
    const { followProducer, send } = deployed
    const masters = upTo(2).map(brokerName)
    const sends = (most: number): void => {
      for (let left = choose(most + 1); left > 0; left--) send(1)
    }
    wait(deployed, settledSeconds)
    if (promises !== undefined) followProducer(promises)
    for (let rounds = 1 + choose(3); rounds > 0; rounds--) {
      sends(3)
      wait(deployed, choose(60))
      // A send that is under way when the master is struck: its request is in flight, or its answer.
      sends(1)
      for (let events = choose(8); events > 0; events--) deployed.fire(nextOf(deployed)!.event)
      strike(deployed, choose, oneOf(masters), oneOf(strikes))
      sends(1)
      // While a try hangs the next fault may strike.
      wait(deployed, oneOf([0, 1, 2, 5, choose(300)]))
      if (choose(3) === 0) strike(deployed, choose, oneOf(masters), oneOf(strikes))
      sends(2)
      wait(deployed, choose(100))
      goOn(deployed, oneOf(masters))
      wait(deployed, choose(100))
    }
    // Whatever was struck goes on, and the reader comes to the end.
    for (const master of masters) goOn(deployed, master)
    wait(deployed, boundSeconds)
  })
}
