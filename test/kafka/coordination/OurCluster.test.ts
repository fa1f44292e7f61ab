/**
 * Our brokers and our ZooKeeper under the events of a real cluster (test/real, failover-traces, zookeeper-txns-A; Kafka
 * 3.9.2 on ZooKeeper 3.8.4): what they write is what it wrote.
 *
 * Who of several brokers becomes the controller is a race, in the real cluster too. So a run of ours counts where its
 * races went as they went there; order between partitions is free.
 */
import { describe, expect, it } from "vitest"
import { type Line, linesOf, phasesOfTransactions, type Renaming } from "./RealTraces.ts"
import { type ClusterRun, runCluster } from "./SimulatedCluster.ts"

/** The assignment of t1 in the log. */
const cluster = { brokers: [1, 2, 3], assignment: [[2, 1, 3], [3, 2, 1], [1, 3, 2]] }
/** The controllers in the log: at the start, after the kill of 3, after the stops of 1 and 2. */
const races = { start: 3, kill: 1, stop: 2 }

/** A run under what was done to the real one: given up where a race goes another way. */
const sameEvents = (seed: number): ClusterRun | undefined => {
  let isSame = false
  const run = runCluster(cluster, seed, ({ ask, controller, kill, start, terminate }) => {
    if (controller() !== races.start) return
    for (const partition of [1, 2, 3]) ask({ _tag: "TopicChange", partition })
    terminate(2)
    start(2)
    kill(3)
    if (controller() !== races.kill) return
    start(3)
    for (const partition of [1, 2, 3]) ask({ _tag: "PreferredElection", partition })
    kill(2)
    start(2)
    terminate(1)
    if (controller() !== races.stop) return
    terminate(2)
    terminate(3)
    isSame = true
  })
  return isSame ? run : undefined
}

const runs = Array.from({ length: 120 }, (_, seed) => seed + 1).reduce<ReadonlyArray<ClusterRun>>(
  (found, seed) => found.length === 3 ? found : [...found, ...[sameEvents(seed) ?? []].flat()],
  []
)

const names: Renaming = { topic: "t1", broker: (real) => real, partition: (real) => real + 1 }
const lines = linesOf("zookeeper-txns-A")
const real = phasesOfTransactions(lines, names).phases.flatMap(({ writes }) => writes)
/** Registers as the renaming numbers them: the controller, its epoch, three brokers, three partitions. */
const paths = [
  "/controller",
  "/controller_epoch",
  ...[1, 2, 3].map((broker) => `/brokers/ids/${broker}`),
  ...[0, 1, 2].map((partition) => `/brokers/topics/topic/partitions/${partition}/state`)
]

/** Transactions of the log, as lists of their lines. */
const transactions = (all: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<Line>> =>
  Object.values(Object.groupBy(all.filter(({ zxid }) => zxid !== undefined), ({ zxid }) => zxid!)) as ReadonlyArray<
    ReadonlyArray<Line>
  >
const shapeOf = (group: ReadonlyArray<Line>): string =>
  group.map(({ event, path }) => `${event} ${path!.replace("/t1/", "/topic/").replaceAll(/\/\d+(?=\/|$)/g, "/*")}`)
    .join(", ")

describe("our cluster under the events of a real one", () => {
  it("went through the same races several times", () => {
    expect(runs).toHaveLength(3)
  })

  it.each(paths.map((path, register) => ({ path, register })))(
    "writes the same values in the same order: $path",
    ({ path, register }) => {
      const written = real.filter((write) => write.register === register).map(({ value }) => value)
      expect(written.length).toBeGreaterThan(1)
      for (const { writes } of runs) {
        expect(writes.filter((write) => write.path === path).map(({ value }) => value)).toEqual(written)
      }
    }
  )

  it("writes them in transactions of the same shapes, as many of each", () => {
    const isOurs = (line: Line) =>
      /^\/(controller|controller_epoch|brokers\/ids\/\d)$|\/t1\/partitions\/[012]\/state$/.test(line.path ?? "")
    const counted = (shapes: ReadonlyArray<string>) =>
      Object.fromEntries(
        Object.entries(Object.groupBy(shapes, (shape) => shape)).map(([shape, all]) => [shape, all!.length]).sort()
      )
    const theirs = transactions(lines).filter((group) =>
      group.every(({ event }) => ["create", "set", "check"].includes(event)) && group.every(isOurs)
    ).map(shapeOf)
    // The multis on which everything rests are in the log: one that registers, one that claims, two that are fenced.
    expect(Object.keys(counted(theirs))).toHaveLength(5)
    for (const { shapes } of runs) expect(counted(shapes)).toEqual(counted(theirs))
  })
})
