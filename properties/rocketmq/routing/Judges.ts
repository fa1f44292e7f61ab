/**
 * Who else looks at a rule of routing: examples, real clusters, schedules on nodes, runs of nodes. Each answers with what
 * is wrong, if anything is.
 */
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { check } from "../../../src/history/Check.ts"
import { showLabel } from "../../../src/machine/Machine.ts"
import { drive } from "../../../src/simulate/routing/RoutingCluster.ts"
import { play as playCommands } from "../../../src/simulate/routing/RoutingCommands.ts"
import { judged, recorded } from "../../../test/rocketmq/routing/Failover.ts"
import { examples } from "../../../test/rocketmq/rules/Examples.ts"
import { firstOf } from "../../conform/mutants/FirstOf.ts"
import { commands } from "./Histories.ts"
import { playedGraph } from "./PlayedGraph.ts"
import { play } from "./Schedule.ts"

const guarded = { RecheckFreshnessOnUnregister: true, ChannelCloseDetected: true }
const clusters = ["rocketmq-4.9.7-kill9-master", "rocketmq-5.5.0-kill9-master", "rocketmq-5.5.0-insync2-stop-master"]

/** One schedule in so many is played. */
const oneScheduleIn = 100
/** So many histories are run, the same for every mutant. */
const histories = 12

const known = playedGraph()

export const judges = {
  example: () =>
    firstOf(examples, ({ expected, says, sentence }) => isDeepStrictEqual(says(), expected) ? undefined : sentence),

  "real trace": () =>
    firstOf(clusters, (name) => {
      const found = judged(recorded(name))
      return found._tag === "Accepted" ? undefined : `${name} is refused: ${found.what}`
    }),

  "replayed path": () => {
    const { cast, covered, stateAfter } = known
    return firstOf(covered.paths.filter((_, i) => i % oneScheduleIn === 0), (path) => {
      let what: string | undefined
      drive(cast, guarded, 1, (deployed) => {
        play(deployed, path, (index) => {
          const [nodes, model] = [deployed.state(), stateAfter(path[index]!)].map((state) => JSON.stringify(state))
          if (nodes !== model) what ??= `another state after ${path[index]!.labels.map(showLabel).join(" ")}`
        })
      }, [])
      return what
    })
  },

  refinement: () =>
    firstOf(fc.sample(commands, { numRuns: histories, seed: 7 }).entries(), ([seed, list]) => {
      const { operations } = playCommands(guarded, seed + 1, list)
      return Object.keys(check(operations).anomalies).find((name) => name !== "duplicate")
    })
}
