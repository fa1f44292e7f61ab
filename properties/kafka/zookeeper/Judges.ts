/**
 * Who else looks at a rule of ZooKeeper: a real server's log, schedules on nodes, runs of nodes, and brokers that are
 * coordinated by it. Each answers with what is wrong, if anything is.
 */
import * as fc from "fast-check"
import { explore } from "../../../src/explore/Search.ts"
import { zooKeeper } from "../../../src/kafka/models/ZooKeeper.ts"
import { serve, serverOf } from "../../../src/kafka/rules/ZooKeeperServer.ts"
import { runCluster } from "../../../test/kafka/coordination/SimulatedCluster.ts"
import { trace } from "../../../test/kafka/rules/RealController.ts"
import { replayTree } from "../../../test/kafka/rules/RealTree.ts"
import { firstOf } from "../../conform/mutants/FirstOf.ts"
import { commands } from "./Histories.ts"
import { follow } from "./Schedule.ts"
import { drive, guarded, play } from "./ZooKeeperRun.ts"

/** So many histories are run, the same for every mutant. */
const histories = 25
/** One path in so many of a small graph is played. */
const onePathIn = 12

/** Paths to the last states of a small graph, as it is without any mutant. */
const paths = (() => {
  const { graph } = explore(zooKeeper({
    ...guarded,
    Clients: 1,
    Kinds: ["Take", "Look"],
    MaxAsks: 2,
    MaxSessions: 1,
    MaxFaults: 1,
    FaultKinds: ["Reset", "Kill", "Expire", "GiveUp"],
    MaxKept: 3
  }))
  const ids: Array<number> = []
  graph.eachId((id) => ids.push(id))
  return ids.filter((_, i) => i % onePathIn === 0).map((id) => graph.pathTo(id).steps.map(({ label }) => label))
})()

const cluster = { brokers: [1, 2, 3], assignment: [[1, 2, 3], [2, 3, 1]] }

const tree = (paths: ReadonlyArray<string>) =>
  new Map(paths.map((path) => [path, { data: 0, version: 0, czxid: 1, mzxid: 1, pzxid: 1, owner: [] as const }]))

/** Who collects znodes is told of those that there are (test/kafka/rules/ZooKeeperServer.test.ts). */
const collected = (): string | undefined => {
  const server = serve(guarded, serverOf<number>(tree(["/a"]), 1), 1, { _tag: "Connect", session: [] }).server
  const message = serve(guarded, server, 1, { _tag: "Collect", of: ["/a", "/b"] }).sends.at(-1)?.message
  const paths = message?._tag === "Collected" ? [...message.znodes.keys()].join() : message?._tag
  return paths === "/a" ? undefined : `of /a and /b, ${paths} is collected`
}

export const judges = {
  example: collected,

  "real trace": () => replayTree(trace("zookeeper-txns-A")).different[0],

  "replayed path": () =>
    firstOf(paths, (path) => {
      drive({ clients: 1, guards: guarded, seed: 1, judge: [] }, (deployed) => follow(deployed, path))
      return undefined
    }),

  refinement: () =>
    firstOf(fc.sample(commands, { numRuns: histories, seed: 7 }).entries(), ([seed, list]) => {
      const { own } = play(guarded, seed + 1, list).state
      return own.every(({ asks, ready }) => ready && asks.length === 0) ? undefined : "a client is not back"
    }),

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
