/**
 * One record inside a batch of magic 2 (DefaultRecord; KIP-82 for headers).
 *
 *     length varint · attributes i8 · timestampDelta varlong · offsetDelta varint
 *     · keyLength varint (-1 null) · key · valueLength varint (-1 null) · value
 *     · headers varint · { keyLength varint · key UTF-8 · valueLength varint (-1 null) · value } ...
 *
 * `length` counts the bytes after itself and must fit exactly. Keys and values are views of the bytes they were read
 * from, so that a hostile length can allocate nothing; a negative length other than -1 reads as null, as the real
 * reader takes it.
 */
import { malformed } from "../../message/Malformed.ts"
import { type Cursor, cursor, readByte, readVarint, readVarlong, sizeOf, write } from "../../message/Varint.ts"

export interface Header {
  readonly key: string
  readonly value: Uint8Array | null
}

/** A record relative to its batch: what is in its bytes and nothing else. */
export interface Record {
  /** Offset minus the base offset of the batch. */
  readonly offsetDelta: number
  /** Milliseconds after the base timestamp of the batch. */
  readonly timestampDelta: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: ReadonlyArray<Header>
}

const utf8 = new TextDecoder("utf-8")
const toUtf8 = new TextEncoder()
const noHeaders: ReadonlyArray<Header> = []

const take = (from: Cursor, length: number): Uint8Array => {
  const end = from.position + length
  if (end > from.end) {
    malformed(from.position, `a field of ${length} bytes`, `at most the ${from.end - from.position} left`)
  }
  const bytes = from.bytes.subarray(from.position, end)
  from.position = end
  return bytes
}

const nullable = (from: Cursor): Uint8Array | null => {
  const length = readVarint(from)
  return length < 0 ? null : take(from, length)
}

const readHeaders = (from: Cursor): ReadonlyArray<Header> => {
  const at = from.position
  const count = readVarint(from)
  if (count === 0) return noHeaders
  // A header takes at least two bytes, so a larger count is a lie and nothing is allocated for it.
  if (count < 0 || count * 2 > from.end - from.position) {
    malformed(at, `${count} headers`, "as many as the record can hold")
  }
  const headers: Array<Header> = []
  for (let index = 0; index < count; index++) {
    const position = from.position
    const length = readVarint(from)
    if (length < 0) malformed(position, `a header key of ${length} bytes`, "a header key of 0 or more bytes")
    const key = utf8.decode(take(from, length))
    headers.push({ key, value: nullable(from) })
  }
  return headers
}

/** Reads the record at the cursor and moves past it. Throws `Malformed`. */
export const read = (from: Cursor): Record => {
  const at = from.position
  const length = readVarint(from)
  const start = from.position
  if (length < 0 || length > from.end - start) {
    malformed(at, `a record of ${length} bytes`, `at most the ${from.end - start} left in the batch`)
  }
  const body = cursor(from.bytes, start, start + length)
  readByte(body) // The attributes of a record are unused, and their value is not looked at.
  const timestampDelta = readVarlong(body)
  const offsetDelta = readVarint(body)
  const key = nullable(body)
  const value = nullable(body)
  const headers = readHeaders(body)
  if (body.position !== body.end) malformed(body.position, `${body.end - body.position} bytes after a record`, "none")
  from.position = body.end
  return { offsetDelta, timestampDelta, key, value, headers }
}

/** What an append is judged by: no views, no strings, nothing that lives longer than the check. */
export interface Outline {
  offsetDelta: number
  timestampDelta: number
  hasKey: boolean
}

const skip = (from: Cursor, length: number): void => {
  if (length > from.end - from.position) {
    malformed(from.position, `a field of ${length} bytes`, `at most the ${from.end - from.position} left`)
  }
  from.position += length
}

const skipNullable = (from: Cursor): boolean => {
  const length = readVarint(from)
  if (length >= 0) skip(from, length)
  return length >= 0
}

/**
 * Checks the record at the cursor as `read` does, moves past it, and says in `into` what it is. Throws `Malformed` where
 * `read` does.
 */
export const outline = (from: Cursor, into: Outline): void => {
  const at = from.position
  const length = readVarint(from)
  if (length < 0 || length > from.end - from.position) {
    malformed(at, `a record of ${length} bytes`, `at most the ${from.end - from.position} left in the batch`)
  }
  const end = from.position + length
  const body = end === from.end ? from : cursor(from.bytes, from.position, end)
  readByte(body)
  into.timestampDelta = readVarlong(body)
  into.offsetDelta = readVarint(body)
  into.hasKey = skipNullable(body)
  skipNullable(body)
  const headersAt = body.position
  const count = readVarint(body)
  if (count < 0 || count * 2 > body.end - body.position) {
    malformed(headersAt, `${count} headers`, "as many as the record can hold")
  }
  for (let index = 0; index < count; index++) {
    const position = body.position
    const size = readVarint(body)
    if (size < 0) malformed(position, `a header key of ${size} bytes`, "a header key of 0 or more bytes")
    skip(body, size)
    skipNullable(body)
  }
  if (body.position !== body.end) malformed(body.position, `${body.end - body.position} bytes after a record`, "none")
  from.position = end
}

const nullableSize = (bytes: Uint8Array | null): number => bytes === null ? 1 : sizeOf(bytes.length) + bytes.length

/** Bytes of a record without its length: computed once, since the length stands before them. */
const bodySize = (record: Record, keys: ReadonlyArray<Uint8Array>): number => {
  let size = 1 + sizeOf(record.timestampDelta) + sizeOf(record.offsetDelta) + nullableSize(record.key) +
    nullableSize(record.value) + sizeOf(record.headers.length)
  for (const [index, header] of record.headers.entries()) {
    size += nullableSize(keys[index]!) + nullableSize(header.value)
  }
  return size
}

const put = (into: Uint8Array, at: number, bytes: Uint8Array | null): number => {
  if (bytes === null) return write(into, at, -1)
  const start = write(into, at, bytes.length)
  into.set(bytes, start)
  return start + bytes.length
}

/** The bytes of a record. `read` of them is the record again. */
export const encode = (record: Record): Uint8Array => {
  const keys = record.headers.map((header) => toUtf8.encode(header.key))
  const size = bodySize(record, keys)
  const bytes = new Uint8Array(sizeOf(size) + size)
  let at = write(bytes, 0, size)
  bytes[at++] = 0
  at = write(bytes, at, record.timestampDelta)
  at = write(bytes, at, record.offsetDelta)
  at = put(bytes, at, record.key)
  at = put(bytes, at, record.value)
  at = write(bytes, at, record.headers.length)
  for (const [index, header] of record.headers.entries()) at = put(bytes, put(bytes, at, keys[index]!), header.value)
  if (at !== bytes.length) throw new Error(`a record of ${bytes.length} bytes was written as ${at}`)
  return bytes
}
