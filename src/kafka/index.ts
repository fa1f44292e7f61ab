/** Kafka of the ZooKeeper era (behaviour of 3.9): its storage formats. */
export {}
