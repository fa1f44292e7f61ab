/**
 * `.kafka_cleanshutdown`: every log of the directory was flushed and closed (CleanShutdownFileHandler; KIP-966).
 *
 *     {"version":0,"brokerEpoch":42}         -1 in ZooKeeper mode; old versions left it empty
 *
 * Only that it is there counts for recovery. It is removed as soon as it was seen, so that a crash during the start finds
 * none; that removal is not made durable by itself.
 */
import type { Operations } from "../../world/Disk.ts"
import type { Durably } from "./Durably.ts"

export const fileName = ".kafka_cleanshutdown"

/** Was the last stop a clean one? The marker is gone afterwards. */
export const take = (disk: Operations, directory: string, takes = true): boolean => {
  const path = `${directory}/${fileName}`
  if (disk.stat(path) === undefined) return false
  if (takes) disk.remove(path)
  return true
}

/** Leaves the marker. It is written in its place, so a crash may leave an empty one, which counts all the same. */
export function* write(disk: Operations, directory: string, brokerEpoch: number): Durably<void> {
  const file = disk.open(`${directory}/${fileName}`, "either")
  try {
    file.truncate(0)
    file.append(new TextEncoder().encode(JSON.stringify({ version: 0, brokerEpoch })))
    yield [file]
  } finally {
    file.close()
  }
}
