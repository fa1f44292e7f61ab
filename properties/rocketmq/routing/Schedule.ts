/**
 * Paths of the model NameServerRouting as schedules of the nodes: which events make a node report a label.
 *
 * The decision: a label is one event, but for two. A broker that is not connected beats by dialing, so its timer comes
 * before its connection; and an entry is too old when the clock of its NameServer says so, so that clock jumps before the
 * scan. After each registration the clock goes on by a second: entries then have different ages, and each can expire
 * alone, as the model's order of the live table says.
 */
import { type Label, showLabel } from "../../../src/machine/Machine.ts"
import {
  brokerName,
  brokerPort,
  clientName,
  nameServerName,
  routePort
} from "../../../src/rocketmq/nodes/RoutingMessages.ts"
import { expiryMillis } from "../../../src/rocketmq/rules/RouteTables.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"
import type { Deployed } from "./RoutingRun.ts"

/** Fires what makes the label; each is a list since some need the world to come there first. */
const eventsOf = (label: Label): ReadonlyArray<WorldEvent> => {
  const [one, two, three] = label.args as ReadonlyArray<number>
  const channel = (broker: number, server: number, at: "dialer" | "listener") => {
    const [dialer, listener] = [brokerName(broker), nameServerName(server)]
    return { dialer, listener, port: brokerPort, at: at === "dialer" ? dialer : listener }
  }
  const question = (client: number, server: number, at: "dialer" | "listener") => {
    const [dialer, listener] = [clientName(client), nameServerName(server)]
    return { dialer, listener, port: routePort, at: at === "dialer" ? dialer : listener }
  }
  switch (label.action) {
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
        `${showLabel(label)} has no schedule: a client's and an administrator's steps are not played`
      )
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

/** Plays a path; throws where an event that it needs cannot happen, or makes another label than the path has. */
export const follow = (deployed: Deployed, path: ReadonlyArray<Label>): void => {
  const { fire, labels, world } = deployed
  /** How far the clock of each NameServer has jumped. */
  const skews = new Map<string, number>()
  for (const wanted of path) {
    const told = labels.length
    if (wanted.action === "Expire") age(deployed, skews, wanted)
    for (const event of eventsOf(wanted)) {
      if (labels.length > told || !world.canHappen(event)) continue
      if (event._tag === "Jump") skews.set(event.process, (skews.get(event.process) ?? 0) + event.millis)
      fire(event)
    }
    const made = labels.slice(told).map(showLabel)
    if (made.length !== 1 || made[0] !== showLabel(wanted)) {
      throw new Error(`${showLabel(wanted)} was played, and the nodes did ${made.join(" ") || "nothing"}`)
    }
  }
}
