/**
 * Kafka's log directory as a panel: a queue is a partition of one topic, each with a log of its own.
 *
 * The partitions' directories are there, and durable, before the first start: the broker commits the entry of a directory
 * that it just made no sooner than with the next checkpoint (LogManager.getOrCreateLog, CheckpointFile).
 */
import { batchOf, carry, doScheduled, openDirectory, readAll, root } from "../../src/guarantee/KafkaLogUnderTest.ts"
import * as LogAppend from "../../src/kafka/storage/LogAppend.ts"
import { type Behaviour, type LogConfig } from "../../src/kafka/storage/LogConfig.ts"
import * as LogManager from "../../src/kafka/storage/LogManager.ts"
import * as PartitionLog from "../../src/kafka/storage/PartitionLog.ts"
import type { Operations } from "../../src/world/Disk.ts"
import { type Engine, mostQueues, type Panel } from "./Panel.ts"

const topic = "q"

const open = (behaviour: Behaviour, config: LogConfig, disk: Operations, now: () => number): Engine => {
  const { manager, tasks } = openDirectory({ disk, behaviour, now }, config)
  const run = <A>(step: Parameters<typeof carry<A>>[1]): A => carry(disk, step)
  const logOf = (partition: number) => run(() => LogManager.getOrCreate(manager, { topic, partition }))
  return {
    append: (queue, values) =>
      run(() => LogAppend.appendAsLeader(logOf(queue), batchOf({ values, timestamp: now() }), 0)).firstOffset,
    flush: (queue) => {
      for (const log of queue === undefined ? manager.current.values() : [logOf(queue)]) {
        run(() => PartitionLog.flush(log))
      }
    },
    flushByDefault: () => {
      doScheduled(disk, tasks)
      run(() => LogManager.flushDirty(manager))
    },
    background: () => {
      doScheduled(disk, tasks)
      run(() => LogManager.checkpointRecoveryPoints(manager))
      run(() => LogManager.checkpointLogStartOffsets(manager))
    },
    read: (queue) => readAll(logOf(queue)).records,
    stop: () => {
      doScheduled(disk, tasks)
      run(() => LogManager.close(manager, -1))
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
