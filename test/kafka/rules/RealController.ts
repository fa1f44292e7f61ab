/**
 * The rules of the controller beside a real one: Kafka 3.9.2 on ZooKeeper 3.8.4, every transaction of ZooKeeper's own
 * log (test/real, failover-traces). The rules are given what happened (brokers that came and went, requests) and must
 * decide each write that the real controller made, partition by partition, in its order.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Changes from "../../../src/kafka/rules/BrokerChange.ts"
import type { Cluster } from "../../../src/kafka/rules/Cluster.ts"
import type { PartitionTask } from "../../../src/kafka/rules/ControllerTask.ts"
import { decide, type PartitionState, type Situation, type Task } from "../../../src/kafka/rules/Election.ts"

export interface Line {
  readonly source: string
  readonly event: string
  readonly zxid?: string
  readonly session?: number
  readonly multi?: number
  readonly path?: string
  readonly ephemeral?: boolean
  readonly version?: number
  readonly code?: number
  readonly data?: unknown
  readonly deletesEphemerals?: ReadonlyArray<string>
}

export const trace = (name: string): ReadonlyArray<Line> =>
  readFileSync(join(import.meta.dirname, "../../real/failover-traces", `${name}.jsonl`), "utf8")
    .trimEnd().split("\n").map((line) => JSON.parse(line) as Line)

/** Lines of one transaction together. */
export const transactions = (lines: ReadonlyArray<Line>): ReadonlyArray<ReadonlyArray<Line>> => {
  const groups: Array<Array<Line>> = []
  for (const line of lines) {
    const last = groups.at(-1)
    if (last !== undefined && line.zxid !== undefined && last[0]!.zxid === line.zxid) last.push(line)
    else groups.push([line])
  }
  return groups
}

export const stateOf = (data: unknown): PartitionState => {
  const { controller_epoch, isr, leader, leader_epoch } = data as {
    readonly controller_epoch: number
    readonly leader: number
    readonly leader_epoch: number
    readonly isr: ReadonlyArray<number>
  }
  return { leader: leader < 0 ? [] : [leader], epoch: leader_epoch, isr, controllerEpoch: controller_epoch }
}

/** A controller made of the rules alone: what happened in, per partition the writes it decides. */
const makeController = () => {
  const live = new Map<number, number>()
  const shutting = new Set<number>()
  const replicas = new Map<string, ReadonlyArray<number>>()
  const states = new Map<string, PartitionState>()
  const expected = new Map<string, Array<PartitionState>>()
  let controllerEpoch = 0
  const guards = { UncleanElection: false, CompareBrokerEpoch: true }
  const run = (partition: string, tasks: ReadonlyArray<Task>): void => {
    for (const task of tasks) {
      const by: Situation = {
        replicas: replicas.get(partition)!,
        live: new Set(live.keys()),
        shutting,
        controllerEpoch
      }
      const state = decide(guards, task, states.get(partition), by)
      if (state === undefined) continue
      states.set(partition, state)
      const writes = expected.get(partition) ?? []
      expected.set(partition, [...writes, state])
    }
  }
  const all = (tasks: (partition: string) => ReadonlyArray<Task>): void =>
    [...replicas.keys()].forEach((partition) => run(partition, tasks(partition)))
  const inOrder = (tasks: (cluster: Pick<Cluster, "assignment">) => ReadonlyArray<PartitionTask>): void => {
    const names = [...replicas.keys()]
    for (const task of tasks({ assignment: [...replicas.values()] })) run(names[task.partition - 1]!, [task])
  }
  return {
    live,
    states,
    expected,
    run,
    all,
    replicasOf: (partition: string) => replicas.get(partition)!,
    brokers: (now: ReadonlyMap<number, number>): Changes.BrokerChanges => {
      const changes = Changes.brokerChanges(guards, live, now)
      changes.started.forEach((broker) => live.set(broker, now.get(broker)!))
      if (changes.started.length > 0) inOrder(Changes.onBrokerStartup)
      changes.failed.forEach((broker) => {
        live.delete(broker)
        shutting.delete(broker)
      })
      return changes
    },
    failed: (brokers: ReadonlyArray<number>) => inOrder((cluster) => Changes.onBrokerFailure(cluster, brokers)),
    elected: (epoch: number) => {
      controllerEpoch = epoch
      const absent = [...new Set([...replicas.values()].flat())].filter((broker) => !live.has(broker))
      inOrder((cluster) => Changes.onControllerFailover(cluster, absent))
    },
    created: (topic: string, partitions: Readonly<Record<string, ReadonlyArray<number>>>) => {
      for (const [partition, assigned] of Object.entries(partitions)) {
        const name = `${topic}/${partition}`
        if (replicas.has(name)) continue
        replicas.set(name, assigned)
        run(name, [{ _tag: "New" }])
      }
    },
    shutDown: (broker: number) => {
      shutting.add(broker)
      inOrder((cluster) => Changes.onControlledShutdown(cluster, broker))
    },
    forget: (topic: string) =>
      [...replicas.keys()].filter((name) => name.startsWith(`${topic}/`)).forEach((name) => {
        replicas.delete(name)
        expected.delete(name)
      })
  }
}

export const partitionOf = (path: string | undefined): string | undefined => {
  const match = /^\/brokers\/topics\/([^/]+)\/partitions\/(\d+)\/state$/.exec(path ?? "")
  return match === null ? undefined : `${match[1]}/${match[2]}`
}

/** Plays a transaction log to the rules; answers what they were asked and what they did not foresee. */
export const playController = (lines: ReadonlyArray<Line>) => {
  const controller = makeController()
  const surprises: Array<string> = []
  const kinds = new Map<string, number>()
  const count = (kind: string) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const known = new Map<number, number>()
  const wrote = (partition: string, real: PartitionState): void => {
    const next = controller.expected.get(partition)?.shift()
    if (next !== undefined) {
      count(next.leader.length === 0 ? "leader -1" : "decided")
      if (JSON.stringify(next) !== JSON.stringify(real)) {
        surprises.push(`${partition}: decided ${JSON.stringify(next)}, written ${JSON.stringify(real)}`)
      }
      return
    }
    // What nobody foresees is a leader that asks for a follower that caught up: when, is the leader's choice.
    const before = controller.states.get(partition)
    const joined = real.isr.at(-1)!
    const isr = [...before?.isr ?? [], joined]
    controller.run(partition, [{ _tag: "Alter", isr }])
    const altered = controller.expected.get(partition)?.shift()
    const allowed = controller.live.has(joined) && controller.replicasOf(partition).includes(joined) &&
      !before!.isr.includes(joined)
    if (allowed && JSON.stringify(altered) === JSON.stringify(real)) return void count("asked by the leader")
    surprises.push(`${partition}: nothing decided, written ${JSON.stringify(real)}`)
  }
  const gone: Array<number> = []
  const ignored = new Set<string>()
  for (const line of lines) {
    const broker = /^\/brokers\/ids\/(\d+)$/.exec(line.path ?? "")?.[1]
    const partition = partitionOf(line.path)
    if (line.source === "action") {
      const [, shut] = /^SIGTERM broker (\d+)$/.exec(line.event) ?? []
      if (shut !== undefined) controller.shutDown(Number(shut))
      const [, topic] = /^elect (\w+) /.exec(line.event) ?? []
      if (topic !== undefined) controller.all((name) => name.startsWith(`${topic}/`) ? [{ _tag: "Preferred" }] : [])
    } else if (line.event === "create" && broker !== undefined) {
      known.set(Number(broker), Number(line.zxid))
      controller.brokers(known)
    } else if (line.event === "set" && line.path === "/controller_epoch") {
      count("controller")
      controller.elected(Number(line.data))
      gone.length = 0
    } else if (line.event === "closeSession") {
      const paths = line.deletesEphemerals ?? []
      const ids = paths.flatMap((path) => /^\/brokers\/ids\/(\d+)$/.exec(path)?.[1] ?? []).map(Number)
      ids.forEach((id) => known.delete(id))
      controller.brokers(known)
      // Without a controller, the next one finds them gone when it takes over.
      if (!paths.includes("/controller")) controller.failed(ids)
    } else if (line.event === "create" && line.path?.startsWith("/admin/delete_topics/")) {
      const topic = line.path.slice("/admin/delete_topics/".length)
      ignored.add(topic)
      controller.forget(topic)
    } else if (
      /^\/brokers\/topics\/[^/]+$/.test(line.path ?? "") && (line.event === "create" || line.event === "set")
    ) {
      const { partitions } = line.data as { readonly partitions: Record<string, ReadonlyArray<number>> }
      controller.created(line.path!.split("/").at(-1)!, partitions)
    } else if (partition !== undefined && (line.event === "create" || line.event === "set")) {
      if (!ignored.has(partition.split("/")[0]!)) wrote(partition, stateOf(line.data))
    }
  }
  const left = [...controller.expected].filter(([, writes]) => writes.length > 0).map(([partition]) => partition)
  return { surprises, left, kinds, controller }
}
