/**
 * Paths of the model ZooKeeper as schedules of the nodes: which events make a node report a label.
 *
 * The decision: a label is one event, fired again while it says nothing: a ping that is in the way is delivered first, a
 * timer that is earlier ends first. A session expires when the server's clock says so, so that clock jumps.
 */
import { isPing, zooKeeperName } from "../../../src/kafka/nodes/ZooKeeperMessages.ts"
import type { Kind } from "../../../src/kafka/rules/ZooKeeperRequests.ts"
import { type Label, showLabel } from "../../../src/machine/Machine.ts"
import type { WorldEvent } from "../../../src/world/simulated/WorldEvent.ts"
import { type Deployed, endOf, nameOf } from "./ZooKeeperRun.ts"

/** Pings and timers that may come before the event that tells something. */
const mostSilent = 8

/** How many messages in flight are kept so that so many that are no pings are. */
const kept = (queue: ReadonlyArray<unknown>, count: number): number => {
  let at = 0
  for (let seen = 0; seen < count; at++) if (!isPing(queue[at])) seen++
  return at
}

/** A ping that stands before the end of a connection is read first. */
const pingBefore = ({ world }: Deployed, event: WorldEvent): WorldEvent => {
  if (event._tag !== "SeeClosed" || world.canHappen(event)) return event
  return { _tag: "Deliver", end: event.end }
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

/** Plays a path; throws where an event that it needs cannot happen, or makes another label than the path has. */
export const follow = (deployed: Deployed, path: ReadonlyArray<Label>): void => {
  const { fire, labels, want, world } = deployed
  let skew = 0
  for (const wanted of path) {
    const told = labels.length
    if (wanted.action === "Expire") skew = age(deployed, skew, wanted)
    if (wanted.action === "Ask") want(wanted.args[0] as number, wanted.args[1] as Kind)
    for (let tries = 0; labels.length === told && tries < mostSilent; tries++) {
      const event = pingBefore(deployed, eventOf(deployed, wanted))
      if (!world.canHappen(event)) break
      fire(event)
    }
    const made = labels.slice(told).map(showLabel)
    if (made.length !== 1 || made[0] !== showLabel(wanted)) {
      throw new Error(`${showLabel(wanted)} was played, and the nodes did ${made.join(" ") || "nothing"}`)
    }
  }
}
