/**
 * The model ProducerRouting walking along with one producer that picks queues by key.
 *
 *     producer, master, reader: Send, Acknowledged, GiveUp, Store, Consume       as they report them
 *     world: Freeze, Thaw                                                        from the event
 *     NameServer, client: Leave, Return, Refresh                                 from what their own steps changed
 *
 * The decision: the route is the NameServer's business, which NameServerRouting follows; here a master leaves or returns
 * when a step over there changed who is in the route, so the two models are told of one run and meet in it.
 */
import { shadowOf } from "../../conform/Shadow.ts"
import { type Label, label } from "../../machine/Machine.ts"
import { producerRouting, type ProducerState } from "../../rocketmq/models/ProducerRouting.ts"
import type { Selection } from "../../rocketmq/nodes/Producer.ts"

/** More sends than any run has: values are listed by the model, so their number is no infinity. */
const mostValues = 30

/** What producers, masters and readers report by themselves. */
const reported = new Set(["Acknowledged", "Consume", "GiveUp", "Retry", "Send", "Store"])

/** Whether a label is one of this model's, and not of NameServerRouting's. */
export const isOfProducer = ({ action }: Label): boolean => reported.has(action)

export interface ProducerShadow {
  readonly labels: ReadonlyArray<Label>
  readonly did: (label: Label) => void
  /** Who is in the NameServer's route, and in the producer's, after a step of theirs. */
  readonly routes: (route: ReadonlyArray<number>, cache: ReadonlyArray<number>) => void
  readonly check: (projected: ProducerState) => void
}

/** A shadow from the moment on at which every master is in every route and nothing was sent. */
export const producerShadow = (
  masters: number,
  selection: Extract<Selection, { readonly _tag: "ByKey" }>,
  promises: ReadonlyArray<string>
): ProducerShadow => {
  if (masters !== 1 && masters !== 2) throw new RangeError(`${masters} masters: the model has an index for 1 or 2`)
  const machine = producerRouting({
    StaticOrderConf: selection.isOrderStatic,
    ByKey: true,
    AvoidFaulty: false,
    MasterCount: masters,
    KeyHash: selection.hash,
    MaxValues: mostValues,
    MaxTries: 1,
    MaxFaults: Infinity,
    FaultKinds: ["Freeze"]
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
