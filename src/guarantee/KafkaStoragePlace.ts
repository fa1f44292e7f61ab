/**
 * Where damage to a log falls: into its last batch, as a torn append does, or with others behind it. What recovery makes of
 * it depends on that, so a history that shrinks must keep it.
 */
import * as FileRecords from "../kafka/storage/FileRecords.ts"
import type { PartitionLog } from "../kafka/storage/PartitionLog.ts"
import { byteAt, type DiskFault } from "../world/simulated/DiskFaults.ts"
import type { Place } from "./KafkaStorageCommand.ts"

/** The place of a fault that is about to be injected; `undefined` where it damages no log. */
export const placeOf = (log: PartitionLog, fault: DiskFault): Place | undefined => {
  if ((fault._tag !== "BitRot" && fault._tag !== "BlockLost") || fault.path !== `${log.directory}/*.log`) {
    return undefined
  }
  const segments = log.segments.all
  const hit = segments.findIndex((segment) => byteAt(fault.position, segment.log.size) !== undefined)
  if (hit < 0) return undefined
  const { log: records } = segments[hit]!
  const at = byteAt(fault.position, records.size)!
  const isLast = segments.slice(hit + 1).every((segment) => segment.log.size === 0) &&
    [...FileRecords.batches(records)].every(({ position }) => position <= at)
  return isLast ? "last batch" : "batches behind"
}
