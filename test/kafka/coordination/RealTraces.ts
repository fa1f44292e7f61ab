/**
 * What real clusters wrote into ZooKeeper (test/real/failover-traces), as phases that the model can be asked.
 *
 * The decision: brokers and partitions are renamed so that the assignment is the model's ring. Left out by name are what
 * the model does not have: topic deletion (topic t2 of `zookeeper-txns-A` altogether), added partitions (t1/3, t1/4),
 * configuration, and znodes of neither election nor partition (`notModelled` lists each path with its count).
 */
import { indexOf } from "../../../src/kafka/models/ControllerElectionState.ts"
import { type Label, label } from "../../../src/machine/Machine.ts"
import { type Line as RealLine, trace } from "../rules/RealController.ts"
import { byAnyController, cluster, partitionCount, type Phase, stateText, viewText, type Write } from "./Witness.ts"

export interface Line extends RealLine {
  readonly t_ms: number
  readonly children?: ReadonlyArray<string>
  readonly partitions?: ReadonlyArray<{
    readonly partition: number
    readonly leader: number
    readonly leaderEpoch: number
  }>
  readonly signal?: string
  readonly target?: { readonly broker: number }
}

export const linesOf = (name: string): ReadonlyArray<Line> => trace(name) as ReadonlyArray<Line>

/** How the real names are the model's; both are bijections. */
export interface Renaming {
  readonly topic: string
  readonly broker: (real: number) => number
  readonly partition: (real: number) => number
}

/** t1 has 0: [2, 1, 3], 1: [3, 2, 1], 2: [1, 3, 2]; the ring is 1: [1, 2, 3], 2: [2, 3, 1], 3: [3, 1, 2]. */
const txnsNames: Renaming = {
  topic: "t1",
  broker: (real) => [2, 1, 3][real - 1]!,
  partition: (real) => [1, 3, 2][real]!
}
/** fo2 has 0: [2, 3, 1], 1: [3, 1, 2], 2: [1, 2, 3]. */
export const fo2Names: Renaming = {
  topic: "fo2",
  broker: (real) => real,
  partition: (real) => [2, 3, 1][real]!
}
/** fo1 has 0: [3, 2, 1], 1: [1, 3, 2], 2: [2, 1, 3]. */
export const fo1Names: Renaming = {
  topic: "fo1",
  broker: (real) => [1, 3, 2][real - 1]!,
  partition: (real) => [2, 1, 3][real]!
}

const stateOf = ({ broker }: Renaming, data: unknown): string => {
  const { controller_epoch, isr, leader, leader_epoch } = data as {
    readonly controller_epoch: number
    readonly leader: number
    readonly leader_epoch: number
    readonly isr: ReadonlyArray<number>
  }
  return stateText({
    leader: leader < 0 ? [] : [broker(leader)],
    epoch: leader_epoch,
    isr: isr.map(broker),
    controllerEpoch: controller_epoch
  })
}

/** The register that a path is, and the value that its data are; nothing for what the model does not have. */
const writeOf = (names: Renaming, path: string, data: unknown): Write | undefined => {
  if (path === "/controller") {
    const broker = (data as { readonly brokerid: number } | undefined)?.brokerid
    const value = broker === undefined ? "none" : String(names.broker(broker))
    return { register: indexOf(cluster, ["controller", 0]), value }
  }
  if (path === "/controller_epoch") {
    return { register: indexOf(cluster, ["controller_epoch", 0]), value: String(data) }
  }
  const id = /^\/brokers\/ids\/(\d+)$/.exec(path)
  if (id !== null) {
    const value = data === undefined ? "none" : "there"
    return { register: indexOf(cluster, ["ids", names.broker(Number(id[1]))]), value }
  }
  const state = /^\/brokers\/topics\/([^/]+)\/partitions\/(\d+)\/state$/.exec(path)
  if (state === null || state[1] !== names.topic || Number(state[2]) >= partitionCount) return undefined
  return {
    register: indexOf(cluster, ["state", names.partition(Number(state[2]))]),
    value: stateOf(names, data)
  }
}

/** What a line of ZooKeeper's log writes. */
const writesOf = (names: Renaming, line: Line): ReadonlyArray<Write | undefined> => {
  switch (line.event) {
    case "create":
    case "set":
      return [writeOf(names, line.path!, line.data)]
    case "delete":
      return [undefined]
    case "closeSession":
      return (line.deletesEphemerals ?? []).map((path) => writeOf(names, path, undefined))
    default:
      return []
  }
}

/** The sessions that a broker has had, to know which of them a kill leaves to expire. */
type Sessions = Map<number, number>

const done = (names: Renaming, sessions: Sessions, text: string): Phase["does"] | undefined => {
  const [verb, object, number] = text.split(" ")
  const broker = names.broker(Number(number))
  const each = (action: string) =>
    cluster.assignment.map((_, i): ReadonlyArray<Label> => byAnyController(action, i + 1))
  switch (verb) {
    case "start":
      if (object === "brokers") {
        cluster.brokers.forEach((b) => sessions.set(b, 1))
        return []
      }
      sessions.set(broker, sessions.get(broker)! + 1)
      return [[label("Restart", broker)]]
    case "create":
      return object === names.topic ? each("CreatePartition") : undefined
    case "elect":
      return object === names.topic ? each("PreferLeader") : undefined
    case "SIGTERM":
      return [byAnyController("ShutDown", broker), [label("Terminate", broker)]]
    case "SIGKILL":
      return [[label("Kill", broker)], [label("Expire", broker, sessions.get(broker)!)]]
    default:
      return undefined
  }
}

/** ZooKeeper's own log as phases, and what was left out: paths with their number of writes, numbers in them as `*`. */
export const phasesOfTransactions = (lines: ReadonlyArray<Line>, names = txnsNames) => {
  const notModelled = new Map<string, number>()
  const sessions: Sessions = new Map()
  const phases: Array<
    { readonly what: string; readonly does: Phase["does"]; readonly writes: Array<Write>; readonly views: [] }
  > = []
  for (const line of lines) {
    if (line.source === "action") {
      const does = done(names, sessions, line.event)
      if (does === undefined) notModelled.set(line.event, 1)
      else phases.push({ what: line.event, does, writes: [], views: [] })
    }
    if (line.source !== "zookeeper") continue
    for (const write of writesOf(names, line)) {
      const last = phases.at(-1)!.writes
      if (write === undefined) {
        const path = line.path!.replaceAll(/\d{2,}/g, "*")
        notModelled.set(path, (notModelled.get(path) ?? 0) + 1)
      } else if (last.findLast(({ register }) => register === write.register)?.value !== write.value) {
        // Registration makes a znode and then sets it; to the model it is there.
        last.push(write)
      }
    }
  }
  return { phases: phases as ReadonlyArray<Phase>, notModelled }
}

/** What watchers of a cluster saw around the kill of one broker, as phases. */
export const phasesOfFailover = (lines: ReadonlyArray<Line>, names: Renaming): ReadonlyArray<Phase> => {
  const killed = lines.find(({ event }) => event === "signal")!
  const writes = (part: ReadonlyArray<Line>, before: ReadonlyMap<number, string>): ReadonlyArray<Write> => {
    const last = new Map(before)
    return part.filter(({ source }) => source === "zookeeper").flatMap((line) => {
      const seen = line.event === "children"
        ? cluster.brokers.map((broker) =>
          writeOf(names, `/brokers/ids/${broker}`, line.children!.includes(String(broker)) ? {} : undefined)!
        )
        : [writeOf(names, line.path!, line.event === "absent" ? undefined : line.data)!]
      const changed = seen.filter(({ register, value }) => (last.get(register) ?? "none") !== value)
      changed.forEach(({ register, value }) => last.set(register, value))
      return changed
    })
  }
  const views = lines.filter(({ source }) => source === "client-metadata").map(({ partitions }) =>
    cluster.assignment.map((_, i) => {
      const { leader, leaderEpoch } = partitions!.find(({ partition }) => names.partition(partition) === i + 1)!
      return viewText(leader < 0 ? -1 : names.broker(leader), leaderEpoch)
    }).join()
  )
  const first = writes(lines.filter(({ t_ms }) => t_ms < killed.t_ms), new Map())
  const then = new Map(first.map(({ register, value }) => [register, value]))
  const states = indexOf(cluster, ["state", 1])
  const victim = names.broker(killed.target!.broker)
  return [
    // The epoch begins at 0, which nobody watched yet.
    {
      what: "start brokers",
      does: [],
      writes: [
        { register: indexOf(cluster, ["controller_epoch", 0]), value: "0" },
        ...first.filter(({ register }) => register < states)
      ],
      views: []
    },
    {
      what: "create the topic",
      does: cluster.assignment.map((_, i) => byAnyController("CreatePartition", i + 1)),
      writes: first.filter(({ register }) => register >= states),
      views: views.slice(0, 1)
    },
    {
      what: "kill -9",
      does: [[label("Kill", victim)], [label("Expire", victim, 1)]],
      writes: writes(lines.filter(({ t_ms }) => t_ms > killed.t_ms), then),
      views: views.slice(1)
    }
  ]
}
