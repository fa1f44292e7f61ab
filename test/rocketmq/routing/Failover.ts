/**
 * A master that is killed or frozen, as three moments: when it stopped, when the NameServer's route had lost it, when a
 * client's cached route had. Recorded from real clusters (test/real/failover-traces) or from the nodes, and turned into
 * what the timed model can be asked: at every unit, who is in the route and in the cache.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import {
  type Acceptance,
  accepts,
  type Observation,
  type Recording,
  recordingOf
} from "../../../src/conform/Accepts.ts"
import type { Label } from "../../../src/machine/Machine.ts"
import {
  nameServerRoutingTimed,
  type TimedConstants,
  type TimedState
} from "../../../src/rocketmq/models/NameServerRoutingTimed.ts"
import { periods, unitMillis } from "../../../src/rocketmq/rules/RoutePeriods.ts"

/** Milliseconds since the observation began; what was never seen is absent. */
export interface Failover {
  readonly how: "Kill" | "Freeze"
  readonly stopped: number
  readonly routeLost?: number
  readonly cacheLost?: number
}

interface Line {
  readonly t_ms: number
  readonly source: string
  readonly event: string
  readonly signal?: string
  readonly detail?: string
  readonly brokers?: { readonly [name: string]: { readonly [id: string]: string } }
}

/** Reads a recorded failover of broker-a's master. `send:broker-a` is a producer that writes to that name only. */
export const recorded = (name: string): Failover => {
  const file = join(import.meta.dirname, "../../real/failover-traces", `${name}.jsonl`)
  const lines = readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Line)
  const signal = lines.find(({ event }) => event === "signal")!
  const after = lines.filter(({ t_ms }) => t_ms >= signal.t_ms)
  const route = after.find(({ brokers, event }) => event === "route" && brokers!["broker-a"]?.["0"] === undefined)
  const cache = after.find(({ detail, source }) =>
    source === "send:broker-a" && detail?.includes("The broker[broker-a] not exist") === true
  )
  return {
    how: signal.signal === "STOP" ? "Freeze" : "Kill",
    stopped: signal.t_ms,
    ...(route && { routeLost: route.t_ms }),
    ...(cache && { cacheLost: cache.t_ms })
  }
}

/** One NameServer, two masters and one client, with the real periods. */
const constants: TimedConstants = {
  ...periods,
  ChannelCloseDetected: true,
  RecheckFreshnessOnUnregister: true,
  NameServerCount: 1,
  BrokerCount: 2,
  ClientCount: 1,
  MaxInFlight: 5,
  MaxFaults: 1,
  FaultKinds: ["Kill", "Freeze"]
}

/** A failover as the timed model is asked about it. */
export const observed = (failover: Failover): Recording<TimedState> => {
  const unitOf = (millis: number | undefined) => millis === undefined ? Infinity : Math.floor(millis / unitMillis)
  const [stopped, routeLost, cacheLost] = [failover.stopped, failover.routeLost, failover.cacheLost].map(unitOf)
  const has = (what: "route" | "cache", is: boolean): Observation<TimedState> => ({
    _tag: "State",
    what: `broker 1 ${is ? "in" : "not in"} the ${what}`,
    holds: (state) => (what === "route" ? state.routed : state.cache)[0]!.includes(1) === is
  })
  const last = Math.max(...[stopped, routeLost, cacheLost].filter((unit) => unit !== Infinity) as Array<number>)
  const all = Array.from({ length: last - stopped! + 1 }, (_, i) => stopped! + i).flatMap((unit) => [
    ...(unit === stopped
      ? [
        {
          _tag: "Step",
          what: failover.how,
          is: (label: Label) => label.action === failover.how && label.args[0] === 1
        } as const
      ]
      : []),
    // In a unit in which something was lost it was there before.
    ...(unit <= routeLost! ? [has("route", true)] : []),
    ...(unit === routeLost ? [has("route", false)] : []),
    ...(unit <= cacheLost! ? [has("cache", true)] : []),
    ...(unit === cacheLost ? [has("cache", false)] : []),
    ...(unit > routeLost! ? [has("route", false)] : []),
    ...(unit < last
      ? [{ _tag: "Step", what: `unit ${unit} ends`, is: (label: Label) => label.action === "Tick" } as const]
      : [])
  ]) as ReadonlyArray<Observation<TimedState>>
  return recordingOf(all)
}

/**
 * Whether the timed model can do that. Hidden are the steps of the nodes; three between observations are the fewest
 * that explain what was recorded: a client asks, is answered, and learns.
 */
export const accepted = (recording: Recording<TimedState>): Acceptance =>
  accepts(nameServerRoutingTimed(constants), recording, {
    hidden: ({ action }) => !["Tick", "Kill", "Start", "Freeze", "Thaw"].includes(action),
    mostHidden: 3
  })

export const judged = (failover: Failover): Acceptance => accepted(observed(failover))
