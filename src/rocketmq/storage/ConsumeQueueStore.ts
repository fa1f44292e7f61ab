/**
 * All queues of a store, by topic and queue id: consumequeue/<topic>/<queueId>/<offset>.
 *
 * The one decision: a queue is there as soon as somebody asks for it, without files until its first entry; and the
 * furthest queue speaks for all when the store asks how far dispatch has come, so a queue that lost its tail is not
 * noticed (DefaultMessageStore of 4.9.7, ConsumeQueueStore of 5.5.0).
 */
import type * as Disk from "../../world/Disk.ts"
import * as Queue from "./ConsumeQueue.ts"
import type { Behaviour } from "./LogConfig.ts"
import * as Files from "./MappedFileQueue.ts"
import * as Properties from "./Properties.ts"

export interface ConsumeQueueStore extends Queue.Options {
  /** See `Behaviour.searchesMinOffset`. */
  readonly searchesMinOffset: boolean
  readonly topics: Map<string, Map<number, Queue.ConsumeQueue>>
}

export const make = (options: Omit<ConsumeQueueStore, "topics">): ConsumeQueueStore => ({
  ...options,
  topics: new Map()
})

export const findOrCreate = (store: ConsumeQueueStore, topic: string, queueId: number): Queue.ConsumeQueue => {
  let queues = store.topics.get(topic)
  if (queues === undefined) store.topics.set(topic, queues = new Map())
  let queue = queues.get(queueId)
  if (queue === undefined) {
    queue = Queue.make(store, topic, queueId)
    queues.set(queueId, queue)
  }
  return queue
}

export const find = (store: ConsumeQueueStore, topic: string, queueId: number): Queue.ConsumeQueue | undefined =>
  store.topics.get(topic)?.get(queueId)

/** Queues with entries that are still to be written. */
export const unsettled = (store: ConsumeQueueStore): ReadonlyArray<Queue.ConsumeQueue> =>
  Array.from(store.topics.values()).flatMap((queues) =>
    Array.from(queues.values()).filter(({ settled }) => settled !== undefined)
  )

/** Every queue, by topic and then by id. */
export const all = (store: ConsumeQueueStore): ReadonlyArray<Queue.ConsumeQueue> =>
  Array.from(store.topics)
    .sort(([left], [right]) => left < right ? -1 : 1)
    .flatMap(([, queues]) => Array.from(queues.values()).sort((left, right) => left.queueId - right.queueId))

/** Opens every queue that is on disk; answers one line where the real one refuses. */
export const load = (
  store: ConsumeQueueStore,
  behaviour: Pick<Behaviour, "fillsShortFiles" | "removesEmptyLastFile">
): string | undefined => {
  const { directory, disk } = store
  for (const topic of listIfDirectory(disk, directory)) {
    for (const name of listIfDirectory(disk, Files.join(directory, topic))) {
      const queueId = Properties.javaInt(name)
      if (queueId === undefined) continue
      const refusal = Files.load(findOrCreate(store, topic, queueId).files, behaviour)
      if (refusal !== undefined) return refusal
    }
  }
  return undefined
}

const listIfDirectory = (disk: Disk.Operations, path: string): ReadonlyArray<string> =>
  disk.stat(path)?.kind === "directory" ? disk.list(path) : []

export const recover = (store: ConsumeQueueStore): void => {
  for (const queue of all(store)) Queue.recover(queue)
}

/** End of the last message that any queue knows, -1 before one does. */
export const maxPhysicOffset = (store: ConsumeQueueStore): bigint =>
  all(store).reduce((max, queue) => queue.maxPhysicOffset > max ? queue.maxPhysicOffset : max, -1n)

/** Drops entries at or past an offset from every queue. */
export const truncateDirty = (store: ConsumeQueueStore, physicalOffset: bigint): void => {
  for (const queue of all(store)) Queue.truncateDirtyLogicFiles(queue, physicalOffset)
}

/** Removes every file of every queue; the queues themselves stay. */
export const destroy = (store: ConsumeQueueStore): void => {
  for (const queue of all(store)) {
    queue.maxPhysicOffset = -1n
    queue.minLogicOffset = 0n
    Files.destroyAll(queue.files)
  }
}

/** Corrects every queue's least offset, and answers the next number of each. */
export const recoverOffsetTable = (store: ConsumeQueueStore, minPhysical: bigint): Map<string, number> => {
  const table = new Map<string, number>()
  for (const queue of all(store)) {
    table.set(`${queue.topic}-${queue.queueId}`, Number(Queue.maxOffsetInQueue(queue)))
    Queue.correctMinOffset(queue, minPhysical, store.searchesMinOffset)
  }
  return table
}

/** Removes expired files of every queue; answers how many. */
export const deleteExpired = (store: ConsumeQueueStore, minPhysical: bigint): number =>
  all(store).reduce((count, queue) => count + Queue.deleteExpired(queue, minPhysical, store.searchesMinOffset), 0)

/** Gives all handles back. */
export const close = (store: ConsumeQueueStore): void => {
  for (const queue of all(store)) Files.close(queue.files)
}
