/**
 * A stored message: an entry of the CommitLog, versions 1 and 2, and the blank that ends a file.
 *
 *     0   TOTALSIZE i32        20  QUEUEOFFSET i64       48    BORNHOST H           then  bodyLength i32, body
 *     4   MAGICCODE i32        28  PHYSICALOFFSET i64    48+H  STORETIMESTAMP i64         topicLength i8 (V2: i16), topic
 *     8   BODYCRC i32          36  SYSFLAG i32           ..    STOREHOST H                propertiesLength i16, properties
 *     12  QUEUEID i32          40  BORNTIMESTAMP i64     ..    RECONSUMETIMES i32
 *     16  FLAG i32                                       ..    PreparedTransactionOffset i64
 *
 * Big-endian; H is 8 bytes (IPv4 address, port) or 20 (IPv6), as two bits of SYSFLAG say for each host. BODYCRC is CRC-32
 * of the body without its top bit, and covers nothing else. `decode` is strict and throws `Malformed`; what recovery
 * believes is another question, see CheckMessage.ts (MessageDecoder, MessageExtEncoder, CommitLog.calMsgLength).
 */
import { crc32 } from "node:zlib"
import { malformed } from "../../message/Malformed.ts"

/** The first four bytes after the size: what an entry is. */
export const Magic = { v1: 0xdaa320a7 | 0, v2: 0xdaa320ab | 0, blank: 0xcbd43194 | 0 } as const

/** Bits of SYSFLAG (MessageSysFlag). */
export const SysFlag = {
  compressed: 0x1,
  multiTags: 0x2,
  transaction: 0xc,
  prepared: 0x4,
  commit: 0x8,
  rollback: 0xc,
  bornHostV6: 0x10,
  storeHostV6: 0x20
} as const

/** Bytes of the blank that are written; the entry before it always leaves as many. */
export const blankBytes = 8

/** Where fields are that do not depend on the hosts. */
export const At = { magic: 4, queueOffset: 20, physicalOffset: 28, sysFlag: 36, bornHost: 48 } as const

/** An address of 4 or 16 bytes, and a port. */
export interface Host {
  readonly address: Uint8Array
  readonly port: number
}

/** What a caller says about a message; the rest is the store's to say. */
export interface Message {
  readonly topic: string
  readonly queueId: number
  readonly body: Uint8Array
  /** As stored: see Properties.ts. */
  readonly properties: string
  readonly flag: number
  /** Without the bits for IPv6 hosts, which follow from the hosts. */
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly bornHost: Host
  readonly storeHost: Host
  readonly reconsumeTimes: number
  readonly preparedTransactionOffset: number
}

/** A message as it stands in the log. Offsets are in entries for the queue, in bytes for the log; times in milliseconds. */
export interface StoredMessage extends Message {
  readonly version: 1 | 2
  /** Bytes of the whole entry. */
  readonly size: number
  readonly bodyCrc: number
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly storeTimestamp: number
}

const utf8 = new TextEncoder()

/** Reads text the way Java does: bytes that are no UTF-8 become U+FFFD. */
export const text = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")

/** A copy that is no `Buffer`, whose own `slice` would share its bytes with what was read. */
export const copied = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.subarray(start, end))

/** BODYCRC: 0 for an empty body. */
export const bodyCrc = (body: Uint8Array): number => crc32(body) & 0x7fffffff

/** Bytes of an entry (calMsgLength); negative lengths of body and properties count as none. */
export const sizeOf = (
  version: 1 | 2,
  sysFlag: number,
  bodyLength: number,
  topicLength: number,
  propertiesLength: number
): number =>
  4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + bornHostBytes(sysFlag) + 8 + storeHostBytes(sysFlag) + 4 + 8 +
  4 + Math.max(bodyLength, 0) + version + topicLength + 2 + Math.max(propertiesLength, 0)

export const bornHostBytes = (sysFlag: number): number => sysFlag & SysFlag.bornHostV6 ? 20 : 8
export const storeHostBytes = (sysFlag: number): number => sysFlag & SysFlag.storeHostV6 ? 20 : 8

/** Writes a safe integer as i64. */
const writeLong = (view: DataView, position: number, value: number): void => {
  view.setInt32(position, Math.floor(value / 0x1_0000_0000))
  view.setUint32(position + 4, value >>> 0)
}

/** Name of the property that holds a checksum of the whole entry, and the bytes that it takes. */
const wholeCrcName = "__CRC32#"
export const wholeCrcBytes = wholeCrcName.length + 1 + 10 + 1

/** The checksum of an entry without its last property: CRC-32 without the top bit. */
export const wholeCrc = (bytes: Uint8Array, start: number, size: number): number =>
  crc32(bytes.subarray(start, start + size - wholeCrcBytes)) & 0x7fffffff

/** Ten decimal digits, the last digit first, as the real one writes them. */
export const wholeCrcDigits = (crc: number): string => String(crc).split("").reverse().join("").padEnd(10, "0")

/**
 * Writes the last property of an entry that was encoded with room for it (enabledAppendPropCRC): the checksum of
 * everything before it, so it comes after `stamp`.
 */
export const seal = (bytes: Uint8Array, start: number, size: number): void => {
  const property = `${wholeCrcName}\u0001${wholeCrcDigits(wholeCrc(bytes, start, size))}\u0002`
  bytes.set(utf8.encode(property), start + size - wholeCrcBytes)
}

/** What is known when an entry's place is, under the lock that orders the log. */
export interface Place {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly storeTimestamp: number
}

/** A message whose lengths are known: what `write` needs. */
export interface Measured {
  readonly message: Message
  /** As stored, with room for a checksum where it will be sealed. */
  readonly properties: string
  readonly version: 1 | 2
  readonly sysFlag: number
  readonly topicLength: number
  readonly propertiesLength: number
  /** Bytes of the whole entry. */
  readonly size: number
}

/**
 * Measures a message. A topic of more than 127 bytes needs version 2, as in 5.x (autoMessageVersionOnTopicLen). With
 * `sealed` there is room for the checksum that `seal` writes.
 */
export const measure = (message: Message, sealed = false): Measured => {
  const separator = sealed && message.properties !== "" && !message.properties.endsWith("\u0002") ? "\u0002" : ""
  const properties = sealed ? message.properties + separator + "\0".repeat(wholeCrcBytes) : message.properties
  const topicLength = utf8Length(message.topic)
  const propertiesLength = utf8Length(properties)
  const version = topicLength > 0x7f ? 2 : 1
  const sysFlag = message.sysFlag & ~(SysFlag.bornHostV6 | SysFlag.storeHostV6) |
    (message.bornHost.address.length === 16 ? SysFlag.bornHostV6 : 0) |
    (message.storeHost.address.length === 16 ? SysFlag.storeHostV6 : 0)
  const size = sizeOf(version, sysFlag, message.body.length, topicLength, propertiesLength)
  return { message, properties, version, sysFlag, topicLength, propertiesLength, size }
}

/** Writes every byte of an entry at `start`; `view` is over the same bytes. */
export const write = (bytes: Uint8Array, view: DataView, start: number, measured: Measured, place: Place): void => {
  const { message, properties, propertiesLength, size, sysFlag, topicLength, version } = measured
  const { body, bornHost, storeHost, topic } = message
  view.setInt32(start, size)
  view.setInt32(start + At.magic, version === 1 ? Magic.v1 : Magic.v2)
  view.setInt32(start + 8, bodyCrc(body))
  view.setInt32(start + 12, message.queueId)
  view.setInt32(start + 16, message.flag)
  writeLong(view, start + At.queueOffset, place.queueOffset)
  writeLong(view, start + At.physicalOffset, place.physicalOffset)
  view.setInt32(start + At.sysFlag, sysFlag)
  writeLong(view, start + 40, message.bornTimestamp)
  let at = writeHost(bytes, view, start + At.bornHost, bornHost)
  writeLong(view, at, place.storeTimestamp)
  at = writeHost(bytes, view, at + 8, storeHost)
  view.setInt32(at, message.reconsumeTimes)
  writeLong(view, at + 4, message.preparedTransactionOffset)
  view.setInt32(at + 12, body.length)
  bytes.set(body, at + 16)
  at += 16 + body.length
  if (version === 1) view.setInt8(at, topicLength)
  else view.setInt16(at, topicLength)
  writeUtf8(bytes, at + version, topic)
  at += version + topicLength
  view.setInt16(at, propertiesLength)
  writeUtf8(bytes, at + 2, properties)
}

const nowhere: Place = { queueOffset: 0, physicalOffset: 0, storeTimestamp: 0 }

/** Encodes an entry whose queue offset, physical offset and store timestamp are still 0: `stamp` sets them. */
export const encode = (message: Message, sealed = false): Uint8Array => {
  const measured = measure(message, sealed)
  const bytes = new Uint8Array(measured.size)
  write(bytes, new DataView(bytes.buffer), 0, measured, nowhere)
  return bytes
}

/** Bytes of a text; most are short and ASCII, and a loop over those is many times as fast as an encoder. */
const utf8Length = (value: string): number => {
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) >= 0x80) return Buffer.byteLength(value)
  return value.length
}

const writeUtf8 = (bytes: Uint8Array, start: number, value: string): void => {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code >= 0x80) {
      utf8.encodeInto(value, bytes.subarray(start))
      return
    }
    bytes[start + at] = code
  }
}

/** Sets what is known only when the entry's place is. `start` is where the entry begins in `bytes`. */
export const stamp = (bytes: Uint8Array, start: number, place: Place): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start)
  writeLong(view, At.queueOffset, place.queueOffset)
  writeLong(view, At.physicalOffset, place.physicalOffset)
  writeLong(view, At.bornHost + bornHostBytes(view.getInt32(At.sysFlag)), place.storeTimestamp)
}

/** The blank that ends a file: `left` is the number of bytes from it to the end of the file. */
export const blank = (left: number): Uint8Array => {
  const bytes = new Uint8Array(blankBytes)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, left)
  view.setInt32(4, Magic.blank)
  return bytes
}

/**
 * Decodes the entry that begins at `start` and must end before `end`; throws `Malformed` for anything else.
 *
 * No length is believed before it is checked against `end`, and nothing is copied but the body and the hosts.
 */
export const decode = (bytes: Uint8Array, start = 0, end = bytes.length): StoredMessage => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (end - start < 8) malformed(start, `${end - start} bytes`, "at least TOTALSIZE and MAGICCODE, 8 bytes")
  const size = view.getInt32(start)
  const magic = view.getInt32(start + At.magic)
  if (magic !== Magic.v1 && magic !== Magic.v2) {
    malformed(start + At.magic, `magic 0x${(magic >>> 0).toString(16)}`, "0xdaa320a7 (V1) or 0xdaa320ab (V2)")
  }
  const version = magic === Magic.v1 ? 1 : 2
  if (size < sizeOf(version, 0, 0, 0, 0) || size > end - start) {
    malformed(start, `TOTALSIZE ${size}`, `${sizeOf(version, 0, 0, 0, 0)} to ${end - start} bytes`)
  }
  const limit = start + size
  const sysFlag = view.getInt32(start + At.sysFlag)
  if (size < sizeOf(version, sysFlag, 0, 0, 0)) {
    malformed(start + At.sysFlag, "IPv6 hosts", `an entry of at least ${sizeOf(version, sysFlag, 0, 0, 0)} bytes`)
  }
  const bornHost = readHost(bytes, view, start + At.bornHost, bornHostBytes(sysFlag))
  const stored = start + At.bornHost + bornHostBytes(sysFlag)
  const storeHost = readHost(bytes, view, stored + 8, storeHostBytes(sysFlag))
  let at = stored + 8 + storeHostBytes(sysFlag)
  const reconsumeTimes = view.getInt32(at)
  const preparedTransactionOffset = readLong(view, at + 4)
  at += 12
  const bodyLength = view.getInt32(at)
  // What must still follow: the topic's length, and the properties' length.
  if (bodyLength < 0 || bodyLength > limit - (at + 4) - version - 2) {
    malformed(at, `a body of ${bodyLength} bytes`, `0 to ${limit - (at + 4) - version - 2}, as TOTALSIZE leaves`)
  }
  const body = copied(bytes, at + 4, at + 4 + bodyLength)
  const crc = view.getInt32(start + 8)
  if (bodyLength > 0 && bodyCrc(body) !== crc) malformed(start + 8, `BODYCRC ${crc}`, `${bodyCrc(body)}, the body's`)
  at += 4 + bodyLength
  const topicLength = version === 1 ? view.getInt8(at) : view.getInt16(at)
  if (topicLength < 0 || topicLength > limit - (at + version) - 2) {
    malformed(at, `a topic of ${topicLength} bytes`, `0 to ${limit - (at + version) - 2}, as TOTALSIZE leaves`)
  }
  const topic = text(bytes, at + version, at + version + topicLength)
  at += version + topicLength
  const propertiesLength = view.getInt16(at)
  if (propertiesLength !== limit - (at + 2)) {
    malformed(at, `properties of ${propertiesLength} bytes`, `${limit - (at + 2)}, as TOTALSIZE leaves`)
  }
  return {
    version,
    size,
    bodyCrc: crc,
    queueId: view.getInt32(start + 12),
    flag: view.getInt32(start + 16),
    queueOffset: readLong(view, start + At.queueOffset),
    physicalOffset: readLong(view, start + At.physicalOffset),
    sysFlag,
    bornTimestamp: readLong(view, start + 40),
    bornHost,
    storeTimestamp: readLong(view, stored),
    storeHost,
    reconsumeTimes,
    preparedTransactionOffset,
    body,
    topic,
    properties: text(bytes, at + 2, limit)
  }
}

/** `ip:port` as Java prints a socket address. */
export const hostText = (host: Host): string => {
  const { address, port } = host
  if (address.length === 4) return `${address.join(".")}:${port}`
  const groups = Array.from(
    { length: 8 },
    (_, group) => (address[2 * group]! << 8 | address[2 * group + 1]!).toString(16)
  )
  return `[${groups.join(":")}]:${port}`
}

/** The id by which a broker finds a message: store host and physical offset in upper-case hex (createMessageId). */
export const offsetMessageId = (storeHost: Host, physicalOffset: bigint): string => {
  const bytes = new Uint8Array(storeHost.address.length + 4 + 8)
  const view = new DataView(bytes.buffer)
  view.setBigInt64(writeHost(bytes, view, 0, storeHost), physicalOffset)
  return Buffer.from(bytes).toString("hex").toUpperCase()
}

const writeHost = (bytes: Uint8Array, view: DataView, at: number, host: Host): number => {
  const length = host.address.length
  if (length !== 4 && length !== 16) throw new RangeError(`an address of ${length} bytes; IPv4 has 4, IPv6 has 16`)
  // Four bytes by hand are many times as fast as a call that copies four bytes.
  if (length === 4) { for (let n = 0; n < 4; n++) bytes[at + n] = host.address[n]! }
  else bytes.set(host.address, at)
  view.setInt32(at + length, host.port)
  return at + length + 4
}

const readHost = (bytes: Uint8Array, view: DataView, at: number, length: number): Host => {
  const port = view.getInt32(at + length - 4)
  if (port < 0 || port > 0xffff) malformed(at + length - 4, `port ${port}`, "0 to 65535")
  return { address: copied(bytes, at, at + length - 4), port }
}

const readLong = (view: DataView, at: number): number => {
  const value = view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4)
  return Number.isSafeInteger(value) ? value : malformed(at, "an i64 beyond 2^53", "at most 2^53 - 1 either way")
}
