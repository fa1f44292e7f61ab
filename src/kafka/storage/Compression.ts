/**
 * The compression codecs of record batches, bits 0 to 2 of the attributes (CompressionType).
 *
 * One decision: nobody's claim about a size is believed. Each format is walked first and what it may grow to is added up
 * from what it can express, so that a hostile batch is refused before native code allocates for it.
 *
 *     snappy   0x82 "SNAPPY" 0 · i32 version 1 · i32 compatible 1 · { i32 length · raw snappy block } ...   (xerial)
 *     lz4      magic 0x184D2204 · FLG · BD · [content size] · HC · { i32 length · block } ... · 0 · [checksum]
 *
 * Authority: xerial's SnappyInputStream, the LZ4 frame format 1.6.1, RFC 1952, RFC 8878. Kafka writes lz4 frames with
 * independent 64 KiB blocks (Lz4BlockOutputStream) and snappy blocks of 32 KiB. Node has gzip and zstd; the packages
 * `snappy` and `lz4-napi` are optional dependencies.
 */
import { Schema } from "effect"
import { createRequire } from "node:module"
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { viewOf } from "../../message/Int64.ts"
import { malformed } from "../../message/Malformed.ts"
import { cursor, readByte } from "../../message/Varint.ts"

/** By their ids in the attributes, 0 to 4. */
export const names = ["none", "gzip", "snappy", "lz4", "zstd"] as const
export type Compression = typeof names[number]

/** The batch is compressed with a codec whose package is not installed. */
export class MissingCodec extends Schema.TaggedError<MissingCodec>()("MissingCodec", {
  compression: Schema.Literals(names),
  package: Schema.String
}) {
  override get message(): string {
    return `the records are compressed with ${this.compression}; npm install ${this.package} lets them be read`
  }
}

interface SnappyPackage {
  readonly compressSync: (bytes: Uint8Array) => Buffer
  readonly uncompressSync: (bytes: Uint8Array, options: { readonly asBuffer: true }) => Buffer
}
interface Lz4Package {
  readonly compressFrameSync: (bytes: Buffer) => Buffer
  readonly decompressFrameSync: (bytes: Buffer) => Buffer
}

const require = createRequire(import.meta.url)
const loaded = new Map<string, unknown>()
const load = (compression: Compression, name: string): unknown => {
  if (!loaded.has(name)) {
    try {
      loaded.set(name, require(name))
    } catch {
      throw new MissingCodec({ compression, package: name })
    }
  }
  return loaded.get(name)
}
const snappy = () => load("snappy", "snappy") as SnappyPackage
const lz4 = () => load("lz4", "lz4-napi") as Lz4Package

/** Calls a library on hostile bytes: whatever it says, the bytes were not what they claimed to be. */
const attempt = <A>(compression: Compression, limit: number, call: () => A): A => {
  try {
    return call()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "a failure"
    return malformed(
      0,
      `compressed records that do not inflate (${why})`,
      `${compression} data of at most ${limit} bytes`
    )
  }
}

const refuse = (position: number, claimed: number, limit: number): never =>
  malformed(position, `compressed records of ${claimed} bytes`, `at most ${limit} bytes uncompressed`)

const xerialHeader = 16
const xerialMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]
const isXerial = (bytes: Uint8Array): boolean => xerialMagic.every((byte, index) => bytes[index] === byte)

/** What a raw snappy block says it inflates to; a byte cannot say more than about 22 (a copy of 64 takes three). */
const snappyLength = (block: Uint8Array, position: number): number => {
  const from = cursor(block)
  let length = 0
  for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
    const byte = readByte(from)
    length += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  return length <= block.length * 22 ? length : malformed(position, `a snappy block of ${length} bytes`, "fewer")
}

const unsnappy = (bytes: Uint8Array, limit: number): Uint8Array => {
  const blocks: Array<Uint8Array> = []
  let total = 0
  const take = (block: Uint8Array, position: number) => {
    total += snappyLength(block, position)
    if (total > limit) refuse(position, total, limit)
    blocks.push(block)
  }
  if (isXerial(bytes)) {
    const view = viewOf(bytes)
    for (let at = xerialHeader; at < bytes.length;) {
      if (at + 4 > bytes.length) malformed(at, "the end", "the length of a snappy block")
      const length = view.getInt32(at)
      if (length < 0 || at + 4 + length > bytes.length) {
        malformed(at, `a snappy block of ${length} bytes`, "what is left")
      }
      take(bytes.subarray(at + 4, at + 4 + length), at + 4)
      at += 4 + length
    }
  } else take(bytes, 0)
  const { uncompressSync } = snappy()
  return attempt("snappy", limit, () => Buffer.concat(blocks.map((block) => uncompressSync(block, { asBuffer: true }))))
}

const lz4Magic = 0x184d2204
const lz4BlockSizes = [0, 0, 0, 0, 64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024]

/** The most that a frame can inflate to: a block expands at most 255 times, and never beyond its frame's block size. */
const lz4Bound = (bytes: Uint8Array, limit: number): number => {
  const view = viewOf(bytes)
  if (bytes.length < 11 || view.getUint32(0, true) !== lz4Magic) malformed(0, "no lz4 frame", "the magic 0x184D2204")
  const flags = bytes[4]!
  const blockSize = lz4BlockSizes[(bytes[5]! >> 4) & 7]!
  if (blockSize === 0) malformed(5, `the lz4 block size ${(bytes[5]! >> 4) & 7}`, "4 to 7")
  const hasChecksums = (flags & 0x10) !== 0
  let at = 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
  let bound = 0
  while (at + 4 <= bytes.length) {
    const word = view.getUint32(at, true)
    if (word === 0) break
    const length = word & 0x7fffffff
    if (at + 4 + length > bytes.length) malformed(at, `an lz4 block of ${length} bytes`, "what is left")
    bound += word >= 0x80000000 ? length : Math.min(blockSize, length * 255)
    at += 4 + length + (hasChecksums ? 4 : 0)
  }
  // Every block but the last is full, so an honest frame is less than one block below its bound.
  if (bound > limit + blockSize) refuse(0, bound, limit)
  if (flags & 0x08) {
    const claimed = view.getUint32(6, true) + view.getUint32(10, true) * 0x1_0000_0000
    if (claimed > bound) malformed(6, `an lz4 frame of ${claimed} bytes`, `at most ${bound}, by its blocks`)
  }
  return bound
}

const unlz4 = (bytes: Uint8Array, limit: number): Uint8Array => {
  const bound = lz4Bound(bytes, limit)
  const { decompressFrameSync } = lz4()
  const inflated = attempt("lz4", limit, () => decompressFrameSync(Buffer.from(bytes)))
  return inflated.length <= Math.min(limit, bound) ? inflated : refuse(0, inflated.length, limit)
}

/**
 * Inflates the records of a batch to at most `limit` bytes.
 *
 * Throws `Malformed`, positions counted from the first compressed byte, and `MissingCodec`.
 */
export const decompress = (compression: Compression, bytes: Uint8Array, limit: number): Uint8Array => {
  const inflated = inflate(compression, bytes, limit)
  // A library's Buffer would make every key and value a Buffer, which compares unequal to the same bytes.
  return new Uint8Array(inflated.buffer, inflated.byteOffset, inflated.length)
}

const inflate = (compression: Compression, bytes: Uint8Array, limit: number): Uint8Array => {
  switch (compression) {
    case "none":
      return bytes
    case "gzip":
      return attempt(compression, limit, () => gunzipSync(bytes, { maxOutputLength: limit }))
    case "snappy":
      return unsnappy(bytes, limit)
    case "lz4":
      return unlz4(bytes, limit)
    case "zstd":
      return attempt(compression, limit, () => zstdDecompressSync(bytes, { maxOutputLength: limit }))
  }
}

const snappyBlock = 32 * 1024

const xerial = (bytes: Uint8Array): Uint8Array => {
  const { compressSync } = snappy()
  const header = Buffer.from([...xerialMagic, 0, 0, 0, 1, 0, 0, 0, 1])
  const parts: Array<Uint8Array> = [header]
  for (let at = 0; at < bytes.length; at += snappyBlock) {
    const block = compressSync(bytes.subarray(at, at + snappyBlock))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** Deflates the records of a batch in the framing that Kafka reads. Throws `MissingCodec`. */
export const compress = (compression: Compression, bytes: Uint8Array): Uint8Array => {
  switch (compression) {
    case "none":
      return bytes
    case "gzip":
      return gzipSync(bytes)
    case "snappy":
      return xerial(bytes)
    case "lz4":
      return lz4().compressFrameSync(Buffer.from(bytes))
    case "zstd":
      return zstdCompressSync(bytes)
  }
}
