/**
 * What the fibers of one broker share: what it knows, its link to the coordinator, its log ends.
 *
 * The decision: every turn of the rules is carried out here, in one place: the knowledge is replaced, what the thread
 * asks goes over the link, a verdict goes to the leader that waits for it, and then the step is reported.
 *
 * Authority: one broker has one KafkaController and one ReplicaManager (KafkaServer.startup, 3.9).
 */
import type { Operations } from "../../world/Disk.ts"
import type { Connection } from "../../world/Network.ts"
import type { ProcessShape } from "../../world/Process.ts"
import type { AlterGuards } from "../rules/AlterPartition.ts"
import type { BrokerGuards } from "../rules/BrokerOrders.ts"
import { type Cluster, partitionsOf } from "../rules/Cluster.ts"
import type { Heard } from "../rules/ControllerThread.ts"
import type { ControllerEvent, ControllerGuards, Member } from "../rules/ControllerTurn.ts"
import { type Knowledge, startOf } from "../rules/Knowledge.ts"
import type { CoordinationLink } from "./Coordination.ts"

/** A record: a value of one byte. */
export interface Produced {
  readonly partition: number
  readonly value: number
}

/** Every guard of a broker. */
export interface ElectionGuards extends ControllerGuards, BrokerGuards, AlterGuards {}

/** A broker's memory, which a projection reads. */
export interface BrokerCell {
  own: Knowledge
  /** Its end of the link to the coordinator is open. */
  linked: boolean
  /** To whom it proposes until it is told otherwise. */
  channel: ReadonlyArray<number>
  /** The end of the log of each partition. */
  log: ReadonlyArray<number>
}

export const brokerCell = (cluster: Cluster): BrokerCell => ({
  own: startOf(cluster),
  linked: false,
  channel: [],
  log: cluster.assignment.map(() => 0)
})

/** Periods of a broker, milliseconds. */
export interface BrokerTimes {
  /** replica.fetch.wait.max.ms: how long a follower with nothing new to fetch waits. */
  readonly fetchMillis: number
  /** replica.lag.time.max.ms; in-sync replicas are looked through twice as often. */
  readonly lagMillis: number
  /** How long a sender of orders waits after a failure. */
  readonly retryMillis: number
}
export const brokerTimes: BrokerTimes = { fetchMillis: 500, lagMillis: 10_000, retryMillis: 100 }

export interface BrokerOptions {
  readonly cluster: Cluster
  readonly broker: number
  readonly guards: ElectionGuards
  readonly times: BrokerTimes
  readonly cell: BrokerCell
  /** What an operator or a client wants of the controller, if anything; `taken` says that it is being done. */
  readonly wanted: () => ControllerEvent | undefined
  readonly taken: () => void
  /** min.insync.replicas. */
  readonly minInSync: number
  /** The record that a producer wants kept next, if this broker leads its partition. */
  readonly produces: () => Produced | undefined
  /** Whether the handler of an order fails midway now. */
  readonly interrupted: () => boolean
  /** Whether it is to end cleanly now: its session with it. */
  readonly stops: () => boolean
  /** Hears of records written and acknowledged, by where the log ends: for whoever keeps the clients' ledger. */
  readonly observe: (
    told: { readonly _tag: "Written" | "Acknowledged"; readonly partition: number; readonly end: number }
  ) => void
}

export interface BrokerMemory extends BrokerOptions {
  readonly member: Member
  readonly process: ProcessShape
  link: CoordinationLink | undefined
  /** Connections of leaders that wait for a verdict. */
  readonly judging: Map<number, Connection>
  /** When each follower of each partition was last seen with all of the log, milliseconds. */
  readonly caughtUp: Map<string, number>
  readonly disk: Operations
}

const logPath = (partition: number): string => `/log-${partition}`

/** Reads where each log ends: a byte a record, so that a file's size is the offset. */
export const readLogs = (disk: Operations, cluster: Cluster): ReadonlyArray<number> =>
  partitionsOf(cluster).map((partition) => {
    const found = disk.stat(logPath(partition))
    return found?.kind === "file" ? found.size : 0
  })

/** All records of a log. */
export const recordsOf = (disk: Operations, partition: number): Uint8Array => {
  const file = disk.open(logPath(partition), "either")
  const records = file.read(0, file.size())
  file.close()
  return records
}

/**
 * Makes a log hold these records: cuts it where it begins to differ, appends the rest. Where the logs of a leader and a
 * follower part is asked of the leader's epochs in the real one, and is PartitionReplication's question.
 */
export const moveLog = ({ cell, disk }: BrokerMemory, partition: number, records: Uint8Array): void => {
  const before = recordsOf(disk, partition)
  const differs = records.findIndex((record, i) => record !== before[i])
  const same = differs < 0 ? records.length : differs
  const file = disk.open(logPath(partition), "either")
  if (same < before.length) file.truncate(same)
  if (same < records.length) file.append(records.subarray(same))
  file.close()
  cell.log = cell.log.with(partition - 1, records.length)
}

/** Carries out a turn of the thread of controller events; `isAsking` where a question of it is sent. */
export const carryOut = (memory: BrokerMemory, { own, verdict }: Heard, isAsking: boolean): void => {
  const [leader] = memory.cell.own.judging
  memory.cell.own = own
  const [question] = own.asks
  if (isAsking && question !== undefined) memory.link?.ask(question)
  if (leader === undefined || verdict[0] === undefined) return
  memory.judging.get(leader)?.send(verdict[0])
  memory.judging.delete(leader)
}
