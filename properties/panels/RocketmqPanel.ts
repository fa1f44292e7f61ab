/**
 * RocketMQ's store as a panel: every queue's messages in one CommitLog, and an index of numbers for each queue.
 *
 * Flushing is asynchronous: a put is answered from the page cache, as an append of Kafka's is. One queue cannot be flushed
 * without the rest, so `flush` passes over which one is meant.
 */
import * as Append from "../../src/rocketmq/storage/LogAppend.ts"
import type { StoreConfig } from "../../src/rocketmq/storage/LogConfig.ts"
import { getMessage } from "../../src/rocketmq/storage/LogRead.ts"
import * as Flush from "../../src/rocketmq/storage/MappedFileFlush.ts"
import * as Batch from "../../src/rocketmq/storage/MessageBatch.ts"
import * as Codec from "../../src/rocketmq/storage/MessageCodec.ts"
import * as Store from "../../src/rocketmq/storage/MessageStore.ts"
import type { Operations } from "../../src/world/Disk.ts"
import { type Engine, type Panel, type Read, runNow } from "./Panel.ts"

const root = "/store"
const topic = "q"
const host: Codec.Host = { address: Uint8Array.of(127, 0, 0, 1), port: 10911 }

const messageOf = (queueId: number, value: string, time: number): Codec.Message => ({
  topic,
  queueId,
  body: new TextEncoder().encode(value),
  properties: "",
  flag: 0,
  sysFlag: 0,
  bornTimestamp: time,
  bornHost: host,
  storeHost: host,
  reconsumeTimes: 0,
  preparedTransactionOffset: 0
})

const putAll = (store: Store.MessageStore, messages: ReadonlyArray<Codec.Message>): number => {
  const [first] = messages
  const { appended, status } = runNow(
    messages.length === 1
      ? Append.put(store, first!)
      : Append.putBatch(store, { ...first!, body: Batch.encode(messages) })
  )
  if (appended === undefined || status !== "PUT_OK") throw new Error(`a put was answered with ${status}`)
  return appended.queueOffset
}

/** Messages under the numbers that they carry themselves; `Codec.decode` compares the checksum. */
const readAll = (store: Store.MessageStore, queueId: number): Read => {
  const read: Array<readonly [number, string]> = []
  for (let offset = 0;;) {
    const { maxOffset, messages, nextBeginOffset } = getMessage(store, { topic, queueId, offset, maxMsgNums: 32 })
    for (const bytes of messages) {
      const message = Codec.decode(bytes)
      if (message.topic !== topic || message.queueId !== queueId) {
        throw new Error(`queue ${queueId} leads to a message of ${message.topic}-${message.queueId}`)
      }
      read.push([message.queueOffset, new TextDecoder().decode(message.body)])
    }
    if (nextBeginOffset <= offset || nextBeginOffset >= maxOffset) return read
    offset = nextBeginOffset
  }
}

const open = (config: StoreConfig, disk: Operations, now: () => number): Engine => {
  const store = runNow(Store.open({ disk, root, now, processId: 1 }, config))
  const dispatch = () => runNow(Store.dispatch(store))
  return {
    append: (queue, values) => putAll(store, values.map((value) => messageOf(queue, value, now()))),
    flush: () => {
      runNow(Flush.flushAll(store.log.files))
      runNow(Store.flushCommitLog(store, 0))
    },
    // FlushRealTimeService: four pages every half second, whatever there is every ten seconds, one file a round.
    flushByDefault: () => runNow(Store.flushCommitLog(store, 0)),
    background: () => {
      dispatch()
      runNow(Store.flushConsumeQueues(store, 0))
      runNow(Store.flushIndex(store))
    },
    read: (queue) => {
      dispatch()
      return readAll(store, queue)
    },
    stop: () => runNow(Store.close(store))
  }
}

export const rocketmq = (name: string, config: StoreConfig): Panel => ({
  name,
  image: new Map([[`${root}/`, new Uint8Array(0)]]),
  open: (disk, now) => open(config, disk, now),
  appended: `${root}/commitlog/*`,
  isLog: (path) => path.startsWith(`${root}/commitlog/`) || path.startsWith(`${root}/consumequeue/`)
})
