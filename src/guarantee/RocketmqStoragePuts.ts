/**
 * Puts and flushes of a RocketMQ store in a history, and what they promise.
 *
 * The one decision: a message is noted before it is put, since a put that fails or dies may have stored it; where it is then
 * is for whoever finds it to say.
 */
import { Deferred } from "effect"
import * as Append from "../rocketmq/storage/LogAppend.ts"
import * as Batch from "../rocketmq/storage/MessageBatch.ts"
import type * as Codec from "../rocketmq/storage/MessageCodec.ts"
import * as Store from "../rocketmq/storage/MessageStore.ts"
import { type MessageKind, queues } from "./RocketmqStorageCommand.ts"
import type { Known } from "./RocketmqStorageJudge.ts"
import { broken, now, remember, type Tagged, type World } from "./RocketmqStorageWorld.ts"
import { keyOf, messageOf, placeOf, sharedKeyOf } from "./RocketmqStoreUnderTest.ts"

const messageFor = (world: World, queue: number, size: number, kind: MessageKind): Codec.Message => {
  const serial = world.serial++
  const message = messageOf({ queue, size, serial, time: world.time }, kind, world.config)
  const [topic, queueId] = placeOf(message, kind)
  const body = new TextDecoder().decode(message.body)
  world.attempted.set(body, {
    offset: -1,
    topic,
    queueId,
    queueOffset: -1,
    body,
    key: keyOf(serial),
    sharedKey: sharedKeyOf(serial),
    number: isNumbered(kind) ? -1 : undefined,
    isIndexed: kind !== "rollback",
    acknowledged: false,
    flushed: false,
    expired: false
  })
  return message
}

/** Half and rolled back messages have no number in their queue. */
const isNumbered = (kind: MessageKind): boolean => kind !== "half" && kind !== "rollback"

export const put = (world: World, { kind, queue, size }: Tagged<"Put">): void => {
  const message = messageFor(world, queue, size, kind)
  const submitted = now(Append.submit(world.store!, message))
  world.tags.add(`put ${kind}`)
  note(world, [[message, kind]], submitted)
}

export const putBatch = (world: World, { count, queue, size }: Tagged<"Batch">): void => {
  const messages = Array.from({ length: count }, () => messageFor(world, queue, size, "plain"))
  const body = Batch.encode(messages)
  const submitted = now(Append.submitBatch(world.store!, { ...messages[0]!, body, properties: "" }))
  note(world, messages.map((message) => [message, "plain"]), submitted)
}

export const gather = (world: World, { count, size }: Tagged<"Gather">): void => {
  const messages = Array.from({ length: count }, (_, n) => messageFor(world, n % queues.length, size, "plain"))
  const submitted = now(Append.submitGathered(world.store!, messages))
  note(world, messages.map((message) => [message, "plain"]), submitted)
}

/** The number that comes after the last of a queue, where the model has one. */
const nextNumber = ({ model }: World, topic: string, queueId: number): number | undefined => {
  const last = model.findLast((known) =>
    known.number !== undefined && known.topic === topic && known.queueId === queueId
  )
  return last === undefined ? undefined : last.number! + 1
}

/** Notes what was stored, where the store says that it is, under the numbers that come next; what was refused is nowhere. */
const note = (
  world: World,
  messages: ReadonlyArray<readonly [Codec.Message, MessageKind]>,
  { answer, results }: Append.Submitted
): void => {
  // A batch is one put with one answer; of puts that were gathered each has its own.
  const isBatch = results.length < messages.length
  const puts = messages.flatMap(([message, kind], index): ReadonlyArray<Known> => {
    const { appended, status } = results[isBatch ? 0 : index]!
    const attempt = world.attempted.get(new TextDecoder().decode(message.body))!
    const { queueId, topic } = attempt
    world.attempted.delete(attempt.body)
    if (appended === undefined) {
      world.declared ??= `a put is answered with ${status}`
      world.tags.add(status)
      return []
    }
    const first = isBatch ? appended.queueOffset + index : appended.queueOffset
    const number = isNumbered(kind) ? first : undefined
    if (number !== undefined) judgeNumber(world, topic, queueId, number)
    const offset = appended.offsets[isBatch ? index : 0]!
    const known: Known = { ...attempt, offset, queueOffset: first, number, acknowledged: answer === undefined }
    world.model = [...world.model, known]
    remember(world, known)
    return [known]
  })
  if (answer !== undefined) world.waiting = [...world.waiting, { answer, puts }]
}

const judgeNumber = (world: World, topic: string, queueId: number, number: number): void => {
  const next = nextNumber(world, topic, queueId)
  const known = broken(world)
  if (next === undefined || next === number || known.has("delivered") || known.has("answer")) return
  const sentence = `a message of ${topic}-${queueId} got number ${number}, where ${next} was next`
  world.findings.push({ kind: "answer", sentence })
}

/** Gives every put that waited its answer, which is there once the group commit has run. */
export const answerAll = (world: World): void => {
  for (const { answer, puts } of world.waiting) {
    const status = now(Deferred.await(answer))
    if (status === "PUT_OK") { for (const known of puts) known.acknowledged = true }
    else {
      world.declared ??= `a put is answered with ${status}`
      world.tags.add(status)
    }
  }
  world.waiting = []
}

/** Whatever lies below the store's own flushed position was promised to be durable. */
export const markFlushed = (world: World, below: number): void => {
  for (const known of world.model) if (known.offset < below) known.flushed = true
}

export const flush = (world: World): void => {
  const store = world.store!
  now(world.config.flushDiskType === "SYNC_FLUSH" ? Store.groupCommit(store) : Store.flushCommitLog(store, 0))
  answerAll(world)
  markFlushed(world, Number(store.log.files.flushedWhere))
}
