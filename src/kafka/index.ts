/** Kafka of the ZooKeeper era (behaviour of 3.9): its storage formats. */
export * as Compression from "./storage/Compression.ts"
export * as ControlRecord from "./storage/ControlRecord.ts"
export * as Describe from "./storage/Describe.ts"
export * as Record from "./storage/Record.ts"
export * as RecordBatch from "./storage/RecordBatch.ts"
