/**
 * Who else looks at a rule of the controller, or at a node: names, what a real cluster wrote, schedules and histories on
 * nodes, and how long writes stand still. Each answers with what is wrong, if anything is.
 */
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { expectations } from "../../../src/guarantee/KafkaFailoverExpectations.ts"
import { pathsOf } from "../../../src/kafka/models/ControllerElectionState.ts"
import { ringOf } from "../../../src/kafka/rules/Cluster.ts"
import { seeded } from "../../../src/replay/Choose.ts"
import { drive, followedBy, guarded } from "../../../src/simulate/coordination/ElectionCluster.ts"
import { play } from "../../../src/simulate/coordination/ElectionCommands.ts"
import { electionSearches } from "../../../src/simulate/coordination/ElectionScenarios.ts"
import { all as schedules } from "../../../src/simulate/coordination/ElectionSchedules.ts"
import { failover } from "../../../src/simulate/coordination/Failover.ts"
import {
  fo1Names,
  fo2Names,
  linesOf,
  phasesOfFailover,
  phasesOfTransactions
} from "../../../test/kafka/coordination/RealTraces.ts"
import { counted, countedInReal, paths, runsAsReal, writtenIn } from "../../../test/kafka/coordination/SameEvents.ts"
import { explain, type Phase } from "../../../test/kafka/coordination/Witness.ts"
import { playController, trace } from "../../../test/kafka/rules/RealController.ts"
import { firstOf } from "../../conform/mutants/FirstOf.ts"
import { commands, everything } from "./Histories.ts"
import { unsettled } from "./Settled.ts"
import { misstep } from "./UnbrokenModel.ts"

/** So many histories are run, the same for every mutant. */
const histories = 36
/** A scenario is looked for in the schedules of these seeds, and none of them shows it with the guard on. */
const seeds = [1, 2, 3]
/** So many seeds are drawn until the races of one run go as in the real cluster. */
const races = 40
/** What these histories do not come to. */
const unreached = ["bounce"]

const named = <Plan>(all: Readonly<Record<string, Plan>>): ReadonlyArray<readonly [string, Plan]> => Object.entries(all)

/** No phase of the traces needs so many states. */
const most = 1_000

/** What real clusters wrote, as phases for the model. */
const recorded: Readonly<Record<string, () => ReadonlyArray<Phase>>> = {
  "zookeeper-txns-A": () => phasesOfTransactions(linesOf("zookeeper-txns-A")).phases,
  "kafka-zk-kill9-controller-2s": () => phasesOfFailover(linesOf("kafka-zk-kill9-controller-2s"), fo2Names),
  "kafka-zk-kill9-noncontroller-18s": () => phasesOfFailover(linesOf("kafka-zk-kill9-noncontroller-18s"), fo1Names)
}

/** Rules, model and nodes beside real clusters. */
const unlikeReal = (): string | undefined => {
  const { left, surprises } = playController(trace("zookeeper-txns-A"))
  if (surprises.length + left.length > 0) return surprises[0] ?? `never written: ${left.join()}`
  const refused = firstOf(named(recorded), ([name, phases]) => {
    const found = explain(phases(), most)
    return found._tag === "Explained" ? undefined : `${name} is refused in ${found.phase}`
  })
  if (refused !== undefined) return refused
  const [run] = runsAsReal(races, 1)
  if (run === undefined) return "no run goes through the races of the real cluster"
  const wrong = paths.find((path, register) =>
    !isDeepStrictEqual(run.writes.filter((write) => write.path === path).map(({ value }) => value), writtenIn(register))
  )
  if (wrong !== undefined) return `${wrong} is written otherwise`
  return isDeepStrictEqual(counted(run.shapes), countedInReal) ? undefined : "transactions have other shapes"
}

/** Schedules under all guards are paths of the model that nobody broke. */
const offThePath = (): string | undefined =>
  firstOf(named(schedules), ([, schedule]) => {
    const run = drive(guarded, 1, (driven) => void schedule(driven, seeded(1)), followedBy(guarded))
    return run.broken[0]?.property ?? misstep(guarded, run)
  })

/** A scenario is found without its guard, and not with it. */
const unlikeScenarios = (): string | undefined =>
  firstOf(named(electionSearches), ([id, { anomaly, play: look }]) => {
    const without = seeds.map((seed) => look(seed, false))
    if (!without.some(({ nodes }) => nodes)) return `${id} is not found on nodes`
    if (anomaly !== undefined && !without.some(({ clients }) => clients)) return `clients do not see ${id}`
    const isThere = seeds.some((seed) => {
      const { clients, nodes } = look(seed, true)
      return nodes || clients
    })
    return isThere ? `${id} is found with its guard on` : undefined
  })

const unlikeModel = (): string | undefined => {
  const reached = new Set<string>()
  const wrong = firstOf(fc.sample(commands, { numRuns: histories, seed: 7 }).entries(), ([seed, list]) => {
    const run = play(guarded, seed + 1, list)
    run.reached.forEach((tag) => reached.add(tag))
    run.labels.forEach(({ action }) => reached.add(action))
    return run.broken[0]?.property ?? unsettled(run.state)[0] ?? misstep(guarded, run)
  })
  const missing = everything.find((tag) => !reached.has(tag) && !unreached.includes(tag))
  return wrong ?? (missing === undefined ? undefined : `no history comes to ${missing}`)
}

/** Writes go on within the bound where the real ones do, and nowhere else (src/guarantee). */
const standsStill = (): string | undefined =>
  firstOf(expectations, ({ deployment, expected, plan }) => {
    const isKept = failover({ ...plan, seed: 1 }).gapMillis !== undefined
    return isKept === (expected === "kept") ? undefined : `${deployment}: ${isKept ? "" : "not "}kept`
  })

/**
 * Znodes are named as in the specification (Path in spec/kafka/ControllerElection.tla): a graph of TLC's that is kept has
 * their places only.
 */
const misnamed = (): string | undefined => {
  const names = pathsOf(ringOf(2, 1, 2)).map((path) => path.join(" ")).join(", ")
  return names === "controller 0, controller_epoch 0, ids 1, ids 2, state 1" ? undefined : `znodes are named ${names}`
}

export const judges = {
  example: misnamed,
  "real trace": unlikeReal,
  "replayed path": () => offThePath() ?? unlikeScenarios(),
  failover: standsStill,
  refinement: unlikeModel
}
