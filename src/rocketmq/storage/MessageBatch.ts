/**
 * A batch as a client sends it: the body of one request holds several messages of one topic and queue.
 *
 *     { TOTALSIZE i32 | MAGICCODE i32 = 0 | BODYCRC i32 = 0 | FLAG i32 | bodyLength i32, body | propertiesLength i16, properties } ...
 *
 * The one decision: a batch is no unit in the log. Each message becomes an entry of its own, with the next number of its
 * queue, and all of them go into one file; 4.9 adds the batch's own properties to each message, with a separator where the
 * message's do not end with one (MessageDecoder.encodeMessages, MessageExtEncoder.encode of MessageExtBatch).
 */
import { malformed } from "../../message/Malformed.ts"
import { copied, type Message, text } from "./MessageCodec.ts"

/** What a message of a batch says itself; the rest is the batch's. */
export type BatchPart = Pick<Message, "flag" | "body" | "properties">

const headBytes = 4 + 4 + 4 + 4 + 4
const utf8 = new TextEncoder()

/** Writes the body of a batch request. */
export const encode = (parts: ReadonlyArray<BatchPart>): Uint8Array => {
  const properties = parts.map((part) => utf8.encode(part.properties))
  const sizes = parts.map((part, index) => headBytes + part.body.length + 2 + properties[index]!.length)
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [index, part] of parts.entries()) {
    view.setInt32(at, sizes[index]!)
    view.setInt32(at + 12, part.flag)
    view.setInt32(at + 16, part.body.length)
    bytes.set(part.body, at + headBytes)
    view.setInt16(at + headBytes + part.body.length, properties[index]!.length)
    bytes.set(properties[index]!, at + headBytes + part.body.length + 2)
    at += sizes[index]!
  }
  return bytes
}

/** Reads the body of a batch request; throws `Malformed`. Sizes and checksums in it are not looked at, as in the real one. */
export const decode = (bytes: Uint8Array): ReadonlyArray<BatchPart> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Array<BatchPart> = []
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at
    if (left < headBytes + 2) malformed(at, `${left} bytes`, `a message of at least ${headBytes + 2}, or the end`)
    const bodyLength = view.getInt32(at + 16)
    if (bodyLength < 0 || bodyLength > left - headBytes - 2) {
      malformed(at + 16, `a body of ${bodyLength} bytes`, `0 to ${left - headBytes - 2}, as the batch leaves`)
    }
    const end = at + headBytes + bodyLength
    const propertiesLength = view.getInt16(end)
    if (propertiesLength < 0 || propertiesLength > bytes.length - end - 2) {
      malformed(end, `properties of ${propertiesLength} bytes`, `0 to ${bytes.length - end - 2}, as the batch leaves`)
    }
    parts.push({
      flag: view.getInt32(at + 12),
      body: copied(bytes, at + headBytes, end),
      properties: text(bytes, end + 2, end + 2 + propertiesLength)
    })
    at = end + 2 + propertiesLength
  }
  return parts
}

/** Properties of a message of a batch, with the batch's own added (4.9). */
export const joined = (own: string, batch: string): string =>
  own === "" || batch === "" || own.endsWith("\u0002") ? own + batch : `${own}\u0002${batch}`
