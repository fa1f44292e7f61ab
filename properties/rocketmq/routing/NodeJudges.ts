/**
 * Who looks at a node of routing beside what looks at its rules: a producer that is followed, failovers within the bounds of
 * real ones, sends while a master is gone, tables that are kept. Each answers with what is wrong, if anything is.
 */
import * as fc from "fast-check"
import { check } from "../../../src/history/Check.ts"
import { isData, type Operation } from "../../../src/history/Operation.ts"
import { showLabel } from "../../../src/machine/Machine.ts"
import { producerRun } from "../../../src/simulate/routing/ProducerRuns.ts"
import type { Workload } from "../../../src/simulate/routing/RoutingCluster.ts"
import { routingFailover, type RoutingPlan } from "../../../src/simulate/routing/RoutingFailover.ts"
import { routingSearches } from "../../../src/simulate/routing/RoutingScenarios.ts"
import { timedRun } from "../../../src/simulate/routing/TimedRuns.ts"
import type { Failover } from "../../../test/rocketmq/routing/Failover.ts"
import { boundsMillis, nodeFailover } from "../../../test/rocketmq/routing/NodeFailover.ts"
import { firstOf } from "../../conform/mutants/FirstOf.ts"
import { judges as common } from "./Judges.ts"
import { gapSeconds, sends, sendsDuring } from "./SendsDuring.ts"
import { commands as timedCommands } from "./TimedHistories.ts"
import { administered, nowhereToSend, withoutRoute } from "./Wishes.ts"
import { byKey, followDuplicates, inTurn } from "./Workloads.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
/** So many histories that keep time are run. */
const timedHistories = 10
const seeds = [1, 2, 3, 4, 5, 6]
/** Seeds of what takes a few milliseconds. */
const manySeeds = Array.from({ length: 30 }, (_, i) => i + 1)

/** The reader of a producer in turn looks this often. */
const pullMillis = 20_000

/** What each way to send promises while masters freeze, and what its clients may be told of. */
const followed: ReadonlyArray<readonly [Workload, promises: ReadonlyArray<string>, allowed: ReadonlyArray<string>]> = [
  [byKey(true, 0), ["AckedIsStored", "StoredOnce", "KeyOrder"], []],
  [byKey(false, 0), ["AckedIsStored", "StoredOnce"], ["key-order"]],
  [inTurn(0, pullMillis), ["AckedIsStored", "StoredOnce"], []],
  [inTurn(2, pullMillis), ["AckedIsStored"], ["duplicate", ...followDuplicates]]
]

const failovers: ReadonlyArray<Omit<RoutingPlan, "seed">> = [
  ["kill", "routes", 32],
  ["freeze", "routes", 190],
  ["cut and heal", "routes", 62],
  ["restart", "routes", 62],
  ["kill", "writes", 32]
].map(([fault, promise, boundSeconds]) =>
  ({
    masters: 2,
    slaves: 1,
    nameServers: 2,
    selection: { _tag: "InTurn", avoidsFaulty: false },
    fault,
    boundSeconds,
    promise
  }) as Omit<RoutingPlan, "seed">
)

/** Whoever reads is handed something or is not called: `PullMessageService` calls nobody with an empty result. */
const isEmptyPoll = (operation: Operation): boolean =>
  isData(operation) && operation.f === "poll" && operation.type === "ok" &&
  operation.value.some((step) =>
    Object.values(step[1] ?? {}).some((records) => (records as ReadonlyArray<unknown>).length === 0)
  )

const failedOver = (how: Failover["how"]): string | undefined =>
  firstOf(seeds, (seed) => {
    const { cacheLost, routeLost } = nodeFailover(how, seed)
    const [least, most] = boundsMillis(how)
    if (routeLost === undefined || cacheLost === undefined) return `${how}: the master is never lost`
    return routeLost < least || routeLost > most ? `${how}: the route loses it after ${routeLost} ms` : undefined
  })

const sent = (): string | undefined =>
  firstOf([["Kill", false], ["Kill", true], ["Pause", false], ["Pause", true]] as const, ([fault, avoidsFaulty]) => {
    const run = sendsDuring({ _tag: fault, process: "broker-1" }, 3, avoidsFaulty)
    const givenUp = run.sends.filter((end) => end === "given up").length
    const [least, most] = fault === "Kill" ? [0, 0] : avoidsFaulty ? [1, 1] : [(sends - 1) / 2, (sends + 1) / 2]
    if (run.sends.length !== sends + 2) return `${run.sends.length} sends ended`
    if (givenUp < least || givenUp > most) return `${givenUp} sends were given up (${fault})`
    return Object.keys(check(run.operations).anomalies)[0]
  })

const searched = (id: "R11" | "R13"): string | undefined => {
  const shown = (isGuarded: boolean) => seeds.some((seed) => routingSearches[id]!.play(seed, isGuarded).nodes)
  return shown(true) ? `${id} in spite of its guard` : shown(false) ? undefined : `${id} is not found`
}

export const judges = {
  "replayed path": common["replayed path"],

  refinement: common.refinement,

  "followed producer": () =>
    firstOf(
      followed.flatMap((one) => seeds.map((seed) => [seed, one] as const)),
      ([seed, [workload, promises, allowed]]) => {
        const { operations, producerLabels } = producerRun(seed, workload, ["Pause"], promises)
        const stored = producerLabels.filter(({ action }) => action === "Store").map(showLabel)
        const read = producerLabels.filter(({ action }) => action === "Consume").map(({ args: [master] }) =>
          `Store(${master})`
        )
        if (stored.sort().join() !== read.sort().join()) return "what is stored is not read, after all"
        const { anomalies } = check(operations, { smallest: 0 })
        if (operations.some(isEmptyPoll)) return "an application was handed nothing"
        return Object.keys(anomalies).find((name) => name !== "empty-transaction-graph" && !allowed.includes(name))
      }
    ) ?? firstOf(seeds, (seed) => void producerRun(seed, inTurn(1, pullMillis), ["Pause", "Kill"], ["AckedIsStored"])),

  "timed refinement": () =>
    firstOf(fc.sample(timedCommands, { numRuns: timedHistories, seed: 7 }).entries(), ([seed, list]) => {
      timedRun(guarded, seed + 1, list)
      return undefined
    }),

  failover: () =>
    failedOver("Kill") ?? failedOver("Freeze") ??
      firstOf(failovers.flatMap((plan) => [1, 2].map((seed) => ({ ...plan, seed }))), (plan) =>
        routingFailover(plan) ? undefined : `${plan.fault}: no ${plan.promise} within ${plan.boundSeconds} s`),

  sends: () => {
    const gap = gapSeconds(2, true)
    return gap < 32 ? sent() : `a key is written again after ${gap} s`
  },

  wishes: () => firstOf(manySeeds, (seed) => administered(seed) ?? withoutRoute(seed) ?? nowhereToSend(seed)),

  "kept tables": () => firstOf(["R13", "R11"] as const, searched)
}
