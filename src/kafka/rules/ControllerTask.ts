/**
 * What the thread of the controller's events has to do next, to one partition or to its view of the brokers.
 *
 * The decision: a handler of the real controller that writes to ZooKeeper in a loop is a list of tasks, so that what
 * happens between two of its writes can be told apart, and a task whose turn has come decides by what is known then.
 *
 * Authority: KafkaController.onBrokerFailure, onBrokerStartup, onControllerFailover (3.9).
 */
import type { Task } from "./Election.ts"

/** A task of one partition. */
export type PartitionTask = Task & { readonly partition: number }

export type ControllerTask =
  | PartitionTask
  /** A broker is alive no longer. */
  | { readonly _tag: "Remove"; readonly replica: number }
  /** A broker is alive, with this broker epoch. */
  | { readonly _tag: "Add"; readonly replica: number; readonly epoch: number }
