/**
 * What recovery and dispatch believe of the bytes at a place in the CommitLog: CommitLog.checkMessageAndReturnSize.
 *
 * The one decision: this is not the codec. It accepts what the real one accepts, which is much: a flipped bit in a topic,
 * a queue, an offset or a timestamp passes, since the checksum covers the body alone, so every i64 is a bigint here. Java
 * reads through a buffer that throws when it runs out and catches everything, so any missing byte is `Invalid`.
 *
 *     magic of a message, all lengths agree ──▶ Message         lengths disagree with TOTALSIZE ──▶ Half
 *     magic of a blank ───────────────────────▶ EndOfFile       anything else ────────────────────▶ Invalid
 */
import { crc32 } from "node:zlib"
import { bornHostBytes, Magic, sizeOf, storeHostBytes, text, wholeCrc, wholeCrcDigits } from "./MessageCodec.ts"
import * as Properties from "./Properties.ts"
import { OutOfMemory } from "./StorageError.ts"

/** A message as dispatch sees it: where it is, and what queues and index need (DispatchRequest). */
export interface DispatchRequest {
  readonly topic: string
  readonly queueId: number
  /** As the message says: not where it was found. */
  readonly physicalOffset: bigint
  readonly size: number
  /** Hash of the tags, or when a delayed message is due. */
  readonly tagsCode: bigint
  readonly storeTimestamp: bigint
  readonly queueOffset: bigint
  readonly sysFlag: number
  readonly preparedTransactionOffset: bigint
  readonly properties: ReadonlyMap<string, string>
}

/** `position` is where the reader stopped: dispatch goes on from there after a `Half`. */
export type Checked =
  | { readonly _tag: "Message"; readonly request: DispatchRequest; readonly position: number }
  | { readonly _tag: "EndOfFile"; readonly position: number }
  | { readonly _tag: "Half"; readonly size: number; readonly position: number }
  | { readonly _tag: "Invalid" }

export interface CheckOptions {
  readonly checkCrc: boolean
  /** With `checkCrc`: the checksum of the whole message, and not the body's (forceVerifyPropCRC). */
  readonly checkWhole: boolean
  /** Without it the body is passed over, checksum and all. */
  readonly readBody: boolean
  /** Milliseconds by level; empty where the levels are not known yet. */
  readonly delayLevels: ReadonlyArray<number>
  /** See `Behaviour.readsVersion2`. */
  readonly readsVersion2: boolean
  /** See `StoreConfig.largestArray`. */
  readonly largestArray: number
}

/** Throws `OutOfMemory` where Java could not allocate so many bytes. */
export const allocate = (bytes: number, largestArray: number): void => {
  if (bytes <= largestArray) return
  // HotSpot allows no array of 2^31 - 1 or 2^31 - 2 elements, whatever the heap.
  throw new OutOfMemory({
    bytes,
    message: bytes >= 0x7ffffffe ? "Requested array size exceeds VM limit" : "Java heap space"
  })
}

const invalid: Checked = { _tag: "Invalid" }
const noProperties: ReadonlyMap<string, string> = new Map()

/** The topic that holds delayed messages until they are due. */
export const scheduleTopic = "SCHEDULE_TOPIC_XXXX"

/** Checks what is at `start` of `bytes`, of which those before `limit` can be read. */
export const checkMessage = (
  bytes: Uint8Array,
  start: number,
  limit: number,
  options: CheckOptions,
  view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
): Checked => {
  const left = limit - start
  if (left < 8) return invalid
  const size = view.getInt32(start)
  if (options.readsVersion2 && left - 4 < ((size - 4) | 0)) return invalid
  const magic = view.getInt32(start + 4)
  if (magic === Magic.blank) return { _tag: "EndOfFile", position: start + 8 }
  if (magic !== Magic.v1 && !(magic === Magic.v2 && options.readsVersion2)) return invalid
  const version = magic === Magic.v1 ? 1 : 2
  if (size < 0) return invalid
  allocate(size, options.largestArray)
  if (left < 48) return invalid
  const sysFlag = view.getInt32(start + 36)
  const bornHost = bornHostBytes(sysFlag)
  const storeHost = storeHostBytes(sysFlag)
  let at = start + 48 + bornHost + 8 + storeHost + 4 + 8
  // Fields are read into an array of `size` bytes: what does not fit there throws too.
  if (bornHost > size || storeHost > size || at + 4 > limit) return invalid
  const bodyLength = view.getInt32(at)
  at += 4
  if (bodyLength > 0) {
    if (at + bodyLength > limit) return invalid
    if (options.readBody) {
      if (bodyLength > size) return invalid
      if (options.checkCrc && !options.checkWhole) {
        const crc = crc32(bytes.subarray(at, at + bodyLength)) & 0x7fffffff
        if (crc !== view.getInt32(start + 8)) return invalid
      }
    }
    at += bodyLength
  }
  if (at + version > limit) return invalid
  const topicLength = version === 1 ? view.getInt8(at) : view.getInt16(at)
  at += version
  if (topicLength < 0 || topicLength > size || at + topicLength + 2 > limit) return invalid
  const topic = text(bytes, at, at + topicLength)
  at += topicLength
  const propertiesLength = view.getInt16(at)
  at += 2
  const storeTimestamp = view.getBigInt64(start + 48 + bornHost)
  let properties = noProperties
  let tagsCode = 0n
  if (propertiesLength > 0) {
    if (propertiesLength > size || at + propertiesLength > limit) return invalid
    properties = Properties.parse(text(bytes, at, at + propertiesLength))
    at += propertiesLength
    const due = topic === scheduleTopic ? properties.get(Properties.Name.delayLevel) : undefined
    const level = due === undefined ? 0 : Properties.javaInt(due)
    if (level === undefined) return invalid
    const known = Math.min(level, options.delayLevels.length)
    tagsCode = known > 0
      ? BigInt.asIntN(64, storeTimestamp + BigInt(options.delayLevels[known - 1]!))
      : BigInt(Properties.tagsCode(properties.get(Properties.Name.tags)))
  }
  if (options.checkCrc && options.checkWhole) {
    const from = at - size
    if (from < 0 || properties.get("__CRC32#") !== wholeCrcDigits(wholeCrc(bytes, from, size))) return invalid
  }
  if (size !== sizeOf(version, sysFlag, bodyLength, topicLength, propertiesLength)) {
    return { _tag: "Half", size, position: at }
  }
  return {
    _tag: "Message",
    position: at,
    request: {
      topic,
      queueId: view.getInt32(start + 12),
      physicalOffset: view.getBigInt64(start + 28),
      size,
      tagsCode,
      storeTimestamp,
      queueOffset: view.getBigInt64(start + 20),
      sysFlag,
      preparedTransactionOffset: view.getBigInt64(start + 76 - 16 + bornHost + storeHost),
      properties
    }
  }
}
