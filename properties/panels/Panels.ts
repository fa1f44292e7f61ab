/**
 * The panels that the shared suite is run on, with files of a few messages, so that every kind of file rolls.
 *
 * No version of RocketMQ keeps what it flushed through every power cut (properties/rocketmq/storage/StorageGuards.prop.ts
 * says why, switch by switch), so there it is the hardened store; Kafka's log is the real one. KAFKA-13070 and
 * `UnifiedLog.flush` for what Kafka commits.
 */
import { behaviour39, behaviour44, defaults as kafkaDefaults } from "../../src/kafka/storage/LogConfig.ts"
import { defaults, hardened, type StoreConfig, v4_9, v5_5 } from "../../src/rocketmq/storage/LogConfig.ts"
import { kafka } from "./KafkaPanel.ts"
import { rocketmq } from "./RocketmqPanel.ts"

export const smallLog = {
  ...kafkaDefaults,
  segmentBytes: 420,
  indexIntervalBytes: 90,
  segmentIndexBytes: 120,
  retentionMillis: -1
}

export const smallStore: StoreConfig = {
  ...defaults,
  mappedFileSizeCommitLog: 1024,
  mappedFileSizeConsumeQueue: 60,
  maxHashSlotNum: 5,
  maxIndexNum: 7
}

/** Hardened, but for waiting: a put is answered before it is flushed. */
export const hardenedStore: StoreConfig = { ...hardened(smallStore), flushDiskType: "ASYNC_FLUSH" }

export const kafka39 = kafka("Kafka 3.9", behaviour39, smallLog)
export const rocketmq49 = rocketmq("RocketMQ 4.9", { ...smallStore, behaviour: v4_9 })
export const rocketmqHardened = rocketmq("RocketMQ, hardened", hardenedStore)

/** Those that keep through a power cut what was flushed. */
export const throughPowerCuts = [kafka39, kafka("Kafka 4.4", behaviour44, smallLog), rocketmqHardened]

export const all = [...throughPowerCuts, rocketmq49, rocketmq("RocketMQ 5.5", { ...smallStore, behaviour: v5_5 })]
