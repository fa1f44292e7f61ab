/**
 * Who else looks at a rule or a node of ZooKeeper: examples, a real server's log, schedules on nodes, runs of nodes, how
 * long sessions live in them, and brokers that are coordinated by it. Each answers with what is wrong, if anything is.
 */
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { runCluster } from "../../../test/kafka/coordination/SimulatedCluster.ts"
import { examples as znodes } from "../../../test/kafka/nodes/ZnodeExamples.ts"
import { trace } from "../../../test/kafka/rules/RealController.ts"
import { replayTree } from "../../../test/kafka/rules/RealTree.ts"
import { examples as ofClients } from "../../../test/kafka/rules/ZooKeeperClientExamples.ts"
import { examples } from "../../../test/kafka/rules/ZooKeeperExamples.ts"
import { firstOf } from "../../conform/mutants/FirstOf.ts"
import { commands } from "./Histories.ts"
import { counterexamples, playedPaths } from "./PlayedPaths.ts"
import { follow } from "./Schedule.ts"
import { endedWrongly } from "./SessionLives.ts"
import { drive, guarded, play } from "./ZooKeeperRun.ts"

/** So many histories are run, the same for every mutant. */
const histories = 40

const paths = playedPaths()
const broken = counterexamples()

const cluster = { brokers: [1, 2, 3], assignment: [[1, 2, 3], [2, 3, 1]] }

export const judges = {
  example: () =>
    firstOf(
      [...examples, ...ofClients, ...znodes],
      ({ expected, says, sentence }) => isDeepStrictEqual(says(), expected) ? undefined : sentence
    ),

  "real trace": () => replayTree(trace("zookeeper-txns-A")).different[0],

  "replayed path": () =>
    firstOf(paths, ({ guards, labels, state }) => {
      const run = drive({ clients: 1, guards, seed: 1, judge: [] }, (deployed) => follow(deployed, labels))
      return isDeepStrictEqual(run.state, state) ? undefined : "another state at the end of a path"
    }) ?? firstOf(broken, ({ clients, guards, labels }) => {
      drive({ clients, guards, seed: 1, judge: [] }, (deployed) => follow(deployed, labels))
      return undefined
    }),

  refinement: () =>
    firstOf(fc.sample(commands, { numRuns: histories, seed: 7 }).entries(), ([seed, list]) => {
      const { own } = play(guarded, seed + 1, list).state
      return own.every(({ asks, ready }) => ready && asks.length === 0) ? undefined : "a client is not back"
    }),

  "life of a session": () => firstOf([1, 2, 3, 4, 5, 6], endedWrongly),

  "coordinated brokers": () =>
    firstOf([1, 2], (seed) => {
      const { writes } = runCluster(cluster, seed, ({ ask, controller, kill, start }) => {
        for (const partition of [1, 2]) ask({ _tag: "TopicChange", partition })
        const first = controller()
        kill(first)
        start(first)
      })
      const epochs = writes.filter(({ path }) => path === "/controller_epoch").map(({ value }) => value)
      return epochs.join() === "0,1,2" ? undefined : `controller epochs are ${epochs.join()}`
    })
}
