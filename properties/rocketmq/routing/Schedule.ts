/**
 * Paths of the model NameServerRouting as schedules of the nodes: which events make a node report a label.
 *
 * The decision: a label is one event, but for two. A broker that is not connected beats by dialing, so its timer comes
 * before its connection; and an entry is too old when the clock of its NameServer says so, so that clock jumps before the
 * scan. After each registration the clock goes on by a second: entries then have different ages, and each can expire
 * alone, as the model's order of the live table says.
 */
import type { Grain, Move } from "../../../src/conform/Cover.ts"
import { type Label, label, showLabel } from "../../../src/machine/Machine.ts"
import {
  brokerName,
  brokerPort,
  clientName,
  nameServerName,
  routePort
} from "../../../src/rocketmq/nodes/RoutingMessages.ts"
import { expiryMillis } from "../../../src/rocketmq/rules/RouteTables.ts"
import type { Deployed } from "../../../src/simulate/routing/RoutingCluster.ts"
import type { Wakening, WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"

/** Fires what makes the label; each is a list since some need the world to come there first. */
const eventsOf = (wanted: Label): ReadonlyArray<WorldEvent> => {
  const [one, two, three] = wanted.args as ReadonlyArray<number>
  const channel = (broker: number, server: number, at: "dialer" | "listener") => {
    const [dialer, listener] = [brokerName(broker), nameServerName(server)]
    return { dialer, listener, port: brokerPort, at: at === "dialer" ? dialer : listener }
  }
  const question = (client: number, server: number, at: "dialer" | "listener") => {
    const [dialer, listener] = [clientName(client), nameServerName(server)]
    return { dialer, listener, port: routePort, at: at === "dialer" ? dialer : listener }
  }
  switch (wanted.action) {
    case "Connect":
      return [
        { _tag: "Timer", process: brokerName(one!) },
        { _tag: "Connect", end: channel(one!, two!, "dialer") }
      ]
    case "Heartbeat":
      return [{ _tag: "Timer", process: brokerName(one!) }]
    case "Register":
      return [
        { _tag: "Jump", process: nameServerName(one!), millis: 1_000 },
        { _tag: "Deliver", end: channel(two!, one!, "listener") }
      ]
    case "ChannelClosed":
      return [{ _tag: "SeeClosed", end: channel(two!, one!, "listener") }]
    case "Notice":
      return [{ _tag: "SeeClosed", end: channel(one!, two!, "dialer") }]
    case "Expire":
      return [{ _tag: "Timer", process: nameServerName(one!) }]
    case "Unregister":
      return [{ _tag: "Wake", process: nameServerName(one!), point: `unregister ${two}` }]
    case "AnswerRoute":
      return [{ _tag: "Deliver", end: question(two!, one!, "listener") }]
    case "Reset":
      return [{ _tag: "Reset", end: channel(one!, two!, "dialer"), toDialer: 0, toListener: three! }]
    case "KillBroker":
      return [{ _tag: "Kill", process: brokerName(one!) }]
    case "KillServer":
      return [{ _tag: "Kill", process: nameServerName(one!) }]
    case "StartBroker":
      return [{ _tag: "Start", process: brokerName(one!) }]
    case "StartServer":
      return [{ _tag: "Start", process: nameServerName(one!) }]
    case "CutLink":
      return [{ _tag: "Cut", from: brokerName(one!), to: nameServerName(two!) }]
    case "HealLink":
      return [{ _tag: "Heal", from: brokerName(one!), to: nameServerName(two!) }]
    default:
      throw new RangeError(
        `${showLabel(wanted)} has no schedule: a client's and an administrator's steps are not played`
      )
  }
}

/** Nothing is eager: each label has an event. The first argument is the process whose handler takes it. */
export const grain: Grain = {
  isEager: () => false,
  ownCrash: ({ action, args }) => {
    switch (action) {
      case "Connect":
      case "Heartbeat":
      case "Notice":
        return label("KillBroker", args[0]!)
      case "Register":
      case "ChannelClosed":
      case "Expire":
      case "Unregister":
        return label("KillServer", args[0]!)
      default:
        return undefined
    }
  }
}

/** Lets the clock of a NameServer jump to where its next scan finds one broker too old, and no younger one. */
const age = ({ fire, lastUpdateMillis, world }: Deployed, skews: Map<string, number>, { args }: Label): void => {
  const [server, broker] = args as ReadonlyArray<number>
  const process = nameServerName(server!)
  const scan = world.enabledWithTimes().find(({ event }) => event._tag === "Timer" && event.process === process)
  const last = lastUpdateMillis(server!, broker!)
  if (scan === undefined || last === undefined) return
  const skew = skews.get(process) ?? 0
  const atScan = Math.floor(Math.max(world.nowMicros, scan.at) / 1000) + skew
  const millis = last + expiryMillis + 1 - atScan
  skews.set(process, skew + millis)
  fire({ _tag: "Jump", process, millis })
}

/** The event that the process of its handler does not survive. */
const crashing = (event: Wakening, crash: Label): WorldEvent => {
  const [number] = crash.args as ReadonlyArray<number>
  const process = crash.action === "KillBroker" ? brokerName(number!) : nameServerName(number!)
  return { _tag: "During", event, steps: 1, crash: { _tag: "Kill", process } }
}

/** Plays moves; throws where an event that one needs cannot happen, or makes other labels than the move has. */
export const play = (
  deployed: Deployed,
  moves: ReadonlyArray<Move>,
  after: (move: number) => void = () => {}
): void => {
  const { fire, labels, world } = deployed
  /** How far the clock of each NameServer has jumped. */
  const skews = new Map<string, number>()
  for (const [index, { crashes, labels: wanted }] of moves.entries()) {
    const told = labels.length
    const [first] = wanted
    if (first!.action === "Expire") age(deployed, skews, first!)
    const events = eventsOf(first!)
    for (const [place, event] of events.entries()) {
      if (labels.length > told || !world.canHappen(event)) continue
      if (event._tag === "Jump") skews.set(event.process, (skews.get(event.process) ?? 0) + event.millis)
      const isLast = place === events.length - 1
      fire(crashes && isLast ? crashing(event as Wakening, wanted.at(-1)!) : event)
    }
    const [made, should] = [labels.slice(told), wanted].map((all) => all.map(showLabel).join(" "))
    if (made !== should) throw new Error(`${should} was played, and the nodes did ${made === "" ? "nothing" : made}`)
    after(index)
  }
}

/** Plays a path of the model. */
export const follow = (deployed: Deployed, path: ReadonlyArray<Label>): void =>
  play(deployed, path.map((label) => ({ labels: [label], crashes: false })))
