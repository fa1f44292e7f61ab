/**
 * The model ProducerRouting walking along with one producer.
 *
 *     producer, master, reader: Send, Ask, Retry, Store, Answer, Consume, ...    as they report them
 *     world: Freeze, Thaw, Kill, Start                                           from the event
 *     NameServer, client: Leave, Return, Refresh                                 from what their own steps changed
 *
 * The decision: the route is the NameServer's business, which NameServerRouting follows; here a master leaves or returns
 * when a step over there changed who is in the route, so the two models are told of one run and meet in it.
 */
import { shadowOf } from "../../conform/Shadow.ts"
import { type Label, label } from "../../machine/Machine.ts"
import { producerRouting, type ProducerState } from "../../rocketmq/models/ProducerRouting.ts"
import type { Delivered } from "../../rocketmq/nodes/Consumer.ts"
import type { ProducerCell, Selection, Tried } from "../../rocketmq/nodes/Producer.ts"
import { numberIn } from "../../rocketmq/nodes/RoutingMessages.ts"
import { mostTries } from "../../rocketmq/rules/QueueSelection.ts"
import type { WorldEvent } from "../../world/simulated/WorldEvent.ts"

/** More sends than any run has: values are listed by the model, so their number is no infinity. */
const mostValues = 40

/** What producers, masters and readers report by themselves. */
const reported = new Set([
  "Acknowledged",
  "Answer",
  "Ask",
  "Consume",
  "GiveUp",
  "Resend",
  "Retry",
  "Send",
  "Store"
])

/** Whether a label is one of this model's, and not of NameServerRouting's. */
export const isOfProducer = ({ action }: Label): boolean => reported.has(action)

/** What an event of the world is to this model: a master's end or beginning, before anybody hears of it. */
export const masterLabel = (event: WorldEvent): Label | undefined => {
  if (!("process" in event) || !event.process.startsWith("broker")) return undefined
  const actions: Partial<Record<WorldEvent["_tag"], string>> = {
    Pause: "Freeze",
    Resume: "Thaw",
    Kill: "Kill",
    Start: "Start"
  }
  const action = actions[event._tag]
  return action === undefined ? undefined : label(action, numberIn(event.process))
}

/** What was seen of one client from outside: what it was told, and whether its send met a frozen master. */
export interface ProducerLedger {
  begun: number
  late: boolean
  faults: number
  readonly acked: Array<number>
  readonly delivered: Array<readonly [master: number, value: number]>
  readonly tried: (told: Tried) => void
  readonly read: (told: Delivered) => void
  /** A step of this model was made, while the producer's memory was this one. */
  readonly happened: (step: Label, cell: ProducerCell, isFrozen: (master: number) => boolean) => void
}

export const producerLedger = (): ProducerLedger => {
  const ledger: ProducerLedger = {
    begun: 0,
    late: false,
    faults: 0,
    acked: [],
    delivered: [],
    tried: (told) => {
      if (told._tag === "Begun") ledger.begun = Math.max(ledger.begun, told.value)
      if (told._tag === "Stored") ledger.acked.push(told.value)
    },
    read: ({ name, values }) => {
      for (const value of values) ledger.delivered.push([name, value])
    },
    happened: ({ action, args: [master] }, { sending }, isFrozen) => {
      const waitsFor = sending?.hasAddress === true ? sending.to : undefined
      if (action === "Freeze" || action === "Kill") ledger.faults++
      if (action === "Freeze" && waitsFor === master) ledger.late = true
      const isTry = action === "Send" || action === "Resend" || action === "Retry"
      if (isTry && waitsFor !== undefined && isFrozen(waitsFor)) ledger.late = true
      if (action === "Acknowledged" || action === "GiveUp") ledger.late = false
    }
  }
  return ledger
}

export interface ProducerShadow {
  readonly labels: ReadonlyArray<Label>
  readonly did: (label: Label) => void
  /** Who is in the NameServer's route, and in the producer's, after a step of theirs. */
  readonly routes: (route: ReadonlyArray<number>, cache: ReadonlyArray<number>) => void
  readonly check: (projected: ProducerState) => void
}

/**
 * A shadow from the moment on at which every master is in every route and nothing was sent. Throws a `RangeError` for a
 * producer that avoids who failed: its intervals of avoidance end by its own clock, which reports nothing.
 */
export const producerShadow = (
  masters: number,
  selection: Selection,
  resends: number,
  promises: ReadonlyArray<string>
): ProducerShadow => {
  if (masters !== 1 && masters !== 2) throw new RangeError(`${masters} masters: the model has an index for 1 or 2`)
  const isByKey = selection._tag === "ByKey"
  if (!isByKey && selection.avoidsFaulty) throw new RangeError("a producer that avoids who failed is not followed")
  const machine = producerRouting({
    StaticOrderConf: isByKey && selection.isOrderStatic,
    ByKey: isByKey,
    AvoidFaulty: false,
    MasterCount: masters,
    KeyHash: isByKey ? selection.hash : 0,
    MaxValues: mostValues,
    MaxTries: mostTries,
    MaxResends: resends,
    MaxFaults: Infinity,
    FaultKinds: ["Freeze", "Kill"]
  })
  const shadow = shadowOf(machine, promises)
  return {
    labels: shadow.labels,
    did: shadow.did,
    routes: (route, cache) => {
      const known = shadow.state.route
      for (const master of known) if (!route.includes(master)) shadow.did(label("Leave", master))
      for (const master of route) if (!known.includes(master)) shadow.did(label("Return", master))
      if (shadow.state.cache.join() !== cache.join()) shadow.did(label("Refresh"))
    },
    check: shadow.check
  }
}
