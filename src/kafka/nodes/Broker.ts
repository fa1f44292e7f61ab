/**
 * A broker of the ZooKeeper era as a program, as far as coordination is concerned: the thread of controller events and the
 * replica manager over one memory.
 *
 * The decision: what a broker knows is lost with its process; its logs are on its disk, and nothing of them is flushed, so
 * a power cut may take what a kill leaves (log.flush.interval.messages is unset in the real one too).
 *
 * Authority: KafkaServer.startup (3.9).
 */
import { Effect } from "effect"
import { Disk } from "../../world/Disk.ts"
import { Process } from "../../world/Process.ts"
import { type BrokerMemory, type BrokerOptions, readLogs } from "./BrokerMemory.ts"
import { controller } from "./Controller.ts"
import { replicaManager } from "./ReplicaManager.ts"

export const broker = (options: BrokerOptions) =>
  Effect.gen(function*() {
    const process = yield* Process
    const disk = yield* Disk
    options.cell.log = readLogs(disk, options.cluster)
    const { broker, cluster, guards } = options
    const memory: BrokerMemory = {
      ...options,
      member: { cluster, guards, broker },
      process,
      disk,
      link: undefined,
      judging: new Map(),
      caughtUp: new Map()
    }
    yield* Effect.all([controller(memory), replicaManager(memory)], { concurrency: "unbounded" })
  })
