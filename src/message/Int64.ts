/**
 * Big-endian 64-bit integers as JavaScript numbers.
 *
 * Offsets, positions, epochs and times are safe integers above the codec, so one beyond 2^53 is `Malformed`: Kafka could
 * go on with it, but no partition ever wrote that many records, and rounding an offset in silence would move data.
 */
import { malformed } from "./Malformed.ts"

/** The integer at `position`; beyond 2^53 it is `Malformed`. */
export const readInt64 = (view: DataView, position: number): number => {
  const value = view.getInt32(position) * 0x1_0000_0000 + view.getUint32(position + 4)
  return Number.isSafeInteger(value)
    ? value
    : malformed(position, `the integer ${view.getBigInt64(position)}`, "one of at most 2^53 - 1")
}

/** The integer at `position`, rounded beyond 2^53: for what is only compared, since rounding keeps the order. */
export const roundInt64 = (view: DataView, position: number): number =>
  view.getInt32(position) * 0x1_0000_0000 + view.getUint32(position + 4)

/** Writes a safe integer. */
export const writeInt64 = (view: DataView, position: number, value: number): void => {
  view.setInt32(position, Math.floor(value / 0x1_0000_0000))
  view.setUint32(position + 4, value >>> 0)
}

/** A view of exactly these bytes. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
