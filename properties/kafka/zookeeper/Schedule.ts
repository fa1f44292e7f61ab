/**
 * Paths of the model ZooKeeper as schedules of the nodes: which events make a node report a label.
 *
 * The decision: a label is one event, after those that say nothing and are in its way: a ping is read first, a timer that
 * is earlier ends first. A session expires when the server's clock says so, so that clock jumps; whoever's session is to
 * expire first has asked for the shortest timeout, since the model, which has no time, lets sessions expire in any order.
 *
 * Authority: design.md, Grain 8; ConnectRequest.timeOut, ZooKeeperServer.reopenSession of ZooKeeper 3.8.
 */
import type { Grain, Move } from "../../../src/conform/Cover.ts"
import { isPing, zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import type { Kind } from "../../../src/kafka/rules/ZooKeeperRequests.ts"
import { readTimeoutMillis } from "../../../src/kafka/rules/ZooKeeperSessions.ts"
import { type Label, label, showLabel } from "../../../src/machine/Machine.ts"
import type { Wakening, WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"
import { type Deployed, endOf, nameOf, times } from "./ZooKeeperRun.ts"

/** Pings and timers that may come before the event that tells something. */
const mostSilent = 16

/** Nothing is eager: each label has an event. A client may crash in any handler of its; the server does not crash. */
export const grain: Grain = {
  isEager: () => false,
  ownCrash: ({ action, args }) => {
    switch (action) {
      case "Connect":
      case "Ask":
      case "Hear":
      case "LoseServer":
      case "GiveUp":
        return label("Kill", args[0]!)
      default:
        return undefined
    }
  }
}

/** What is asked for by who is to expire later: the most that a server of this tick gives. */
const longMillis = 20 * times.tickMillis

/** The timeouts with which sessions expire in the order of these labels, where the clients are two and have one each. */
export const timeoutsFor = (labels: ReadonlyArray<Label>): (client: number) => number => {
  const first = labels.find(({ action }) => action === "Expire")?.args[0]
  return (client) => first === undefined || client === first ? times.timeoutMillis : longMillis
}

/** How many messages in flight are kept so that so many that are no pings are. */
const kept = (queue: ReadonlyArray<unknown>, count: number): number => {
  let at = 0
  for (let seen = 0; seen < count; at++) if (!isPing(queue[at])) seen++
  return at
}

const eventOf = ({ world }: Deployed, { action, args }: Label): WorldEvent => {
  const [client, i, j] = args as ReadonlyArray<number>
  const process = client === undefined ? zooKeeperName : nameOf(client)
  const end = endOf(client ?? 0)
  switch (action) {
    case "Connect":
      return { _tag: "Connect", end }
    case "Serve":
      return { _tag: "Deliver", end: { ...end, at: zooKeeperName } }
    case "Hear":
      return { _tag: "Deliver", end }
    case "Ask":
      return { _tag: "Wake", process, point: "ask" }
    case "LoseClient":
      return { _tag: "SeeClosed", end: { ...end, at: zooKeeperName } }
    case "LoseServer":
      return { _tag: "SeeClosed", end }
    case "GiveUp":
      return { _tag: "Timer", process }
    case "Expire":
      return { _tag: "Timer", process: zooKeeperName }
    case "Sweep":
      return { _tag: "Wake", process: zooKeeperName, point: "sweep" }
    case "Release":
      return { _tag: "Wake", process: zooKeeperName, point: `release ${client}` }
    case "Kill":
      return { _tag: "Kill", process }
    case "Restart":
      return { _tag: "Start", process }
    case "Reset": {
      const { toDialer, toListener } = world.network.inspect(end)!
      return { _tag: "Reset", end, toListener: kept(toListener, i!), toDialer: kept(toDialer, j!) }
    }
    default:
      throw new RangeError(`${showLabel({ action, args })} has no schedule`)
  }
}

/** Lets the server's clock jump to where its next look finds the session over. */
const age = ({ bucketMillis, fire, nowMillis }: Deployed, skew: number, { args }: Label): number => {
  const [client, session] = args as ReadonlyArray<number>
  const bucket = bucketMillis(client!, session!)
  const millis = Math.ceil((bucket ?? 0) - nowMillis() - skew)
  if (millis <= 0) return skew
  fire({ _tag: "Jump", process: zooKeeperName, millis })
  return skew + millis
}

/** The event that comes before the one that is wanted, if one that says nothing is in its way. */
const before = ({ world }: Deployed, event: WorldEvent, heardMillis: number, timeoutMillis: number) => {
  if (event._tag === "SeeClosed") {
    return world.canHappen(event) ? undefined : { _tag: "Deliver", end: event.end } as const
  }
  if (event._tag === "Deliver") {
    const wire = world.network.inspect(event.end)
    const queue = event.end.at === zooKeeperName ? wire?.toListener : wire?.toDialer
    return queue !== undefined && queue.length > 0 && isPing(queue[0]) ? event : undefined
  }
  if (event._tag === "Timer" && event.process !== zooKeeperName) {
    const timer = world.enabledWithTimes().find((each) =>
      each.event._tag === "Timer" && each.event.process === event.process
    )
    const silentUntil = heardMillis + readTimeoutMillis({ ...times, timeoutMillis })
    return timer !== undefined && timer.at / 1000 < silentUntil ? event : undefined
  }
  return undefined
}

/** Plays moves; throws where an event that one needs cannot happen, or makes other labels than the move has. */
export const play = (
  deployed: Deployed,
  moves: ReadonlyArray<Move>,
  timeoutOf: (client: number) => number,
  after: (move: number) => void = () => {}
): void => {
  const { fire, labels, nowMillis, want, world } = deployed
  /** When each client last heard anything, a ping too. */
  const heard = new Map<number, number>()
  let skew = 0
  for (const [index, { crashes, labels: wanted }] of moves.entries()) {
    const told = labels.length
    const [first] = wanted
    const client = first!.args[0] as number
    const fires = (event: WorldEvent): void => {
      fire(event)
      if ((event._tag === "Deliver" || event._tag === "Connect") && event.end.at === nameOf(client)) {
        heard.set(client, nowMillis())
      }
    }
    if (first!.action === "Expire") skew = age(deployed, skew, first!)
    if (first!.action === "Ask") want(client, first!.args[1] as Kind)
    const event = () => eventOf(deployed, first!)
    const inTheWay = () => before(deployed, event(), heard.get(client) ?? 0, timeoutOf(client))
    for (let tries = 0, silent = inTheWay(); silent !== undefined && tries < mostSilent; tries++, silent = inTheWay()) {
      if (!world.canHappen(silent)) break
      fires(silent)
    }
    const last = event()
    if (world.canHappen(last)) {
      const crash = { _tag: "Kill", process: nameOf(client) } as const
      fires(crashes ? { _tag: "During", event: last as Wakening, steps: 1, crash } : last)
    }
    const [made, should] = [labels.slice(told), wanted].map((all) => all.map(showLabel).join(" "))
    if (made !== should) throw new Error(`${should} was played, and the nodes did ${made === "" ? "nothing" : made}`)
    after(index)
  }
}

/** Plays a path of the model, in which clients ask for one timeout. */
export const follow = (deployed: Deployed, path: ReadonlyArray<Label>): void =>
  play(deployed, path.map((label) => ({ labels: [label], crashes: false })), () => times.timeoutMillis)
