/**
 * The model NameServerRoutingTimed walking along with NameServers, brokers and clients.
 *
 *     broker, NameServer, client: Beat, Dial, Connect, Register, Expire, ...     as they report them
 *     clock: Tick                                                                the end of a unit
 *     world: Freeze, Thaw, Kill, Start, PauseServer, CutLink, Reset, ...         from the event
 *
 * The decision: a tick is told to the model like any other step, so a run in which something came later than it was due
 * is refused there, and the properties that bound how long a route may be untrue are judged on nodes.
 */
import { shadowOf } from "../../conform/Shadow.ts"
import { type Label, label } from "../../machine/Machine.ts"
import { nameServerRoutingTimed, type TimedState } from "../../rocketmq/models/NameServerRoutingTimed.ts"
import { numberIn } from "../../rocketmq/nodes/RoutingMessages.ts"
import {
  isAnswered,
  projectNameServerRoutingTimed,
  type TimedProjected
} from "../../rocketmq/projections/NameServerRoutingTimed.ts"
import { brokersOf } from "../../rocketmq/rules/Deployment.ts"
import { periods } from "../../rocketmq/rules/RoutePeriods.ts"
import type { RoutingGuards } from "../../rocketmq/rules/RouteTables.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"

const ofTimed = new Set(["Dial", "DialFails", "PollRoute", "Tick"])

/** Whether a label is this model's only, and not of NameServerRouting's. */
export const isOfTimed = ({ action }: Label): boolean => ofTimed.has(action)

/** What steps of NameServerRouting are called here, where they are called otherwise. */
const named: Readonly<Record<string, string>> = { Heartbeat: "Beat" }
const shared = new Set([
  "AnswerRoute",
  "ChannelClosed",
  "Connect",
  "Expire",
  "Heartbeat",
  "Learn",
  "Notice",
  "Register",
  "SwitchServer",
  "Unregister"
])

export interface TimedShadow {
  readonly labels: ReadonlyArray<Label>
  /** A process did this. */
  readonly did: (label: Label) => void
  /** The world did this, which NameServerRouting calls by that label. */
  readonly happened: (event: WorldEvent, environment: Label | undefined) => void
  readonly check: (world: TimedProjected) => void
}

const labelOf = (event: WorldEvent, environment: Label | undefined): Label | undefined => {
  if (environment?.action === "CutLink" || environment?.action === "HealLink") return environment
  if (environment?.action === "Reset") return label("Reset", ...environment.args.slice(0, 2) as Array<number>)
  if (!("process" in event)) return undefined
  const actions: Partial<Record<WorldEvent["_tag"], string>> = event.process.startsWith("broker")
    ? { Pause: "Freeze", Resume: "Thaw", Kill: "Kill", Start: "Start" }
    : event.process.startsWith("nameserver")
    ? { Pause: "PauseServer", Resume: "ResumeServer" }
    : {}
  const action = actions[event._tag]
  return action === undefined ? undefined : label(action, numberIn(event.process))
}

/**
 * A shadow from a moment on at which everybody is in every route and nothing is on its way: an initial state of the model.
 * Throws a `RangeError` at any other moment.
 */
export const timedShadow = (guards: RoutingGuards, begun: TimedProjected): TimedShadow => {
  const machine = nameServerRoutingTimed({
    ...periods,
    ...guards,
    NameServerCount: begun.nameServers,
    BrokerCount: brokersOf(begun.deployment).length,
    ClientCount: begun.clients,
    MaxInFlight: Infinity,
    MaxFaults: Infinity,
    FaultKinds: ["Freeze", "Kill", "CutLink", "PauseServer"]
  })
  const { faults, settled, since } = machine.initial[0]!
  const first = projectNameServerRoutingTimed(begun, { faults, settled, since, late: settled.map(() => false) })
  const initial = machine.initial.find((state) => JSON.stringify(state) === JSON.stringify(first))
  if (initial === undefined) throw new RangeError(`no state in which the timed model begins: ${JSON.stringify(first)}`)
  const promised = [
    "SilentLeavesRoute",
    "SilentLeavesCache",
    "LiveIsRouted",
    "LiveIsCached",
    ...(guards.ChannelCloseDetected ? ["KilledLeavesRoute", "KilledLeavesCache"] : []),
    ...(guards.RecheckFreshnessOnUnregister ? ["FreshIsKept"] : [])
  ]
  const shadow = shadowOf({ ...machine, initial: [initial] }, promised)
  const isOfNobody = ({ action, args }: Label): boolean =>
    action === "AnswerRoute" && !isAnswered(begun, args[1] as number, args[0] as number)
  return {
    labels: shadow.labels,
    did: (made) => {
      if (!ofTimed.has(made.action) && !shared.has(made.action)) return
      // A client that gave up does not hear of the answer.
      if (isOfNobody(made)) return
      shadow.did({ ...made, action: named[made.action] ?? made.action })
    },
    happened: (event, environment) => {
      const made = labelOf(event, environment)
      if (made !== undefined) shadow.did(made)
    },
    check: (world) => {
      const { asking, faults, settled, since }: TimedState = shadow.state
      shadow.check(
        projectNameServerRoutingTimed(world, { faults, settled, since, late: asking.map((each) => each === "late") })
      )
    }
  }
}
