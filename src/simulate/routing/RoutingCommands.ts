/**
 * Runs of routing as lists of commands: plain data and total, so any list is a run, and a failing one shrinks by
 * dropping commands.
 *
 * The decision: a command names what it means by a number that is scaled to what there is, so it never fails and means
 * nearly the same after others were dropped.
 */
import type { NameServerGuards } from "../../rocketmq/nodes/NameServer.ts"
import { brokerName, brokerPort, nameServerName } from "../../rocketmq/nodes/RoutingMessages.ts"
import { brokersOf, upTo } from "../../rocketmq/rules/Deployment.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { type Cast, type Deployed, drive, type Run } from "./RoutingCluster.ts"

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type Command =
  /** Fires so many events in the order in which they are due. */
  | { readonly _tag: "Due"; readonly count: number }
  /** The same, but no thread that waits at a point gets its turn: they are slow, or the lock is another's. */
  | { readonly _tag: "Busy"; readonly count: number }
  /** Fires any event that is possible. */
  | { readonly _tag: "Any"; readonly pick: number }
  | { readonly _tag: "KillBroker" | "KillServer" | "Freeze" | "Thaw" | "Configure"; readonly pick: number }
  | {
    readonly _tag: "CutLink" | "HealLink" | "Reset" | "Wipe" | "Allow"
    readonly pick: number
    readonly other: number
  }
  /** A client sends the next value. */
  | { readonly _tag: "Send"; readonly pick: number }
  /** A process crashes inside the handler of an event, after its first step. */
  | { readonly _tag: "During"; readonly pick: number }

const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A | undefined => all[Math.floor(pick / 0x1_0000 * all.length)]

/** Enough for two routes, a slave that is left alone, and NameServers that differ. */
const wholeCast: Cast = { deployment: { masters: 2, slaves: 1 }, nameServers: 2, clients: 2 }

/** Plays commands against the nodes; throws what a node, the world or the shadow throws. */
export const play = (
  guards: NameServerGuards,
  seed: number,
  commands: ReadonlyArray<Command>,
  promises?: ReadonlyArray<string>
): Run => {
  const act = (deployed: Deployed): void => {
    for (const command of commands) carryOut(deployed, command)
  }
  return promises === undefined ? drive(wholeCast, guards, seed, act) : drive(wholeCast, guards, seed, act, promises)
}

const carryOut = ({ cast, fire, send, want, wantVersion, world }: Deployed, command: Command): void => {
  const { deployment, nameServers } = cast
  const brokers = brokersOf(deployment)
  const server = (pick: number) => nameServerName(pickOf(pick, upTo(nameServers))!)
  const broker = (pick: number) => brokerName(pickOf(pick, brokers)!)
  const servers = [...upTo(nameServers).map(nameServerName), ...brokers.map(brokerName)]
  const ifPossible = (event: WorldEvent): void => {
    if (world.canHappen(event)) fire(event)
  }
  switch (command._tag) {
    case "Due": {
      for (let i = 0; i < command.count; i++) {
        const next = world.enabled()[0]
        if (next !== undefined) fire(next)
      }
      return
    }
    case "Busy": {
      for (let i = 0; i < command.count; i++) {
        const next = world.enabled().find((event) => event._tag !== "Wake")
        if (next !== undefined) fire(next)
      }
      return
    }
    case "Any": {
      const event = pickOf(command.pick, world.enabled())
      return event === undefined ? undefined : fire(event)
    }
    case "KillBroker":
      return ifPossible({ _tag: "Kill", process: broker(command.pick) })
    case "KillServer":
      return ifPossible({ _tag: "Kill", process: server(command.pick) })
    case "Freeze":
      return ifPossible({ _tag: "Pause", process: pickOf(command.pick, servers)! })
    case "Thaw":
      return ifPossible({ _tag: "Resume", process: pickOf(command.pick, servers)! })
    case "Configure":
      return wantVersion(pickOf(command.pick, brokers)!)
    case "CutLink":
      return ifPossible({ _tag: "Cut", from: broker(command.pick), to: server(command.other) })
    case "HealLink":
      return ifPossible({ _tag: "Heal", from: broker(command.pick), to: server(command.other) })
    case "Reset": {
      const ends = world.network.connections().filter(({ port }) => port === brokerPort)
      const end = pickOf(command.pick, ends)
      if (end === undefined) return
      const { toListener } = world.network.inFlight(end)!
      return fire({
        _tag: "Reset",
        end,
        toDialer: 0,
        toListener: Math.floor(command.other / 0x1_0000 * (toListener + 1))
      })
    }
    case "Send":
      return send(pickOf(command.pick, upTo(cast.clients))!)
    case "Wipe":
    case "Allow": {
      const name = pickOf(command.other, upTo(deployment.masters))!
      return want(pickOf(command.pick, upTo(nameServers))!, name, command._tag === "Allow")
    }
    case "During": {
      const events = world.enabled().filter((event) => "process" in event || "end" in event)
      const event = pickOf(command.pick, events)
      if (event === undefined) return
      const process = event._tag === "Timer" || event._tag === "Wake"
        ? event.process
        : event._tag === "Deliver" || event._tag === "Connect"
        ? event.end.at
        : undefined
      if (process === undefined || process.startsWith("client")) return
      return fire({ _tag: "During", event: event as never, steps: 1, crash: { _tag: "Kill", process } })
    }
  }
}
