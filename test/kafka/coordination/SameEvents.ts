/**
 * Our brokers and our ZooKeeper under the events of a real cluster (test/real, failover-traces, zookeeper-txns-A; Kafka
 * 3.9.2 on ZooKeeper 3.8.4), and what that cluster wrote.
 *
 * Who of several brokers becomes the controller is a race, in the real cluster too. So a run of ours counts where its
 * races went as they went there; order between partitions is free.
 */
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

/** The first runs whose races went as in the real cluster, of so many seeds. */
export const runsAsReal = (seeds: number, wanted: number): ReadonlyArray<ClusterRun> =>
  Array.from({ length: seeds }, (_, seed) => seed + 1).reduce<ReadonlyArray<ClusterRun>>(
    (found, seed) => found.length === wanted ? found : [...found, ...[sameEvents(seed) ?? []].flat()],
    []
  )

const names: Renaming = { topic: "t1", broker: (real) => real, partition: (real) => real + 1 }
const lines = linesOf("zookeeper-txns-A")
const real = phasesOfTransactions(lines, names).phases.flatMap(({ writes }) => writes)

/** Registers as the renaming numbers them: the controller, its epoch, three brokers, three partitions. */
export const paths = [
  "/controller",
  "/controller_epoch",
  ...[1, 2, 3].map((broker) => `/brokers/ids/${broker}`),
  ...[0, 1, 2].map((partition) => `/brokers/topics/topic/partitions/${partition}/state`)
]

/** The values that the real cluster wrote into one of them, in order. */
export const writtenIn = (register: number): ReadonlyArray<string> =>
  real.filter((write) => write.register === register).map(({ value }) => value)

/** Transactions of the log, as lists of their lines. */
const transactions = (all: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<Line>> =>
  Object.values(Object.groupBy(all.filter(({ zxid }) => zxid !== undefined), ({ zxid }) => zxid!)) as ReadonlyArray<
    ReadonlyArray<Line>
  >
const shapeOf = (group: ReadonlyArray<Line>): string =>
  group.map(({ event, path }) => `${event} ${path!.replace("/t1/", "/topic/").replaceAll(/\/\d+(?=\/|$)/g, "/*")}`)
    .join(", ")
const isOurs = (line: Line): boolean =>
  /^\/(controller|controller_epoch|brokers\/ids\/\d)$|\/t1\/partitions\/[012]\/state$/.test(line.path ?? "")

/** How many there are of each shape, in the order of the shapes. */
export const counted = (shapes: ReadonlyArray<string>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(shapes, (shape) => shape)).map(([shape, all]) => [shape, all!.length]).sort()
  )

/** The same of the real cluster, of transactions about these registers alone. */
export const countedInReal: Readonly<Record<string, number>> = counted(
  transactions(lines).filter((group) =>
    group.every(({ event }) => ["create", "set", "check"].includes(event)) && group.every(isOurs)
  ).map(shapeOf)
)
