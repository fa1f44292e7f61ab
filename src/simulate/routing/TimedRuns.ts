/**
 * Runs of routing that keep time: what is due happens within milliseconds, and NameServerRoutingTimed follows them.
 *
 * The decision: among what is due within three milliseconds any order may be, and no later event overtakes: a message takes
 * at most two. A unit ends at half a second, and all timers begin near whole seconds, as nothing fails at the end of a unit.
 * So nothing is under way when one ends, and the model need not know how long a message takes. A timer that fires late stays
 * late, by milliseconds: a run ends long before that comes to half a second.
 */
import { seeded } from "../../replay/Choose.ts"
import type { NameServerGuards } from "../../rocketmq/nodes/NameServer.ts"
import { brokerName, nameServerName } from "../../rocketmq/nodes/RoutingMessages.ts"
import { upTo } from "../../rocketmq/rules/Deployment.ts"
import { unitMillis } from "../../rocketmq/rules/RoutePeriods.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"
import { settledSeconds } from "./ProducerRuns.ts"
import { type Cast, type Deployed, drive, type Run } from "./RoutingCluster.ts"
import { unitClockName } from "./UnitClock.ts"

/** Numbers pick among what there is, scaled from `[0, 2^16)`. */
export type TimedCommand =
  | { readonly _tag: "Pass"; readonly seconds: number }
  | { readonly _tag: "Freeze" | "Thaw" | "Kill" | "Return" | "PauseServer" | "ResumeServer"; readonly pick: number }
  | { readonly _tag: "CutLink" | "HealLink"; readonly pick: number; readonly other: number }

/** Two masters, two NameServers and a client, as in MCNameServerRoutingTimed and its fellows. */
const cast: Cast = { deployment: { masters: 2, slaves: 0 }, nameServers: 2, clients: 1 }

/** Milliseconds of the first end of a unit: away from whole seconds, and so from every timer. */
const unitEnds = [1_500, 2_500, 3_500, 6_500, 7_500, 8_500]

const micros = 1_000_000
const togetherMicros = 3_000
const longestSeconds = 4_000

/** Plays commands against the nodes; throws what a node, the world or a shadow throws. */
export const timedRun = (guards: NameServerGuards, seed: number, commands: ReadonlyArray<TimedCommand>): Run => {
  const choose = seeded(seed)
  const firstUnitMillis = unitEnds[choose(unitEnds.length)]!
  return drive({ ...cast, firstUnitMillis }, guards, seed, (deployed) => {
    const { fire, followTimed, world } = deployed
    /** What may be next: what is due first, and what is due with it. Nobody starts by itself. */
    const due = () => {
      const all = world.enabledWithTimes().filter(({ event }) => event._tag !== "Start")
      const first = Math.max(world.nowMicros, all[0]!.at)
      return all.filter(({ at }) => at <= first + togetherMicros)
    }
    const next = () => {
      const all = due()
      // The clock is not overtaken, and stays at its seconds.
      const clock = all.find(({ event }) => event._tag === "Timer" && event.process === unitClockName)
      return clock ?? all[choose(all.length)]!
    }
    const passUntil = (end: number): void => {
      while (due()[0]!.at <= Math.min(end, longestSeconds * micros)) fire(next().event)
    }
    /** Lets in what is under way. */
    const settle = (): void => {
      while (due()[0]!.at <= world.nowMicros + 100_000) fire(next().event)
    }
    passUntil((settledSeconds + choose(30)) * micros)
    settle()
    followTimed()
    for (const command of commands) {
      const intoUnit = (world.nowMicros / 1000 - firstUnitMillis) % unitMillis
      if (intoUnit < 100) passUntil(world.nowMicros + micros)
      carryOut(deployed, command, passUntil)
    }
  })
}

const pickOf = <A>(pick: number, all: ReadonlyArray<A>): A => all[Math.floor(pick / 0x1_0000 * all.length)]!

const carryOut = ({ fire, world }: Deployed, command: TimedCommand, passUntil: (end: number) => void): void => {
  const broker = (pick: number) => brokerName(pickOf(pick, upTo(cast.deployment.masters)))
  const server = (pick: number) => nameServerName(pickOf(pick, upTo(cast.nameServers)))
  const ifPossible = (event: WorldEvent): void => {
    if (world.canHappen(event)) fire(event)
  }
  switch (command._tag) {
    case "Pass":
      return passUntil(world.nowMicros + command.seconds * micros)
    case "Freeze":
      return ifPossible({ _tag: "Pause", process: broker(command.pick) })
    case "Thaw":
      return ifPossible({ _tag: "Resume", process: broker(command.pick) })
    case "Kill":
      return ifPossible({ _tag: "Kill", process: broker(command.pick) })
    case "Return": {
      const event = { _tag: "Start", process: broker(command.pick) } as const
      // A process takes a moment to start, which is not to hold up the others.
      const start = world.enabledWithTimes().find((each) =>
        each.event._tag === "Start" && each.event.process === event.process
      )
      if (start === undefined) return
      passUntil(Math.ceil(start.at / micros) * micros)
      return fire(event)
    }
    case "PauseServer":
      return ifPossible({ _tag: "Pause", process: server(command.pick) })
    case "ResumeServer":
      return ifPossible({ _tag: "Resume", process: server(command.pick) })
    case "CutLink":
      return ifPossible({ _tag: "Cut", from: broker(command.pick), to: server(command.other) })
    case "HealLink":
      return ifPossible({ _tag: "Heal", from: broker(command.pick), to: server(command.other) })
  }
}
