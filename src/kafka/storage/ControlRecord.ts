/**
 * The record of a control batch that ends a transaction (EndTransactionMarker, ControlRecordType; KIP-98).
 *
 *     key    version i16 (0) · type i16 (0 abort, 1 commit)
 *     value  version i16 (0) · coordinatorEpoch i32
 *
 * Newer versions may append fields; a reader takes those it knows. Types 2 and above belong to KRaft and end nothing.
 */
import { viewOf } from "../../message/Int64.ts"
import { malformed } from "../../message/Malformed.ts"
import { fail } from "./StorageError.ts"

export interface EndMarker {
  readonly type: "abort" | "commit"
  readonly coordinatorEpoch: number
}

/**
 * Reads the key and value of a marker.
 *
 * Throws `Malformed`, positions counted in the key or the value; fails with `IllegalArgument` for a type that ends nothing.
 */
export const read = (key: Uint8Array | null, value: Uint8Array | null): EndMarker => {
  if (key === null || key.length < 4) {
    return malformed(0, `a control key of ${key?.length ?? 0} bytes`, "4 or more bytes")
  }
  const keyView = viewOf(key)
  const version = keyView.getInt16(0)
  const type = keyView.getInt16(2)
  if (version < 0) malformed(0, `the control key version ${version}`, "0 or more")
  if (type !== 0 && type !== 1) {
    fail("IllegalArgument", `Invalid control record type for end transaction marker ${type}`)
  }
  if (value === null || value.length < 6) {
    return malformed(0, `a marker of ${value?.length ?? 0} bytes`, "6 or more bytes")
  }
  const valueView = viewOf(value)
  if (valueView.getInt16(0) < 0) malformed(0, `the marker version ${valueView.getInt16(0)}`, "0 or more")
  return { type: type === 0 ? "abort" : "commit", coordinatorEpoch: valueView.getInt32(2) }
}

/** Key and value of a marker, as version 0 writes them. */
export const encode = (marker: EndMarker): { readonly key: Uint8Array; readonly value: Uint8Array } => {
  const key = new Uint8Array([0, 0, 0, marker.type === "abort" ? 0 : 1])
  const value = new Uint8Array(6)
  viewOf(value).setInt32(2, marker.coordinatorEpoch)
  return { key, value }
}
