/**
 * Producers and a transaction coordinator of a Kafka log in a history: what they send, and what they are answered.
 *
 * A repeated batch must be answered with its first offsets and a skipped sequence refused; whatever else the log answers
 * is thrown to whoever runs the history, which knows whether something was damaged.
 */
import * as LogAppend from "../kafka/storage/LogAppend.ts"
import * as PartitionLog from "../kafka/storage/PartitionLog.ts"
import * as Reference from "../kafka/storage/ReferenceLog.ts"
import { isReason } from "../kafka/storage/StorageError.ts"
import { batchOf, markerOf } from "./KafkaLogUnderTest.ts"
import { isTransactional, type Tagged } from "./KafkaStorageCommand.ts"
import * as Ledger from "./KafkaStorageLedger.ts"
import type { World } from "./KafkaStorageWorld.ts"

/** Bytes of the disk that survive or are lost together. */
export const pieceSize = 64
/** Where a batch begins whose base offset and length end with the piece. */
const partedAt = pieceSize - 10

/** Whether a batch that begins there has its base offset and its checksum in two pieces. */
export const isParted = (position: number): boolean => {
  const within = pieceSize - position % pieceSize
  return within >= 8 && within <= 11
}

const valuesOf = (world: World, { aligned, records, size }: Tagged<"Append">): ReadonlyArray<string> => {
  const position = PartitionLog.activeSegment(world.log).log.size
  // A batch of one small record is 68 bytes and its value.
  const bytes = aligned === true ? (2 * pieceSize + partedAt - (position + 68) % pieceSize) % pieceSize : size
  return Ledger.valuesOf(world.ledger, aligned === true ? 1 : records, bytes)
}

/** An append was acknowledged. */
const take = (world: World, batch: Omit<Reference.ReferenceBatch, "firstOffset">): void => {
  Ledger.note(world.ledger, world.model.logEndOffset, batch.values, true)
  world.model = Reference.append(world.model, batch)
  if (world.settings.isFlushed) world.flushed = world.model.logEndOffset
  PartitionLog.updateHighWatermark(world.log, world.log.logEndOffset)
}

/** A producer sends a batch; nothing where it cannot repeat or skip one. */
export const append = (world: World, command: Tagged<"Append">): void => {
  const { ledger, model } = world
  const { compression = "none", newEpoch, producerId, sequence } = command
  if (ledger.forgotten.has(producerId)) return
  const last = Reference.lastOf(model, producerId)
  if ((producerId === -1 || last === undefined) && sequence !== "next") return
  const isRepeated = sequence === "repeated"
  const next = (ledger.sequences.get(producerId) ?? 0) + (sequence === "skipped" ? 1 : 0)
  const firstSequence = producerId === -1 ? -1 : isRepeated ? last!.firstSequence : next
  const values = isRepeated ? last!.values : valuesOf(world, command)
  if (newEpoch) world.epoch++
  world.now += 10
  world.begins = PartitionLog.activeSegment(world.log).log.size
  const sent = { values, timestamp: world.now, producerId, firstSequence }
  const bytes = batchOf({ ...sent, compression, isTransactional: isTransactional(producerId) })
  try {
    const appended = world.carry(() => LogAppend.appendAsLeader(world.log, bytes, world.epoch))
    if (sequence === "skipped") return world.found("answer", "a batch out of sequence was taken")
    if (appended.isDuplicate !== isRepeated) return world.found("answer", "a repeated batch was taken again")
    const expected = isRepeated ? last!.firstOffset : model.logEndOffset
    if (appended.firstOffset !== expected) {
      return world.found("hole", `an append got offset ${appended.firstOffset}, where ${expected} was next`)
    }
  } catch (error) {
    if (isReason(error, "OutOfOrderSequence")) {
      if (sequence === "skipped") return
      // Of a producer whose records are gone the log may know its last sequence, or its last marker only, or nothing.
      if (last === undefined) return void ledger.forgotten.add(producerId)
    }
    // It may be in the log or not: nothing was acknowledged, and after a restart the log says.
    Ledger.note(ledger, model.logEndOffset, values, false)
    throw error
  }
  if (isRepeated) return
  if (compression !== "none") world.tags.add(compression)
  if (producerId !== -1) ledger.sequences.set(producerId, firstSequence + values.length)
  take(world, { ...sent, leaderEpoch: world.epoch, transaction: isTransactional(producerId) ? "part" : "none" })
}

/** The coordinator ends the producer's transaction, if one is open. */
export const end = (world: World, { producerId, type }: Tagged<"End">): void => {
  const isOpen = Reference.undecided(world.model).some((batch) => batch.producerId === producerId)
  if (!isOpen) return
  world.now += 10
  world.begins = PartitionLog.activeSegment(world.log).log.size
  const bytes = markerOf(producerId, type, world.now)
  world.carry(() => LogAppend.appendAsLeader(world.log, bytes, world.epoch, "coordinator"))
  world.tags.add(type)
  const marker = { values: [""], timestamp: world.now, producerId, firstSequence: -1 }
  take(world, { ...marker, leaderEpoch: world.epoch, transaction: type })
}
