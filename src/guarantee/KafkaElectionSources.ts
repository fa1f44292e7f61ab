/**
 * Who says what the controller of the ZooKeeper era keeps and loses: the sources that expectations name. A class and
 * method is of Apache Kafka 3.9.
 */

export const oneMulti =
  "KAFKA-6082, KafkaZkClient.registerControllerAndIncrementControllerEpoch: one multi creates /controller and raises the epoch"
export const twoSteps =
  "KAFKA-6082: before 2.1 a broker made /controller, then read the epoch and raised it, whoever held /controller by then"
export const fenced =
  "KAFKA-6082, KafkaZkClient.retryRequestsUntilConnected: each write checks the version of /controller_epoch in its multi"
export const unfenced =
  "KAFKA-6082: before 2.1 a controller that was deposed wrote a partition's state when its znode had the version it knew"
export const staleController =
  "ReplicaManager.becomeLeaderOrFollower, KafkaApis.handleUpdateMetadataRequest: STALE_CONTROLLER_EPOCH refuses earlier ones"
export const conditional =
  "KafkaZkClient.updateLeaderAndIsr, PartitionStateMachine.doElectLeaderForPartitions: a write that raises a leader epoch " +
  "is conditional on the version of the znode, so one controller at most gets an epoch"
export const leaderEpoch =
  "ReplicaManager.becomeLeaderOrFollower: an order whose leader epoch is not later is ignored, whoever sends it"
export const brokerEpoch =
  "KIP-380, KafkaController.processBrokerChange, KafkaApis.isBrokerEpochStale: a broker that bounced has failed and started"
export const bounced =
  "KAFKA-7235, KIP-380: before 2.2 a broker that came back before the controller looked stayed in sync without what it lost"
export const inSync =
  "Kafka documentation, 4.7 Replication: a committed record is not lost as long as one in-sync replica is alive; " +
  "PartitionLeaderElectionAlgorithms.offlinePartitionLeaderElection"
export const unclean =
  "Kafka documentation, unclean.leader.election.enable: replicas not in sync are elected as a last resort, which may lose data"
export const halfTaken =
  "KAFKA-9307: a session that ended under ReplicaManager.makeFollowers left the leader epoch behind without the role"
