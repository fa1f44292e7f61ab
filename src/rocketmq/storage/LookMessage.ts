/**
 * A message as a reader is shown it: DefaultMessageStore.lookMessageByOffset and MessageDecoder.decode.
 *
 * The one decision: like the real one it checks neither the checksum nor the lengths against each other, so a damaged
 * message is shown with whatever its bytes say, and only what Java cannot read at all is unreadable: bytes that run out,
 * a negative length of the topic, a port beyond 65535 (and for 5.x an unknown magic). The strict reader is
 * MessageCodec.decode.
 */
import { allocate } from "./CheckMessage.ts"
import * as Log from "./CommitLog.ts"
import type { StoreConfig } from "./LogConfig.ts"
import * as Codec from "./MessageCodec.ts"
import * as Properties from "./Properties.ts"

/** What the bytes say. */
export interface Looked {
  readonly topic: string
  readonly queueId: number
  readonly queueOffset: bigint
  readonly physicalOffset: bigint
  readonly flag: number
  readonly sysFlag: number
  readonly bornTimestamp: bigint
  readonly bornHost: Codec.Host
  readonly storeTimestamp: bigint
  readonly storeHost: Codec.Host
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: bigint
  readonly bodyCrc: number
  /** As stored, compressed or not. */
  readonly body: Uint8Array
  readonly properties: ReadonlyMap<string, string>
}

/** Reads a message from the start of `bytes`; `undefined` where Java cannot. Throws `OutOfMemory` where Java would. */
export const decode = (bytes: Uint8Array, config: StoreConfig): Looked | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 48) return undefined
  const magic = view.getInt32(Codec.At.magic)
  if (config.behaviour.readsVersion2 && magic !== Codec.Magic.v1 && magic !== Codec.Magic.v2) return undefined
  const version = config.behaviour.readsVersion2 && magic === Codec.Magic.v2 ? 2 : 1
  const sysFlag = view.getInt32(Codec.At.sysFlag)
  const stored = Codec.At.bornHost + Codec.bornHostBytes(sysFlag)
  let at = stored + 8 + Codec.storeHostBytes(sysFlag)
  if (at + 16 > bytes.length) return undefined
  const bornHost = hostBefore(bytes, view, stored, Codec.bornHostBytes(sysFlag))
  const storeHost = hostBefore(bytes, view, at, Codec.storeHostBytes(sysFlag))
  if (bornHost === undefined || storeHost === undefined) return undefined
  const reconsumeTimes = view.getInt32(at)
  const preparedTransactionOffset = view.getBigInt64(at + 4)
  const bodyLength = Math.max(0, view.getInt32(at + 12))
  allocate(bodyLength, config.largestArray)
  const body = bytes.subarray(at + 16, at + 16 + bodyLength)
  at += 16 + bodyLength
  if (at + version > bytes.length) return undefined
  const topicLength = version === 1 ? view.getInt8(at) : view.getInt16(at)
  at += version
  if (topicLength < 0 || at + topicLength + 2 > bytes.length) return undefined
  const topic = Codec.text(bytes, at, at + topicLength)
  const propertiesLength = Math.max(0, view.getInt16(at + topicLength))
  at += topicLength + 2
  if (at + propertiesLength > bytes.length) return undefined
  return {
    topic,
    queueId: view.getInt32(12),
    queueOffset: view.getBigInt64(Codec.At.queueOffset),
    physicalOffset: view.getBigInt64(Codec.At.physicalOffset),
    flag: view.getInt32(16),
    sysFlag,
    bornTimestamp: view.getBigInt64(40),
    bornHost,
    storeTimestamp: view.getBigInt64(stored),
    storeHost,
    reconsumeTimes,
    preparedTransactionOffset,
    bodyCrc: view.getInt32(8),
    body,
    properties: Properties.parse(Codec.text(bytes, at, at + propertiesLength))
  }
}

/** The host whose bytes end at `end`, or `undefined` for a port that none has. */
const hostBefore = (bytes: Uint8Array, view: DataView, end: number, length: number): Codec.Host | undefined => {
  const port = view.getInt32(end - 4)
  return port < 0 || port > 0xffff ? undefined : { address: Codec.copied(bytes, end - length, end - 4), port }
}

/** What a queue entry leads to: a message, nothing readable, or the size that Java refuses. */
export const lookByOffset = (
  log: Log.CommitLog,
  offset: bigint,
  size: number,
  config: StoreConfig
): Looked | "illegal size" | undefined => {
  const bytes = Log.messageAt(log, offset, size)
  return bytes === undefined || bytes === "illegal size" ? bytes : decode(bytes, config)
}
