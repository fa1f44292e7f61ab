/**
 * Kafka's log directory as a panel: a queue is a partition of one topic, each with a log of its own.
 *
 * The partitions' directories are there, and durable, before the first start: the broker commits the entry of a directory
 * that it just made no sooner than with the next checkpoint (LogManager.getOrCreateLog, CheckpointFile).
 */
import * as Durably from "../../src/kafka/storage/Durably.ts"
import type { Environment, Task } from "../../src/kafka/storage/Environment.ts"
import * as LogAppend from "../../src/kafka/storage/LogAppend.ts"
import { type Behaviour, type LogConfig } from "../../src/kafka/storage/LogConfig.ts"
import { ensureOnline, online } from "../../src/kafka/storage/LogDirectory.ts"
import * as LogManager from "../../src/kafka/storage/LogManager.ts"
import * as LogRead from "../../src/kafka/storage/LogRead.ts"
import * as PartitionLog from "../../src/kafka/storage/PartitionLog.ts"
import * as RecordBatch from "../../src/kafka/storage/RecordBatch.ts"
import type { Operations } from "../../src/world/Disk.ts"
import { type Engine, mostQueues, type Panel, type Read, runNow } from "./Panel.ts"

const root = "/logs"
const topic = "q"

const batchOf = (values: ReadonlyArray<string>, time: number): Uint8Array =>
  RecordBatch.encode({
    baseOffset: 0,
    partitionLeaderEpoch: -1,
    compression: "none",
    timestampType: "CreateTime",
    isTransactional: false,
    isControl: false,
    baseTimestamp: time,
    maxTimestamp: time,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastOffsetDelta: values.length - 1,
    records: values.map((value, offsetDelta) => ({
      offsetDelta,
      timestampDelta: 0,
      key: null,
      value: new TextEncoder().encode(value),
      headers: []
    }))
  })

const readAll = (log: PartitionLog.PartitionLog): Read => {
  const read: Array<readonly [number, string]> = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset;) {
    const fetched = LogRead.read(log, offset, 500, "log end", true)
    // Decoding compares the checksum, as a consumer does with check.crcs.
    for (const { position } of LogRead.wholeBatches(fetched.bytes)) RecordBatch.decode(fetched.bytes, position)
    const { next, records } = LogRead.visible(fetched, offset)
    for (const record of records) read.push([record.offset, new TextDecoder().decode(record.value!)])
    if (next === offset) break
    offset = next
  }
  return read
}

const open = (behaviour: Behaviour, config: LogConfig, disk: Operations, now: () => number): Engine => {
  const tasks: Array<Task> = []
  const logDirectory = online(root)
  const environment: Environment = { logDirectory, disk, now, behaviour, schedule: (task) => void tasks.push(task) }
  const carry = <A>(step: () => Durably.Durably<A>): A => runNow(Durably.run(disk, step))
  const manager = carry(() => LogManager.open(environment, () => config))
  ensureOnline(logDirectory)
  const logOf = (partition: number) => carry(() => LogManager.getOrCreate(manager, { topic, partition }))
  const scheduled = () => {
    for (const task of tasks.splice(0)) carry(task.run)
  }
  return {
    append: (queue, values) =>
      carry(() => LogAppend.appendAsLeader(logOf(queue), batchOf(values, now()), 0)).firstOffset,
    flush: (queue) => {
      for (const log of queue === undefined ? manager.current.values() : [logOf(queue)]) {
        carry(() => PartitionLog.flush(log))
      }
    },
    flushByDefault: () => {
      scheduled()
      carry(() => LogManager.flushDirty(manager))
    },
    background: () => {
      scheduled()
      carry(() => LogManager.checkpointRecoveryPoints(manager))
      carry(() => LogManager.checkpointLogStartOffsets(manager))
    },
    read: (queue) => readAll(logOf(queue)),
    stop: () => {
      scheduled()
      carry(() => LogManager.close(manager, -1))
    }
  }
}

export const kafka = (name: string, behaviour: Behaviour, config: LogConfig): Panel => ({
  name,
  image: new Map(Array.from({ length: mostQueues }, (_, queue) => [`${root}/${topic}-${queue}/`, new Uint8Array(0)])),
  open: (disk, now) => open(behaviour, config, disk, now),
  appended: `${root}/*/*.log`,
  isLog: (path) => path.endsWith(".log")
})
